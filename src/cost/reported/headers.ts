import { gpuLabel, parseGpu } from "../rates/gpu.ts";
import { parseUsd } from "../format.ts";
import type { MicroUsd } from "../money.ts";

/** One header: not sent, sent but not readable, or read. */
export type HeaderField<T> =
  | { readonly state: "missing" }
  | { readonly state: "malformed"; readonly text: string }
  | { readonly state: "read"; readonly value: T };

/** What a response says of its own cost: the GPU's time in the handler, nothing else. */
export interface CostHeaders {
  readonly cost: HeaderField<MicroUsd>;
  /** Seconds. */
  readonly executionSeconds: HeaderField<number>;
  readonly gpuType: HeaderField<string>;
}

/** Node's header record, a `Headers` object, a Map, or raw pairs. */
export type HeaderSource =
  | Iterable<readonly [string, string]>
  | Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * Reads `X-Cost-USD`, `X-Execution-Time-Sec` and `X-GPU-Type`, in any case: servers that copy
 * headers change it. All three are optional, and none is believed before the audit (cost/audit.ts).
 */
export function readCostHeaders(source: HeaderSource): CostHeaders {
  const values = new Map<string, string>();
  for (const [name, value] of pairs(source)) {
    const key = name.trim().toLowerCase();
    if (!values.has(key)) values.set(key, value);
  }
  return {
    cost: field(values.get("x-cost-usd"), parseCost),
    executionSeconds: field(values.get("x-execution-time-sec"), parseSeconds),
    gpuType: field(values.get("x-gpu-type"), parseGpuType),
  };
}

/** The value where one was read, else null: what goes into the ledger. */
export function headerValue<T>(header: HeaderField<T>): T | null {
  return header.state === "read" ? header.value : null;
}

function* pairs(source: HeaderSource): Iterable<readonly [string, string]> {
  if (isIterable(source)) {
    yield* source;
    return;
  }
  for (const [name, value] of Object.entries(source)) {
    if (typeof value === "string") yield [name, value];
    else for (const each of value ?? []) yield [name, each];
  }
}

function isIterable(source: HeaderSource): source is Iterable<readonly [string, string]> {
  return Symbol.iterator in source;
}

function field<T>(
  text: string | undefined,
  parse: (text: string) => T | undefined,
): HeaderField<T> {
  if (text === undefined || text.trim() === "") return { state: "missing" };
  const value = parse(unrepeated(text.trim()));
  return value === undefined ? { state: "malformed", text: text.trim() } : { state: "read", value };
}

/** `fetch` joins a header that was sent twice: "2.000, 2.000". Only equal ones are one value. */
function unrepeated(text: string): string {
  const parts = new Set(text.split(",").map((part) => part.trim()));
  const [first = ""] = parts;
  return parts.size === 1 ? first : text;
}

function parseCost(text: string): MicroUsd | undefined {
  const amount = parseUsd(text);
  return amount !== undefined && amount >= 0 && !text.startsWith("-") ? amount : undefined;
}

/** Thirty years: what is longer is no time, and its milliseconds could not be added to an instant. */
const maxSeconds = 1e9;

/** Seconds as `2.000`, `2.00s`, `2e0`. */
export function parseSeconds(text: string): number | undefined {
  const match = /^(\d{1,9}(?:\.\d*)?|\.\d+)(e[+-]?\d{1,2})?\s*s?(?:ec(?:onds?)?)?$/i.exec(
    text.trim(),
  );
  const seconds = match === null ? Number.NaN : Number(`${match[1]}${match[2] ?? ""}`);
  return seconds <= maxSeconds ? seconds : undefined;
}

function parseGpuType(text: string): string | undefined {
  const gpu = text.length <= 64 ? parseGpu(text) : undefined;
  return gpu === undefined ? undefined : gpuLabel(gpu);
}
