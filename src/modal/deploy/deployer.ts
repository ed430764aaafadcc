import { t } from "../../base/text.ts";
import type { Clock } from "../../base/clock.ts";
import { Failure, type FailureReason } from "../../base/failure.ts";
import type { Log } from "../../base/log.ts";
import type {
  Deployer,
  Deployment,
  DeployOptions,
  DeployTarget,
  ServeHandle,
} from "../../session/deployer.ts";
import { cancelled, isAborted } from "../../base/abort.ts";
import type { CliCommand } from "../cli/command.ts";
import { cliFailure } from "../cli/failure.ts";
import { cliError, placeInUserCode } from "../cli/text.ts";
import { streamCli, type CliStream, type CliStreamEnd } from "../cli/stream.ts";
import type { CredentialChoice, ProcessEnv } from "../credentials.ts";
import { DeployOutput } from "./output.ts";

export interface CliDeployerParts {
  readonly cli: CliCommand;
  readonly processEnv: ProcessEnv;
  readonly choice: CredentialChoice;
  /** The environment of the control plane that watches: where a target without one is deployed. */
  readonly environment: () => Promise<string>;
  /** The program that ends what this process leaves behind (dist/keeper.cjs). */
  readonly keeper: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** `modal serve` needs up to 10 s after SIGINT to fetch the last log lines and to tell Modal. */
const serveGraceMs = 16_000;
const deployGraceMs = 5000;

/** Reasons that concern the account or the machine, not the app file. */
const notTheFile: ReadonlySet<FailureReason> = new Set([
  "not-authenticated",
  "permission-denied",
  "offline",
  "spend-limit",
  "rate-limited",
  "bad-setting",
  "cli-missing",
]);

/** Deploys with the user's own `modal` command. The command runs the app file: only after a person asked. */
export class CliDeployer implements Deployer {
  readonly #parts: CliDeployerParts;

  constructor(parts: CliDeployerParts) {
    this.#parts = parts;
  }

  async deploy(target: DeployTarget, options: DeployOptions): Promise<Deployment> {
    const what = t("deploy {0}", target.file);
    const output = new DeployOutput();
    const args = await this.#args("deploy", target);
    if (isAborted(options.signal)) throw cancelled(what);
    const stream = this.#start(args, target, options, output);
    const onAbort = (): void => stream.interrupt(deployGraceMs);
    options.signal?.addEventListener("abort", onAbort, { once: true });
    try {
      const end = await stream.ended;
      // A deploy that was done before the interrupt reached it is a deploy.
      if (end.exitCode === 0) return output.deployment;
      if (isAborted(options.signal)) throw cancelled(what);
      throw deployFailure(what, end);
    } finally {
      options.signal?.removeEventListener("abort", onAbort);
    }
  }

  async serve(target: DeployTarget, options: DeployOptions): Promise<ServeHandle> {
    const what = t("serve {0}", target.file);
    const output = new DeployOutput();
    const args = await this.#args("serve", target);
    if (isAborted(options.signal)) throw cancelled(what);
    return new Promise((resolve, reject) => {
      const stream = this.#start(args, target, options, output, () => {
        if (output.appId === null || !output.isServing) return;
        resolve(handleOf(stream, output.appId, output.deployment));
      });
      const onAbort = (): void => stream.interrupt(serveGraceMs);
      options.signal?.addEventListener("abort", onAbort, { once: true });
      stream.ended.then(
        (end) => {
          options.signal?.removeEventListener("abort", onAbort);
          reject(isAborted(options.signal) ? cancelled(what) : deployFailure(what, end));
        },
        (error: unknown) => reject(error instanceof Error ? error : new Error(String(error))),
      );
    });
  }

  async #args(command: "deploy" | "serve", target: DeployTarget): Promise<readonly string[]> {
    const environment = target.environment ?? (await this.#parts.environment());
    const name = target.name === null || command === "serve" ? [] : ["--name", target.name];
    return [command, ...appRef(target), ...name, "--env", environment];
  }

  #start(
    args: readonly string[],
    target: DeployTarget,
    options: DeployOptions,
    output: DeployOutput,
    onProgress: () => void = () => {},
  ): CliStream {
    const { choice, keeper, log } = this.#parts;
    log.info(`modal ${args.join(" ")} (in ${workingFolder(target)})`);
    const profile = choice.profile === null ? {} : { MODAL_PROFILE: choice.profile };
    return streamCli(this.#parts, args, {
      keeper,
      cwd: workingFolder(target),
      env: { ...profile, ...options.variables },
      onLine: (line) => {
        output.add(line);
        options.onLine(line);
        onProgress();
      },
    });
  }
}

/** How the CLI is told which app: a file or, with -m, a module; "::" names a variable other than `app`. */
function appRef({ file, module, variable }: DeployTarget): readonly string[] {
  const of = variable === null ? "" : `::${variable}`;
  return module === null ? [`${file}${of}`] : ["-m", `${module.name}${of}`];
}

function workingFolder({ folder, module }: DeployTarget): string {
  return module?.folder ?? folder;
}

function handleOf(stream: CliStream, appId: string, { urls }: Deployment): ServeHandle {
  const ended = stream.ended.then(
    () => {},
    () => {},
  );
  return {
    appId,
    urls,
    ended,
    async end() {
      stream.interrupt(serveGraceMs);
      await ended;
    },
  };
}

function deployFailure(what: string, end: CliStreamEnd): Failure {
  const failure = cliFailure(what, { ...end, stdout: "" });
  if (notTheFile.has(failure.reason)) return failure;
  const { className } = cliError(end.stderr);
  const place = placeInUserCode(end.stderr);
  const message = [
    className === null ? "" : `${className}: `,
    failure.message.replace(/^Modal could not [^:]*: /, ""),
    place === null ? "" : ` (${place})`,
  ].join("");
  const evidence = failure.evidence === undefined ? {} : { evidence: failure.evidence };
  return new Failure("deploy-failed", t("The deploy failed: {0}", message), evidence);
}
