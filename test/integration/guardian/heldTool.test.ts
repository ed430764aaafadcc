import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { heldTool } from "../../../src/guardian/notifier/heldTool.ts";
import { runTool } from "../../../src/guardian/notifier/runTool.ts";
import { pidAlive } from "../../../src/guardian/pidAlive.ts";
import { until } from "../../host/until.ts";
import { skip } from "../../skip.ts";

const open = new AbortController().signal;
const notifier = join(import.meta.dirname, "../../../src/guardian/notifier");

describe("a program that is held", () => {
  let folder: string;
  before(function () {
    if (process.platform === "win32") skip(this, "desktop", "It runs in a shell.");
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "held-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** Writes its process id, and stays. */
  const stay = (file: string) => ({
    file: "/bin/sh",
    args: ["-c", 'echo $$ > "$1.draft"; mv "$1.draft" "$1"; exec sleep 600', "sh", file],
  });
  async function started(file: string): Promise<number> {
    let pid = 0;
    await until("it runs", () => {
      try {
        pid = Number(readFileSync(file, "utf8"));
      } catch {
        return false;
      }
      return pid > 0;
    });
    return pid;
  }

  it("gives its own output and exit code, with the arguments as they are", async () => {
    const call = { file: "/bin/sh", args: ["-c", 'echo "$1"; exit 3', "sh", '$(id) " -n'] };
    const { exitCode, stdout } = await runTool(heldTool(call, "TERM"), open);
    assert.equal(exitCode, 3);
    assert.equal(stdout, '$(id) " -n\n');
  });

  it("ends when it is taken back", async () => {
    const file = join(folder, "pid");
    const taken = new AbortController();
    const ended = runTool(heldTool(stay(file), "TERM"), taken.signal);
    const pid = await started(file);
    taken.abort();
    await ended;
    assert.equal(pidAlive(pid), false);
  });

  it("ends when the process that holds it is killed", async () => {
    const file = join(folder, "pid");
    const program = `
      const { runTool } = await import(${JSON.stringify(join(notifier, "runTool.ts"))});
      const { heldTool } = await import(${JSON.stringify(join(notifier, "heldTool.ts"))});
      await runTool(heldTool(${JSON.stringify(stay(file))}, "INT"), new AbortController().signal);
    `;
    const holder = spawn(process.execPath, ["--input-type=module", "-e", program]);
    const pid = await started(file);
    holder.kill("SIGKILL");
    await once(holder, "exit");
    await until("it has ended", () => !pidAlive(pid));
  });
});
