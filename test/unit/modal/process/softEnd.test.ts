import assert from "node:assert/strict";
import { endSoftly } from "../../../../src/modal/process/softEnd.ts";
import { VirtualClock } from "../../virtualClock.ts";

describe("endSoftly", () => {
  const begin = (heard: () => number = () => 0) => {
    const clock = new VirtualClock(0);
    const sent: string[] = [];
    const ending = endSoftly({
      clock,
      send: (signal) => sent.push(`${signal} ${clock.nowMs()}`),
      heard,
      graceMs: 16_000,
    });
    return { clock, sent, ending };
  };

  it("asks again while nothing is heard, and then uses force", async () => {
    const { clock, sent } = begin();
    await clock.advance(60_000);
    assert.deepEqual(sent, [
      "SIGINT 0",
      "SIGINT 4000",
      "SIGINT 8000",
      "SIGINT 12000",
      "SIGTERM 16000",
      "SIGKILL 18000",
    ]);
  });

  it("asks one that answers only once: a second interrupt would cut its goodbye short", async () => {
    let lines = 3;
    const { clock, sent } = begin(() => lines);
    lines += 1;
    await clock.advance(15_999);
    assert.deepEqual(sent, ["SIGINT 0"]);
    await clock.advance(60_000);
    assert.deepEqual(sent, ["SIGINT 0", "SIGTERM 16000", "SIGKILL 18000"]);
  });

  it("sends nothing to one that has ended", async () => {
    const { clock, sent, ending } = begin();
    await clock.advance(1000);
    ending.dispose();
    await clock.advance(60_000);
    assert.deepEqual(sent, ["SIGINT 0"]);
  });
});
