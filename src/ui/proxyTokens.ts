import type * as vscode from "vscode";
import * as z from "zod/mini";

const tokenPair = z.object({ key: z.string(), secret: z.string() });

/** Modal's proxy-auth pair (`Modal-Key`, `Modal-Secret`), as saved for one origin. */
export type ProxyTokenPair = z.infer<typeof tokenPair>;

/**
 * Proxy-auth tokens, one pair per origin, in the editor's secret storage and nowhere else. A token
 * is looked up by the exact origin that it was saved for, so a redirect cannot carry it away.
 */
export class ProxyTokens {
  readonly #secrets: vscode.SecretStorage;

  constructor(secrets: vscode.SecretStorage) {
    this.#secrets = secrets;
  }

  /** The pair saved for exactly this origin ("https://host[:port]"). */
  async get(origin: string): Promise<ProxyTokenPair | undefined> {
    const text = await this.#secrets.get(slot(origin));
    if (text === undefined) return undefined;
    const parsed = z.safeParse(tokenPair, parseJson(text));
    return parsed.success ? parsed.data : undefined;
  }

  async save(origin: string, pair: ProxyTokenPair): Promise<void> {
    await this.#secrets.store(slot(origin), JSON.stringify(pair));
  }

  async forget(origin: string): Promise<void> {
    await this.#secrets.delete(slot(origin));
  }
}

function slot(origin: string): string {
  return `proxyToken:${origin}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
