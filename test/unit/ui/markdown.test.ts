import assert from "node:assert/strict";
import * as fc from "fast-check";
import { escapeMarkdown, table, withoutLinks } from "../../../src/ui/markdown.ts";

/** What VS Code's notifications take for a link (src/vs/base/common/linkedText.ts). */
const linkInNotification = /\[([^\]]+)\]\(((?:https?:\/\/|command:|file:)[^)\s]+)/i;

describe("text of others", () => {
  it("becomes no link in a notification, and stays readable", () => {
    assert.equal(
      withoutLinks("flux: [Fix it](command:workbench.action.quit)"),
      "flux: [Fix it] (command:workbench.action.quit)",
    );
    const part = fc.constantFrom("[", "]", "(", ")", "a", " ", "command:x", "https://x", "\n");
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        assert.doesNotMatch(withoutLinks(parts.join("")), linkInNotification);
      }),
      { numRuns: 2000 },
    );
  });

  it("becomes no table cell, link, icon or style on a page", () => {
    assert.equal(
      escapeMarkdown("a|b [x](y) *z*\n$(bug)"),
      String.raw`a\|b \[x\]\(y\) \*z\* \$\(bug\)`,
    );
    assert.deepEqual(table(["app", { figures: "cost" }], [["a", "$1"]]), [
      "| app | cost |",
      "| :-- | --: |",
      "| a | $1 |",
      "",
    ]);
  });
});
