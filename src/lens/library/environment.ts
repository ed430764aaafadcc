import { unknown } from "../value/plain.ts";
import type { Unknown } from "../value/value.ts";

/**
 * The variables of the process that imports the file: those that a start sets for its mode, over those
 * that the process inherits. A file may change them itself before it reads them.
 */
export class Environment {
  readonly #variables: ReadonlyMap<string, string>;
  readonly #changed = new Map<string, string | null | Unknown>();
  #loaded: Unknown | undefined;

  constructor(variables: ReadonlyMap<string, string>) {
    this.#variables = variables;
  }

  /** null: it is not set. */
  get(name: string): string | null | Unknown {
    const changed = this.#changed.get(name);
    if (changed !== undefined) return changed;
    const value = this.#variables.get(name);
    if (value !== undefined) return value;
    if (this.#loaded !== undefined) return this.#loaded;
    return null;
  }

  set(name: string, value: string | null | Unknown): void {
    this.#changed.set(name, value);
  }

  /** A `.env` file, or something else that sets variables, was read: what was not set before may be now. */
  load(why: string): void {
    this.#loaded ??= unknown(why);
  }

  /** What is set from now on cannot be told, not even what was set before. */
  forget(why: string): void {
    for (const name of new Set([...this.#variables.keys(), ...this.#changed.keys()])) {
      this.#changed.set(name, unknown(why));
    }
    this.load(why);
  }
}
