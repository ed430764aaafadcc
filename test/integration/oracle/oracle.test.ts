import assert from "node:assert/strict";
import { runSeed } from "./run.ts";

// What the product says of money, against what an oracle that shares no code with it knows of the
// same world. `ORACLE_CASES=5000 ORACLE_SEED=1000` runs as many, from that seed on.
const cases = Number(process.env["ORACLE_CASES"] ?? 500);
const firstSeed = Number(process.env["ORACLE_SEED"] ?? 1);
const perTest = 50;

describe("every sum of a random world, against the oracle", () => {
  let sums = 0;

  for (let from = firstSeed; from < firstSeed + cases; from += perTest) {
    const to = Math.min(from + perTest, firstSeed + cases);
    it(`seeds ${from} to ${to - 1}`, async () => {
      for (let seed = from; seed < to; seed += 1) {
        const outcome = await runSeed(seed);
        sums += outcome.sums;
        const again = `ORACLE_SEED=${seed} ORACLE_CASES=1 mocha test/integration/oracle/oracle.test.ts`;
        assert.equal(outcome.faults.length, 0, [again, ...outcome.faults].join("\n"));
      }
    });
  }

  after(() => {
    console.log(`      ${cases} worlds, ${sums} sums compared`);
  });
});
