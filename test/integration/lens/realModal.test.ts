import assert from "node:assert/strict";
import * as fc from "fast-check";
import { pythonOf } from "../modal/controlAdapters.ts";
import { adversarialCases } from "./adversarial.ts";
import { shapeCases } from "../../unit/lens/read/shapes.ts";
import { appPrograms } from "./appPrograms.ts";
import { PythonOracle } from "./oracle.ts";
import { compare, modes, realProgram, type Compared } from "./realModal.ts";

/** The goal for the files that people write holds for hand-made traps, too. */
const leastPriced = 0.8;

describe("the reader beside the real modal client", () => {
  let oracle: PythonOracle;

  before(function () {
    oracle = new PythonOracle({ python: pythonOf(this), program: realProgram });
  });
  after(() => oracle?.[Symbol.asyncDispose]());

  describe("on files that are easily misread", () => {
    const all: Compared[] = [];

    for (const { title, source, deploy = "app.py" } of [...adversarialCases, ...shapeCases]) {
      it(title, async () => {
        const files = typeof source === "string" ? { "app.py": source } : source;
        for (const variables of modes) {
          const compared = await compare(oracle, { files, deploy, variables });
          all.push(compared);
          assert.deepEqual(compared.wrong, [], variables.MODAL_MODE);
        }
      });
    }

    it("prices most functions with a GPU all the same, and offers what can be deployed", () => {
      const sum = (of: (one: Compared) => number): number => all.reduce((n, one) => n + of(one), 0);
      const [made, priced] = [sum((one) => one.gpuFunctions), sum((one) => one.priced)];
      const deployable = all.filter(({ isDeployable }) => isDeployable);
      const offered = deployable.filter(({ isOffered }) => isOffered);
      const text = `priced ${priced} of ${made}, offered ${offered.length} of ${deployable.length}`;
      assert.ok(priced >= made * leastPriced && offered.length >= deployable.length * 0.98, text);
    });
  });

  it("never claims what the client makes otherwise, on app files that nobody wrote", async () => {
    const { MODAL_METER_APP_FILES: count = "60", MODAL_METER_SEED: seed = "15" } = process.env;
    await fc.assert(
      fc.asyncProperty(appPrograms, fc.constantFrom(...modes), async (files, variables) => {
        const { wrong } = await compare(oracle, { files, deploy: "app.py", variables });
        assert.deepEqual(wrong, []);
      }),
      { numRuns: Number(count), seed: Number(seed) },
    );
  }).timeout(600_000);
});
