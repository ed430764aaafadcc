// Writes the generated parts of README.md from package.json: node scripts/readme.ts [--check]
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod/mini";
import { root } from "../test/host/paths.ts";

const property = z.looseObject({
  default: z.optional(z.unknown()),
  description: z.optional(z.string()),
  markdownDescription: z.optional(z.string()),
  scope: z.optional(z.string()),
});
const section = z.looseObject({ properties: z.record(z.string(), property) });
const manifestShape = z.looseObject({
  contributes: z.looseObject({
    configuration: z.union([section, z.array(section)]),
    commands: z.array(z.looseObject({ title: z.string(), category: z.optional(z.string()) })),
  }),
});
type Manifest = z.infer<typeof manifestShape>;

/** Text of one cell: a table row is one line, and a bar would end the cell. */
const cell = (text: string) =>
  text
    .replaceAll("|", "\\|")
    .replaceAll(/\s*\n+\s*/g, " ")
    .trim();

/** Texts of package.json are keys of package.nls.json ("%key%"). */
function translate(text: string, texts: Readonly<Record<string, string>>): string {
  const key = /^%(.+)%$/.exec(text)?.[1];
  return key === undefined ? text : (texts[key] ?? text);
}

function settingsTable(manifest: Manifest, texts: Readonly<Record<string, string>>): string {
  const rows = [manifest.contributes.configuration].flat().flatMap(({ properties }) =>
    Object.entries(properties).map(([name, it]) => {
      const about = translate(it.markdownDescription ?? it.description ?? "", texts)
        // VS Code's link to another setting: `#name#`.
        .replaceAll(/`#([^`#]+)#`/g, "`$1`");
      return `| \`${name}\` | \`${cell(JSON.stringify(it.default))}\` | ${cell(about)} |`;
    }),
  );
  return ["| Setting | Default | What it does |", "| --- | --- | --- |", ...rows].join("\n");
}

/** Puts the text between the two markers of that name. */
function fill(readme: string, name: string, text: string): string {
  const [start, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
  const from = readme.indexOf(start);
  const to = readme.indexOf(end);
  if (from === -1 || to < from) throw new Error(`README.md has no ${start} … ${end}`);
  return `${readme.slice(0, from + start.length)}\n\n${text}\n\n${readme.slice(to)}`;
}

const read = async (name: string) => readFile(join(root, name), "utf8");
const manifest = manifestShape.parse(JSON.parse(await read("package.json")));
const texts = z.record(z.string(), z.string()).parse(JSON.parse(await read("package.nls.json")));
const before = await read("README.md");
const after = fill(before, "settings", settingsTable(manifest, texts));
if (process.argv.includes("--check")) {
  if (after !== before) {
    console.error("README.md is stale: run node scripts/readme.ts");
    process.exitCode = 1;
  }
} else await writeFile(join(root, "README.md"), after);
