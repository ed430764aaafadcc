import { build } from "esbuild";
import { join } from "node:path";
import { slimSdk } from "../scripts/slimSdk.ts";
import { root } from "./host/paths.ts";

/** Bundles the SDK's part into `outfile`, as the package has it. */
export async function bundleSdk(outfile: string): Promise<void> {
  await build({
    entryPoints: [join(root, "src/modal/sdk/entry.ts")],
    outfile,
    bundle: true,
    platform: "node",
    target: "node22",
    format: "cjs",
    minify: true,
    legalComments: "none",
    logLevel: "error",
    plugins: [slimSdk(root)],
  });
}
