import assert from "node:assert/strict";
import { Failure } from "../../../../src/base/failure.ts";
import { ModalConnection } from "../../../../src/session/watch/modalConnection.ts";
import type { Identity, ModalControl } from "../../../../src/session/modalControl.ts";
import { silentLog } from "../../silentLog.ts";
import { controlThatOnly } from "../controlThatOnly.ts";

const controlFor = (whoami: () => Promise<Identity>): ModalControl => controlThatOnly({ whoami });

const acme: Identity = { scope: { workspace: "acme", environment: "main" }, username: "you" };

describe("ModalConnection", () => {
  it("asks once who it speaks for, however many ask at once", async () => {
    let asked = 0;
    const connection = new ModalConnection(
      () =>
        Promise.resolve(
          controlFor(() => {
            asked += 1;
            return Promise.resolve(acme);
          }),
        ),
      silentLog,
    );
    const [first, second] = await Promise.all([connection.open(), connection.open()]);
    assert.equal(first, second);
    assert.equal(first.scopeKey, "acme/main");
    assert.equal(asked, 1);
  });

  it("tries again after a failure", async () => {
    let fail = true;
    const connection = new ModalConnection(
      () =>
        Promise.resolve(
          controlFor(() =>
            fail ? Promise.reject(new Failure("offline", "No network.")) : Promise.resolve(acme),
          ),
        ),
      silentLog,
    );
    await assert.rejects(connection.open(), { reason: "offline" });
    assert.equal(connection.last, undefined);
    fail = false;
    assert.equal((await connection.open()).scopeKey, "acme/main");
  });

  it("never hands out the old workspace after a reset", async () => {
    const answers: ((identity: Identity) => void)[] = [];
    const connection = new ModalConnection(
      () => Promise.resolve(controlFor(() => new Promise((resolve) => answers.push(resolve)))),
      silentLog,
    );
    const stale = connection.open();
    while (answers.length < 1) await Promise.resolve();
    connection.reset();
    const fresh = connection.open();
    while (answers.length < 2) await Promise.resolve();
    answers[0]?.(acme);
    answers[1]?.({ scope: { workspace: "other", environment: "main" }, username: null });
    await assert.rejects(stale, { reason: "cancelled" });
    assert.equal((await fresh).scopeKey, "other/main");
    assert.equal(connection.last?.scopeKey, "other/main");
  });
});
