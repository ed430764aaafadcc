import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Notice } from "../../../../src/guardian/notifier/notifier.ts";
import type { ToolCall, ToolResult } from "../../../../src/guardian/notifier/runTool.ts";
import {
  powershellAnswer,
  WindowsNotifier,
} from "../../../../src/guardian/notifier/windowsNotifier.ts";
import { dialogCall, noticeCall } from "../../../../src/guardian/notifier/powershell.ts";
import type { ToastPlace } from "../../../../src/guardian/notifier/windowsToast.ts";
import { closeReminder, outcomeNotice } from "../../../../src/guardian/incident/reminderText.ts";
import { VirtualClock } from "../../virtualClock.ts";

function reminder(name: string): Notice {
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

function scriptOf(call: ToolCall): string {
  return Buffer.from(call.args.at(-1) ?? "", "base64").toString("utf16le");
}

describe("the dialog of Windows", () => {
  it("runs a fixed script of Windows' own PowerShell; the data is in the environment alone", () => {
    const hostile = dialogCall(reminder("'; Remove-Item C:\\ #"), systemRoot);
    const harmless = dialogCall(reminder("flux-api"), systemRoot);
    assert.deepEqual(hostile.args, harmless.args);
    assert.equal(
      hostile.file,
      String.raw`C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe`,
    );
    assert.match(hostile.env?.["MODAL_METER_BODY"] ?? "", /Remove-Item/);
    assert.match(scriptOf(hostile), /ShowDialog/);
    assert.ok(!scriptOf(hostile).includes("Remove-Item"));
    assert.ok(!/Invoke-Expression|iex /.test(scriptOf(hostile)));
  });

  it("names the buttons one by one", () => {
    const { env } = dialogCall(reminder("flux-api"), systemRoot);
    assert.equal(env?.["MODAL_METER_ACTIONS"], "2");
    assert.equal(env["MODAL_METER_ACTION_0"], "Stop All");
    assert.equal(env["MODAL_METER_ACTION_1"], "Keep Running");
  });

  it("shows a notice as a toast", () => {
    const call = noticeCall(outcomeNotice([]), systemRoot);
    assert.match(scriptOf(call), /ToastNotificationManager/);
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

describe("WindowsNotifier", () => {
  let folder: string;
  let place: ToastPlace;
  const clock = new VirtualClock(0);
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "toast-"));
    place = {
      systemRoot,
      answerFolder: join(folder, "answers"),
      product: "0123abcd",
      uriScheme: "vscode",
    };
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  /** A Windows that knows no more than which call was made, and answers as told. */
  function windows(says: Readonly<Record<string, Partial<ToolResult>>> = {}) {
    const calls: { readonly kind: string; readonly call: ToolCall }[] = [];
    const run = (call: ToolCall): Promise<ToolResult> => {
      const kind = kindOf(call);
      calls.push({ kind, call });
      return Promise.resolve(said(says[kind] ?? {}));
    };
    return { calls, kinds: () => calls.map(({ kind }) => kind), run };
  }

  function kindOf(call: ToolCall): string {
    if (call.file.endsWith("cmd.exe")) return "probe";
    if (call.env?.["MODAL_METER_TOAST"] !== undefined) return "toast";
    if (/History\.Remove\(/.test(scriptOf(call))) return "withdraw";
    if (/ShowDialog/.test(scriptOf(call))) return "dialog";
    return "sweep";
  }

  /** The file that a button's command makes. */
  function answerOf(call: ToolCall | undefined, index: number): string {
    const command = call?.env?.[`MODAL_METER_COMMAND_${index}`] ?? "";
    return /answers\\([\w-]+)"/.exec(command)?.[1] ?? "";
  }

  it("sweeps once, shows a toast, waits for the button's file, and cleans up", async () => {
    const { calls, kinds, run } = windows();
    const notifier = new WindowsNotifier({ run, clock, place });
    const shown = notifier.show(reminder("flux-api"), new AbortController().signal);
    await clock.advance(10_000);
    assert.deepEqual(kinds(), ["sweep", "probe", "toast"]);
    const toast = calls.at(-1)?.call;
    const answer = answerOf(toast, 0);
    assert.match(answer, /^[0-9a-f]{32}-stop$/);
    writeFileSync(join(place.answerFolder, answer), "");
    await clock.advance(2_000);
    assert.deepEqual(await shown, { kind: "pressed", actionId: "stop" });
    assert.deepEqual(kinds().slice(3), ["withdraw"]);
    assert.equal(
      calls.at(-1)?.call.env?.["MODAL_METER_PREFIX"],
      `modal-meter-0123abcd-${answer.slice(0, 32)}-`,
    );
    assert.deepEqual(readdirSync(place.answerFolder), []);
    assert.equal(clock.pending, 0);
    const again = notifier.show(reminder("flux-api"), AbortSignal.timeout(1));
    await clock.advance(2_000);
    await again;
    assert.equal(kinds().filter((kind) => kind === "sweep").length, 1);
    assert.notEqual(answerOf(calls.findLast(({ kind }) => kind === "toast")?.call, 0), answer);
  });

  it("takes from the screen what a killed guardian left, and a press on it is no answer any more", async () => {
    const { calls, kinds, run } = windows();
    void new WindowsNotifier({ run, clock, place }).show(
      reminder("flux-api"),
      new AbortController().signal,
    );
    await clock.advance(2_000);
    // Its guardian is killed here: nothing of it runs on. Then somebody presses.
    const stop = answerOf(calls.at(-1)?.call, 0);
    const next = new WindowsNotifier({ run, clock: new VirtualClock(0), place });
    writeFileSync(join(place.answerFolder, stop), "");
    calls.splice(0);
    await next.withdrawLeft();
    assert.deepEqual(kinds(), ["sweep", "probe"]);
    const [sweep] = calls;
    assert.ok(sweep !== undefined);
    assert.match(scriptOf(sweep.call), /RemoveGroup\(\$env:MODAL_METER_GROUP/);
    assert.equal(sweep.call.env?.["MODAL_METER_GROUP"], "modal-meter-0123abcd");
    assert.deepEqual(readdirSync(place.answerFolder), []);
    calls.splice(0);
    await new WindowsNotifier({ run, clock, place }).withdrawLeft();
    assert.deepEqual(kinds(), [], "nothing is started where nothing was left");
  });

  it("takes no answer of another reminder, with another nonce, or of an unknown button", async () => {
    const { calls, run } = windows();
    mkdirSync(place.answerFolder);
    writeFileSync(join(place.answerFolder, `${"0".repeat(32)}-stop`), "");
    const notifier = new WindowsNotifier({ run, clock, place });
    const ending = new AbortController();
    const shown = notifier.show(reminder("flux-api"), ending.signal);
    await clock.advance(2_000);
    const nonce = answerOf(calls.at(-1)?.call, 0).slice(0, 32);
    for (const name of [`${"1".repeat(32)}-stop`, `${nonce}-delete`, nonce, "stop"])
      writeFileSync(join(place.answerFolder, name), "");
    await clock.advance(60_000);
    ending.abort();
    assert.deepEqual(await shown, { kind: "withdrawn" });
    assert.equal(calls.at(-1)?.kind, "withdraw");
  });

  for (const [why, says] of [
    ["toasts are off", { toast: { exitCode: 3 } }],
    ["the buttons' command may not run", { probe: { exitCode: 1 } }],
  ] as const)
    it(`shows the window instead where ${why}, and leaves nothing behind`, async () => {
      const { kinds, run } = windows({ ...says, dialog: { stdout: "0" } });
      const notifier = new WindowsNotifier({ run, clock, place });
      const answer = await notifier.show(reminder("flux-api"), new AbortController().signal);
      assert.deepEqual(answer, { kind: "pressed", actionId: "stop" });
      assert.equal(kinds().at(-1), "dialog");
      assert.equal(kinds().includes("toast"), kinds().includes("withdraw"));
    });

  it("shows the window where the folder's name means something to cmd.exe", async () => {
    const { kinds, run } = windows({ dialog: { stdout: "1" } });
    const odd = { ...place, answerFolder: join(folder, "100%PATH%") };
    const notifier = new WindowsNotifier({ run, clock, place: odd });
    const answer = await notifier.show(reminder("flux-api"), new AbortController().signal);
    assert.deepEqual(answer, { kind: "pressed", actionId: "keep" });
    assert.ok(!kinds().includes("toast"));
    assert.ok(existsSync(folder));
  });
});
