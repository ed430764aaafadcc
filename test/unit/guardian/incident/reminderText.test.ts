import assert from "node:assert/strict";
import {
  closeReminder,
  outcomeNotice,
  unreportedText,
} from "../../../../src/guardian/incident/reminderText.ts";
import type { StopReceipt } from "../../../../src/session/receipt.ts";
import { receiptSample } from "../../session/receiptSample.ts";

const flux = { appId: "ap-1", name: "flux-api" };
const comfy = { appId: "ap-2", name: "comfy" };

function receipt(change: Partial<StopReceipt>): StopReceipt {
  return receiptSample({ by: "guardian", ...change });
}

describe("closeReminder", () => {
  it("says what runs, that no window is open, what it costs, and what happens without an answer", () => {
    const { title, body, actions } = closeReminder({
      scope: null,
      apps: [
        { name: "flux-api", containerCount: 2 },
        { name: "comfy", containerCount: 1 },
      ],
      burn: "≈ $3.90 per hour",
      unchecked: null,
      stop: { at: "18:45", names: ["flux-api", "comfy"] },
      canRelease: false,
    });
    assert.equal(title, "2 Modal apps still run");
    assert.equal(
      body,
      "flux-api (2 containers), comfy (1 container). No VS Code window is open. " +
        "Cost: ≈ $3.90 per hour. Without an answer, they are stopped at 18:45.",
    );
    assert.deepEqual(
      actions.map(({ id }) => id),
      ["stop", "keep"],
    );
  });

  it("names the scope while windows of others are open, and says when Modal could not be asked", () => {
    const { body } = closeReminder({
      scope: "acme/test",
      apps: [
        { name: "a", containerCount: 1 },
        { name: "b", containerCount: 0 },
      ],
      burn: null,
      unchecked: "Modal did not answer within 4 s.",
      stop: null,
      canRelease: false,
    });
    assert.match(body, /^a \(1 container\), b\. No VS Code window of acme\/test is open\./);
    assert.match(body, /As last seen: Modal could not be asked now/);
    assert.ok(!body.includes("Cost"));
  });
});

describe("untoldText", () => {
  const reminder = {
    state: "showing",
    title: "1 app",
    body: "flux.",
    atMs: 0,
    detail: null,
  } as const;
  const act = { what: "stop", by: "reminder", begunAtMs: 0, state: "begun" } as const;

  it("says what the reminder said, or which act was cut off and who had asked for it", () => {
    assert.equal(unreportedText({ reminder, news: null, act: null }), "1 app: flux.");
    assert.equal(
      unreportedText({ reminder, news: null, act: { ...act, state: "done" } }),
      "1 app: flux.",
    );
    assert.equal(
      unreportedText({ reminder, news: null, act }),
      '"Stop All" was pressed in the reminder, and was interrupted before it was verified.',
    );
    const news = { title: "Stopped 1 app", body: "flux.", atMs: 0, state: "due" } as const;
    assert.equal(
      unreportedText({ reminder, news, act: { ...act, state: "done" } }),
      "Stopped 1 app: flux.",
    );
    assert.match(unreportedText({ reminder, news, act }), /^Stopped 1 app: flux\. "Stop All" was/);
    assert.equal(
      unreportedText({ reminder, news: null, act: { ...act, by: "guardian", what: "release" } }),
      '"Release GPUs" was started after the last window closed, and was interrupted before it was verified.',
    );
  });
});

describe("outcomeNotice", () => {
  it("says all clear only for a verified stop with nothing left, in any environment", () => {
    const done = receipt({ planned: [flux], stopped: [flux] });
    const elsewhere = { running: [], notListed: [] };
    const { title, body } = outcomeNotice([{ ...done, elsewhere }]);
    assert.equal(title, "Stopped 1 app");
    assert.equal(body, "flux-api. All clear: no Modal app runs.");
    const bodyOf = (some: Partial<StopReceipt>): string =>
      outcomeNotice([{ ...done, ...some }]).body;
    assert.equal(
      bodyOf({}),
      "flux-api. Modal lists nothing that still runs; not listed: other environments.",
    );
    const whose = { mine: true, others: [], unknown: false };
    const running = [{ environment: "dev", gpus: 2, containers: 2, seenAtMs: 0, whose }];
    assert.equal(
      bodyOf({ elsewhere: { running, notListed: ["sandboxes in dev"] } }),
      "flux-api. Elsewhere: 2 GPUs in dev (yours). Not listed: sandboxes in dev.",
    );
  });

  it("names what was left alone instead of all clear", () => {
    const { body } = outcomeNotice([
      receipt({
        planned: [flux],
        stopped: [flux],
        excluded: [{ ...comfy, reason: "deployed by teammate" }],
        verified: "excluded-left",
      }),
    ]);
    assert.match(body, /Left running: comfy \(deployed by teammate\)/);
    assert.ok(!body.includes("All clear"));
  });

  it("never reports a stop that left something, or was not verified, as done", () => {
    const left = outcomeNotice([
      receipt({
        planned: [flux, comfy],
        stopped: [comfy],
        left: [{ ...flux, reason: "still stopping" }],
        verified: "left",
      }),
    ]);
    assert.equal(left.title, "1 app not stopped");
    const agent = { appId: "sb-1", name: "agent", reason: "still stopping" };
    const both = outcomeNotice([receipt({ left: [agent, { ...flux, reason: "?" }] })]);
    assert.equal(both.title, "1 app and 1 sandbox not stopped");
    const done = outcomeNotice([receipt({ planned: [agent], stopped: [agent] })]);
    assert.equal(done.title, "Stopped 1 sandbox");
    assert.match(left.body, /flux-api: still stopping\..*Stopped: comfy/);
    const unverified = outcomeNotice([receipt({ planned: [flux], verified: "unverified" })]);
    assert.equal(unverified.title, "The stop is not verified");
    assert.ok(!unverified.body.includes("All clear"));
  });
});
