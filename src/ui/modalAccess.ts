import { join } from "node:path";
import { t } from "../base/text.ts";
import { Failure } from "../base/failure.ts";
import type { Disposable } from "../base/disposable.ts";
import type { Log } from "../base/log.ts";
import { systemClock } from "../base/systemClock.ts";
import type { CliCommand } from "../modal/cli/command.ts";
import { CliDeployer } from "../modal/deploy/deployer.ts";
import { createControl } from "../modal/createControl.ts";
import type { CredentialChoice } from "../modal/credentials.ts";
import { sdkLoader } from "../modal/sdk/loadSdk.ts";
import type { Deployer } from "../session/deployer.ts";
import type { ModalControl } from "../session/modalControl.ts";
import type { SettingName } from "../session/settings/shape.ts";
import { findModalCommand } from "./modalCommand.ts";
import { workspaceFolders } from "./project/workspaceFolders.ts";
import type { SettingsSource } from "./settings/source.ts";
import type { WatchedEnvironment } from "./watched.ts";

export interface ModalAccessParts {
  readonly settings: SettingsSource;
  readonly watched: Pick<WatchedEnvironment, "choice">;
  readonly log: Log;
  /** Folder of the bundles: the SDK and the keeper are of their own. */
  readonly distFolder: string;
  /** The profile file or a variable changed: everything that was built speaks for the past. */
  readonly onCredentialsChanged: () => void;
  /** A `modal` command is there that was not. */
  readonly onCliFound: () => void;
}

/** What a connection is made from: with any other setting, the one that is there stays. */
export const connectionSettings: ReadonlySet<SettingName> = new Set([
  "cliPath",
  "control",
  "environment",
  "profile",
]);

/** While there is no command, it is looked for this often: a few looks at the disk. */
const cliLookEveryMs = 20_000;

/** The ways to Modal that this window has, as the settings say. */
export class ModalAccess implements Disposable {
  readonly #parts: ModalAccessParts;
  #cli: Promise<CliCommand | null> | undefined;
  #waiting: Disposable | undefined;
  #isDisposed = false;

  constructor(parts: ModalAccessParts) {
    this.#parts = parts;
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#waiting?.dispose();
  }

  /** Forgets which command was found: the settings, or the trust in the workspace, have changed. */
  reset(): void {
    this.#waiting?.dispose();
    this.#cli = undefined;
  }

  /** The `modal` command; null: none was found. Rejects with `Failure("cli-missing")` when the setting names none. */
  findCli(): Promise<CliCommand | null> {
    if (this.#cli !== undefined) return this.#cli;
    const { log } = this.#parts;
    const cli = this.#look();
    this.#cli = cli;
    cli.then(
      (found) => {
        log.info(
          found === null
            ? "No modal command was found."
            : `The modal command is ${[found.command, ...found.prefixArgs].join(" ")} (${found.version ?? "?"}, ${found.origin}).`,
        );
        if (found === null) this.#waitForCli();
      },
      () => this.#waitForCli(),
    );
    return cli;
  }

  async #look(): Promise<CliCommand | null> {
    return findModalCommand(this.#parts.settings.current.get("cliPath"), workspaceFolders());
  }

  /** `pip install modal` in a terminal tells nobody. */
  #waitForCli(): void {
    this.#waiting?.dispose();
    if (this.#isDisposed) return;
    this.#waiting = systemClock.after(cliLookEveryMs, () => {
      this.#look().then(
        (found) => (found === null ? this.#waitForCli() : this.#parts.onCliFound()),
        () => this.#waitForCli(),
      );
    });
  }

  /** @param environment null: the one that this window watches */
  async control(environment: string | null = null): Promise<ModalControl> {
    const { settings, log, distFolder, onCredentialsChanged } = this.#parts;
    const mode = settings.current.get("control");
    return createControl({
      mode,
      cli: await this.findCli().catch((error: unknown) => {
        if (mode === "cli") throw error;
        log.warn(`The modal command was not found: ${String(error)}`);
        return null;
      }),
      loadSdk: sdkLoader(join(distFolder, "sdk.cjs")),
      choice: this.#choice(environment),
      processEnv: process.env,
      clock: systemClock,
      log,
      onCredentialsChanged,
    });
  }

  /** Deploys to `environment` where a target names none. Rejects with `Failure("cli-missing")`. */
  async deployer(environment: () => Promise<string>): Promise<Deployer> {
    const cli = await this.findCli();
    if (cli === null) {
      this.reset();
      throw new Failure(
        "cli-missing",
        t(
          "The modal command was not found. Install it (pip install modal) in the workspace's virtual environment or on PATH, or set modalMeter.cliPath.",
        ),
      );
    }
    return new CliDeployer({
      cli,
      processEnv: process.env,
      choice: this.#choice(),
      environment,
      keeper: join(this.#parts.distFolder, "keeper.cjs"),
      clock: systemClock,
      log: this.#parts.log,
    });
  }

  #choice(environment: string | null = null): CredentialChoice {
    const { settings, watched } = this.#parts;
    return {
      profile: settings.current.get("profile") || null,
      environment: environment ?? watched.choice,
    };
  }
}
