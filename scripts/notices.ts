// What the bundles contain of others, and under which terms. esbuild.mjs writes it, package.ts checks it.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod/mini";

/** In the package's root, where people look for it. */
export const noticesName = "THIRD_PARTY_NOTICES.txt";

/** The part of esbuild's metafile that is read here. */
export const bundleInputs = z.object({
  outputs: z.record(z.string(), z.object({ inputs: z.record(z.string(), z.unknown()) })),
});
export type BundleInputs = z.infer<typeof bundleInputs>;

const manifest = z.object({
  name: z.string(),
  version: z.string(),
  license: z.optional(z.string()),
  author: z.optional(z.unknown()),
  repository: z.optional(z.unknown()),
});

const repositoryUrl = z.object({ url: z.string() });

const line = "-".repeat(80);

/** The folders of the packages of which some file is in a bundle, as the metafile names them, sorted. */
export function packageFolders(bundles: readonly BundleInputs[]): readonly string[] {
  const files = bundles.flatMap(({ outputs }) =>
    Object.values(outputs).flatMap(({ inputs }) => Object.keys(inputs)),
  );
  const folders = files.flatMap(
    (file) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file)?.[0] ?? [],
  );
  return [...new Set(folders)].toSorted();
}

/** The heading of a package in the notices. */
export function headingOf(root: string, folder: string): string {
  const { name, version, license } = manifestOf(root, folder);
  return `${name} ${version} (${license ?? "see below"})`;
}

/**
 * The notices: each package with its licence as it ships it, and its NOTICE where it has one (Apache-2.0, 4d).
 * Throws where a package has no licence text: nobody may ship it then without a look at it.
 */
export function noticesOf(root: string, bundles: readonly BundleInputs[]): string {
  const parts = packageFolders(bundles).map((folder) => {
    const files = licenceFiles(root, folder).map((file) => readFileSync(file, "utf8").trim());
    const texts = files.length > 0 ? files : licenceElsewhere(root, folder);
    if (texts.length === 0) throw new Error(`${folder} has no licence file.`);
    return [line, headingOf(root, folder), line, "", ...texts].join("\n");
  });
  return `Modal Meter contains code of these packages.\n\n${parts.join("\n\n")}\n`;
}

function manifestOf(root: string, folder: string): z.infer<typeof manifest> {
  return manifest.parse(JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8")));
}

/** Who holds a package that ships without its licence's text. */
interface Holder {
  readonly name: string;
  /** As its package.json says it: of another one nothing is known here. */
  readonly repository: string;
}

const holders: ReadonlyMap<string, Holder> = new Map([
  // The author of its package.json.
  [
    "@vscode/l10n",
    {
      name: "Microsoft Corporation",
      repository: "https://github.com/Microsoft/vscode-l10n.git",
    },
  ],
  // The Python package of the same repository ships its LICENSE, which names no holder, and no NOTICE;
  // its author is Modal Labs.
  [
    "modal",
    { name: "Modal Labs", repository: "git+https://github.com/modal-labs/modal-client.git" },
  ],
]);
/** Packages that ship these licences in the words that are the same for all; MIT's holder is in the text. */
const wordsOf: ReadonlyMap<string, string> = new Map([
  ["Apache-2.0", "node_modules/@grpc/grpc-js"],
  ["MIT", "node_modules/zod"],
]);

function licenceElsewhere(root: string, folder: string): readonly string[] {
  const { name, license = "", author, repository } = manifestOf(root, folder);
  const [holder, words] = [holders.get(name), wordsOf.get(license)];
  if (holder === undefined || words === undefined) return [];
  const { url } = repositoryUrl.parse(repository);
  if (url !== holder.repository || (author !== undefined && author !== holder.name))
    throw new Error(
      `${folder} is no longer by ${holder.name} in ${holder.repository}: look again.`,
    );
  const copyright = `Copyright (c) ${holder.name}`;
  return licenceFiles(root, words)
    .slice(0, 1)
    .map((file) => readFileSync(file, "utf8").trim())
    .map((text) =>
      license === "MIT"
        ? text.replace(/^Copyright .*$/m, copyright)
        : `${copyright} (${holder.repository.replace("git+", "").replace(/\.git$/, "")})\n\n${text}`,
    );
}

function licenceFiles(root: string, folder: string): readonly string[] {
  const path = join(root, folder);
  return readdirSync(path)
    .filter((name) => /^(licen[cs]e|copying|notice)([.-]|$)/i.test(name))
    .toSorted()
    .map((name) => join(path, name));
}
