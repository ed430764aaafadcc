import type { DeployedUrl, Deployment } from "../session/deployer.ts";

// The wording of every client generation: "Created web function flux => URL", "Created web endpoint
// for Model.infer => URL" (before 1.0), "Created Web Function URL for Model.infer => URL",
// "Custom domain for flux => URL", "Created flash service endpoint for flux => URL".
const urlLine =
  /(?:web function|web (?:function url|endpoint) for|custom domain for|flash service endpoint for)\s+(\S+)\s+=>\s+(https?:\/\/\S+)(.*)$/i;
const dashboardLine = /View (?:Deployment|run at)[: ]+\s*(https?:\/\/\S+)/;
const skippedLine = /Deployment skipped: no changes/;
const appIdInUrl = /\/(ap-\w+)(?:[/?#]|$)/;
/** The last lines that `modal serve` prints before it waits. */
const servingLine = /Serving\.\.\.|Watching |Live-reload skipped|hit Ctrl-C to stop/;

/** What the lines of `modal deploy` and `modal serve` tell, as they arrive. */
export class DeployOutput {
  readonly #urls: DeployedUrl[] = [];
  #dashboardUrl: string | null = null;
  #skipped = false;
  #appId: string | null = null;
  #serving = false;

  /** One line, without colours. */
  add(line: string): void {
    const url = urlLine.exec(line);
    if (url?.[1] !== undefined && url[2] !== undefined) {
      const requiresProxyAuth = url[3]?.includes("🔑") === true;
      this.#urls.push({ functionName: url[1], url: url[2], requiresProxyAuth });
    }
    const dashboard = dashboardLine.exec(line)?.[1];
    if (dashboard !== undefined) {
      this.#dashboardUrl = dashboard;
      this.#appId ??= appIdInUrl.exec(dashboard)?.[1] ?? null;
    }
    if (skippedLine.test(line)) this.#skipped = true;
    if (servingLine.test(line)) this.#serving = true;
  }

  get deployment(): Deployment {
    return { urls: [...this.#urls], dashboardUrl: this.#dashboardUrl, skipped: this.#skipped };
  }

  /** The ephemeral app's id, from "View run at …/ap-…". */
  get appId(): string | null {
    return this.#appId;
  }

  /** True once `modal serve` has created everything and waits. */
  get isServing(): boolean {
    return this.#serving;
  }
}
