import assert from "node:assert/strict";
import { isAtLeast, parseCliVersion } from "../../../../src/modal/cli/command.ts";
import { parseLogLine } from "../../../../src/modal/cli/logLines.ts";
import { LineQueue } from "../../../../src/modal/lineQueue.ts";
import { ProcessLimit } from "../../../../src/modal/process/processLimit.ts";

describe("the version of the command", () => {
  it("is read and compared by numbers, not by text", () => {
    assert.equal(parseCliVersion("modal client version: 1.10.2\n"), "1.10.2");
    assert.equal(parseCliVersion("1.10.2"), null);
    assert.equal(isAtLeast("1.10.0", "1.4.2"), true);
    assert.equal(isAtLeast("1.4.2", "1.4.2"), true);
    assert.equal(isAtLeast("1.4.1", "1.4.2"), false);
    assert.equal(isAtLeast("0.73.100", "1.4.2"), false);
    assert.equal(isAtLeast("1.5.4.dev2", "1.5.4"), true);
    assert.equal(isAtLeast(null, "1.4.2"), undefined);
    assert.equal(isAtLeast("main", "1.4.2"), undefined);
  });
});

describe("parseLogLine", () => {
  it("takes time and container off the line, and nothing else", () => {
    assert.deepEqual(parseLogLine("2025-11-21 05:40:00+01:00 ta-01JX 💰 ta-2 cost"), {
      text: "💰 ta-2 cost\n",
      containerId: "ta-01JX",
      functionCallId: null,
      atMs: Date.UTC(2025, 10, 21, 4, 40, 0),
      entryId: null,
    });
    const called = parseLogLine("2025-11-21 05:40:00+01:00 fc-01AB ta-01JX fc-02 x");
    assert.deepEqual(
      [called.functionCallId, called.containerId, called.text],
      ["fc-01AB", "ta-01JX", "fc-02 x\n"],
    );
    const callOnly = parseLogLine("2025-11-21 05:40:00+01:00 fc-01AB x");
    assert.deepEqual([callOnly.functionCallId, callOnly.containerId], ["fc-01AB", null]);
    assert.deepEqual(parseLogLine("2025-11-21 is a date"), {
      text: "2025-11-21 is a date\n",
      containerId: null,
      functionCallId: null,
      atMs: null,
      entryId: null,
    });
  });
});

describe("LineQueue", () => {
  it("gives every line once, in order, and then ends", async () => {
    const queue = new LineQueue();
    queue.push("a");
    const read: string[] = [];
    const reading = (async () => {
      for await (const line of queue) read.push(line);
    })();
    await new Promise((resolve) => setImmediate(resolve));
    queue.push("b");
    queue.push("c");
    queue.end();
    await reading;
    assert.deepEqual(read, ["a", "b", "c"]);
  });
});

describe("ProcessLimit", () => {
  it("runs no more at once than it may, and all in the end", async () => {
    const limit = new ProcessLimit(3);
    let running = 0;
    let most = 0;
    const task = async (fails: boolean): Promise<void> => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      if (fails) throw new Error("failed");
    };
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) => limit.run(() => task(index % 3 === 0))),
    );
    assert.equal(most, 3);
    assert.equal(results.filter(({ status }) => status === "fulfilled").length, 13);
  });
});
