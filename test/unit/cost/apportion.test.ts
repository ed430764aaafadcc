import assert from "node:assert/strict";
import * as fc from "fast-check";
import { apportion, formatParts as formatted } from "../../../src/cost/apportion.ts";
import { formatAmount } from "../../../src/cost/format.ts";
import { microUsd, sumUsd, usd, type MicroUsd } from "../../../src/cost/money.ts";

const amounts = fc.array(fc.integer({ min: 0, max: 90_000_000 }).map(microUsd), { maxLength: 12 });

function formatParts(parts: readonly MicroUsd[]) {
  const { whole, parts: texts } = formatted(parts);
  return { whole, parts: texts };
}

/** What a person reads, in micro-dollars; what is less than the unit counts as nothing. */
function read(text: string): number {
  return text.startsWith("<") ? 0 : Math.round(Number(text.replaceAll(/[$,]/g, "")) * 1e6);
}

describe("parts beside their sum", () => {
  it("add up to it as they are shown", () => {
    const third = usd(0.14) + 1_666;
    assert.deepEqual(formatParts([third, third, third].map(microUsd)), {
      whole: "$0.42",
      parts: ["$0.14", "$0.14", "$0.14"],
    });
    const half = microUsd(5_000_004);
    assert.deepEqual(formatParts([half, half, microUsd(3_000)]).parts, [
      "$5.00",
      "$5.00",
      "<$0.01",
    ]);
    assert.deepEqual(formatParts([microUsd(15_000), microUsd(15_000)]), {
      whole: "$0.03",
      parts: ["$0.02", "$0.01"],
    });
    assert.deepEqual(formatParts([microUsd(1_250), microUsd(50)]), {
      whole: "$0.0013",
      parts: ["$0.0013", "<$0.0001"],
    });
    assert.deepEqual(formatParts([]), { whole: "$0.00", parts: [] });
  });

  it("add up, each less than a unit off, whatever they are", () => {
    fc.assert(
      fc.property(amounts, (parts) => {
        const { whole, parts: shown } = formatParts(parts);
        assert.equal(
          shown.reduce((sum, text) => sum + read(text), 0),
          read(whole),
        );
        assert.equal(whole, formatAmount(sumUsd(parts)), "the sum is shown as everywhere");
        for (const from of shown.keys())
          assert.equal(
            read(formatted(parts).rest(from)),
            shown.slice(from).reduce((sum, text) => sum + read(text), 0),
            "the last ones together are as they are shown one by one",
          );
        const unit = sumUsd(parts) < 10_000 ? 100 : 10_000;
        for (const [index, count] of apportion(parts, unit).entries())
          assert.ok(Math.abs(count * unit - (parts[index] ?? 0)) < unit + 1e-6);
      }),
    );
  });
});
