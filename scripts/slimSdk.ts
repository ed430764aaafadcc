import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "esbuild";

/** What the SDK itself asks for the calls of others: a session token. */
const ownCalls = ["authTokenGet"];
const tableStart = "var ModalClientDefinition = {";

/**
 * Leaves the messages of the RPCs that nobody here calls out of the SDK's bundle: the SDK names all
 * its RPCs (well over 200) in one table, which keeps each of their messages alive. A third of the
 * bundle goes, and with it 10 MiB of every process that loads it. The SDK's code stays as it is.
 *
 * The build fails where the table is not found or lacks an RPC that src/modal/sdk/entry.ts calls.
 */
export function slimSdk(root: string): Plugin {
  return {
    name: "slim-sdk",
    setup(build) {
      build.onLoad({ filter: /[\\/]modal[\\/]dist[\\/]index\.js$/ }, ({ path }) => {
        const entry = readFileSync(join(root, "src", "modal", "sdk", "entry.ts"), "utf8");
        const called = [...entry.matchAll(/\brpc\.(\w+)\(/g)].flatMap(([, name = ""]) => name);
        const contents = withOnly(readFileSync(path, "utf8"), new Set([...called, ...ownCalls]));
        return { contents, loader: "js" };
      });
    },
  };
}

/** The SDK's source with a table of these RPCs alone. Throws when one of them is not there. */
export function withOnly(source: string, names: ReadonlySet<string>): string {
  const table = source.indexOf(tableStart);
  const from = source.indexOf("\n  methods: {", table);
  const to = source.indexOf("\n  }\n};", from);
  if (table === -1 || from === -1 || to === -1)
    throw new Error("The Modal SDK's table of RPCs is not where it was: see scripts/slimSdk.ts.");
  const rpcs = source.slice(from, to).matchAll(/\n {4}(\w+): \{\n(?: {6}.*\n)+ {4}\}/g);
  const kept = [...rpcs].filter(([, name = ""]) => names.has(name));
  const found = new Set(kept.map(([, name]) => name));
  const missing = [...names].filter((name) => !found.has(name));
  if (missing.length > 0) throw new Error(`The Modal SDK has no RPC ${missing.join(", ")}.`);
  const rows = kept.map(([row]) => row).join(",");
  return `${source.slice(0, from)}\n  methods: {${rows}${source.slice(to)}`;
}
