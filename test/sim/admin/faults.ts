import type { GrpcCode } from "../control/status.ts";

/** What goes wrong with an RPC. */
export type RpcFault =
  | { readonly kind: "status"; readonly code: GrpcCode; readonly message: string }
  /** Answers as it should, later (real milliseconds). */
  | { readonly kind: "delay"; readonly ms: number }
  /** A stream sends its messages one by one, each so long after the one before (real milliseconds). */
  | { readonly kind: "drip"; readonly ms: number }
  /** Never answers. */
  | { readonly kind: "hang" }
  /** Drops the connection. */
  | { readonly kind: "close" }
  /** Does what was asked, then drops the connection before the answer. */
  | { readonly kind: "close-after" }
  /** Does nothing and says that it did: an empty answer. */
  | { readonly kind: "ignore" }
  /** A message that does not parse. */
  | { readonly kind: "garbage" }
  /** A proxy's error page instead of gRPC. */
  | { readonly kind: "html"; readonly status: number }
  /** Something happens at this very moment: a teammate redeploys, a container dies. */
  | { readonly kind: "run"; readonly when: "before" | "after"; readonly run: () => void };

/** What goes wrong with a web request, or with its answer. */
export type WebFault =
  | { readonly kind: "delay"; readonly ms: number }
  | { readonly kind: "hang" }
  | { readonly kind: "close" }
  /** A fixed answer in place of the app's; the app is not reached. */
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
    }
  /** The app's handler takes this long (virtual milliseconds). */
  | { readonly kind: "duration"; readonly ms: number }
  /** The app fails: 500 with its JSON error. */
  | { readonly kind: "error"; readonly message: string; readonly type?: string }
  /** The function times out, is killed, or its input is lost: Modal's own 500s. */
  | { readonly kind: "platform"; readonly what: "timeout" | "signal" | "lost" }
  | { readonly kind: "cost-headers"; readonly variant: CostHeaderVariant }
  | { readonly kind: "body"; readonly variant: BodyVariant; readonly megabytes?: number };

export const costHeaderVariants = [
  "none",
  "malformed",
  "negative",
  "absurd",
  "wrong-rate",
  "wrong-gpu",
  "long-time",
  "upper-case",
  "duplicate",
  "garbage",
] as const;

export type CostHeaderVariant = (typeof costHeaderVariants)[number];

export type BodyVariant =
  | "too-short"
  | "too-long"
  | "truncated"
  | "html"
  | "gzip-bomb"
  | "huge"
  | "empty"
  | "chunked"
  | "base64-json"
  | "wrong-type"
  | "path-name";

interface Scope {
  /** How many matching requests it hits; every one when left out. */
  readonly times?: number;
  /** How many matching requests go through before it starts to hit. */
  readonly skip?: number;
  /** Only requests that concern this app. */
  readonly appId?: string;
}

export type RpcFaultRule = Scope & { readonly rpc: string; readonly fault: RpcFault };
export type WebFaultRule = Scope & {
  /** "/flux"; every route when left out. */
  readonly path?: string;
  readonly method?: string;
  readonly fault: WebFault;
};

interface Active<Rule> {
  readonly id: number;
  readonly rule: Rule;
  seen: number;
  hits: number;
}

/** The faults in force. Rules are tried in the order in which they were added. */
export class Faults {
  readonly #rpc: Active<RpcFaultRule>[] = [];
  readonly #web: Active<WebFaultRule>[] = [];
  #id = 0;

  /** Adds a rule; returns its number, for `remove`. */
  addRpc(rule: RpcFaultRule): number {
    this.#id += 1;
    this.#rpc.push({ id: this.#id, rule, seen: 0, hits: 0 });
    return this.#id;
  }

  addWeb(rule: WebFaultRule): number {
    this.#id += 1;
    this.#web.push({ id: this.#id, rule, seen: 0, hits: 0 });
    return this.#id;
  }

  remove(id: number): void {
    for (const list of [this.#rpc, this.#web]) {
      const index = list.findIndex((one) => one.id === id);
      if (index >= 0) list.splice(index, 1);
    }
  }

  clear(): void {
    this.#rpc.length = 0;
    this.#web.length = 0;
  }

  /** The faults that hit this RPC: a delay may come together with one other. */
  takeRpc(rpc: string, appId: string): RpcFault[] {
    return take(
      this.#rpc.filter(
        ({ rule }) =>
          (rule.rpc === rpc || rule.rpc === "*") &&
          (rule.appId === undefined || rule.appId === appId),
      ),
    ).map((rule) => rule.fault);
  }

  takeWeb(method: string, path: string, appId: string): WebFault[] {
    return take(
      this.#web.filter(
        ({ rule }) =>
          (rule.path === undefined || rule.path === path) &&
          (rule.method === undefined || rule.method === method) &&
          (rule.appId === undefined || rule.appId === appId),
      ),
    ).map((rule) => rule.fault);
  }
}

function take<Rule extends Scope>(matching: readonly Active<Rule>[]): Rule[] {
  const hit: Rule[] = [];
  for (const one of matching) {
    one.seen += 1;
    if (one.seen <= (one.rule.skip ?? 0)) continue;
    if (one.rule.times !== undefined && one.hits >= one.rule.times) continue;
    one.hits += 1;
    hit.push(one.rule);
  }
  return hit;
}
