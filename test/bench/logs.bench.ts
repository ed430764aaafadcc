import { LogLineAssembler, type LogPiece } from "../../src/cost/reported/logLineAssembler.ts";
import { median, type Figure } from "./figure.ts";

const runs = 11;
const lineCount = 400_000;
/** One call in fifty lines, as a chatty ComfyUI app logs. */
const linesPerCost = 50;
/** About what one answer of the log service holds. */
const pieceLength = 16_384;

/**
 * Lines per second through the log follower's parser, on one core. The peer is what one writes
 * first: split at line ends, a regular expression on every line, the rest carried over.
 */
export function bench(): Promise<readonly Figure[]> {
  const { pieces, costs } = appLog();
  const ours: number[] = [];
  const peer: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    // In turns, so that a busy machine slows both.
    ours.push(rate(() => followed(pieces), costs));
    peer.push(rate(() => matchedLineByLine(pieces), costs));
  }
  const [oursMedian, peerMedian] = [median(ours), median(peer)];
  return Promise.resolve([
    {
      name: "log lines through the follower's parser",
      ours: oursMedian,
      peer: peerMedian,
      ratio: oursMedian / peerMedian,
      unit: "lines/s",
      goal: ">= 500,000 lines/s on one core",
      runs,
    },
  ]);
}

function rate(read: () => number, costs: number): number {
  const startMs = performance.now();
  const found = read();
  const seconds = (performance.now() - startMs) / 1000;
  if (found !== costs) throw new Error(`Found ${found} cost lines of ${costs}.`);
  return lineCount / seconds;
}

function followed(pieces: readonly LogPiece[]): number {
  const assembler = new LogLineAssembler("ap-1");
  let found = 0;
  for (const piece of pieces) found += assembler.add(piece).length;
  return found + assembler.flush().length;
}

function matchedLineByLine(pieces: readonly LogPiece[]): number {
  const pattern =
    /💰\s*Cost:\s*\$(\d+\.\d+)\s*\|\s*Time:\s*(\d+\.\d+)s\s*\|\s*GPU:\s*(\S+)(?:\s*@\s*\$(\d+\.\d+))?/u;
  let carry = "";
  let found = 0;
  for (const { text } of pieces) {
    const lines = (carry + text).split("\n");
    carry = lines.pop() ?? "";
    for (const line of lines) if (pattern.test(line)) found += 1;
  }
  return pattern.test(carry) ? found + 1 : found;
}

/** A log of `lineCount` lines in pieces that end anywhere. */
function appLog(): { readonly pieces: readonly LogPiece[]; readonly costs: number } {
  const lines: string[] = [];
  let costs = 0;
  for (let i = 0; i < lineCount; i += 1) {
    if (i % linesPerCost === linesPerCost - 1) {
      costs += 1;
      const cost = (i / 1e6).toFixed(6);
      lines.push(`💰 Cost: $${cost} | Time: ${(i / 1000).toFixed(2)}s | GPU: L40S @ $${cost}`);
    } else {
      lines.push(
        `2026-11-21 09:00:${i % 60}+00:00 step ${i % 30}/30 sampling at 1.${i % 10} it/s 🎨`,
      );
    }
  }
  const text = `${lines.join("\n")}\n`;
  const pieces: LogPiece[] = [];
  for (let at = 0; at < text.length; at += pieceLength) {
    const piece = text.slice(at, at + pieceLength);
    pieces.push({
      text: piece,
      containerId: "ta-1",
      functionCallId: null,
      atMs: at,
      entryId: null,
    });
  }
  return { pieces, costs };
}
