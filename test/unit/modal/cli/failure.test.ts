import assert from "node:assert/strict";
import { cliFailure } from "../../../../src/modal/cli/failure.ts";

function reasonOf(stderr: string, exitCode = 1): string {
  return cliFailure("list the apps", { exitCode, stdout: "", stderr }).reason;
}

function panel(text: string): string {
  return `╭─ Error ──────╮\n│ ${text} │\n╰──────────────╯\n`;
}

function traceback(last: string): string {
  return `╭─── Traceback (most recent call last) ───╮\n│ x.py:1 in x │\n╰──────────────╯\n${last}\n`;
}

describe("cliFailure", () => {
  it("knows the client's exception classes", () => {
    assert.equal(reasonOf(traceback("AuthError: whatever")), "not-authenticated");
    assert.equal(reasonOf(traceback("PermissionDeniedError: no")), "permission-denied");
    assert.equal(reasonOf(traceback("NotFoundError: App 'ap-1' not found")), "not-found");
    assert.equal(
      reasonOf(traceback("ConnectionError: Could not connect to the Modal server.")),
      "offline",
    );
    assert.equal(reasonOf(traceback("ServiceError: try later")), "service-error");
    assert.equal(reasonOf(traceback("UnimplementedError: no such method")), "unsupported");
    assert.equal(reasonOf(traceback("ResourceExhaustedError: slow down")), "rate-limited");
  });

  it("takes an environment that is not there for a wrong setting, and names it", () => {
    const stderr = traceback("NotFoundError: Environment 'stagin' not found in workspace");
    const failure = cliFailure("list the apps", { exitCode: 1, stdout: "", stderr });
    assert.equal(failure.reason, "bad-setting");
    assert.match(failure.message, /no environment "stagin".*modalMeter\.environment/);
    const app = "NotFoundError: App 'x' not found in environment 'main'";
    assert.equal(reasonOf(traceback(app)), "not-found");
    assert.equal(reasonOf(traceback("ServiceError: Environment 'x' not found")), "service-error");
  });

  it("does not let a message forge another class", () => {
    assert.equal(
      reasonOf(traceback("ServiceError: Token missing, said the proxy")),
      "service-error",
    );
  });

  it("tells a reached spend limit from a rate limit", () => {
    assert.equal(
      reasonOf(
        traceback(
          "ResourceExhaustedError: App creation failed: workspace billing cycle spend limit reached",
        ),
      ),
      "spend-limit",
    );
  });

  it("names an unusable profile as a setting", () => {
    assert.equal(
      reasonOf(panel("Modal profile 'nope' was not found in /x/.modal.toml.")),
      "bad-setting",
    );
    assert.equal(reasonOf(traceback("InvalidError: No Modal profile is active.")), "bad-setting");
  });

  it("reads panels of clients that name no class", () => {
    assert.equal(
      reasonOf(panel("Token missing. Could not authenticate client.")),
      "not-authenticated",
    );
    assert.equal(reasonOf(panel("Could not connect to the Modal server.")), "offline");
    assert.equal(
      reasonOf("App is already stopped. (Stopped at 2025-11-20 by 'x')."),
      "already-stopped",
    );
    assert.equal(reasonOf("Usage: modal\nError: No such command 'billing'.", 2), "cli-too-old");
    assert.equal(reasonOf(panel("something else")), "service-error");
  });

  it("says that a crash of the command is not an answer", () => {
    const failure = cliFailure("list the apps", {
      exitCode: 1,
      stdout: "",
      stderr: traceback("TypeError: Option() got an unexpected keyword argument 'click_type'"),
    });
    assert.equal(failure.reason, "bad-output");
    assert.match(failure.evidence ?? "", /click_type/);
  });
});
