import assert from "node:assert/strict";
import { guardianEnvironment } from "../../../src/guardian/startGuardian.ts";

describe("guardianEnvironment", () => {
  it("keeps the user's, Modal's and the desktop's variables; drops the editor's", () => {
    const env = guardianEnvironment(
      {
        PATH: "/usr/bin",
        HOME: "/home/you",
        MODAL_TOKEN_ID: "ak-1",
        DBUS_SESSION_BUS_ADDRESS: "unix:path=/run/bus",
        VSCODE_IPC_HOOK: "/tmp/x.sock",
        VSCODE_RECONNECTION_GRACE_TIME: "1",
        ELECTRON_NO_ATTACH_CONSOLE: "1",
        NODE_OPTIONS: "--inspect",
      },
      [],
    );
    assert.deepEqual(env, {
      PATH: "/usr/bin",
      HOME: "/home/you",
      MODAL_TOKEN_ID: "ak-1",
      DBUS_SESSION_BUS_ADDRESS: "unix:path=/run/bus",
      ELECTRON_RUN_AS_NODE: "1",
    });
  });
});
