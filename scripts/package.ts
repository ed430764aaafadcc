// Builds the extension and packs it into out/modal-meter.vsix: node scripts/package.ts [--check]
import { globSync } from "node:fs";
import { mkdir, readFile, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { createVSIX, listFiles } from "@vscode/vsce";
import { execa } from "execa";
import * as z from "zod/mini";
import { root } from "../test/host/paths.ts";
import { bundleInputs, headingOf, noticesName, packageFolders } from "./notices.ts";
import { idlePatterns, packedProblems } from "./packed.ts";

/** The package that users install. */
export const vsixPath = join(root, "out", "modal-meter.vsix");

const sizeLimitBytes = 3 * 1024 * 1024;

/** What must be in no file: tokens, and paths of the machine that built it. */
const forbidden: readonly (readonly [string, RegExp])[] = [
  ["a Modal token id", /\bak-[A-Za-z0-9]{22}\b/],
  ["a Modal token secret", /\bas-[A-Za-z0-9]{22}\b/],
  ["a Modal proxy token", /\bw[ks]-[A-Za-z0-9]{22}\b/],
  ["a private key", /-----BEGIN [A-Z ]*PRIVATE KEY-----/],
  ["a source map", /sourceMappingURL=data:/],
];

/** The time that files in the package have, so that two builds are one file: the first of October 2026. */
const packedAtSeconds = "1790812800";

/** Builds and packs. The same source gives the same file, byte by byte. */
export async function pack(): Promise<string> {
  process.env["SOURCE_DATE_EPOCH"] ??= packedAtSeconds;
  await execa(process.execPath, ["esbuild.mjs"], { cwd: root, stdout: "ignore" });
  await mkdir(join(root, "out"), { recursive: true });
  // Put in place at once: another run may be installing the one that is there.
  const made = `${vsixPath}.${process.pid}`;
  await createVSIX({
    cwd: root,
    packagePath: made,
    dependencies: false,
    allowMissingRepository: true,
    rewriteRelativeLinks: false,
  });
  await rename(made, vsixPath);
  return vsixPath;
}

/** What is wrong with the package, one line each. */
async function problems(): Promise<readonly string[]> {
  const files = await listFiles({ cwd: root, packagedDependencies: [] });
  const read = (path: string): Promise<string> => readFile(join(root, path), "utf8");
  const pages = await Promise.all(["README.md", "CHANGELOG.md"].map(read));
  const found = [
    ...packedProblems(files, {
      paths: globSync(["*", "{dist,l10n,media}/*"], { cwd: root }).map((path) =>
        path.replaceAll("\\", "/"),
      ),
      manifest: await read("package.json"),
      pages: pages.join("\n"),
    }),
    ...idlePatterns(
      await read(".vscodeignore"),
      (pattern) => globSync(pattern, { cwd: root }).length > 0,
    ).map((pattern) => `${pattern} in .vscodeignore matches no file`),
  ];
  for (const file of files) {
    const text = await readFile(join(root, file), "latin1");
    for (const [what, pattern] of forbidden) {
      if (pattern.test(text)) found.push(`${file} has ${what} in it`);
    }
    if (text.includes(root)) found.push(`${file} names the folder that it was built in`);
  }
  found.push(...(await missingNotices()));
  const { size } = await stat(vsixPath);
  console.log(`${files.length} files, ${Math.ceil(size / 1024)} KB: ${files.join(" ")}`);
  if (size > sizeLimitBytes) found.push(`${size} bytes is above the limit of ${sizeLimitBytes}`);
  return found;
}

const licenceWords =
  /Permission is hereby granted|Permission to use, copy|Apache License|Redistribution and use|Mozilla Public License/;

/** What the bundles contain of others, by esbuild's own account, and the notices do not tell. */
async function missingNotices(): Promise<readonly string[]> {
  const built: unknown = JSON.parse(await readFile(join(root, "out", "bundles.json"), "utf8"));
  const folders = packageFolders(z.array(bundleInputs).parse(built));
  const notices = await readFile(join(root, noticesName), "utf8");
  const sections = notices.split(/^-{80}$/m).map((part) => part.trim());
  const wrong = folders.filter((folder) => {
    const at = sections.indexOf(headingOf(root, folder));
    return at === -1 || !licenceWords.test(sections[at + 1] ?? "");
  });
  console.log(`${folders.length} packages of others in the bundles`);
  return [
    ...wrong.map((folder) => `${folder} is in a bundle, and its licence not in ${noticesName}`),
    ...(folders.length === 0 ? ["No package was found in the bundles"] : []),
  ];
}

if (import.meta.main) {
  await pack();
  const found = process.argv.includes("--check") ? await problems() : [];
  for (const problem of found) console.error(problem);
  if (found.length > 0) process.exitCode = 1;
}
