import assert from "node:assert/strict";
import { idlePatterns, neededIn, packedProblems, type PackedTree } from "../../scripts/packed.ts";

const documents = [
  "CHANGELOG.md",
  "LICENSE",
  "README.md",
  "THIRD_PARTY_NOTICES.txt",
  "package.json",
  "package.nls.json",
];

function tree(...paths: readonly string[]): PackedTree {
  return {
    paths: [...documents, ...paths],
    manifest: '{ "icon": "media/icon.png" }',
    pages: "![A session](media/tour.png)",
  };
}

describe("what the package holds", () => {
  const pictures = ["media/icon.png", "media/tour.png"];
  const whole = [...documents, "dist/extension.cjs", ...pictures];

  it("is its documents, its programs, and the pictures that they name", () => {
    const built = tree("dist/extension.cjs", "dist/extension.cjs.map", "media/icon.svg");
    assert.deepEqual(neededIn(built), whole.toSorted());
    assert.deepEqual(packedProblems(whole, built), []);
    assert.match(
      String(packedProblems([...whole, "media/icon.svg"], built)),
      /^media\/icon\.svg is/,
    );
  });

  it("has each translation of the code and of the manifest, and not the English that it is made from", () => {
    const german = ["l10n/bundle.l10n.de.json", "package.nls.de.json"];
    const translated = tree("dist/extension.cjs", "l10n/bundle.l10n.json", ...german);
    assert.deepEqual(
      packedProblems(whole, translated),
      german.map((path) => `${path} is missing from the package`),
    );
    assert.deepEqual(packedProblems([...whole, ...german], translated), []);
  });

  it("is chosen by no pattern that matches nothing, but for the first translation", () => {
    const ignored = "# Why\n**\n!README.md\n!old/**\n!package.nls.*.json\n";
    assert.deepEqual(
      idlePatterns(ignored, (pattern) => pattern !== "old/**"),
      ["old/**"],
    );
  });
});
