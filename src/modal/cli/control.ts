import { t } from "../../base/text.ts";
import { defaultEnvironment } from "../defaultEnvironment.ts";
import type { Clock } from "../../base/clock.ts";
import { Failure, failureOf } from "../../base/failure.ts";
import type { Log } from "../../base/log.ts";
import type {
  AppDeployment,
  AppFunction,
  AppInfo,
  BillingQuery,
  BillingRow,
  BillingSummary,
  ControlOptions,
  ContainerDetails,
  ContainerStats,
  ContainerStatsQuery,
  ContainerInfo,
  EnvironmentInfo,
  FunctionScaling,
  FunctionTerms,
  Identity,
  ListOptions,
  LogChunk,
  LogQuery,
  ModalControl,
  ScaleSettings,
  ScaleTarget,
  StopAnswer,
  WorkspaceRates,
} from "../../session/modalControl.ts";
import type { SandboxListing, SandboxUse } from "../../session/sandboxInfo.ts";
import { isAtLeast, parseCliVersion, type CliCommand } from "./command.ts";
import { isoOf } from "./text.ts";
import { reportOf } from "./report.ts";
import { cliFailure, tooOld, unsupported } from "./failure.ts";
import { parseCliJson } from "./json.ts";
import { printedLogs } from "./printedLogs.ts";
import { parseLogLine, stampArgs } from "./logLines.ts";
import { parseAutoscaler, scaleArgs } from "./scaling.ts";
import { cancelled, isAborted, unlessAborted } from "../../base/abort.ts";
import { runCli, printedText, type CliProcessParts, type CliResult } from "./process.ts";
import {
  parseAppFunctions,
  parseCallRows,
  parseApps,
  parseBillingSummary,
  parseContainers,
  parseContainerStatsJson,
  parseDeployments,
  parseEnvironments,
  parseFunctionInfo,
  parseRates,
  parseTokenInfo,
} from "./rows.ts";
import type { CredentialChoice, ProcessEnv } from "../credentials.ts";
import type { CredentialSource } from "../credentialSource.ts";
import { ProcessLimit } from "../process/processLimit.ts";

export interface CliControlParts {
  readonly cli: CliCommand;
  readonly processEnv: ProcessEnv;
  readonly choice: CredentialChoice;
  readonly credentials: CredentialSource;
  readonly reachable: () => Promise<boolean>;
  readonly clock: Clock;
  readonly log: Log;
  /** How long a command may be silent; default 15 s. For slow machines (tests under load). */
  readonly silenceMs?: number;
}

/** Normal answers take 1.1–1.5 s; without a network the CLI itself would try for about 59 s. */
const silenceMs = 15_000;
const longSilenceMs = 45_000;
/** The command prints a report when it has all of it: until then a healthy one is as silent as a dead one. */
const reportSilenceMs = 300_000;

type Run = ControlOptions & { readonly silenceMs?: number; readonly env?: ProcessEnv };

/** Modal's control plane through the user's own `modal` command (1.0 and newer). */
export class CliControl implements ModalControl {
  readonly adapter = "cli";
  readonly #parts: CliControlParts;
  readonly #process: CliProcessParts;
  readonly #limit = new ProcessLimit();
  #version: Promise<string | null> | undefined;
  #identity: Promise<Identity> | undefined;
  /** Whether `app stop` and `container stop` know `--yes` (since 1.4.2). undefined: not known yet. */
  #knowsYes: boolean | undefined;

  constructor(parts: CliControlParts) {
    this.#parts = parts;
    this.#process = parts;
  }

