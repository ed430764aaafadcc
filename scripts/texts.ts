// Finds every text of the product: node scripts/texts.ts [--check]
//
// Writes l10n/bundle.l10n.json, the English that translations are made from, and moves the texts of
// package.json to package.nls.json. With --check it writes nothing, and fails when one of these files
// is out of date or a text does not go through src/base/text.ts. sourceTexts.ts and manifestTexts.ts
// say what counts as a text.
import { globSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod/mini";
import { root } from "../test/host/paths.ts";
import { keyedManifest } from "./manifestTexts.ts";
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
const asFile = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
const bundle = asFile(Object.fromEntries(sorted));

const read = async (name: string): Promise<string> => readFile(join(root, name), "utf8");
const manifestTextsText = await read("package.nls.json").catch(() => "{}");
const keyed = keyedManifest(
  z.record(z.string(), z.json()).parse(JSON.parse(await read("package.json"))),
  z.record(z.string(), z.string()).parse(JSON.parse(manifestTextsText)),
);

if (process.argv.includes("--check")) {
  const before = await readFile(join(root, bundleFile), "utf8").catch(() => "");
  if (before !== bundle) problems.push(`${bundleFile} is out of date: run node scripts/texts.ts`);
  problems.push(...keyed.problems);
  if (keyed.problems.length === 0 && asFile(keyed.texts) !== manifestTextsText)
    problems.push("package.nls.json is out of date: run node scripts/texts.ts");
} else {
  await mkdir(join(root, "l10n"), { recursive: true });
  await writeFile(join(root, bundleFile), bundle);
  await writeFile(join(root, "package.json"), asFile(keyed.manifest));
  await writeFile(join(root, "package.nls.json"), asFile(keyed.texts));
  console.log(`${bundleFile}: ${texts.size} texts`);
}
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;
