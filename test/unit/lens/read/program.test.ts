import assert from "node:assert/strict";
import {
  constantCases,
  modeCases,
  plainCases,
  severalFiles,
  trickyCases,
  undecidedCases,
  type ReadingCase,
} from "./cases.ts";
import { objectCases } from "./objects.ts";
import { shapeCases } from "./shapes.ts";
import { read, render } from "./render.ts";

const tables: readonly (readonly [string, readonly ReadingCase[]])[] = [
  ["plain files", plainCases],
  ["constants", constantCases],
  ["modes", modeCases],
  ["what cannot be told, or only in part", undecidedCases],
  ["what is done to names", trickyCases],
  ["several files", severalFiles],
  ["how people keep their configuration", shapeCases],
  ["objects, classes and texts that do more than they say", objectCases],
];

describe("readProgram", () => {
  for (const [table, cases] of tables) {
    describe(table, () => {
      for (const { title, source, expected, ...more } of cases) {
        it(title, () => {
          const files = typeof source === "string" ? { "app.py": source } : source;
          assert.equal(render(read({ files, ...more })), expected);
        });
      }
    });
  }
});
