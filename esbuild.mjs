// Builds what the extension ships: node esbuild.mjs [--watch]
import { existsSync } from "node:fs";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { context } from "esbuild";
import { bundleInputs, noticesName, noticesOf } from "./scripts/notices.ts";
import { slimSdk } from "./scripts/slimSdk.ts";

const watch = process.argv.includes("--watch");

/** Each is a bundle of its own: the second is loaded when it is needed, the others are other processes. */
const bundles = [
  { entry: "src/extension.ts", outfile: "dist/extension.cjs" },
  { entry: "src/modal/sdk/entry.ts", outfile: "dist/sdk.cjs" },
  { entry: "src/guardian/main.ts", outfile: "dist/guardian.cjs" },
  { entry: "src/ledger/patient/writerThread.ts", outfile: "dist/writer.cjs" },
  { entry: "src/modal/process/keeperEntry.ts", outfile: "dist/keeper.cjs" },
].filter(({ entry }) => existsSync(entry));

/** Prints one line per bundle, so that a dependency that grew is seen in the build's output. */
function sizes({ metafile, errors }) {
  if (errors.length > 0 || metafile === undefined) return;
  for (const [file, { bytes, inputs }] of Object.entries(metafile.outputs)) {
    if (file.endsWith(".map")) continue;
    console.log(`${file}  ${Math.ceil(bytes / 1024)} KB from ${Object.keys(inputs).length} files`);
  }
}

// Only what no bundle writes any more: a window that runs from dist keeps its files during a build.
await mkdir("dist", { recursive: true });
const kept = bundles.map(({ outfile }) => basename(outfile));
for (const name of await readdir("dist")) {
  if (!kept.includes(name)) await rm(join("dist", name), { recursive: true, force: true });
}
const contexts = await Promise.all(
  bundles.map(({ entry, outfile }) =>
    context({
      entryPoints: [entry],
      outfile,
      bundle: true,
      platform: "node",
      // VS Code 1.101, the oldest that is supported, runs Node 22.
      target: "node22",
      format: "cjs",
      external: ["vscode"],
      minify: !watch,
      sourcemap: watch ? "linked" : false,
      metafile: true,
      legalComments: "none",
      logLevel: "info",
      plugins: [
        slimSdk(import.meta.dirname),
        {
          name: "sizes",
          setup(build) {
            if (watch) build.onStart(() => console.log("[watch] build started"));
            build.onEnd((result) => {
              sizes(result);
              if (watch) console.log("[watch] build finished");
            });
          },
        },
      ],
    }),
  ),
);
if (watch) {
  await Promise.all(contexts.map((it) => it.watch()));
} else {
  try {
    const built = await Promise.all(contexts.map((it) => it.rebuild()));
    const bundles = built.map(({ metafile }) => bundleInputs.parse(metafile));
    await mkdir("out", { recursive: true });
    await writeFile("out/bundles.json", JSON.stringify(bundles));
    await writeFile(noticesName, noticesOf(import.meta.dirname, bundles));
  } catch (error) {
    console.error(String(error));
    process.exitCode = 1;
  } finally {
    await Promise.all(contexts.map((it) => it.dispose()));
  }
}
