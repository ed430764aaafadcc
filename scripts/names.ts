// Finds names in src that mislead: those that are exported twice, and members that nothing reads.
import { globSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { root } from "../test/host/paths.ts";
import { exportedTwice, unreadMembers } from "./sourceNames.ts";

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
const problems = [...twice, ...unread];
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;
