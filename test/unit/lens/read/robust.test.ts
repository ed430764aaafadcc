import assert from "node:assert/strict";
import * as fc from "fast-check";
import { allCases } from "./cases.ts";
import { shapeCases } from "./shapes.ts";
import { read, render } from "./render.ts";

const sources = [...allCases, ...shapeCases].flatMap(({ source }) =>
  typeof source === "string" ? [source] : Object.values(source),
);

/** Whatever the text is, it is read to an end. */
function reads(text: string): void {
  assert.equal(typeof render(read({ files: { "app.py": text } })), "string");
}

describe("readProgram and what is no Python", () => {
  it("reads every file cut off at every character", () => {
    for (const source of sources) {
      for (let length = 0; length <= source.length; length += 1) reads(source.slice(0, length));
    }
  }).timeout(120_000);

  it("reads files with random pieces put in, taken out and doubled", () => {
    const piece = fc.oneof(
      fc.constantFrom(..."()[]{}:,=@\"'\\\n \tfr*".split("")),
      fc.constantFrom(
        "if ",
        "else:",
        "for x in ",
        "try:",
        "except",
        "**",
        'f"{',
        "lambda ",
        "match x:\n case ",
      ),
      fc.string({ maxLength: 4, unit: "binary" }),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...sources),
        fc.array(fc.tuple(fc.nat(), fc.nat(20), piece), { minLength: 1, maxLength: 6 }),
        (source, edits) => {
          let text = source;
          for (const [where, taken, put] of edits) {
            const at = where % (text.length + 1);
            text = text.slice(0, at) + put + text.slice(at + taken);
          }
          reads(text);
        },
      ),
      { numRuns: 1500 },
    );
  }).timeout(120_000);

  it("reads what is nested or chained without end", () => {
    for (const text of [
      `A = ${"(".repeat(5000)}1${")".repeat(5000)}`,
      `A = ${Array.from({ length: 20_000 }, () => '"a"').join(" + ")}`,
      `A = ${"not ".repeat(20_000)}1`,
      `A = ${"[".repeat(20_000)}`,
      Array.from({ length: 3000 }, (_, depth) => `${" ".repeat(depth)}if x:`).join("\n"),
      `A = f${"x(".repeat(5000)}${")".repeat(5000)}`,
      `A = "x"\n${"A = A + A\n".repeat(60)}`,
      `A = [1]\n${"A = A + A\n".repeat(60)}`,
      `A = 2\n${"A = A ** A\n".repeat(60)}`,
    ]) {
      reads(`import modal\n${text}\napp = modal.App("a")\n`);
    }
  }).timeout(60_000);
});
