import { isInside } from "../../endpoints/folderBounds.ts";
import { commonFacts, type AppFacts } from "../../lens/read/facts.ts";
import type { DeployCandidate } from "../../modal/deploy/targets.ts";
import { likelyName, refOf, type DeployTarget } from "../../session/deployer.ts";

/** A Modal app in a Python file, as a deploy in one of the modes would make it. */
export interface AppInMode extends DeployCandidate {
  readonly mode: string;
}

/** The Modal apps in the Python files of the open folders, in each mode, as they were read last. */
export class FoundApps {
  #all: readonly AppInMode[] = [];

  get all(): readonly AppInMode[] {
    return this.#all;
  }

  replaceAll(found: readonly AppInMode[]): void {
    this.#all = found;
  }

  /** What one folder has in one mode; all else stays. */
  replaceIn(folder: string, mode: string, found: readonly DeployCandidate[]): void {
    this.#all = [
      ...this.#all.filter((one) => one.mode !== mode || !isInside(folder, one.target.file)),
      ...found.map((candidate) => ({ ...candidate, mode })),
    ];
  }

  /** The apps of a folder, each once, whatever modes it was found in. */
  inFolder(folder: string): readonly AppInMode[] {
    const refs = new Map(
      this.#all
        .filter(({ target }) => isInside(folder, target.file))
        .map((found) => [refOf(found.target), found]),
    );
    return [...refs.values()];
  }

  /** What was found of a target, in whatever mode; undefined: nothing. */
  candidateOf(target: DeployTarget): AppInMode | undefined {
    return this.#all.find((one) => refOf(one.target) === refOf(target));
  }

  /**
   * What its file tells of an app: the file and the mode that it was last deployed in, else what all
   * files of that name and all modes agree on. undefined: no file of that app was found.
   */
  factsOf(
    appName: string,
    last: { readonly file: string; readonly mode: string } | undefined,
  ): AppFacts | undefined {
    const named = this.#all.filter(({ target }) => likelyName(target) === appName);
    const exact = named.filter(
      ({ target, mode }) => target.file === last?.file && mode === last.mode,
    );
    const [first, ...others] = (exact.length > 0 ? exact : named).map(({ facts }) => facts);
    return first === undefined ? undefined : commonFacts([first, ...others]);
  }

  /** What a file says of its app in a mode; undefined: no such app was found. */
  factsInMode(
    { file, variable }: Pick<DeployTarget, "file" | "variable">,
    mode: string,
  ): AppFacts | undefined {
    return this.#all.find(
      (one) => one.mode === mode && one.target.file === file && one.target.variable === variable,
    )?.facts;
  }
}
