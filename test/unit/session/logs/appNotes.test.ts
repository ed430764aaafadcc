import assert from "node:assert/strict";
import { addNotes, recallNotes, type AppNotes } from "../../../../src/session/logs/appNotes.ts";
import { MemoryLedger } from "../memoryLedger.ts";

describe("what is noted of an app", () => {
  const app = { scope: "acme/main", appId: "ap-1" };
  const logged = (containerId: string, firstLineMs: number, lastLineMs: number) =>
    ({ ...app, containerId, appName: "flux", firstLineMs, lastLineMs }) as const;
  const startup = (containerId: string, startupMs: number) =>
    ({ containerId, appName: "flux", readyMs: startupMs, startupMs }) as const;
  let ledger: MemoryLedger;
  let writes: number;
  beforeEach(() => {
    [ledger, writes] = [new MemoryLedger(), 0];
  });
  /** How many writes it takes. */
  const add = (more: Partial<AppNotes>): number => {
    const before = writes;
    addNotes(
      {
        recall: ledger.recall.bind(ledger),
        remember: (key, json) => {
          writes += 1;
          ledger.remember(key, json);
        },
      },
      app,
      more,
    );
    return writes - before;
  };

  it("is written once, and again only where something is new", () => {
    const more = {
      endedOnPurposeAtMs: [5, 3],
      logged: [logged("ta-1", 10, 20)],
      startups: [startup("ta-1", 7)],
    };
    assert.equal(add(more), 2, "the notes, and the app's name");
    assert.equal(add(more), 0);
    assert.equal(add({ endedOnPurposeAtMs: [3] }), 0);
    assert.equal(
      add({ logged: [logged("ta-1", 12, 19)] }),
      0,
      "lines between those that are known",
    );
    assert.equal(add({ logged: [logged("ta-1", 12, 21)] }), 1);
    assert.equal(add({ startups: [startup("ta-1", 8)] }), 1);
    assert.deepEqual(recallNotes(ledger, app), {
      endedOnPurposeAtMs: [3, 5],
      logged: [logged("ta-1", 10, 21)],
      startups: [startup("ta-1", 8)],
    });
  });

  it("keeps the newest 400, and does not write an older one again and again", () => {
    const many = Array.from({ length: 400 }, (_, at) => logged(`ta-${at}`, 1000 + at, 1000 + at));
    add({ logged: many });
    assert.equal(add({ logged: [logged("ta-older", 1, 2)] }), 0);
    assert.equal(add({ logged: [logged("ta-newer", 3000, 3000)] }), 1);
    const kept = recallNotes(ledger, app).logged;
    assert.deepEqual([kept.length, kept[0]?.containerId], [400, "ta-1"]);
    assert.equal(kept.at(-1)?.containerId, "ta-newer");
  });
});
