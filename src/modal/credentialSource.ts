import { readFileSync, statSync, watchFile, unwatchFile } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { t } from "../base/text.ts";
import type { Disposable } from "../base/disposable.ts";
import { Failure } from "../base/failure.ts";
import {
  credentialFingerprint,
  resolveCredentials,
  type CredentialChoice,
  type Credentials,
  type ProcessEnv,
} from "./credentials.ts";

/** Where Modal's clients keep their profiles: MODAL_CONFIG_PATH or `~/.modal.toml`. */
function configPath(processEnv: ProcessEnv): string {
  const path = processEnv["MODAL_CONFIG_PATH"];
  return path === undefined || path === "" ? join(homedir(), ".modal.toml") : path;
}

/**
 * Modal's credentials, pinned when first read: a change of the file or of a variable (another
 * active profile, a new token) makes every later question fail with "cancelled" until a new source
 * is built. So a stop, and the listing that proves it, never speak of different workspaces.
 */
export class CredentialSource {
  readonly #processEnv: ProcessEnv;
  readonly #choice: CredentialChoice;
  readonly #path: string;
  readonly #onChange: () => void;
  #pinned: string | undefined;
  #read: { readonly stamp: string; readonly text: string | null } | undefined;

  constructor(processEnv: ProcessEnv, choice: CredentialChoice, onChange: () => void = () => {}) {
    this.#processEnv = processEnv;
    this.#choice = choice;
    this.#path = configPath(processEnv);
    this.#onChange = onChange;
  }

  /** Throws `Failure("cancelled")` when the credentials are no longer those that were pinned. */
  assertUnchanged(): void {
    const now = credentialFingerprint(this.#text(), this.#processEnv, this.#choice);
    this.#pinned ??= now;
    if (now === this.#pinned) return;
    this.#onChange();
    throw new Failure(
      "cancelled",
      t("The Modal profile or its credentials changed. Nothing was done; try again."),
    );
  }

  /** The pinned credentials. Throws `Failure` as `resolveCredentials` does, or "cancelled". */
  current(): Credentials {
    this.assertUnchanged();
    return resolveCredentials(this.#text(), this.#processEnv, this.#choice);
  }

  /** The file's text; null when there is none. Read again only when its time or size changed. */
  #text(): string | null {
    const stat = statSync(this.#path, { bigint: true, throwIfNoEntry: false });
    const stamp = stat === undefined ? "" : `${stat.mtimeNs}/${stat.size}/${stat.ino}`;
    if (this.#read?.stamp === stamp) return this.#read.text;
    const text = stat === undefined ? null : readText(this.#path);
    this.#read = { stamp, text };
    return text;
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new Failure("bad-setting", t("The Modal configuration file cannot be read: {0}.", path), {
      cause,
    });
  }
}

/**
 * Calls back when what the profile file says has changed (`modal setup`, `modal profile activate` in a
 * terminal), looking every `intervalMs` (one stat).
 */
export function watchProfiles(
  processEnv: ProcessEnv,
  onChange: () => void,
  intervalMs = 2000,
): Disposable {
  const path = configPath(processEnv);
  let before = textIn(path);
  const listener = (): void => {
    const now = textIn(path);
    if (now === before) return;
    before = now;
    onChange();
  };
  watchFile(path, { interval: intervalMs, persistent: false }, listener);
  return { dispose: () => unwatchFile(path, listener) };
}

/** null: there is no file, or it cannot be read. */
function textIn(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
