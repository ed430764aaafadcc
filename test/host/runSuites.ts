// Runs test/host/suite/**/*.test.ts inside a real extension host: node test/host/runSuites.ts [part of a file name]
import { globSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join, relative } from "node:path";
import { build } from "esbuild";
import { startEditor } from "./editor.ts";
import { outFolder, root } from "./paths.ts";

/** Printed by suiteRunner.ts; what comes before it in the log is VS Code's own. */
const firstLine = "Suites in the extension host";
const wanted = process.argv[2] ?? "";
const suites = globSync("test/host/suite/**/*.test.ts", { cwd: root })
  .filter((file) => file.includes(wanted))
  .toSorted();
if (suites.length === 0) throw new Error(`No suite matches "${wanted}".`);

const folder = join(root, "out", "host");
await rm(folder, { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: [...suites, "test/host/suiteRunner.ts"],
  outdir: folder,
  outbase: "test/host",
  outExtension: { ".js": ".cjs" },
  bundle: true,
  platform: "node",
  target: "node22",
  format: "cjs",
  external: ["vscode", "mocha"],
  sourcemap: "inline",
  logLevel: "warning",
});

const workspace = await mkdtemp(join(tmpdir(), "mm-workspace-"));
try {
  await using host = await startEditor({ workspace });
  const compiled = suites.map((file) =>
    join("suite", relative("test/host/suite", file)).replace(/\.ts$/, ".cjs"),
  );
  const { code, log } = await host.runTests(join(folder, "suiteRunner.cjs"), {
    MODAL_METER_REQUIRE: process.env["MODAL_METER_REQUIRE"] ?? "",
    MODAL_METER_RESULTS:
      process.env["MODAL_METER_RESULTS"] ?? join(outFolder, `${basename(folder)}.json`),
    MODAL_METER_SUITE_FILES: compiled.join("\n"),
    NODE_OPTIONS: "--enable-source-maps",
  });
  const start = log.indexOf(firstLine);
  await writeFile(join(outFolder, "host-console.log"), log);
  console.log(start === -1 ? log : log.slice(start));
  process.exitCode = code;
} finally {
  await rm(workspace, { recursive: true, force: true });
}
