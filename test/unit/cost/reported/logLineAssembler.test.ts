import assert from "node:assert/strict";
import * as fc from "fast-check";
import { costLine } from "../../../../src/cost/reported/logLine.ts";
import {
  LogLineAssembler,
  type LoggedCost,
  type LogPiece,
} from "../../../../src/cost/reported/logLineAssembler.ts";
import { amounts, t0 } from "../arbitraries.ts";

function piece(text: string, over: Partial<LogPiece> = {}): LogPiece {
  return { text, containerId: "ta-1", functionCallId: null, atMs: t0, entryId: null, ...over };
}

function read(pieces: readonly LogPiece[]): readonly LoggedCost[] {
  const assembler = new LogLineAssembler("ap-1");
  return [...pieces.flatMap((one) => [...assembler.add(one)]), ...assembler.flush()];
}

const colours = "\u001B[1m";
const logs = fc
  .array(
    fc.oneof(
      amounts.map((microUsd) =>
        costLine({ microUsd, executionSeconds: 2, gpuType: "L40S" }).replace("💰", `${colours}💰`),
      ),
      fc.constantFrom(
        "loading model…",
        "💰 Cost savings activated!",
        "",
        "100 %\r",
        "🎨 done",
        "\u001B[0m",
      ),
    ),
    { maxLength: 20 },
  )
  .chain((lines) =>
    fc.constantFrom("\n", "\r\n", "\r").map((end) => lines.map((l) => l + end).join("")),
  );

describe("the log follower's parser", () => {
  it("finds the same lines however the log is cut, also within a character or a colour", () => {
    fc.assert(
      fc.property(logs, fc.array(fc.double({ min: 0, max: 1, noNaN: true })), (text, cuts) => {
        const at = [0, ...cuts.map((cut) => Math.floor(cut * text.length)), text.length].sort(
          (a, b) => a - b,
        );
        const pieces = at.slice(1).map((end, index) => piece(text.slice(at[index], end)));
        assert.deepEqual(read(pieces), read([piece(text)]));
        const expected = text.split(/[\r\n]/).filter((line) => line.includes("Cost: $"));
        assert.equal(read(pieces).length, expected.length);
      }),
      { numRuns: 300 },
    );
  });

  it("takes a line's time from the piece that begins it, not from an empty one before", () => {
    const line = "💰 Cost: $0.001388 | Time: 2.00s | GPU: L40S\n";
    const later = { atMs: t0 + 3_600_000 };
    const cut = [piece(""), piece(line.slice(0, 9), later), piece(line.slice(9), later)];
    assert.deepEqual(read(cut), read([piece(line, later)]));
  });

  it("gives each line an id that another window and another connection give it too", () => {
    const cost = "💰 Cost: $0.001388 | Time: 2.00s | GPU: L40S @ $0.001388\n";
    const log = [
      piece(cost, { atMs: t0 }),
      piece(cost + cost, { atMs: t0 + 5000 }),
      piece(cost, { atMs: t0 + 5000, containerId: "ta-2" }),
    ];
    const ids = read(log).map((one) => one.callId);
    assert.equal(new Set(ids).size, 4);
    assert.deepEqual(
      read(log).map((one) => one.callId),
      ids,
    );

    const assembler = new LogLineAssembler("ap-1");
    const first = log.flatMap((one) => [...assembler.add(one)]);
    assembler.add(piece("💰 Cost: $0.0013"));
    // After a broken connection entries come again, and half a line does: it is read anew.
    const reconnected = new LogLineAssembler("ap-1");
    const again = log.slice(1).flatMap((one) => [...reconnected.add(one)]);
    assert.equal(new Set([...first, ...again].map((one) => one.callId)).size, 4);
    assert.ok(read(log).every((one) => one.isStable));
  });

  it("takes three equal lines for three calls, however their times cross", () => {
    const cost = "💰 Cost: $0.001388 | Time: 2.00s | GPU: L40S\n";
    const times = [5000, 4000, 5000, 4000, 5900, 4999];
    const ids = read(times.map((ms) => piece(cost, { atMs: t0 + ms }))).map((one) => one.callId);
    assert.equal(new Set(ids).size, times.length);
    const sorted = times.toSorted((a, b) => a - b);
    const again = read(sorted.map((ms) => piece(cost, { atMs: t0 + ms })));
    assert.deepEqual(new Set(again.map((one) => one.callId)), new Set(ids));
  });

  it("agrees between an adapter that tells milliseconds and one that tells whole seconds", () => {
    const cost = "💰 Cost: $0.001388 | Time: 2.00s | GPU: L40S\n";
    const [fine] = read([piece(cost, { atMs: t0 + 734, entryId: "17-0" })]);
    const [cut] = read([piece(`2026-11-21 ${cost}`, { atMs: t0 })]);
    assert.ok(fine);
    assert.equal(fine.callId, cut?.callId);
  });

  it("keeps containers apart whose lines come in halves", () => {
    const found = read([
      piece("💰 Cost: $0.00", { containerId: "ta-1" }),
      piece("💰 Cost: $0.000002 | Ti", { containerId: "ta-2" }),
      piece("0001 | Time: 1.00s\n", { containerId: "ta-1" }),
      piece("me: 2.00s\n", { containerId: "ta-2" }),
    ]);
    assert.deepEqual(
      found.map((one) => [one.containerId, one.microUsd]),
      [
        ["ta-1", 1],
        ["ta-2", 2],
      ],
    );
  });

  it("says when nothing makes an id sure", () => {
    const [found] = read([
      piece("💰 Cost: $0.000001 | Time: 1.00s\n", { atMs: null, containerId: null }),
    ]);
    assert.equal(found?.isStable, false);
  });

  it("does not grow with a line that never ends, and finds the next one", () => {
    const assembler = new LogLineAssembler("ap-1");
    for (let i = 0; i < 100; i += 1) assert.deepEqual(assembler.add(piece("x".repeat(10_000))), []);
    const found = assembler.add(piece("\n💰 Cost: $0.000001 | Time: 1.00s\n"));
    assert.equal(found.length, 1);
  });
});
