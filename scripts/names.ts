// Finds names in src that mislead: those that are exported twice.
import { globSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { root } from "../test/host/paths.ts";
import { exportedTwice } from "./sourceNames.ts";

const paths = globSync("src/**/*.ts", { cwd: root }).toSorted();
const files = await Promise.all(
  paths.map(async (path) => ({
    path: path.replaceAll("\\", "/"),
    source: await readFile(join(root, path), "utf8"),
  })),
);
const problems = exportedTwice(files).map(
  ({ name, places }) => `${name} is exported twice: ${places.join(", ")}`,
);
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;
