// Finds every text of the product: node scripts/texts.ts [--check]
//
// Writes l10n/bundle.l10n.json, the English that translations are made from. With --check it writes
// nothing, and fails when that file is out of date or a text does not go through src/base/text.ts.
// sourceTexts.ts says what counts as a text.
import { globSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { root } from "../test/host/paths.ts";
import { sourceTexts } from "./sourceTexts.ts";

const bundleFile = join("l10n", "bundle.l10n.json");

const texts = new Map<string, string>();
const problems: string[] = [];
for (const file of globSync("src/**/*.ts", { cwd: root }).toSorted()) {
  const path = file.replaceAll("\\", "/");
  const found = sourceTexts(path, await readFile(join(root, file), "utf8"));
  for (const [key, english] of found.texts) texts.set(key, english);
  problems.push(...found.problems.map(({ line, message }) => `${path}:${line}  ${message}`));
}
const sorted = [...texts].toSorted(([a], [b]) => (a < b ? -1 : 1));
const bundle = `${JSON.stringify(Object.fromEntries(sorted), null, 2)}\n`;

if (process.argv.includes("--check")) {
  const before = await readFile(join(root, bundleFile), "utf8").catch(() => "");
  if (before !== bundle) problems.push(`${bundleFile} is out of date: run node scripts/texts.ts`);
} else {
  await mkdir(join(root, "l10n"), { recursive: true });
  await writeFile(join(root, bundleFile), bundle);
  console.log(`${bundleFile}: ${texts.size} texts`);
}
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;
