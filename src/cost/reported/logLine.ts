import { formatExactUsd, parseUsd } from "../format.ts";
import { parseSeconds } from "./headers.ts";
import { gpuLabel, parseGpu } from "../rates/gpu.ts";
import type { MicroUsd } from "../money.ts";

/** What one `💰` line says. Fields that it does not say, or says unreadably, are null. */
export interface CostLine {
  readonly microUsd: MicroUsd | null;
  readonly executionSeconds: number | null;
  /** Normalised, with its count: "L40S", "H100:2". */
  readonly gpuType: string | null;
}

/** `💰 Cost: $0.001388 | Time: 2.00s | GPU: L40S @ $0.001388`; what is not known says so. */
export function costLine({ microUsd, executionSeconds, gpuType }: CostLine): string {
  const cost = microUsd === null ? "unknown" : `$${formatExactUsd(microUsd)}`;
  const time = executionSeconds === null ? "unknown" : `${executionSeconds.toFixed(2)}s`;
  const gpu = gpuType === null ? "unknown" : `${gpuType} @ ${cost}`;
  // not shown: a line in the form that apps print, to be read again
  return `💰 Cost: ${cost} | Time: ${time} | GPU: ${gpu}`;
}

/**
 * The 💰 before a cost, as it comes out of logs: itself; escaped by JSON (Python's `json.dumps`
 * does so by default, a logger inside a logger twice), by Python's `ascii()` or as bytes; read as
 * Windows-1252, Latin-1 or code page 437 although it was UTF-8; or lost (U+FFFD).
 */
const marker = String.raw`(?:💰|\\+u[dD]83[dD]\\+u[dD][cC][bB]0|\\+U0001[fF]4[bB]0|\\+x[fF]0\\+x9[fF]\\+x92\\+x[bB]0|\u00f0\u0178\u2019\u00b0|\u00f0\u009f\u0092\u00b0|\u2261\u0192\u00c6\u2591|\ufffd{1,4})`;
const anyMarker = new RegExp(marker, "g");

/**
 * Between the marker and "Cost:" stand blanks, a variation selector in any of these spellings, and
 * what a logger puts around a word.
 */
const claimStart = new RegExp(
  String.raw`^${marker}(?:\\+x[eE][fF]\\+x[bB]8\\+x8[eEfF]|\u00ef\u00b8.?|[^A-Za-z0-9]){0,16}?[Cc][Oo][Ss][Tt]\s*:`,
);
/** The word that each cost line has, searched for first: the marker has many spellings. */
const costWord = /cost/gi;

/** No marker stands further before its "Cost:", colours included. */
const maxLead = 96;
/** Longer than any cost line: keeps a megabyte of garbage behind the marker cheap. */
const maxLength = 400;

/**
 * Every cost line in the whole lines text[from, to), with anything before it: timestamps, ids, a
 * logger's prefix, ANSI colours, other pictures, another cost line. Other lines with the same
 * picture are none. Never throws, whatever the text is.
 */
export function costLinesIn(text: string, from: number, to: number): readonly CostLine[] {
  const found: CostLine[] = [];
  costWord.lastIndex = from;
  for (let match = costWord.exec(text); match !== null; match = costWord.exec(text)) {
    if (match.index >= to) break;
    const claim = claimAround(text, match.index, from, to);
    const line = claim === undefined ? undefined : parseClaim(claim);
    if (line !== undefined) found.push(line);
  }
  return found;
}

/** From the marker before the word "Cost" at `at` to the end of its line or the next marker; undefined where no marker stands before it. */
function claimAround(text: string, at: number, from: number, to: number): string | undefined {
  const lead = text.slice(Math.max(from, at - maxLead), at);
  const lineLead = lead.slice(Math.max(lead.lastIndexOf("\n"), lead.lastIndexOf("\r")) + 1);
  const start = lastMarker(lineLead);
  if (start === -1) return undefined;
  const rest = text.slice(at, Math.min(to, at + maxLength));
  const lineEnd = rest.search(/[\r\n]/);
  const line = lineEnd === -1 ? rest : rest.slice(0, lineEnd);
  const next = line.search(anyMarker);
  return lineLead.slice(start) + (next === -1 ? line : line.slice(0, next));
}

function lastMarker(text: string): number {
  let last = -1;
  anyMarker.lastIndex = 0;
  for (let match = anyMarker.exec(text); match !== null; match = anyMarker.exec(text)) {
    last = match.index;
  }
  return last;
}

function parseClaim(claim: string): CostLine | undefined {
  const plain = stripAnsi(unescaped(claim));
  const start = claimStart.exec(plain);
  if (start === null) return undefined;
  const [cost = "", ...others] = fieldsOf(plain.slice(start[0].length));
  const time = labelled(others, "time");
  if (time === undefined) return undefined;
  const amount = parseUsd(withoutGroups(cost));
  const parsed: CostLine = {
    microUsd: amount === undefined || amount < 0 ? null : amount,
    executionSeconds: parseSeconds(withoutGroups(time)) ?? null,
    gpuType: gpuIn(labelled(others, "gpu") ?? ""),
  };
  return parsed.microUsd === null && parsed.executionSeconds === null ? undefined : parsed;
}

/**
 * The fields between "|", ";" or ","; a comma between groups of digits is none. A quote, a brace or
 * a backslash ends the line: it stands inside JSON or a Python representation.
 */
function fieldsOf(body: string): readonly string[] {
  const end = body.search(/["'`\\{}\r\n]/);
  return (end === -1 ? body : body.slice(0, end)).split(/[|;]|,(?!\d{3}(?!\d))/);
}

function labelled(fields: readonly string[], label: string): string | undefined {
  for (const field of fields) {
    const [name = "", ...value] = field.split(":");
    if (name.trim().toLowerCase() === label) return value.join(":").trim();
  }
  return undefined;
}

/** "L40S @ $0.001388" → "L40S"; null where it names none. */
function gpuIn(field: string): string | null {
  const [name = ""] = field.split("@");
  if (/^\s*(?:unknown|none|null|n\/a)?\s*$/i.test(name)) return null;
  const gpu = parseGpu(name);
  return gpu === undefined ? null : gpuLabel(gpu);
}

/** "$1,234.56" → "$1234.56", where the commas stand between groups of three digits. */
function withoutGroups(text: string): string {
  return /^\D*\d{1,3}(?:,\d{3})+(?!\d)/.test(text) ? text.replaceAll(",", "") : text;
}

/** JSON's "\\u001b[0m" as the character that it stands for, also where it was escaped twice. */
function unescaped(text: string): string {
  if (!text.includes("\\")) return text;
  return text.replace(/\\+u([0-9a-fA-F]{4})/g, (_escape, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  );
}

/** Without colours and cursor movements (ECMA-48 CSI and OSC sequences). */
function stripAnsi(text: string): string {
  return text.includes("\u001B") ? text.replace(ansi, "") : text;
}

// oxlint-disable-next-line no-control-regex -- the escape character is what is looked for
const ansi = /\u001B(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001B]*(?:\u0007|\u001B\\)?|[@-Z\\-_])/g;
