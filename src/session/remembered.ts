import * as z from "zod/mini";
import type { Log } from "../base/log.ts";

/** What a remembered value must look like to be read. */
export type Shape<T> = z.ZodMiniType<T>;

/** The value of remembered JSON; undefined: it is no JSON, or not of this shape. */
export function readRemembered<T>(
  json: string,
  shape: Shape<T>,
): { readonly value: T } | undefined {
  try {
    const parsed = z.safeParse(shape, JSON.parse(json));
    return parsed.success ? { value: parsed.data } : undefined;
  } catch {
    return undefined;
  }
}

/** Reads what a ledger remembers. A value that cannot be read counts as absent, and the log says so once. */
export class RememberedReader {
  readonly #log: Log | undefined;
  readonly #unreadable = new Set<string>();

  constructor(log: Log | undefined) {
    this.#log = log;
  }

  /** `json`: what is kept under the key; undefined: nothing. */
  read<T>(key: string, json: string | undefined, shape: Shape<T>): T | undefined {
    if (json === undefined) return undefined;
    const read = readRemembered(json, shape);
    if (read === undefined) this.#tellOnce(key);
    return read?.value;
  }

  #tellOnce(key: string): void {
    if (this.#unreadable.has(key)) return;
    this.#unreadable.add(key);
    this.#log?.warn(`What was remembered as "${key}" cannot be read, and counts as absent.`);
  }
}
