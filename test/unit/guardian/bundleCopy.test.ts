import assert from "node:assert/strict";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { copyBundle } from "../../../src/guardian/bundleCopy.ts";

describe("copyBundle", () => {
  let root = "";
  let bundle = "";
  let copies = "";
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "bundle-copy-"));
    bundle = join(root, "guardian.cjs");
    copies = join(root, "copies");
    mkdirSync(copies);
    writeFileSync(bundle, "one");
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it("copies once per content, and a changed bundle beside the old one", () => {
    const nowMs = Date.now();
    const first = copyBundle([bundle], copies, nowMs);
    assert.equal(copyBundle([bundle], copies, nowMs), first);
    writeFileSync(bundle, "two");
    const second = copyBundle([bundle], copies, nowMs);
    assert.notEqual(second, first);
    assert.equal(readFileSync(join(first, "guardian.cjs"), "utf8"), "one");
    assert.equal(readFileSync(join(second, "guardian.cjs"), "utf8"), "two");
    assert.equal(readdirSync(copies).length, 2);
  });

  it("removes copies that nobody used for a week, and nothing else in the folder", () => {
    const nowMs = Date.now();
    const old = copyBundle([bundle], copies, nowMs);
    writeFileSync(join(copies, "notes.txt"), "yours");
    const weekAgo = nowMs / 1000 - 8 * 24 * 3600;
    utimesSync(old, weekAgo, weekAgo);
    utimesSync(join(copies, "notes.txt"), weekAgo, weekAgo);
    writeFileSync(bundle, "two");
    const current = copyBundle([bundle], copies, nowMs);
    assert.deepEqual(
      readdirSync(copies)
        .map((name) => join(copies, name))
        .toSorted(),
      [current, join(copies, "notes.txt")].toSorted(),
    );
  });
});
