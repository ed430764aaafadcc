import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import {
  findDeployTargets,
  readWorkspace,
  skippedFolders,
  type ListedFiles,
} from "../../src/modal/deploy/targets.ts";
import { median, type Figure } from "./figure.ts";

const runs = 5;
const python = join(
  import.meta.dirname,
  "../../.venv/current",
  process.platform === "win32" ? "Scripts/python.exe" : "bin/python",
);

/** What one writes first: every file of the folder read and parsed by CPython, nothing looked at yet. */
const peerProgram = `
import ast, os, sys, time
skipped = set(sys.argv[2].split(","))
begin = time.perf_counter()
count = 0
for folder, folders, names in os.walk(sys.argv[1]):
    folders[:] = [one for one in folders if one not in skipped]
    for name in names:
        if name.endswith(".py"):
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                ast.parse(file.read())
            count += 1
print(count, (time.perf_counter() - begin) * 1000)
`;

/**
 * The search for app files, listing and reading included, beside CPython's own parser on the same
 * files: 2,000 app files, and a workspace of 20,000 files of which 200 import modal.
 */
export async function bench(): Promise<readonly Figure[]> {
  if (!existsSync(python)) throw new Error(`${python} is missing: node scripts/setup.mjs --python`);
  const folder = await mkdtemp(join(tmpdir(), "modal-meter-lens-"));
  try {
    const apps = join(folder, "apps");
    await fill(apps, 2000, (at) => appFile(at));
    const workspace = join(folder, "workspace");
    await fill(workspace, 20_000, (at) => (at % 100 === 7 ? appFile(at) : libraryFile(at)));
    await fill(join(workspace, ".venv", "lib"), 15_000, (at) => libraryFile(at));
    return [
      await measure("lens scan of 2,000 files", apps, 2000, "<= 3,000 ms"),
      await measure("lens apps of a 20,000-file workspace", workspace, 200, "<= 2,000 ms"),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function measure(
  name: string,
  folder: string,
  expected: number,
  goal: string,
): Promise<Figure> {
  const ours: number[] = [];
  const peer: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const beginMs = performance.now();
    const read = await readWorkspace(folder, {
      listPythonFiles,
      read: readFile,
      realPath: realpath,
    });
    const { candidates } = findDeployTargets(read, new Map([["MODAL_MODE", "dev"]]));
    ours.push(performance.now() - beginMs);
    if (candidates.length !== expected) throw new Error(`Found ${candidates.length} apps.`);
    const { stdout } = await execa(python, ["-c", peerProgram, folder, skippedFolders.join(",")]);
    peer.push(Number(stdout.split(" ")[1]));
  }
  const [oursMs, peerMs] = [median(ours), median(peer)];
  return { name, ours: oursMs, peer: peerMs, ratio: peerMs / oursMs, unit: "ms", goal, runs };
}

async function listPythonFiles(folder: string, limit: number): Promise<ListedFiles> {
  const skipped: ReadonlySet<string> = new Set(skippedFolders);
  const found: string[] = [];
  const open = [folder];
  for (let at = open.pop(); at !== undefined && found.length < limit; at = open.pop()) {
    for (const entry of await readdir(at, { withFileTypes: true })) {
      const path = join(at, entry.name);
      if (entry.isDirectory()) {
        if (!skipped.has(entry.name)) open.push(path);
      } else if (entry.name.endsWith(".py")) found.push(path);
    }
  }
  return { files: found.slice(0, limit), ignored: new Set() };
}

/** A hundred files a folder, as a workspace has them. */
async function fill(folder: string, count: number, textOf: (at: number) => string): Promise<void> {
  for (let at = 0; at < count; at += 1) {
    const inner = join(folder, `part${Math.floor(at / 100)}`);
    if (at % 100 === 0) await mkdir(inner, { recursive: true });
    await writeFile(join(inner, `file${at}.py`), textOf(at));
  }
}

/** About a hundred lines, as an inference app has them. */
function appFile(at: number): string {
  return `import os
import modal

MODE = os.environ.get("MODAL_MODE", "dev")
WINDOW = {"dev": 120, "demo": 600, "prod": 300}.get(MODE, 300)
GPU = f"H100:{${(at % 4) + 1}}"
app = modal.App(f"app-${at}-{MODE}")
image = modal.Image.debian_slim().pip_install("torch", "diffusers")


@app.cls(image=image, gpu=GPU, scaledown_window=WINDOW, timeout=600)
class Model:
    @modal.enter()
    def load(self):
        self.pipe = None

    @modal.method()
    def run(self, prompt: str, steps: int = 4):
        return self.pipe(prompt, num_inference_steps=steps).images[0]


@app.function(cpu=0.5, memory=512)
@modal.fastapi_endpoint()
def health():
    return {"ok": True}


${libraryFile(at)}`;
}

function libraryFile(at: number): string {
  const functions = Array.from(
    { length: 8 },
    (_, index) => `def function_${at}_${index}(value, *, limit=${index}):
    """Says what it does."""
    items = [item for item in range(value) if item % ${index + 2} == 0]
    if len(items) > limit:
        return {"items": items[:limit], "more": len(items) - limit}
    return {"items": items}
`,
  );
  return `import json\nimport logging\n\n${functions.join("\n\n")}`;
}