  /** "1.5.4"; null when the command answers but not with a version. Rejects with "cli-missing". */
  version(): Promise<string | null> {
    this.#version ??= this.#askVersion().catch((error: unknown) => {
      this.#version = undefined;
      throw error;
    });
    return this.#version;
  }

  whoami(options: ControlOptions = {}): Promise<Identity> {
    // Shared by all who ask: one caller's cancel must not fail the others.
    this.#identity ??= this.#askIdentity().catch((error: unknown) => {
      this.#identity = undefined;
      throw error;
    });
    return unlessAborted(this.#identity, t("identify the workspace"), options.signal);
  }

  async listEnvironments(options: ControlOptions = {}): Promise<readonly EnvironmentInfo[]> {
    const what = t("list the environments");
    const ask = async (env: ProcessEnv): Promise<readonly EnvironmentInfo[]> =>
      parseEnvironments(await this.#json(what, ["environment", "list"], { ...options, env }));
    // With a chosen environment, "active" would mark that one instead of the workspace's default:
    // since 1.5.0 an empty choice counts as none, before only a missing one.
    const environments = await ask({ MODAL_ENVIRONMENT: "" });
    if (environments.some(({ isDefault }) => isDefault)) return environments;
    return ask({ MODAL_ENVIRONMENT: undefined });
  }

  async listApps(options: ListOptions = {}): Promise<readonly AppInfo[]> {
    return parseApps(await this.#scoped(t("list the apps"), ["app", "list"], options));
  }

  async listContainers(options: ListOptions = {}): Promise<readonly ContainerInfo[]> {
    const what = t("list the containers");
    return parseContainers(await this.#scoped(what, ["container", "list"], options));
  }

  containerDetails(): Promise<ContainerDetails> {
    return Promise.reject(unsupported(t("look up a container's GPU")));
  }

  async appFunctions(appId: string, options: ControlOptions = {}): Promise<readonly AppFunction[]> {
    // The command came with 1.6.0: what an older one says is "No such command", its own failure.
    const what = t("read an app's functions");
    return parseAppFunctions(await this.#json(what, ["app", "info", appId], options));
  }

  async functionTerms(functionId: string, options: ControlOptions = {}): Promise<FunctionTerms> {
    const what = t("read what a function asks for");
    const ask = async (kind: "function" | "server"): Promise<FunctionTerms> =>
      parseFunctionInfo(await this.#json(what, [kind, "info", functionId], options));
    try {
      return await ask("function");
    } catch (error) {
      // Only the command's refusal tells a server from a function.
      if (!/\bis a Server\b/.test(failureOf(error)?.evidence ?? "")) throw error;
      return ask("server");
    }
  }

  functionContainers(functionId: string, options: ControlOptions = {}): Promise<readonly string[]> {
    const args = ["function", "calls", functionId, "--tail", "200"];
    return this.#json(t("look up a function's containers"), args, options).then(parseCallRows);
  }

  listSandboxes(): Promise<SandboxListing> {
    return Promise.reject(unsupported(t("list the sandboxes")));
  }
  sandboxUse(): Promise<SandboxUse | null> {
    return Promise.reject(unsupported(t("read what a sandbox has used")));
  }
  stopSandbox(): Promise<StopAnswer> {
    return Promise.reject(unsupported(t("stop the sandbox")));
  }
  async containerStats(
    { functionId, containerId, fromMs, toMs }: ContainerStatsQuery,
    options: ControlOptions = {},
  ): Promise<ContainerStats> {
    const range = ["--since", isoOf(fromMs), "--until", isoOf(toMs)];
    const args = ["function", "stats", functionId, "--all-variants", "--container", containerId];
    const json = await this.#json(t("read a container's stats"), [...args, ...range], options);
    return parseContainerStatsJson(json);
  }

  stopApp(appId: string, options: ControlOptions = {}): Promise<StopAnswer> {
    return this.#stop(t("stop the app {0}", appId), ["app", "stop", appId], options);
  }

  stopContainer(
    containerId: string,
    options: ControlOptions & { readonly graceful?: boolean } = {},
  ): Promise<StopAnswer> {
    const graceful = options.graceful === true ? ["--graceful"] : [];
    const args = ["container", "stop", containerId, ...graceful];
    return this.#stop(t("stop the container {0}", containerId), args, options);
  }

  async rollover(appId: string, options: ControlOptions = {}): Promise<void> {
    const args = ["app", "rollover", appId, "--strategy", "recreate"];
    await this.#checked(t("replace the containers"), args, {
      ...options,
      silenceMs: longSilenceMs,
    });
  }

  async deployments(
    appId: string,
    options: ControlOptions = {},
  ): Promise<readonly AppDeployment[]> {
    const what = t("read the deployment history");
    return parseDeployments(await this.#json(what, ["app", "history", appId], options));
  }

  async fetchLogs(
    appId: string,
    query: LogQuery,
    options: ControlOptions = {},
  ): Promise<readonly LogChunk[]> {
    const args = ["app", "logs", appId, ...stampArgs];
    if (isAtLeast(await this.version(), "1.4.0") === false) throw tooOld(t("read past log lines"));
    if (query.sinceMs !== undefined) args.push("--since", isoOf(query.sinceMs));
    if (query.untilMs !== undefined) args.push("--until", isoOf(query.untilMs));
    if (query.tail !== undefined) args.push("--tail", String(query.tail));
    const run = { ...options, silenceMs: longSilenceMs };
    const { stdout } = await this.#checked(t("read the logs"), args, run);
    const lines = Buffer.from(stdout).toString("utf8").split("\n");
    if (lines.at(-1) === "") lines.pop();
    return lines.map(parseLogLine);
  }

  async *followLogs(appId: string, options: ControlOptions = {}): AsyncGenerator<LogChunk> {
    this.#parts.credentials.assertUnchanged();
    if (isAtLeast(await this.version(), "1.4.0") === false) throw tooOld(t("follow the logs"));
    yield* printedLogs(this.#process, appId, this.#env(), options.signal);
  }

  async rates(options: ControlOptions = {}): Promise<WorkspaceRates> {
    return parseRates(await this.#json(t("read the rates"), ["billing", "rates"], options));
  }

  async billingReport(
    query: BillingQuery,
    options: ControlOptions = {},
  ): Promise<readonly BillingRow[]> {
    const run = { ...options, silenceMs: reportSilenceMs };
    const ask = (args: readonly string[]) =>
      this.#json(t("read the billing report"), ["billing", "report", ...args], run);
    return reportOf(query, ask, options.signal);
  }

  async billingSummary(options: ControlOptions = {}): Promise<BillingSummary> {
    const what = t("read the billing summary");
    return parseBillingSummary(await this.#json(what, ["billing", "summary"], options));
  }

  async functionScaling(
    functionId: string,
    options: ControlOptions = {},
  ): Promise<FunctionScaling> {
    const args = ["function", "autoscaler", "settings", functionId];
    return parseAutoscaler(await this.#json(t("read an autoscaler"), args, options));
  }

  async scale(
    target: ScaleTarget,
    settings: ScaleSettings,
    options: ControlOptions = {},
  ): Promise<void> {
    const { environment } = (await this.whoami(options)).scope;
    const args = scaleArgs(target, settings, environment);
    await this.#checked(t("change the autoscaler"), args, options);
  }

  async listFunctions(appId: string, options: ControlOptions = {}): Promise<readonly string[]> {
    return (await this.appFunctions(appId, options)).map(({ name }) => name);
  }

  /**
   * Both generations of `stop`: since 1.4.2 it asks, and refuses without a terminal unless told
   * `--yes`; before, it knows no `--yes`. The version tells which; the answer corrects it.
   */
  async #stop(what: string, args: readonly string[], options: ControlOptions): Promise<StopAnswer> {
    this.#knowsYes ??= isAtLeast(await this.#versionOrNull(), "1.4.2") ?? true;
    for (let attempt = 0; ; attempt += 1) {
      const yes = this.#knowsYes;
      const result = await this.#run(what, yes ? [...args, "--yes"] : args, options);
      if (result.exitCode === 0) return "stopped";
      const end = printedText(result);
      if (attempt === 0 && yes && /No such option:? '?(-y|--yes)\b/.test(end.stderr)) {
        this.#knowsYes = false;
      } else if (attempt === 0 && !yes && end.stderr.includes("Rerun with --yes")) {
        this.#knowsYes = true;
      } else {
        const failure = cliFailure(what, end);
        if (failure.reason === "already-stopped") return "already-stopped";
        throw failure;
      }
    }
  }

  async #askIdentity(): Promise<Identity> {
    const [{ stdout }, environment] = await Promise.all([
      this.#checked(t("identify the workspace"), ["token", "info"], {}),
      this.#environment(),
    ]);
    const { workspace, username } = parseTokenInfo(Buffer.from(stdout).toString("utf8"));
    return { scope: { workspace, environment }, username };
  }

  /** The environment that every question names, so that a changed default cannot move it. */
  async #environment(): Promise<string> {
    const chosen = this.#chosenEnvironment();
    if (chosen !== null) return chosen;
    return defaultEnvironment(await this.listEnvironments());
  }

  /** What settings, variables or profile choose; null also where only the CLI can read the profile. */
  #chosenEnvironment(): string | null {
    try {
      return this.#parts.credentials.current().environment;
    } catch (error) {
      if (error instanceof Failure && error.reason === "unsupported") {
        return this.#parts.choice.environment;
      }
      throw error;
    }
  }

  async #askVersion(): Promise<string | null> {
    const result = await this.#run(t("report its version"), ["--version"], {});
    if (result.exitCode !== 0) throw cliFailure(t("report its version"), printedText(result));
    const version = parseCliVersion(printedText(result).stdout);
    this.#parts.log.info(`modal ${version ?? "(unknown version)"} at ${this.#parts.cli.command}`);
    return version;
  }

  async #versionOrNull(): Promise<string | null> {
    const version = this.#parts.cli.version;
    return version ?? (await this.version());
  }

  /** A question about the environment's own apps or containers. */
  async #scoped(what: string, args: readonly string[], options: ListOptions): Promise<unknown> {
    const environment = options.environment ?? (await this.whoami(options)).scope.environment;
    return this.#json(what, [...args, "--env", environment], options);
  }

  async #json(what: string, args: readonly string[], options: Run): Promise<unknown> {
    const { stdout } = await this.#checked(what, [...args, "--json"], options);
    return parseCliJson(what, stdout);
  }

  async #checked(what: string, args: readonly string[], options: Run): Promise<CliResult> {
    const result = await this.#run(what, args, options);
    if (result.exitCode !== 0) throw cliFailure(what, printedText(result));
    return result;
  }

  /** Runs under the pinned credentials; an answer that was given while they changed is dropped. */
  async #run(what: string, args: readonly string[], options: Run): Promise<CliResult> {
    return this.#limit.run(async () => {
      if (isAborted(options.signal)) throw cancelled(what);
      this.#parts.credentials.assertUnchanged();
      this.#parts.log.debug(`modal ${args.join(" ")}`);
      const result = await runCli(this.#process, args, {
        what,
        silenceMs: Math.max(options.silenceMs ?? 0, this.#parts.silenceMs ?? silenceMs),
        env: { ...this.#env(), ...options.env },
        signal: options.signal,
      });
      this.#parts.credentials.assertUnchanged();
      return result;
    });
  }

  #env(): ProcessEnv {
    const { profile } = this.#parts.choice;
    // With MODAL_TRACEBACK the CLI names the class of an error, which no message can forge.
    return { MODAL_TRACEBACK: "1", ...(profile === null ? {} : { MODAL_PROFILE: profile }) };
  }
}
