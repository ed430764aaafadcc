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

/** What makes a line worth reading. */
export const costMarker = "💰";

/** `💰 Cost: $0.001388 | Time: 2.00s | GPU: L40S @ $0.001388`; what is not known says so. */
export function costLine({ microUsd, executionSeconds, gpuType }: CostLine): string {
  const cost = microUsd === null ? "unknown" : `$${formatExactUsd(microUsd)}`;
  const time = executionSeconds === null ? "unknown" : `${executionSeconds.toFixed(2)}s`;
  const gpu = gpuType === null ? "unknown" : `${gpuType} @ ${cost}`;
  return `${costMarker} Cost: ${cost} | Time: ${time} | GPU: ${gpu}`;
}

/** Longer than any cost line: keeps a megabyte of garbage behind the marker cheap. */
const maxLength = 400;

const pattern =
  /^💰\s*Cost:\s*([^|,]+?)\s*[|,]\s*Time:\s*([^|,]+?)\s*(?:[|,]\s*GPU:\s*([a-z][^@|,]*?)\s*(?:@\s*([^|,\s]+).*)?)?$/iu;

/**
 * Reads a cost line out of a log line with anything before it: timestamps, ids, a logger's prefix,
 * ANSI colours. undefined when the line is something else, also another line with the same emoji.
 */
export function parseCostLine(line: string): CostLine | undefined {
  const at = line.indexOf(costMarker);
  if (at === -1) return undefined;
  const match = pattern.exec(stripAnsi(line.slice(at, at + maxLength)).trim());
  if (match === null) return undefined;
  const [, cost = "", time = "", gpu = ""] = match;
  const amount = parseUsd(cost);
  const named = /^unknown$/i.test(gpu) ? undefined : parseGpu(gpu);
  const parsed: CostLine = {
    microUsd: amount === undefined || amount < 0 ? null : amount,
    executionSeconds: parseSeconds(time) ?? null,
    gpuType: named === undefined ? null : gpuLabel(named),
  };
  return parsed.microUsd === null && parsed.executionSeconds === null ? undefined : parsed;
}

/** Without colours and cursor movements (ECMA-48 CSI and OSC sequences). */
function stripAnsi(text: string): string {
  return text.includes("\u001B") ? text.replace(ansi, "") : text;
}

// oxlint-disable-next-line no-control-regex -- the escape character is what is looked for
const ansi = /\u001B(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001B]*(?:\u0007|\u001B\\)?|[@-Z\\-_])/g;
