import assert from "node:assert/strict";
import { cliError, firstLines, withoutAnsi } from "../../../src/modal/cliText.ts";

describe("cliError", () => {
  it("takes the text out of a Rich panel and joins its wrapped lines", () => {
    const stderr = [
      "╭─ Error ──────────────────────────╮",
      "│ Token missing. Could not         │",
      "│ authenticate client.             │",
      "╰──────────────────────────────────╯",
    ].join("\n");
    assert.deepEqual(cliError(stderr), {
      className: null,
      message: "Token missing. Could not authenticate client.",
    });
  });

  it("prefers the error panel to a warning panel", () => {
    const stderr = [
      "╭─ Modal Warning ─╮",
      "│ update soon     │",
      "╰─────────────────╯",
      "╭─ Error ─────────╮",
      "│ nope            │",
      "╰─────────────────╯",
    ].join("\n");
    assert.equal(cliError(stderr).message, "nope");
  });

  it("reads class and message after a boxed traceback", () => {
    const stderr = [
      "╭────── Traceback (most recent call last) ──────╮",
      "│ /venv/modal/cli/app.py:106 in list_           │",
      "│ ❱ 243 │   raise AuthError(                    │",
      "╰───────────────────────────────────────────────╯",
      "AuthError: Token missing.",
      "Run `modal token new`.",
    ].join("\n");
    assert.deepEqual(cliError(stderr), {
      className: "AuthError",
      message: "Token missing. Run `modal token new`.",
    });
  });

  it("reads a plain Python traceback with a module in the class name", () => {
    const stderr =
      'Traceback (most recent call last):\n  File "x.py", line 1\nsocket.NotFoundError: gone\n';
    assert.deepEqual(cliError(stderr), { className: "NotFoundError", message: "gone" });
  });

  it("reads usage errors of both command line libraries", () => {
    assert.equal(
      cliError(
        "Usage: modal app stop [OPTIONS]\nTry 'modal app stop --help' for help.\n\nError: No such option '--yes'.\n",
      ).message,
      "No such option '--yes'.",
    );
    assert.equal(
      cliError(
        "Usage: modal [OPTIONS]\nTry 'modal -h' for help.\n╭─ Error ─────╮\n│ No such option: --yes │\n╰──────╯\n",
      ).message,
      "No such option: --yes",
    );
  });

  it("never gives an empty message", () => {
    assert.equal(cliError("").message, "The modal command said nothing.");
  });
});

describe("withoutAnsi", () => {
  it("removes colours, links and carriage returns", () => {
    assert.equal(
      withoutAnsi("\u001B[31mred\u001B[0m \u001B]8;;https://x\u0007link\u001B]8;;\u0007\r\n"),
      "red link\n",
    );
  });
});

describe("firstLines", () => {
  it("bounds the evidence", () => {
    const evidence = firstLines(`${"x".repeat(5000)}\n`.repeat(100));
    assert.ok(evidence.length < 8 * 210);
    assert.ok(evidence.startsWith("xxx"));
  });
});
