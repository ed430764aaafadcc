import assert from "node:assert/strict";
import { usd } from "../../../../src/cost/money.ts";
import {
  limitNotice,
  limitOutlooks,
  type SpendLimit,
} from "../../../../src/cost/spending/modalMonth.ts";

const dayMs = 86_400_000;
const firstMs = Date.UTC(2026, 10, 1);

function main(used: number, limit = 100): SpendLimit {
  return { environment: "main", used: usd(used), limit: usd(limit) };
}

/** Tells what is due, and remembers that it did. */
function teller() {
  const claimed = new Set<string>();
  return (limits: readonly SpendLimit[], nowMs: number): string | undefined => {
    const notice = limitNotice(limitOutlooks(limits, nowMs), nowMs, (key) => claimed.has(key));
    for (const key of notice?.keys ?? []) claimed.add(key);
    return notice?.message;
  };
}

describe("a limit of Modal's", () => {
  it("is reached at the pace of its month, or not in it", () => {
    const tenth = firstMs + 10 * dayMs;
    const [fast] = limitOutlooks([main(50)], tenth);
    assert.equal(fast?.reachedAtMs, firstMs + 20 * dayMs);
    const [slow] = limitOutlooks([main(30)], tenth);
    assert.equal(slow?.reachedAtMs, null);
    assert.equal(limitOutlooks([main(0)], tenth)[0]?.reachedAtMs, null);
    assert.deepEqual(limitOutlooks([main(5, 0)], tenth), []);
  });

  it("has a notice at 50, 75, 90 and 100 %, each once a month, and once before its end", () => {
    const tell = teller();
    const said: number[] = [];
    for (let percent = 1; percent <= 110; percent += 1) {
      // Slow enough that nothing is soon: on the last days of the month.
      if (tell([main(percent)], firstMs + 29.9 * dayMs) !== undefined) said.push(percent);
    }
    assert.deepEqual(said, [50, 75, 90, 100]);
    assert.match(tell([main(60)], firstMs + 35 * dayMs) ?? "", /60 %/, "a month is over");
    const soon = teller();
    assert.equal(soon([main(40)], firstMs + 5 * dayMs), undefined);
    assert.match(soon([main(76)], firstMs + 5 * dayMs) ?? "", /gone in 1 day/);
    assert.equal(soon([main(78)], firstMs + 5.1 * dayMs), undefined);
  });

  it("in 100 months of a steady pace that reach it warns a day before, and in 100 that do not hardly ever", () => {
    let random = 7;
    const next = (): number => (random = (random * 16_807) % 2_147_483_647) / 2_147_483_647;
    let late = 0;
    let wrong = 0;
    for (let month = 0; month < 200; month += 1) {
      const reaches = month < 100;
      const whole = reaches ? 110 + 400 * next() : 20 + 70 * next();
      const tell = teller();
      let warnedMs: number | undefined;
      let reachedMs: number | undefined;
      let used = 0;
      for (let hour = 1; hour < 30 * 24; hour += 1) {
        // By day more than by night, and a little as it comes.
        const pace = hour % 24 < 8 ? 0.2 : 1.4;
        used += (whole / 720) * pace * (0.5 + next());
        const nowMs = firstMs + (hour * dayMs) / 24;
        const said = tell([main(Math.min(used, 100))], nowMs);
        if (said !== undefined && /At this pace/.test(said)) warnedMs ??= nowMs;
        if (used >= 100) {
          reachedMs = nowMs;
          break;
        }
      }
      if (reachedMs !== undefined && (warnedMs ?? Infinity) > reachedMs - dayMs) late += 1;
      if (!reaches && warnedMs !== undefined && reachedMs === undefined) wrong += 1;
    }
    assert.ok(late <= 5, `${late} warned late`);
    assert.ok(wrong <= 5, `${wrong} warned in vain`);
  });
});
