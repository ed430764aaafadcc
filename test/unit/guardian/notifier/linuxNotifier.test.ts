import assert from "node:assert/strict";
import { LinuxNotifier, notifySendCall } from "../../../../src/guardian/notifier/linuxNotifier.ts";
import type { RunTool, ToolCall, ToolResult } from "../../../../src/guardian/notifier/runTool.ts";
import { closeReminder, outcomeNotice } from "../../../../src/guardian/incident/reminderText.ts";

const reminder = closeReminder({
  scope: null,
  apps: [{ name: "--evil=<b>$(rm)</b>\n;", containerCount: 2 }],
  burn: null,
  unchecked: null,
  stop: null,
  canRelease: false,
});

const actionHelp = "-A, --action=[NAME=]Text...\n-p, --print-id\n";

function result(change: Partial<ToolResult>): ToolResult {
  return { exitCode: 0, stdout: "", stderr: "", startError: undefined, ...change };
}

function tool(help: string, answer: Partial<ToolResult>): { run: RunTool; calls: ToolCall[] } {
  const calls: ToolCall[] = [];
  const run: RunTool = (call) => {
    calls.push(call);
    return Promise.resolve(result(call.args.includes("--help") ? { stdout: help } : answer));
  };
  return { run, calls };
}

const open = new AbortController().signal;

describe("LinuxNotifier", () => {
  it("passes the text as arguments after the end of the options, without markup or line breaks", () => {
    const { args } = notifySendCall(reminder, true);
    const end = args.indexOf("--");
    assert.deepEqual(args.slice(0, end), [
      "--app-name=Modal Meter",
      "--urgency=critical",
      "--print-id",
      "--action=stop=Stop All",
      "--action=keep=Keep Running",
    ]);
    assert.equal(args.length, end + 3);
    assert.equal(args[end + 1], "1 Modal app still runs");
    assert.match(args[end + 2] ?? "", /^--evil= b \$\(rm\) \/b {2};.*2 containers/);
  });

  it("reads the pressed action, which comes after the notification's own id", async () => {
    const { run } = tool(actionHelp, { stdout: "7\nstop\n" });
    const answer = await new LinuxNotifier(run).show(reminder, open);
    assert.deepEqual(answer, { kind: "pressed", actionId: "stop" });
  });

  it("reads a notification that was closed as dismissed", async () => {
    const { run } = tool(actionHelp, { stdout: "7\n" });
    assert.deepEqual(await new LinuxNotifier(run).show(reminder, open), { kind: "dismissed" });
  });

  it("asks an old notify-send for no buttons and says that nothing can be pressed", async () => {
    const { run, calls } = tool("-u, --urgency=LEVEL", { stdout: "" });
    assert.deepEqual(await new LinuxNotifier(run).show(reminder, open), { kind: "shown" });
    assert.ok(calls.at(-1)?.args.every((arg) => !arg.startsWith("--action")));
  });

  it("says why nothing could be shown: no program, no desktop", async () => {
    const missing = tool("", { exitCode: null, startError: "spawn notify-send ENOENT" });
    assert.deepEqual(await new LinuxNotifier(missing.run).show(reminder, open), {
      kind: "not-shown",
      reason: "notify-send: spawn notify-send ENOENT",
    });
    const noBus = tool(actionHelp, {
      exitCode: 1,
      stderr: "Cannot autolaunch D-Bus without X11 $DISPLAY\nmore",
    });
    assert.deepEqual(await new LinuxNotifier(noBus.run).show(reminder, open), {
      kind: "not-shown",
      reason: "Cannot autolaunch D-Bus without X11 $DISPLAY",
    });
  });

  it("holds what has buttons, and lets a notice go", async () => {
    const { run, calls } = tool(actionHelp, { stdout: "7\n" });
    const notifier = new LinuxNotifier(run);
    await notifier.show(reminder, open);
    assert.equal(calls.at(-1)?.isHeld, true);
    await notifier.show(outcomeNotice([]), open);
    assert.equal(calls.at(-1)?.isHeld, undefined);
    assert.equal(calls.at(-1)?.file, "notify-send");
  });
});
