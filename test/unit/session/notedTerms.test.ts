import assert from "node:assert/strict";
import { unknownTerms } from "../../../src/cost/terms.ts";
import { functionsByContainer, noteTerms, recallTerms } from "../../../src/session/notedTerms.ts";
import { MemoryLedger } from "./memoryLedger.ts";

describe("what is noted of a container", () => {
  it("stays of an earlier deployment, whatever is noted later", () => {
    const ledger = new MemoryLedger();
    const app = { scope: "acme/main", appId: "ap-1" };
    const one = { containerId: "ta-1", readyMs: 1, askedAtMs: 1, terms: unknownTerms };
    noteTerms(ledger, app, { containers: [{ ...one, isOfEarlierDeploy: true }] });
    noteTerms(ledger, app, { containers: [{ ...one, askedAtMs: 2, functionName: "web" }] });
    const noted = recallTerms(ledger, app);
    assert.equal(noted.containers[0]?.isOfEarlierDeploy, true);
    assert.equal(functionsByContainer(noted).size, 0);
  });

  it("is written only where it is new", () => {
    const ledger = new MemoryLedger();
    const app = { scope: "acme/main", appId: "ap-1" };
    const container = { containerId: "ta-1", readyMs: 1, askedAtMs: 1, terms: unknownTerms };
    const functions = [{ functionId: "fu-1", terms: unknownTerms, gpu: undefined }];
    const written: string[] = [];
    const recording = {
      recall: ledger.recall.bind(ledger),
      remember: (key: string, json: string): void => {
        written.push(json);
        ledger.remember(key, json);
      },
    };
    const note = (askedAtMs: number): void =>
      noteTerms(recording, app, {
        functions,
        containers: [{ ...container, askedAtMs, functionName: undefined, endsByMs: undefined }],
      });
    note(1);
    note(1);
    assert.equal(written.length, 1);
    note(2);
    assert.equal(written.length, 2);
    noteTerms(recording, app, { functions: [] });
    noteTerms(recording, app, { functions: [] });
    assert.equal(written.length, 3);
    assert.equal(recallTerms(ledger, app).containers[0]?.askedAtMs, 2);
  });
});
