import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../host/paths.ts";

const table = "docs/engineering/threats.md";
const files = ["test/security/*.test.ts", "test/e2e/more/{restricted,editorStorage}.test.ts"];

/** The attacks that tests play: "suite, test", by the names in the source. */
function played(): readonly string[] {
  return globSync(files, { cwd: root })
    .filter((file) => !file.endsWith("threats.test.ts"))
    .flatMap((file) => {
      const source = readFileSync(join(root, file), "utf8");
      const suite = /^describe\("([^"]+)"/m.exec(source)?.[1] ?? file;
      return [...source.matchAll(/^\s+it\(\s*"([^"]+)"/gm)].map(([, name]) => `${suite} ${name}`);
    })
    .toSorted();
}

/** The first cell of each row. */
function listed(): readonly string[] {
  return readFileSync(join(root, table), "utf8")
    .split("\n")
    .filter((line) => /^\| (?!Attack|:?-)/.test(line))
    .map((line) => line.split(" | ")[0]?.slice(2) ?? "")
    .toSorted();
}

describe("the table of attacks", () => {
  it("lists what the tests play, and nothing else", () => {
    assert.ok(played().length > 0);
    assert.deepEqual(listed(), played());
  });
});
