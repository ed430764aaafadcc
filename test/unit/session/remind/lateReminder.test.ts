import assert from "node:assert/strict";
import { lateReminder } from "../../../../src/session/remind/lateReminder.ts";

const late = {
  scope: "acme/main",
  dueAtMs: Date.UTC(2026, 10, 20, 17, 5),
  title: "3 Modal apps still run",
};

describe("a reminder that nobody could see", () => {
  it("says at the next start what runs then, not what ran when it was due", () => {
    assert.equal(
      lateReminder(late, [{ name: "flux", containerCount: 1 }]),
      "flux (1 container) still runs in acme/main. It ran on while no window was open.",
    );
    const two = [
      { name: "flux", containerCount: 0 },
      { name: "wan2", containerCount: 2 },
    ];
    assert.equal(
      lateReminder(late, two),
      "flux, wan2 (2 containers) still run in acme/main. They ran on while no window was open.",
    );
  });

  it("says nothing where nothing runs any more, and of elsewhere only what was true then", () => {
    assert.equal(lateReminder(late, []), undefined);
    assert.equal(
      lateReminder(late, null, "UTC"),
      "At 17:05, in acme/main: 3 Modal apps still run. What runs there now was not looked at.",
    );
  });
});
