import assert from "node:assert/strict";
import * as fc from "fast-check";
import { costLine, costLinesIn } from "../../../../src/cost/reported/logLine.ts";
import { gpuLabel } from "../../../../src/cost/rates/gpu.ts";
import { microUsd } from "../../../../src/cost/money.ts";
import { amounts, gpus } from "../arbitraries.ts";

function parseCostLines(text: string) {
  return costLinesIn(text, 0, text.length);
}

const line = "💰 Cost: $0.001388 | Time: 2.00s | GPU: L40S @ $0.001388";
const parsed = { microUsd: microUsd(1388), executionSeconds: 2, gpuType: "L40S" };

function parseCostLine(text: string) {
  const [first, ...others] = parseCostLines(text);
  assert.deepEqual(others, []);
  return first;
}

/** JSON as Python writes it by default: nothing but ASCII. */
function asciiJson(text: string): string {
  return JSON.stringify({ message: text, level: "info" }).replace(
    /[^\x20-\x7E]/g,
    (unit) => `\\u${(unit.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`,
  );
}

/** Where Windows-1252 has another character than Latin-1, of the bytes that a 💰 and its selector have. */
const cp1252: ReadonlyMap<string, string> = new Map([
  ["\u009F", "Ÿ"],
  ["\u0092", "’"],
]);

describe("the cost line", () => {
  it("has exactly this form", () => {
    assert.equal(costLine(parsed), line);
    assert.equal(
      costLine({ microUsd: null, executionSeconds: 2.004, gpuType: "H100:2" }),
      "💰 Cost: unknown | Time: 2.00s | GPU: H100:2 @ unknown",
    );
  });

  it("is found behind timestamps, ids, prefixes and colours", () => {
    const prefixes = [
      "",
      "2025-11-21 04:40:00+00:00 ta-01ABC fc-9 ",
      "[INFO] cost_tracker: ",
      "\u001B[32m",
      "🎨 flux | ",
    ];
    for (const prefix of prefixes) assert.deepEqual(parseCostLine(prefix + line), parsed, prefix);
    const coloured =
      "\u001B[2m💰\u001B[0m \u001B[1;33mCost: $0.001388\u001B[0m | Time: 2.00s | GPU: \u001B]8;;x\u0007L40S @ $0.001388\u001B[0m\r";
    assert.deepEqual(parseCostLine(coloured), parsed);
  });

  it("is read with or without its later parts", () => {
    assert.deepEqual(parseCostLine("💰 Cost: $0.001388, Time: 2.0s, GPU: L40S"), parsed);
    assert.deepEqual(parseCostLine("💰 Cost: $0.001388 | Time: 2.00s"), {
      ...parsed,
      gpuType: null,
    });
    assert.deepEqual(parseCostLine(`${line}  request 7`), parsed);
    assert.equal(parseCostLine("💰 Cost: unknown | Time: 2.00s | GPU: unknown")?.microUsd, null);
    assert.equal(parseCostLine("💰 Cost: $-1 | Time: 2.00s")?.microUsd, null);
  });

  it("is found in whatever a logger makes of it", () => {
    const mangled = (text: string, encoding: "latin1" | "cp1252"): string =>
      Array.from(Buffer.from(text, "utf8").toString("latin1"), (char) =>
        encoding === "cp1252" ? (cp1252.get(char) ?? char) : char,
      ).join("");
    const cases = {
      "a variation selector": line.replace("💰", "💰\uFE0F"),
      "Python's json.dumps": asciiJson(line),
      "json.dumps, inside json.dumps": asciiJson(asciiJson(line)),
      "json.dumps with a line end": asciiJson(`${line.slice(0, -12)}\n`),
      "json.dumps with colours": asciiJson(`\u001B[33m${line.replace(" ", " \u001B[1m")}\u001B[0m`),
      "JSON with the picture": JSON.stringify({ message: line, level: "info" }),
      "Python's ascii()": `'${line.replace("💰", "\\U0001f4b0")}'`,
      "Python's bytes": `b'${line.replace("💰", "\\xf0\\x9f\\x92\\xb0")}'`,
      "UTF-8 read as Latin-1": mangled(line, "latin1"),
      "UTF-8 read as Windows-1252": mangled(line, "cp1252"),
      "UTF-8 read as Windows-1252, with a selector": mangled(
        line.replace("💰", "💰\uFE0F"),
        "cp1252",
      ),
      "a lost picture": line.replace("💰", "\uFFFD"),
      "an earlier picture": `💰 big spender 💰: ${line}`,
    };
    for (const [what, text] of Object.entries(cases)) {
      assert.deepEqual(parseCostLine(text), parsed, `${what}: ${text}`);
    }
  });

  it("is read however its figures are written", () => {
    const gpuOf = (gpu: string) => parseCostLine(`💰 Cost: $0.001388 | Time: 2.00s | GPU: ${gpu}`);
    for (const gpu of ["", " ", "@ $0.001388", "None @ $0.001388", "unknown", "N/A"]) {
      assert.deepEqual(gpuOf(gpu), { ...parsed, gpuType: null }, gpu);
    }
    for (const gpu of ["2xH100", "H100:2", "H100 x2 @ $0.1", "2 × h100 @ 0.1"]) {
      assert.deepEqual(gpuOf(gpu), { ...parsed, gpuType: "H100:2" }, gpu);
    }
    const dear = { microUsd: 1_234_560_000, executionSeconds: 2345.67, gpuType: "L40S" };
    for (const text of [
      "💰 Cost: $1,234.56 | Time: 2,345.67s | GPU: L40S",
      "💰 Cost: $1,234.56, Time: 2,345.67s, GPU: L40S",
    ]) {
      assert.deepEqual(parseCostLine(text), dear);
    }
    assert.equal(parseCostLine("💰 Cost: $0.001 | Time: 1e99s")?.executionSeconds, null);
  });

  it("may stand more than once on a line", () => {
    const other = { microUsd: microUsd(2), executionSeconds: 3, gpuType: "T4" };
    for (const between of ["", " ", " | ", ", ", " and "]) {
      assert.deepEqual(
        parseCostLines(`x ${line}${between}${costLine(other)}`),
        [parsed, other],
        between,
      );
    }
    assert.deepEqual(parseCostLines(`${asciiJson(line)}${asciiJson(costLine(other))}`), [
      parsed,
      other,
    ]);
  });

  it("is nothing else", () => {
    for (const other of [
      "💰 Cost savings activated!",
      "Cost: $0.001388 | Time: 2.00s",
      "💰 Cost: nothing | Time: never",
      "💰",
      "",
      "💰 Cost: " + "$".repeat(100_000) + " ".repeat(100_000) + "|",
    ]) {
      assert.equal(parseCostLine(other), undefined, other.slice(0, 50));
    }
  });

  it("gives back what it wrote: parse(format(x)) = x, also behind garbage", () => {
    const garbage = fc.string().filter((text) => !text.includes("💰") && !text.endsWith("\u001B"));
    fc.assert(
      fc.property(
        amounts,
        fc.nat(10_000_000),
        gpus,
        garbage,
        (amount, centiseconds, gpu, before) => {
          const original = {
            microUsd: amount,
            executionSeconds: centiseconds / 100,
            gpuType: gpuLabel(gpu),
          };
          assert.deepEqual(parseCostLine(before + costLine(original)), original);
        },
      ),
    );
  });
});
