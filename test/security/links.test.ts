import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { commandLink } from "../../src/ui/commandArguments.ts";
import {
  escapeMarkdown,
  shownInMessage,
  shownInOutput,
  shownMarkdown,
} from "../../src/ui/shown.ts";
import { root } from "../host/paths.ts";

/** What VS Code's notifications, progress and input boxes take for a link (src/vs/base/common/linkedText.ts). */
const linkInMessage = /\[([^\]]+)\]\(((?:https?:\/\/|command:|file:)[^)\s]+)/i;
/** What its output and terminal take for one (src/vs/editor/common/languages/linkComputer.ts). */
const linkInOutput = /(?:https?|file|vscode):\/\//i;
/** What Markdown takes for one, besides brackets: GitHub's autolinks (www., addresses, mail) and HTML. */
const autolink = /(?:[a-z][a-z\d+.-]*:\/\/|www\.|[\w.-]+@[\w-]+\.|<[a-z/!])/i;

const pieces = [
  "[ ] ( ) < > a \\ @b.c ![ ]: www. $(bug) command:x https://x.y HTTPS://x file:///x vscode://x",
  "mailto:a@b.c data:x ](command:workbench.action.quit) ](command:modalMeter.stopAll) https://modal.com.x.y/",
].flatMap((line) => line.split(" "));
const parts = fc.array(fc.constantFrom(" ", "\n", ...pieces), { maxLength: 12 });

describe("words of others", () => {
  it("make no link in a notification, a progress, an input box or a pick list", () => {
    for (const name of [
      "[Fix it](command:workbench.action.quit)",
      "[a](https://x.y)",
      "[a](file:///x)",
    ])
      assert.doesNotMatch(shownInMessage(`Stopping ${name}`), linkInMessage);
    fc.assert(
      fc.property(parts, (some) => {
        assert.doesNotMatch(shownInMessage(some.join("")), linkInMessage);
      }),
      { numRuns: 2000 },
    );
    assert.equal(
      shownInMessage("It looks like https://a--b.modal.run"),
      "It looks like https://a--b.modal.run",
    );
  });

  it("make no link in the output, where addresses of Modal stay whole", () => {
    fc.assert(
      fc.property(parts, (some) => {
        assert.doesNotMatch(shownInOutput(some.join("")), linkInOutput);
      }),
      { numRuns: 2000 },
    );
    for (const whole of ["https://acme--app.modal.run/flux", "http://127.0.0.1:8000/x"])
      assert.equal(shownInOutput(`at ${whole} now`), `at ${whole} now`);
    for (const other of [
      "https://modal.run.x.y/",
      "https://a@x.y",
      "https://modal.com@x.y/",
      "https://notmodal.com",
    ])
      assert.doesNotMatch(shownInOutput(other), linkInOutput, other);
  });

  it("that are no address stay as they are, to be copied and searched", () => {
    for (const plain of ["modalMeter.profile:dev", "metadata:foo", "file:12", "app.py:3 data:x"]) {
      assert.equal(shownInOutput(plain), plain);
      assert.doesNotMatch(escapeMarkdown(plain), /\u2060/);
    }
    for (const link of ["mailto:a@b.c", "(mailto:a@b.c)", "file:///x", "www.x.y"])
      assert.match(shownInOutput(link), /\u2060/, link);
  });

  it("make no link on a page or in a tooltip, with their brackets or without", () => {
    fc.assert(
      fc.property(parts, (some) => {
        const page = shownMarkdown(`| ${escapeMarkdown(some.join(""))} |`);
        const seen = page.replaceAll(/\\[^a-z\d\s]/gi, "_");
        assert.doesNotMatch(seen, /\]\(|\]\[/);
        assert.doesNotMatch(seen, autolink);
      }),
      { numRuns: 2000 },
    );
  });

  it("make no link on a page that forgot to escape them, and ours stay", () => {
    const ours = [commandLink("Stop All", "stopAll"), commandLink("Stop", "stopApp", "ap-1")];
    for (const link of ours) assert.equal(shownMarkdown(`a ${link} b`), `a ${link} b`);
    for (const raw of [
      "[Fix it](command:workbench.action.quit)",
      "[Fix it](command:workbench.action.terminal.sendSequence?%7B%22text%22%3A%22id%22%7D)",
      "[Fix it](https://x.y)",
      "https://x.y",
      "<https://x.y>",
      "<a href='https://x.y'>z</a>",
      "[a]: https://x.y",
      String.raw`\\<https://x.y>`,
      String.raw`\\[a\\](https://x.y)`,
    ]) {
      const page = shownMarkdown(`name: ${raw}`);
      assert.doesNotMatch(page, /\]\(|\]:/, raw);
      assert.doesNotMatch(page, autolink, raw);
    }
  });

  it("reach VS Code by the doors that take nothing but text without links", () => {
    const api =
      /vscode\.(?:window\s*\.\s*(?:show(?:Information|Warning|Error)Message|showInputBox|showQuickPick|create(?:InputBox|QuickPick|OutputChannel|Terminal|WebviewPanel)|withProgress|setStatusBarMessage)|MarkdownString\()/;
    const raw = globSync("src/{ui/**/*,app,extension}.ts", { cwd: root }).filter((file) =>
      api.test(readFileSync(join(root, file), "utf8")),
    );
    assert.deepEqual(
      raw.map((file) => file.replaceAll("\\", "/")),
      ["src/ui/doors.ts"],
    );
  });
});
