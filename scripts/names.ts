// Finds names in src that mislead: those that are exported twice, members that nothing reads, and
// variables that do not say what they hold; and titles in test that have to be decoded.
import { globSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { root } from "../test/host/paths.ts";
import {
  exportedTwice,
  unreadMembers,
  vagueNames,
  vagueTitles,
  type SourceFile,
} from "./sourceNames.ts";

const files = await sourcesOf("src/**/*.ts");
const tests = await sourcesOf("test/**/*.ts");
/** Its types describe what Modal's SDK is given, and reads. */
const handedToSdk = "src/modal/sdk/entry.ts";

const twice = exportedTwice(files).map(
  ({ name, places }) => `${name} is exported twice: ${places.join(", ")}`,
);
const unread = unreadMembers(files)
  .filter(({ places }) => !places.every((place) => place.startsWith(handedToSdk)))
  .map(({ name, places }) => `nothing reads ${name}: ${places.join(", ")}`);
const vague = vagueNames(files).map(
  ({ name, places }) => `${name} does not say what it holds: ${places.join(", ")}`,
);
const titles = vagueTitles(tests).map(
  ({ name, places }) =>
    `"${name}": say who says it, or whose it is, without "told", "known" or a bare "own": ${places.join(", ")}`,
);
const problems = [...twice, ...unread, ...vague, ...titles];
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;

async function sourcesOf(glob: string): Promise<readonly SourceFile[]> {
  const paths = globSync(glob, { cwd: root }).toSorted();
  return Promise.all(
    paths.map(async (path) => ({
      path: path.replaceAll("\\", "/"),
      source: await readFile(join(root, path), "utf8"),
    })),
  );
}
