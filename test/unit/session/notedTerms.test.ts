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
});
