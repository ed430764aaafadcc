import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../../src/base/systemClock.ts";
import type { Log } from "../../../src/base/log.ts";
import type { CliCommand } from "../../../src/modal/cli/command.ts";
import { createControl } from "../../../src/modal/createControl.ts";
import { sdkLoader, type SdkLoader } from "../../../src/modal/sdk/loadSdk.ts";
import type { RoutedControl } from "../../../src/modal/routedControl.ts";
import { skip } from "../../skip.ts";

/** One way to Modal that the contract suite runs against Local Modal. */
export interface AdapterCase {
  readonly name: string;
  readonly mode: "auto" | "sdk" | "cli";
  readonly venv: "current" | "old" | null;
  /** What it can know that the others cannot. */
  readonly knowsContainers: boolean;
  /** The old CLI has neither rates nor a summary, nor rollover, nor what an app consists of. */
  readonly knowsRates: boolean;
}

export const adapterCases: readonly AdapterCase[] = [
  { name: "sdk", mode: "sdk", venv: null, knowsContainers: true, knowsRates: true },
  {
    name: "cli, current",
    mode: "cli",
    venv: "current",
    knowsContainers: false,
    knowsRates: true,
  },
  {
    name: "cli, before --yes",
    mode: "cli",
    venv: "old",
    knowsContainers: false,
    knowsRates: false,
  },
  { name: "auto", mode: "auto", venv: "current", knowsContainers: true, knowsRates: true },
];

/** Where scripts/venv.mjs installs the two pinned versions. */
export function cliPath(venv: "current" | "old"): string {
  const windows = process.platform === "win32";
  const folder = join(import.meta.dirname, "../../../.venv", venv, windows ? "Scripts" : "bin");
  return join(folder, windows ? "modal.exe" : "modal");
}

/** The Python of the current CLI's environment. Skips, with the reason, where it is not installed. */
export function pythonOf(context: Mocha.Context): string {
  const python = cliPath("current").replace(/modal(\.exe)?$/, "python$1");
  if (!existsSync(python)) skip(context, "cli", `${python} is not installed (npm run setup).`);
  return python;
}

/** The installed CLI as a command. Skips the suite, with the reason, where it is not installed. */
export function cliOf(context: Mocha.Context, venv: "current" | "old"): CliCommand {
  const command = cliPath(venv);
  if (!existsSync(command)) skip(context, "cli", `${command} is not installed (npm run setup).`);
  return { command, prefixArgs: [], origin: "virtual-environment", version: null };
}

export const loadSdk: SdkLoader = sdkLoader(() => import("../../../src/modal/sdk/entry.ts"));

/** The keeper of `modal` processes, run from its source. */
export const keeperProgram = join(import.meta.dirname, "../../../src/modal/process/keeperEntry.ts");

/** Nothing of this machine's own Modal set-up: no profile file, no variables but the given ones. */
export function isolatedEnv(
  variables: Readonly<Record<string, string>>,
): Readonly<Record<string, string | undefined>> {
  return {
    PATH: process.env["PATH"],
    HOME: process.env["HOME"],
    MODAL_CONFIG_PATH: join(tmpdir(), "modal-meter-no-such-config.toml"),
    ...variables,
  };
}

/** A log that keeps its lines. */
export class KeptLog implements Log {
  readonly lines: string[] = [];
  readonly debug = (message: string): void => void this.lines.push(`debug ${message}`);
  readonly info = (message: string): void => void this.lines.push(`info ${message}`);
  readonly warn = (message: string): void => void this.lines.push(`warn ${message}`);
  readonly error = (message: string): void => void this.lines.push(`error ${message}`);
}

export interface TestControlOptions {
  readonly mode: "auto" | "sdk" | "cli";
  readonly cli: CliCommand | null;
  readonly env: Readonly<Record<string, string>>;
  readonly environment?: string;
  readonly profile?: string;
  readonly log?: Log;
  readonly loadSdk?: SdkLoader;
  /** Real answers take a second; a machine under load needs more. */
  readonly cliSilenceMs?: number;
  readonly sdkSilenceMs?: number;
  readonly onCredentialsChanged?: () => void;
}

export function testControl(options: TestControlOptions): RoutedControl {
  return createControl({
    mode: options.mode,
    cli: options.cli,
    loadSdk: options.loadSdk ?? loadSdk,
    choice: { profile: options.profile ?? null, environment: options.environment ?? null },
    processEnv: isolatedEnv(options.env),
    clock: systemClock,
    log: options.log ?? new KeptLog(),
    cliSilenceMs: options.cliSilenceMs ?? 90_000,
    ...(options.sdkSilenceMs === undefined ? {} : { sdkSilenceMs: options.sdkSilenceMs }),
    onCredentialsChanged: options.onCredentialsChanged ?? ((): void => undefined),
  });
}
