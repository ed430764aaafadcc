import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { noticesOf, packageFolders } from "../../scripts/notices.ts";

const bundles = [
  {
    outputs: {
      "dist/a.cjs": {
        inputs: {
          "src/a.ts": {},
          "node_modules/one/index.js": {},
          "node_modules/one/lib/x.js": {},
          "node_modules/@scope/two/node_modules/three/index.js": {},
        },
      },
    },
  },
];

describe("the notices of others' code", () => {
  let root = "";
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "mm-notices-"));
    for (const folder of packageFolders(bundles)) {
      mkdirSync(join(root, folder), { recursive: true });
      const name = folder.replace(/.*node_modules\//, "");
      writeFileSync(
        join(root, folder, "package.json"),
        JSON.stringify({ name, version: "1.2.3", license: "MIT" }),
      );
      writeFileSync(join(root, folder, "LICENSE.md"), `Permission is hereby granted by ${name}.`);
    }
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it("hold each package of a bundle once, with its own terms", () => {
    assert.deepEqual(packageFolders(bundles), [
      "node_modules/@scope/two/node_modules/three",
      "node_modules/one",
    ]);
    writeFileSync(join(root, "node_modules/one/NOTICE"), "One was made by Two.");
    const text = noticesOf(root, bundles);
    for (const part of [
      "one 1.2.3 (MIT)",
      "three 1.2.3 (MIT)",
      "granted by one.\nOne was made by Two.",
      "granted by three.",
    ])
      assert.equal(text.split(part).length, 2, part);
  });

  it("are not made where a package ships no terms", () => {
    rmSync(join(root, "node_modules/one/LICENSE.md"));
    assert.throws(() => noticesOf(root, bundles), /node_modules\/one has no licence file/);
  });
});
