// Packs out/modal-meter.vsix here and once more from a clone of what is committed in another folder:
// both must be the same file, byte by byte, so that anybody can check what was published.
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { root } from "../test/host/paths.ts";
import { pack, vsixPath } from "./package.ts";

async function hashOf(path: string): Promise<string> {
  return createHash("sha256")
    .update(await readFile(path))
    .digest("hex");
}

const folder = await mkdtemp(join(tmpdir(), "modal-meter-twice-"));
try {
  const clone = join(folder, "elsewhere");
  await execa("git", ["clone", "--quiet", "--no-hardlinks", root, clone]);
  await symlink(join(root, "node_modules"), join(clone, "node_modules"), "junction");
  await execa(process.execPath, ["scripts/package.ts"], { cwd: clone, stdout: "ignore" });
  const there = await hashOf(join(clone, "out", "modal-meter.vsix"));
  const here = await hashOf(await pack());
  console.log(`${here}  ${vsixPath}`);
  if (here !== there)
    throw new Error(`Built from what is committed, in another folder, it is ${there}.`);
} finally {
  await rm(folder, { recursive: true, force: true });
}
