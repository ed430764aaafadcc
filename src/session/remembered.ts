import * as z from "zod/mini";
import type { Log } from "../base/log.ts";

/** What a remembered value must look like to be read. */
export type Shape<T> = z.ZodMiniType<T>;

type Read<T> = { readonly value: T } | undefined;

/** The value of remembered JSON; undefined: it is no JSON, or not of this shape. */
export function readRemembered<T>(json: string, shape: Shape<T>): Read<T> {
  try {
    const parsed = z.safeParse(shape, JSON.parse(json));
    return parsed.success ? { value: parsed.data } : undefined;
  } catch {
    return undefined;
  }
}

/** What was read last under a key. */
interface LastRead<T> {
  readonly json: string;
  readonly shape: Shape<T>;
  readonly read: Read<T>;
}

/** A shorter text is read again as fast as it is found. */
const fewestCharacters = 300;
/** Of all texts together that are kept with their values. */
const mostCharacters = 1_000_000;

/**
 * Reads what a ledger remembers. A value that cannot be read counts as absent, and the log says so
 * once. A long text is read once while it stays the same: each look asks for the notes of every app.
 */
export class RememberedReader {
  readonly #log: Log | undefined;
  readonly #unreadable = new Set<string>();
  /** By key, those asked for last at the end. */
  readonly #last = new Map<string, LastRead<unknown>>();
  #characters = 0;

  constructor(log?: Log) {
    this.#log = log;
  }

  /**
   * All who ask share the value, so it is frozen.
   * @param json what is kept under the key; undefined: nothing
   */
  read<T>(key: string, json: string | undefined, shape: Shape<T>): T | undefined {
    if (json === undefined) return undefined;
    const read =
      json.length < fewestCharacters
        ? readRemembered(json, shape)
        : this.#readOnce(key, json, shape);
    if (read === undefined) this.#tellOnce(key);
    return read?.value;
  }

  #readOnce<T>(key: string, json: string, shape: Shape<T>): Read<T> {
    const last = this.#last.get(key);
    this.#last.delete(key);
    if (last !== undefined && isOf(last, shape) && last.json === json) {
      this.#last.set(key, last);
      return last.read;
    }
    const read = readRemembered(json, shape);
    freeze(read);
    this.#last.set(key, { json, shape, read });
    this.#characters += json.length - (last?.json.length ?? 0);
    for (const [oldest, { json: text }] of this.#last) {
      if (this.#characters <= mostCharacters) break;
      this.#last.delete(oldest);
      this.#characters -= text.length;
    }
    return read;
  }

  #tellOnce(key: string): void {
    if (this.#unreadable.has(key)) return;
    this.#unreadable.add(key);
    this.#log?.warn(`What was remembered as "${key}" cannot be read, and counts as absent.`);
  }
}

function isOf<T>(last: LastRead<unknown>, shape: Shape<T>): last is LastRead<T> {
  return last.shape === shape;
}

function freeze(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  Object.freeze(value);
  for (const part of Object.values(value)) freeze(part);
}
