import type { Clock } from "../base/clock.ts";
import { failureOf } from "../base/failure.ts";
import type { Log } from "../base/log.ts";
import type { CliCommand } from "./cli/command.ts";
import { CliControl } from "./cli/control.ts";
import { CredentialSource } from "./credentialSource.ts";
import { resolveCredentials, type CredentialChoice, type ProcessEnv } from "./credentials.ts";
import type { SdkLoader } from "./sdk/loadSdk.ts";
import { isReachable, probeUrls } from "./reachable.ts";
import { RoutedControl } from "./routedControl.ts";
import { SdkControl } from "./sdk/control.ts";

export interface ControlParts {
  readonly mode: "auto" | "sdk" | "cli";
  /** null: no `modal` command was found; then only the SDK can answer. */
  readonly cli: CliCommand | null;
  readonly loadSdk: SdkLoader;
  readonly choice: CredentialChoice;
  readonly processEnv: ProcessEnv;
  readonly clock: Clock;
  readonly log: Log;
  /** The profile file or a variable changed: this control answers no more; build a new one. */
  readonly onCredentialsChanged?: () => void;
  /** How long the CLI, or Modal itself, may be silent; see `CliControlParts` and `SdkControlParts`. */
  readonly cliSilenceMs?: number;
  readonly sdkSilenceMs?: number;
}

/**
 * Builds the way to Modal for one workspace and environment. Asks nothing yet. With mode "cli" and
 * no command, every question fails with "cli-missing".
 */
export function createControl(parts: ControlParts): RoutedControl {
  const { mode, processEnv, choice, clock, log } = parts;
  const credentials = new CredentialSource(processEnv, choice, parts.onCredentialsChanged);
  const reachable = (): Promise<boolean> =>
    isReachable(probeUrls(serverUrls(credentials), processEnv), 3000);
  const command = parts.cli ?? (mode === "cli" ? missingCli : null);
  const cli =
    command === null || mode === "sdk"
      ? null
      : new CliControl({
          cli: command,
          processEnv,
          choice,
          credentials,
          reachable,
          clock,
          log,
          ...(parts.cliSilenceMs === undefined ? {} : { silenceMs: parts.cliSilenceMs }),
        });
  const sdk =
    mode === "cli"
      ? null
      : new SdkControl({
          credentials,
          load: parts.loadSdk,
          clock,
          log,
          ...(parts.sdkSilenceMs === undefined ? {} : { silenceMs: parts.sdkSilenceMs }),
        });
  return new RoutedControl({ adapters: { sdk, cli }, clock, log });
}

/** Starting it fails as the command of a broken setting would: with "cli-missing" and its name. */
const missingCli: CliCommand = {
  command: "modal",
  prefixArgs: [],
  origin: "path",
  version: null,
};

function serverUrls(credentials: CredentialSource): readonly string[] {
  try {
    return credentials.current().serverUrls;
  } catch (error) {
    if (failureOf(error) === undefined) throw error;
    return defaultServers;
  }
}

// Where the CLI would go when only it can read the profile.
const defaultServers = resolveCredentials(
  null,
  { MODAL_TOKEN_ID: "-", MODAL_TOKEN_SECRET: "-" },
  { profile: null, environment: null },
).serverUrls;
