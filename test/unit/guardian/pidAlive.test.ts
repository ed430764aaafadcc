import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { Writable } from "node:stream";
import { pidAlive } from "../../../src/guardian/pidAlive.ts";
import { until } from "../../host/until.ts";
import { skip } from "../../skip.ts";

describe("A process id", () => {
  it("is alive while its process runs, and is not afterwards", async () => {
    assert.equal(pidAlive(process.pid), true);
    const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
    const { pid = 0 } = child;
    assert.equal(pidAlive(pid), true);
    child.kill("SIGKILL");
    await once(child, "exit");
    assert.equal(pidAlive(pid), false);
    assert.deepEqual([0, -1, 1.5, Number.NaN].map(pidAlive), [false, false, false, false]);
  });

  it("is not alive when its process ended and its parent does not ask how", async function () {
    if (process.platform !== "linux")
      skip(this, "posix", "only a Linux container has a first process that never asks");
    // The shell becomes `sleep`, which never asks how the child ended. The child lives until then:
    // a shell that is still there would ask.
    const parent = spawn("sh", ["-c", "cat <&3 >/dev/null 2>&1 & echo $!; exec sleep 600"], {
      stdio: ["ignore", "pipe", "inherit", "pipe"],
    });
    try {
      const [said, held] = [parent.stdout, parent.stdio[3]];
      assert.ok(said !== null && held instanceof Writable);
      const line: readonly unknown[] = await once(said, "data");
      const pid = Number(String(line[0]));
      const name = (): string => readFileSync(`/proc/${parent.pid}/comm`, "utf8").trim();
      await until("the shell has become another program", () => name() === "sleep");
      assert.equal(pidAlive(pid), true);
      held.end();
      await until("the child has ended", () => !pidAlive(pid));
      assert.equal(process.kill(pid, 0), true, "the system has forgotten its id: nothing is shown");
    } finally {
      parent.kill("SIGKILL");
    }
  });
});
