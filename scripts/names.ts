// Finds names in src that mislead: those that are exported twice, members that nothing reads, and
// variables that do not say what they hold.
import { globSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { root } from "../test/host/paths.ts";
import { exportedTwice, unreadMembers, vagueNames } from "./sourceNames.ts";

const paths = globSync("src/**/*.ts", { cwd: root }).toSorted();
const files = await Promise.all(
  paths.map(async (path) => ({
    path: path.replaceAll("\\", "/"),
    source: await readFile(join(root, path), "utf8"),
  })),
);
/** Its types describe what Modal's SDK is given, and reads. */
const handedToSdk = "src/modal/sdk/entry.ts";

const twice = exportedTwice(files).map(
  ({ name, places }) => `${name} is exported twice: ${places.join(", ")}`,
);
const unread = unreadMembers(files)
  .filter(({ places }) => !places.every((place) => place.startsWith(handedToSdk)))
  .map(({ name, places }) => `nothing reads ${name}: ${places.join(", ")}`);
const vague = vagueNames(files).map(
  ({ name, places }) => `${name} does not say what is: ${places.join(", ")}`,
);
const problems = [...twice, ...unread];
for (const problem of vague) console.warn(problem);
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;
