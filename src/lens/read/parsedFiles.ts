import type { PythonFiles } from "./program.ts";
import { parse, type Tree } from "../value/tree.ts";

/** Source whose trees are kept: more than a large workspace's app files have, and no strain on the memory. */
const maxKeptCharacters = 20_000_000;

/** The Python files of a workspace, each parsed once, however many modes it is read in. */
export class ParsedFiles implements PythonFiles {
  readonly #texts: ReadonlyMap<string, string>;
  readonly #trees = new Map<string, Tree>();
  #left: number;

  /** `texts`: by absolute paths with "/", not to be changed afterwards. */
  constructor(texts: ReadonlyMap<string, string>, keptCharacters = maxKeptCharacters) {
    this.#texts = texts;
    this.#left = keptCharacters;
  }

  text(file: string): string | undefined {
    return this.#texts.get(file);
  }

  tree(file: string): Tree {
    const kept = this.#trees.get(file);
    if (kept !== undefined) return kept;
    const text = this.#texts.get(file) ?? "";
    const tree = parse(text);
    if (text.length <= this.#left) {
      this.#left -= text.length;
      this.#trees.set(file, tree);
    }
    return tree;
  }
}
