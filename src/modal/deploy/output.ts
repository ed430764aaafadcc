import type { DeployedUrl, Deployment } from "../../session/deployer.ts";

// The wording of every client generation: "Created web function flux => URL", "Created web endpoint
// for Model.infer => URL" (before 1.0), "Created Web Function URL for Model.infer => URL",
// "Custom domain for flux => URL", "Created flash service endpoint for flux => URL".
const urlLine =
  /(?:web function|web (?:function url|endpoint) for|custom domain for|flash service endpoint for)\s+(\S+)\s+=>\s+(https?:\/\/\S+)/i;
// Since 1.6 a function has a line of its own, and its URLs are details below it: "✓ Created Function
// web", "└── URL 🔑", "└── Custom domain: URL", "└── Model.infer -> URL (unauthenticated)".
const createdLine = /Created (?:\w+ )+(\S+?)\.?$/;
const detailLine =
  /^[\s│├└─]*(?:(?<domain>Custom domain: )|(?<method>\S*)\s*-> )?(?<url>https?:\/\/\S+)/;
/** Stands behind an address with `requires_proxy_auth`. */
const tokenSign = /🔑\s*$/u;
const dashboardLine = /View (?:Deployment|run at)[: ]+\s*(https?:\/\/\S+)/;
const skippedLine = /Deployment skipped: no changes/;
/** "https://modal.com/apps/acme/main/deployed/demo": names have no character that a URL escapes. */
const appNameInUrl = /\/deployed\/([^/?#]+)/;
const appIdInUrl = /\/(ap-\w+)(?:[/?#]|$)/;
/** The last lines that `modal serve` prints before it waits. */
const servingLine = /Serving\.\.\.|Watching |Live-reload skipped|hit Ctrl-C to stop/;

/** What the lines of `modal deploy` and `modal serve` tell, as they arrive. */
export class DeployOutput {
  readonly #urls: DeployedUrl[] = [];
  #appName: string | null = null;
  #skipped = false;
  #appId: string | null = null;
  #serving = false;
  /** The function whose details come next. */
  #created: string | null = null;

  /** One line, without colours. */
  add(line: string): void {
    const url = urlLine.exec(line);
    if (url?.[1] !== undefined && url[2] !== undefined) {
      this.#addUrl(url[1], url[2], line);
    } else this.#addDetail(line);
    const dashboard = dashboardLine.exec(line)?.[1];
    if (dashboard !== undefined) {
      this.#appName = appNameInUrl.exec(dashboard)?.[1] ?? null;
      this.#appId ??= appIdInUrl.exec(dashboard)?.[1] ?? null;
    }
    if (skippedLine.test(line)) this.#skipped = true;
    if (servingLine.test(line)) this.#serving = true;
  }

  #addDetail(line: string): void {
    const created = createdLine.exec(line)?.[1];
    if (created !== undefined) this.#created = created;
    const detail = detailLine.exec(line)?.groups;
    const { url, method = "" } = detail ?? {};
    if (url === undefined || this.#created === null) return;
    // A method's second URL has an arrow, and the name only on the line above it.
    if (method !== "") this.#created = method;
    this.#addUrl(this.#created, url, line);
  }

  #addUrl(functionName: string, url: string, line: string): void {
    this.#urls.push({ functionName, url, ...(tokenSign.test(line) ? { needsToken: true } : {}) });
  }

  get deployment(): Deployment {
    return { urls: [...this.#urls], appName: this.#appName, skipped: this.#skipped };
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
