import assert from "node:assert/strict";
import { table } from "../../../src/ui/markdown.ts";
import { escapeMarkdown } from "../../../src/ui/shown.ts";

describe("text of others", () => {
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
