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

  it("are not made where a package that ships no terms has another holder or repository than was looked up", () => {
    const folder = "node_modules/modal";
    const ofModal = [{ outputs: { "dist/a.cjs": { inputs: { [`${folder}/index.js`]: {} } } } }];
    mkdirSync(join(root, folder));
    mkdirSync(join(root, "node_modules/@grpc/grpc-js"), { recursive: true });
    writeFileSync(join(root, "node_modules/@grpc/grpc-js/LICENSE"), "Apache License");
    const write = (change: object): void =>
      writeFileSync(
        join(root, folder, "package.json"),
        JSON.stringify({
          name: "modal",
          version: "1.2.3",
          license: "Apache-2.0",
          repository: { type: "git", url: "git+https://github.com/modal-labs/modal-client.git" },
          ...change,
        }),
      );
    write({});
    assert.match(
      noticesOf(root, ofModal),
      /Copyright \(c\) Modal Labs \(https:\/\/github\.com\/modal-labs\/modal-client\)\n\nApache/,
    );
    for (const change of [
      { repository: { url: "git+https://evil.example" } },
      { author: "Else" },
    ]) {
      write(change);
      assert.throws(() => noticesOf(root, ofModal), /is no longer by Modal Labs/);
    }
  });
});
