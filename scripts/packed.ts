// What the package holds: exactly what it needs.

/** The tree that is packed, and what of it names other files. Paths with "/". */
export interface PackedTree {
  /** All files that could be packed. */
  readonly paths: readonly string[];
  /** package.json, as text. */
  readonly manifest: string;
  /** README.md and CHANGELOG.md, one behind the other. */
  readonly pages: string;
}

const always: ReadonlySet<string> = new Set([
  "package.json",
  "package.nls.json",
  "README.md",
  "CHANGELOG.md",
  "LICENSE",
  "THIRD_PARTY_NOTICES.txt",
]);
/** Texts in another language: VS Code reads the one of its own. The English of the code is in the code. */
const translation = /^(package\.nls|l10n\/bundle\.l10n)\.[\w-]+\.json$/;
const program = /^dist\/[a-z]+\.cjs$/;

/**
 * What the package needs: its own documents, the programs, the translations, and the pictures that one of
 * its documents names.
 */
export function neededIn({ paths, manifest, pages }: PackedTree): readonly string[] {
  const named = [...`${manifest}\n${pages}`.matchAll(/\bmedia\/[\w.-]+/g)].map(([path]) => path);
  const found = paths.filter((path) => translation.test(path) || program.test(path));
  return [...new Set([...always, ...named, ...found])].toSorted();
}

/** What is missing from the package, or not meant to be in it, one line each. */
export function packedProblems(packed: readonly string[], tree: PackedTree): readonly string[] {
  const needed = neededIn(tree);
  return [
    ...needed
      .filter((path) => !packed.includes(path))
      .map((path) => `${path} is missing from the package`),
    ...packed
      .filter((path) => !needed.includes(path))
      .map((path) => `${path} is not meant to ship: nothing in the package names it`),
  ];
}

/** Patterns of .vscodeignore that match no file. Those of translations wait for the first one. */
export function idlePatterns(ignored: string, matches: (pattern: string) => boolean) {
  return ignored
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.replace(/^!/, ""))
    .filter((pattern) => !pattern.includes("nls.*") && !pattern.includes("l10n.*"))
    .filter((pattern) => !matches(pattern));
}
