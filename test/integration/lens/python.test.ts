import assert from "node:assert/strict";
import * as fc from "fast-check";
import { allCases } from "../../unit/lens/read/cases.ts";
import { objectCases } from "../../unit/lens/read/objects.ts";
import { shapeCases } from "../../unit/lens/read/shapes.ts";
import { read } from "../../unit/lens/read/render.ts";
import { contradictions } from "./contradictions.ts";
import { PythonOracle } from "./oracle.ts";
import { programs } from "./programs.ts";

const seeds = Array.from({ length: 6 }, (_, seed) => seed + 1);

describe("the reader beside CPython", () => {
  let oracle: PythonOracle;

  before(() => {
    oracle = new PythonOracle();
  });
  after(() => oracle[Symbol.asyncDispose]());

  for (const { title, source, expected: _, deploy = "app.py", variables = {} } of [
    ...allCases,
    ...shapeCases,
    ...objectCases,
  ]) {
    it(title, async () => {
      const files = typeof source === "string" ? { "app.py": source } : source;
      const found = read({ files, deploy, variables });
      const runs = await oracle.run({ files, deploy, variables, seeds });
      const wrong = new Set(runs.flatMap((run) => contradictions(found, run)));
      assert.deepEqual([...wrong], []);
    });
  }
});

describe("the reader beside CPython, on programs that nobody wrote", () => {
  it("never claims what a run shows to be otherwise", async () => {
    await using oracle = new PythonOracle();
    await fc.assert(
      fc.asyncProperty(programs, async (files) => {
        const request = { files, deploy: "app.py", variables: { MODAL_MODE: "dev" } };
        const runs = await oracle.run({ ...request, seeds });
        const found = read(request);
        for (const run of runs) assert.deepEqual(contradictions(found, run), []);
      }),
      { numRuns: 150 },
    );
  }).timeout(120_000);
});
