import assert from "node:assert/strict";
import { cliError, placeInUserCode } from "../../../../src/modal/cli/text.ts";
import { firstLines, withoutAnsi } from "../../../../src/modal/plainText.ts";

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
    assert.equal(cliError("").message, "The modal command printed nothing.");
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

describe("ownPlace", () => {
  const tool =
    "│ /home/you/.venv/lib/python3.11/site-packages/modal/cli/import_refs.py:135 in import_file │";

  it("finds the line of a syntax error", () => {
    const stderr = [
      "╭────── Traceback (most recent call last) ──────╮",
      tool,
      "│ ❱ 135 │   │   │   │   spec.loader.exec_module(module)  │",
      "│ <frozen importlib._bootstrap_external>:936 in exec_module │",
      "╰───────────────────────────────────────────────╯",
      "╭───────────────────────────────────────────────╮",
      "│  /home/you/my apps/flux_app.py:27             │",
      "│ def web(:                                     │",
      "│         ▲                                     │",
      "╰───────────────────────────────────────────────╯",
      "SyntaxError: invalid syntax",
    ].join("\n");
    assert.equal(placeInUserCode(stderr), "flux_app.py, line 27");
  });

  it("takes the innermost line of the user's code, not the library's that it called", () => {
    const stderr = [
      "│ /home/you/app.py:3 in <module>                │",
      String.raw`│ C:\Users\you\project\models\load.py:12 in load  │`,
      tool,
      "InvalidError: no such GPU",
    ].join("\n");
    assert.equal(placeInUserCode(stderr), "load.py, line 12");
  });

  it("names nothing where the fault is not in the user's code", () => {
    assert.equal(placeInUserCode(`${tool}\nAuthError: Token missing.`), null);
    assert.equal(placeInUserCode("Error: No such file."), null);
  });
});
