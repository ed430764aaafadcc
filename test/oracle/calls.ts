import { costOfUsd, sumOf, type ExactCost } from "./money.ts";
import type { Instants, Watching } from "./observed.ts";
import type { AppOfWorld, CallOfWorld, World } from "./world.ts";

// What functions say of their own cost: a header of the answer, a line in the log.

/** Headers of the answer of an app that sends them. An intermediary may have changed their case. */
export function headersOf(app: AppOfWorld, call: CallOfWorld): Record<string, string> {
  if (!app.sendsHeaders) return {};
  return {
    "x-cost-usd": call.claimedUsd,
    "x-execution-time-sec": (call.executionMs / 1000).toFixed(3),
    "x-gpu-type": call.gpuName,
  };
}

/** How programs and loggers write the line, and what they write around it. */
const lineForms: readonly ((claim: string) => string)[] = [
  (claim) => `💰 ${claim}`,
  (claim) => `💰 ${claim} @ $0.000542/s`,
  (claim) => `💰\uFE0F ${claim}`,
  (claim) => `2026-11-26 09:00:01,250 INFO worker-1: 💰 ${claim}`,
  (claim) => `{"level": "info", "message": "\\ud83d\\udcb0 ${claim}"}`,
  (claim) => `ð\u0178\u2019° ${claim}`,
  (claim) => `\u001B[32m💰 ${claim}\u001B[0m`,
  (claim) => `💰 Cost savings activated! 💰 ${claim}`,
];

/** Lines beside a cost line that claim nothing, whatever they look like. */
const noise = ["step 4/4", "💰 Cost savings activated!", "💰 Cost: unknown | Time: unknown", ""];

/** What a call writes into its app's log: its cost line among others. */
export function linesOf(call: CallOfWorld): string {
  const seconds = (call.executionMs / 1000).toFixed(2);
  const claim = `Cost: $${call.claimedUsd} | Time: ${seconds}s | GPU: ${call.gpuName}`;
  const form = lineForms[call.startedMs % lineForms.length] ?? ((text: string) => text);
  const before = noise[call.executionMs % noise.length] ?? "";
  return `${before}\n${form(claim)}\ndone\n`;
}

/** The lines of an app's log, oldest first. */
export function callsLogged(world: World, app: AppOfWorld): CallOfWorld[] {
  return app.logsCosts
    ? world.calls
        .filter(({ appId }) => appId === app.id)
        .toSorted((a, b) => a.finishedMs - b.finishedMs)
    : [];
}

/** Calls that were heard of, and by which way. */
type Heard = Pick<Watching, "lines" | "answers">;

/** Calls of which this machine heard what they cost: in an own answer's header, or in the log. */
export function callsHeard(app: AppOfWorld, { lines, answers }: Heard): CallOfWorld[] {
  const told = new Set([...lines, ...(app.sendsHeaders ? answers : [])]);
  // What no hardware can cost in that time is not counted.
  return [...told].filter(({ appId, isAbsurd }) => appId === app.id && !isAbsurd);
}

/** What an app's calls said together, each counted once however often and wherever it was told. */
export function reportedSum(app: AppOfWorld, heard: Heard): ExactCost {
  return sumOf(callsHeard(app, heard).map(({ claimedUsd }) => costOfUsd(claimedUsd)));
}

/** The same of the calls that were under way in a time, give or take what they are on the way. */
export function reportedIn(app: AppOfWorld, heard: Heard, { from, to }: Instants): ExactCost {
  const onTheWayMs = 1000;
  return sumOf(
    callsHeard(app, heard)
      .filter((call) => call.startedMs - onTheWayMs < to && call.finishedMs >= from)
      .map(({ claimedUsd }) => costOfUsd(claimedUsd)),
  );
}

/**
 * What containers cost at least by what their calls said: each says its time at the price of the whole
 * container, so of calls that ran at once in one container only one counts, those that say most.
 */
export function leastReported(calls: readonly CallOfWorld[]): ExactCost {
  const byContainer = Map.groupBy(calls, ({ containerId }) => containerId);
  return sumOf([...byContainer.values()].map(mostOneByOne));
}

/** The most that a choice of calls says of which no two ran at once. */
function mostOneByOne(calls: readonly CallOfWorld[]): ExactCost {
  const inOrder = calls.toSorted((a, b) => a.finishedMs - b.finishedMs);
  const most: ExactCost[] = [0n];
  for (const [index, call] of inOrder.entries()) {
    // The line's time and what it says of its length are rounded.
    const before = inOrder.findLastIndex((one) => one.finishedMs + 1000 <= call.startedMs);
    const withIt = (most[Math.min(before, index) + 1] ?? 0n) + costOfUsd(call.claimedUsd);
    const without = most[index] ?? 0n;
    most.push(withIt > without ? withIt : without);
  }
  return most.at(-1) ?? 0n;
}
