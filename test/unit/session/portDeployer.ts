import { Failure } from "../../../src/base/failure.ts";
import type {
  Deployer,
  DeployOptions,
  Deployment,
  DeployTarget,
  ServeHandle,
} from "../../../src/session/deployer.ts";
import { deployedBy, type PortApp, type PortModal } from "./portModal.ts";

/** The deployer's port in memory: a deploy takes time, and lands in the `PortModal`. */
export class PortDeployer implements Deployer {
  readonly deploys: { readonly target: DeployTarget; readonly variables: unknown }[] = [];
  readonly ended: string[] = [];
  deployMs = 2000;
  /** Called when the deploy is about to land; a throw is its failure. */
  onDeploy: (target: DeployTarget) => void = () => undefined;
  /** A cancelled deploy lands all the same, so long after its process has ended. */
  landsAfterCancelMs: number | null = null;
  containers: readonly string[] = [];
  urls: Deployment["urls"] = [];
  /** What running the file names its app in each mode, where that differs from what it seems to. */
  nameInMode: Readonly<Record<string, string>> = {};
  readonly #modal: PortModal;

  constructor(modal: PortModal) {
    this.#modal = modal;
  }

  async deploy(target: DeployTarget, options: DeployOptions): Promise<Deployment> {
    this.deploys.push({ target, variables: options.variables });
    options.onLine("Deploying…");
    await this.#takeTime(target, options);
    this.onDeploy(target);
    const { name } = this.#land(target, options);
    return {
      urls: this.urls,
      appName: name,
      skipped: false,
    };
  }

  async serve(target: DeployTarget, options: DeployOptions): Promise<ServeHandle> {
    await this.#takeTime(target, options);
    const app = this.#modal.add(this.#nameOf(target, options), { state: "ephemeral" });
    return {
      appId: app.appId,
      urls: this.urls,
      ended: Promise.resolve(),
      end: async () => {
        this.ended.push(app.appId);
      },
    };
  }

  async #takeTime(target: DeployTarget, options: DeployOptions): Promise<void> {
    const cancelled = Promise.withResolvers<"cancelled">();
    options.signal?.addEventListener("abort", () => cancelled.resolve("cancelled"), { once: true });
    const first = await Promise.race([this.#modal.later(this.deployMs), cancelled.promise]);
    if (first !== "cancelled") return;
    if (this.landsAfterCancelMs !== null)
      void this.#modal.later(this.landsAfterCancelMs).then(() => this.#land(target, options));
    throw new Failure("cancelled", "The deploy was cancelled.");
  }

  #land(target: DeployTarget, options: DeployOptions): PortApp {
    const name = this.#nameOf(target, options);
    const known = this.#modal.live.find((app) => app.name === name && app.state === "deployed");
    const app = known ?? this.#modal.add(name, { containers: [...this.containers] });
    app.history.push(deployedBy("you", app.history.length + 1));
    // The file follows the mode, and a deploy ends what was put in force since the last one.
    app.deployedWindow = Number(options.variables["SCALEDOWN_WINDOW"] ?? 60);
    app.putWindows = {};
    return app;
  }

  #nameOf({ name, nameInFile }: DeployTarget, { variables }: DeployOptions): string {
    return name ?? this.nameInMode[variables["MODAL_MODE"] ?? ""] ?? nameInFile ?? "named-in-file";
  }
}
