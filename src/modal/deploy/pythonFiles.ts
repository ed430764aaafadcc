import { importedModules } from "../../lens/read/appFiles.ts";

export interface ReadFiles {
  /** By absolute paths with "/": the files that were asked for, and what they import of the folder. */
  readonly texts: ReadonlyMap<string, string>;
  /** Absolute paths of files that are too large or no text. */
  readonly unreadable: readonly string[];
}

/** Longer files are data. */
const maxBytes = 5_000_000;
const atOnce = 64;
/** How often imports of imports are followed. */
const maxRounds = 20;

/**
 * Reads files, and of those that `isWanted` the workspace's files that they import, directly or through
 * others. All are looked into; only the wanted and what they need is kept.
 */
export async function readWithImports(
  files: readonly string[],
  isWanted: (file: string, text: string) => boolean,
  read: (file: string) => Promise<Uint8Array>,
): Promise<ReadFiles> {
  const texts = new Map<string, string>();
  const unreadable: string[] = [];
  await inParallel(files, async (file) => {
    const text = await textOf(file, read);
    if (text === undefined) unreadable.push(file);
    else if (isWanted(file, text)) texts.set(slashed(file), text);
  });
  const paths = new Map(files.map((file) => [slashed(file), file]));
  let fresh = [...texts.keys()];
  for (let round = 0; round < maxRounds && fresh.length > 0; round += 1) {
    const needed = new Set(
      fresh
        .flatMap((file) => neededBy(file, texts.get(file) ?? "", paths))
        .filter((file) => !texts.has(file)),
    );
    fresh = [...needed];
    await inParallel(fresh, async (file) => {
      const text = await textOf(paths.get(file) ?? file, read);
      if (text !== undefined) texts.set(file, text);
    });
  }
  return { texts, unreadable };
}

/** The files of the folder that may be meant by the imports of one: in any folder above it, as Python searches them. */
function neededBy(
  file: string,
  text: string,
  paths: ReadonlyMap<string, string>,
): readonly string[] {
  const needed: string[] = [];
  const parts = file.split("/").slice(0, -1);
  const add = (place: string): void => {
    for (const path of [`${place}.py`, `${place}/__init__.py`])
      if (paths.has(path)) needed.push(path);
  };
  for (let up = parts.length; up > 0; up -= 1) {
    const init = `${parts.slice(0, up).join("/")}/__init__.py`;
    if (!paths.has(init)) break;
    needed.push(init);
  }
  for (const { level, module } of importedModules(text)) {
    const path = module.split(".").filter((part) => part !== "");
    if (level > 0) add([...parts.slice(0, parts.length - level + 1), ...path].join("/"));
    else
      for (let up = parts.length; up > 0; up -= 1) add([...parts.slice(0, up), ...path].join("/"));
  }
  return needed;
}

/** A file's text; Latin-1 where it is no UTF-8, as old files are. undefined: it is not text, or cannot be read. */
async function textOf(
  file: string,
  read: (file: string) => Promise<Uint8Array>,
): Promise<string | undefined> {
  let bytes: Uint8Array;
  try {
    bytes = await read(file);
  } catch {
    return undefined;
  }
  if (bytes.length > maxBytes || bytes.includes(0)) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("latin1").decode(bytes);
  }
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = items.values();
  await Promise.all(
    Array.from({ length: Math.min(atOnce, items.length) }, async () => {
      for (const item of left) await work(item);
    }),
  );
}

function slashed(path: string): string {
  return path.replaceAll("\\", "/");
}
