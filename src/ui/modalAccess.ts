import { join } from "node:path";
import { t } from "../base/text.ts";
import { Failure } from "../base/failure.ts";
import type { Log } from "../base/log.ts";
import { systemClock } from "../base/systemClock.ts";
import type { CliCommand } from "../modal/cli/command.ts";
import { CliDeployer } from "../modal/deploy/deployer.ts";
import { createControl } from "../modal/createControl.ts";
import type { CredentialChoice } from "../modal/credentials.ts";
import { sdkLoader } from "../modal/sdk/loadSdk.ts";
import type { Deployer } from "../session/deployer.ts";
import type { ModalControl } from "../session/modalControl.ts";
import { findModalCommand } from "./modalCommand.ts";
import { workspaceFolders } from "./project/project.ts";
import type { SettingsSource } from "./settingsSource.ts";

export interface ModalAccessParts {
  readonly settings: SettingsSource;
  readonly log: Log;
  /** Folder of the bundles: the SDK and the keeper are of their own. */
  readonly distFolder: string;
  /** The profile file or a variable changed: everything that was built speaks for the past. */
  readonly onCredentialsChanged: () => void;
}

/** The ways to Modal that this window has, as the settings say. */
export class ModalAccess {
  readonly #parts: ModalAccessParts;
  #cli: Promise<CliCommand | null> | undefined;

  constructor(parts: ModalAccessParts) {
    this.#parts = parts;
  }

  /** Forgets which command was found: the settings, or the trust in the workspace, have changed. */
  reset(): void {
    this.#cli = undefined;
  }

  /** The `modal` command; null: none was found. Rejects with `Failure("cli-missing")` when the setting names none. */
  findCli(): Promise<CliCommand | null> {
    const { settings, log } = this.#parts;
    const setting = settings.current.get("cliPath");
    this.#cli ??= findModalCommand(setting, workspaceFolders()).then((cli) => {
      log.info(
        cli === null
          ? "No modal command was found."
          : `The modal command is ${[cli.command, ...cli.prefixArgs].join(" ")} (${cli.version ?? "?"}, ${cli.origin}).`,
      );
      return cli;
    });
    return this.#cli;
  }

  async control(): Promise<ModalControl> {
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
      choice: this.#choice(),
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

  #choice(): CredentialChoice {
    const settings = this.#parts.settings.current;
    return {
      profile: settings.get("profile") || null,
      environment: settings.get("environment") || null,
    };
  }
}
