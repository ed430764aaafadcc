import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { pidAlive } from "../../../src/guardian/pidAlive.ts";
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
    // The shell becomes `sleep`, which never asks how the child ended.
    const parent = spawn("sh", ["-c", "sleep 0 & echo $!; exec sleep 600"]);
    try {
      const line: readonly unknown[] = await once(parent.stdout, "data");
      const pid = Number(String(line[0]));
      while (pidAlive(pid))
        await new Promise((resolve) => {
          setTimeout(resolve, 10);
        });
      assert.equal(process.kill(pid, 0), true, "the system has forgotten its id: nothing is shown");
    } finally {
      parent.kill("SIGKILL");
    }
  });
});
