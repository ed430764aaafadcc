import assert from "node:assert/strict";
import { osascriptAnswer, osascriptCall } from "../../../../src/guardian/notifier/macNotifier.ts";
import type { ToolResult } from "../../../../src/guardian/notifier/runTool.ts";
import { closeReminder, outcomeNotice } from "../../../../src/guardian/incident/reminderText.ts";

function reminder(name: string) {
  return closeReminder({
    scope: null,
    apps: [{ name, containerCount: 1 }],
    burn: "≈ $1.95 per hour",
    unchecked: null,
    stop: null,
    canRelease: true,
  });
}

function said(change: Partial<ToolResult>): ToolResult {
  return { exitCode: 0, stdout: "", stderr: "", startError: undefined, ...change };
}

/** The script parts of the arguments, and the data after them. */
function split(args: readonly string[]): { script: string; data: readonly string[] } {
  const last = args.lastIndexOf("-e");
  const script = args.slice(0, last + 2).filter((arg) => arg !== "-e");
  return { script: script.join("\n"), data: args.slice(last + 2) };
}

describe("osascriptCall", () => {
  it("never lets text into the script", () => {
    const hostile = split(osascriptCall(reminder('" & (do shell script "id") & "')).args);
    const harmless = split(osascriptCall(reminder("flux-api")).args);
    assert.equal(hostile.script, harmless.script);
    assert.ok(!hostile.script.includes("do shell script"));
    assert.ok(hostile.data.join("\n").includes("do shell script"));
  });

  it("passes title, text, seconds and the button labels in the order that the script reads", () => {
    const { data } = split(osascriptCall(reminder("flux-api")).args);
    assert.equal(data[0], "1 Modal app still runs");
    assert.match(data[1] ?? "", /^flux-api \(1 container\)/);
    assert.match(data[2] ?? "", /^\d+$/);
    assert.deepEqual(data.slice(3), ["Stop All", "Release GPUs", "Keep Running"]);
  });

  it("gives a notice one button", () => {
    const { data } = split(osascriptCall(outcomeNotice([])).args);
    assert.deepEqual(data.slice(3), ["OK"]);
  });
});

describe("osascriptAnswer", () => {
  it("reads the pressed button, a dialog that gave up, and one that was closed", () => {
    const asked = reminder("flux-api");
    assert.deepEqual(osascriptAnswer(asked, said({ stdout: "Stop All\n" })), {
      kind: "pressed",
      actionId: "stop",
    });
    assert.deepEqual(osascriptAnswer(asked, said({ stdout: "\n" })), { kind: "dismissed" });
    assert.deepEqual(
      osascriptAnswer(
        asked,
        said({ exitCode: 1, stderr: "execution error: User canceled. (-128)" }),
      ),
      { kind: "dismissed" },
    );
  });

  it("says why nothing could be shown", () => {
    assert.deepEqual(
      osascriptAnswer(
        reminder("flux-api"),
        said({ exitCode: 1, stderr: "execution error: No user interaction allowed. (-1713)\n" }),
      ),
      { kind: "not-shown", reason: "execution error: No user interaction allowed. (-1713)" },
    );
  });
});
