import assert from "node:assert/strict";
import type { ToolResult } from "../../../../src/guardian/notifier/runTool.ts";
import {
  powershellAnswer,
  powershellCall,
} from "../../../../src/guardian/notifier/windowsNotifier.ts";
import { closeReminder, outcomeNotice } from "../../../../src/guardian/reminderText.ts";

function reminder(name: string) {
  return closeReminder({
    scope: null,
    apps: [{ name, containerCount: 1 }],
    burn: null,
    unchecked: null,
    stop: { at: "18:45", names: [name] },
    canRelease: false,
  });
}

function said(change: Partial<ToolResult>): ToolResult {
  return { exitCode: 0, stdout: "", stderr: "", startError: undefined, ...change };
}

const systemRoot = String.raw`C:\Windows`;

describe("powershellCall", () => {
  it("runs a fixed script of Windows' own PowerShell; the data is in the environment alone", () => {
    const hostile = powershellCall(reminder("'; Remove-Item C:\\ #"), systemRoot);
    const harmless = powershellCall(reminder("flux-api"), systemRoot);
    assert.deepEqual(hostile.args, harmless.args);
    assert.equal(
      hostile.file,
      String.raw`C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe`,
    );
    assert.match(hostile.env?.["MODAL_METER_BODY"] ?? "", /Remove-Item/);
    const script = Buffer.from(hostile.args.at(-1) ?? "", "base64").toString("utf16le");
    assert.match(script, /ShowDialog/);
    assert.ok(!script.includes("Remove-Item"));
    assert.ok(!/Invoke-Expression|iex /.test(script));
  });

  it("names the buttons one by one", () => {
    const { env } = powershellCall(reminder("flux-api"), systemRoot);
    assert.equal(env?.["MODAL_METER_ACTIONS"], "2");
    assert.equal(env["MODAL_METER_ACTION_0"], "Stop all");
    assert.equal(env["MODAL_METER_ACTION_1"], "Keep running");
  });

  it("shows a notice as a toast", () => {
    const call = powershellCall(outcomeNotice([]), systemRoot);
    const script = Buffer.from(call.args.at(-1) ?? "", "base64").toString("utf16le");
    assert.match(script, /ToastNotificationManager/);
    // Longer command lines than 32,767 characters do not start on Windows.
    assert.ok(call.args.join(" ").length < 16_000);
  });
});

describe("powershellAnswer", () => {
  it("reads the pressed button's number; a closed window is dismissed", () => {
    const asked = reminder("flux-api");
    assert.deepEqual(powershellAnswer(asked, said({ stdout: "0" })), {
      kind: "pressed",
      actionId: "stop",
    });
    assert.deepEqual(powershellAnswer(asked, said({ stdout: "1\r\n" })), {
      kind: "pressed",
      actionId: "keep",
    });
    assert.deepEqual(powershellAnswer(asked, said({ stdout: "" })), { kind: "dismissed" });
    assert.deepEqual(powershellAnswer(asked, said({ stdout: "9" })), { kind: "dismissed" });
  });

  it("says why nothing could be shown", () => {
    assert.deepEqual(powershellAnswer(reminder("x"), said({ exitCode: 1 })), {
      kind: "not-shown",
      reason: "powershell.exe ended with code 1",
    });
  });
});
