// Builds the extension and packs it into out/modal-meter.vsix: node scripts/package.ts [--check]
import { mkdir, readFile, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { createVSIX, listFiles } from "@vscode/vsce";
import { execa } from "execa";
import { root } from "../test/host/paths.ts";

/** The package that users install. */
export const vsixPath = join(root, "out", "modal-meter.vsix");

const sizeLimitBytes = 3 * 1024 * 1024;

/** What may be in the package. A file that matches none of these was not meant to be there. */
const allowed = [
  /^package\.json$/,
  /^(README|CHANGELOG)\.md$/,
  /^LICENSE$/,
  /^dist\/[a-z]+\.cjs$/,
  /^media\/[\w-]+\.(png|svg)$/,
];
const required = [
  "package.json",
  "README.md",
  "LICENSE",
  "dist/extension.cjs",
  "dist/keeper.cjs",
  "dist/writer.cjs",
];

/** What must be in no file: tokens, and paths of the machine that built it. */
const forbidden: readonly (readonly [string, RegExp])[] = [
  ["a Modal token id", /\bak-[A-Za-z0-9]{22}\b/],
  ["a Modal token secret", /\bas-[A-Za-z0-9]{22}\b/],
  ["a Modal proxy token", /\bw[ks]-[A-Za-z0-9]{22}\b/],
  ["a private key", /-----BEGIN [A-Z ]*PRIVATE KEY-----/],
  ["a source map", /sourceMappingURL=data:/],
];

/** Builds and packs. */
export async function pack(): Promise<string> {
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
  const found = required
    .filter((name) => !files.includes(name))
    .map((name) => `${name} is missing from the package`);
  for (const file of files) {
    if (!allowed.some((pattern) => pattern.test(file))) found.push(`${file} is not meant to ship`);
    const text = await readFile(join(root, file), "latin1");
    for (const [what, pattern] of forbidden) {
      if (pattern.test(text)) found.push(`${file} has ${what} in it`);
    }
    if (text.includes(root)) found.push(`${file} names the folder that it was built in`);
  }
  const { size } = await stat(vsixPath);
  console.log(`${files.length} files, ${Math.ceil(size / 1024)} KB: ${files.join(" ")}`);
  if (size > sizeLimitBytes) found.push(`${size} bytes is above the limit of ${sizeLimitBytes}`);
  return found;
}

if (import.meta.main) {
  await pack();
  const found = process.argv.includes("--check") ? await problems() : [];
  for (const problem of found) console.error(problem);
  if (found.length > 0) process.exitCode = 1;
}
