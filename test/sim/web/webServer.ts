import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Faults, WebFault } from "../admin/faults.ts";
import type { Journal, JournalEntry } from "../admin/journal.ts";
import type { Driver } from "../driver.ts";
import type { Fn, Input, WebSpec } from "../model/entities.ts";
import type { Workspace } from "../workspace.ts";
import { costHeaders, costLine, costOf } from "./costHeaders.ts";
import { asgiWork, failed, functionWork, type Answer, type Work } from "./routes.ts";
import { sendAnswer, sendText } from "./send.ts";

/** After this much virtual time the caller is handed over to a URL of the call. */
const HANDOVER_MS = 150_000;
const CALL_PARAMETER = "__modal_function_call_id";
const ASGI = 1;

export interface WebParts {
  readonly driver: Driver;
  readonly journal: Journal;
  readonly faults: Faults;
  readonly workspaces: () => Iterable<Workspace>;
  /** Requests per real second that a workspace may send; Modal's own limit is 200. */
  readonly rateLimit: () => number;
  /** Whether an answer names its call. */
  readonly tellsCallId: () => boolean;
  /** Whether a caller that goes away takes its call with it. */
  readonly cancelOnDisconnect: () => boolean;
}

/** A call on its way: asked for once, answered to whoever waits for it. */
interface WebCall {
  readonly input: Input;
  readonly work: Work;
  readonly faults: readonly WebFault[];
  readonly workspace: Workspace;
  answer: Answer | null;
}

interface Target {
  readonly workspace: Workspace;
  readonly fn: Fn;
  readonly web: WebSpec;
  readonly label: string;
  readonly path: string;
}

/** The front of all web functions: `http://127.0.0.1:PORT/<label>/...`. */
export class WebServer {
  readonly #parts: WebParts;
  readonly #server: Server;
  readonly #calls = new Map<string, WebCall>();
  readonly #recent = new Map<string, number[]>();
  #port = 0;

  constructor(parts: WebParts) {
    this.#parts = parts;
    this.#server = createServer((request, response) => void this.#serve(request, response));
    // A call may stay silent for as long as it likes.
    this.#server.requestTimeout = 0;
    this.#server.headersTimeout = 0;
    this.#server.timeout = 0;
  }

  get base(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  listen(port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, "127.0.0.1", () => {
        const address = this.#server.address();
        if (address === null || typeof address === "string")
          return reject(new TypeError("No port."));
        this.#port = address.port;
        resolve(address.port);
      });
    });
  }

  dropConnections(): void {
    this.#server.closeAllConnections();
  }

  async close(): Promise<void> {
    this.dropConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.on("error", () => undefined);
    response.on("error", () => undefined);
    const body = await collect(request);
    this.#parts.driver.sync();
    this.#date(response);
    const url = new URL(request.url ?? "/", this.base);
    const [label = "", ...rest] = url.pathname.slice(1).split("/");
    const path = `/${rest.join("/")}`;
    const target = this.#find(label, path);
    const entry = this.#note(request, body, path, target);
    response.on("close", () => {
      if (entry.outcome === "pending")
        entry.outcome = response.writableFinished ? String(response.statusCode) : "aborted";
    });
    response.on("finish", () => {
      entry.outcome = String(response.statusCode);
    });
    const callId = url.searchParams.get(CALL_PARAMETER);
    const method = request.method ?? "GET";
    if (callId !== null && method !== "GET")
      return sendText(response, 400, "modal-http: bad redirect method");
    const refusal = this.#refusal(target, request);
    if (refusal !== null || target === null)
      return sendText(
        response,
        refusal?.status ?? 404,
        refusal?.text ?? "",
        refusal?.headers ?? {},
      );
    const faults = this.#parts.faults.takeWeb(method, path, target.fn.appId);
    if (!(await passes(faults, response))) return;
    if (callId !== null) {
      const call = this.#calls.get(callId);
      if (call === undefined)
        return sendText(response, 408, "Missing request, possibly due to expiry or cancellation");
      this.#wait(call, url, response);
      return;
    }
    this.#begin(
      target,
      { method, path, body, baseUrl: `${this.base}/${label}` },
      faults,
      url,
      response,
    );
  }

  #begin(
    target: Target,
    request: {
      readonly method: string;
      readonly path: string;
      readonly body: Buffer;
      readonly baseUrl: string;
    },
    faults: readonly WebFault[],
    url: URL,
    response: ServerResponse,
  ): void {
    const { fn, web, workspace } = target;
    const plain =
      web.kind === ASGI || web.kind > 2
        ? asgiWork(request, servesText(workspace, fn) ? "text" : "pictures")
        : functionWork(request, web.method === "" ? fn.spec.name : web.method, web.httpMethod);
    const work = spoil(plain, faults, request.path);
    const input = workspace.cloud.request({
      appId: fn.appId,
      functionName: fn.spec.name,
      durationMs: work.durationMs,
    });
    const call: WebCall = { input, work, faults, workspace, answer: null };
    this.#calls.set(input.callId, call);
    response.on("close", () => {
      if (response.writableFinished || !this.#parts.cancelOnDisconnect()) return;
      workspace.cloud.fleet.settle(input, "terminated");
      this.#parts.driver.sync();
    });
    this.#wait(call, url, response);
    this.#parts.driver.sync();
  }

  /** Answers when the call is done, or hands over when that takes too long. */
  #wait(call: WebCall, url: URL, response: ServerResponse): void {
    const { cloud } = call.workspace;
    let answered = false;
    const finish = (): void => {
      if (answered || response.destroyed) return;
      answered = true;
      this.#deliver(call, response);
    };
    if (isSettled(call.input)) {
      finish();
      return;
    }
    cloud.whenSettled(call.input, finish);
    cloud.schedule(cloud.nowMs + HANDOVER_MS, () => {
      if (answered || response.destroyed || isSettled(call.input)) return;
      answered = true;
      this.#date(response, call);
      const location = new URL(url);
      location.searchParams.set(CALL_PARAMETER, call.input.callId);
      sendText(response, 303, "", { location: location.href });
    });
    this.#parts.driver.sync();
  }

  #deliver(call: WebCall, response: ServerResponse): void {
    const { input, work, workspace } = call;
    this.#date(response, call);
    const lost = call.faults.find((fault) => fault.kind === "platform");
    if (input.state === "timeout" || lost?.what === "timeout")
      return sendText(response, 500, "modal-http: internal error: function execution timed out");
    if (input.state !== "success" || lost?.what === "signal")
      return sendText(
        response,
        500,
        "modal-http: internal error: function was terminated by signal",
      );
    if (lost?.what === "lost")
      return sendText(response, 500, "modal-http: internal error: Server has lost track of input");
    const isFirst = call.answer === null;
    const answer = (call.answer ??= work.answer());
    const good = work.isGeneration && answer.status === 200;
    const cost = costOf(input, workspace.cloud.rates);
    if (good && isFirst) workspace.cloud.log(input.fn.appId, { text: costLine(cost), input });
    const variant = call.faults.find((fault) => fault.kind === "cost-headers")?.variant ?? null;
    const body = call.faults.find((fault) => fault.kind === "body") ?? null;
    sendAnswer(response, answer, good ? costHeaders(cost, variant) : {}, body);
  }

  /** The service's own clock dates its answers, when they are given. */
  #date(response: ServerResponse, call?: WebCall): void {
    response.setHeader("date", new Date(this.#parts.driver.clock.nowMs()).toUTCString());
    if (call === undefined || !this.#parts.tellsCallId()) return;
    response.setHeader("Modal-Function-Call-Id", call.input.callId);
  }

  #find(label: string, path: string): Target | null {
    for (const workspace of this.#parts.workspaces()) {
      const holder = workspace.labels.get(label);
      const fn =
        holder === undefined ? undefined : workspace.cloud.functions.get(holder.functionId);
      const web = fn?.spec.web.find((one) => one.label === label);
      if (fn !== undefined && web !== undefined) return { workspace, fn, web, label, path };
    }
    return null;
  }

  /** Why a request does not reach the app; such a request costs nothing. */
  #refusal(
    target: Target | null,
    request: IncomingMessage,
  ): {
    readonly status: number;
    readonly text: string;
    readonly headers?: Record<string, string>;
  } | null {
    if (target === null) return { status: 404, text: "modal-http: invalid function call" };
    const { workspace, fn, web } = target;
    const app = workspace.cloud.app(fn.appId);
    const environment = workspace.environment(app.environment);
    if (workspace.disabled || (environment !== null && workspace.overBudget(environment)))
      return { status: 404, text: `modal-http: workspace ${workspace.id} is disabled` };
    if (app.state === "stopped")
      return { status: 404, text: "modal-http: app for invoked web endpoint is stopped" };
    if (!app.functions.has(fn.id))
      return { status: 404, text: "modal-http: invalid function call" };
    if (web.requiresProxyAuth && !hasProxyToken(workspace, request))
      return { status: 401, text: "modal-http: missing credentials for proxy authorization" };
    if (this.#isTooFast(workspace))
      return { status: 429, text: "rate limited", headers: { "retry-after": "1" } };
    return null;
  }

  #isTooFast(workspace: Workspace): boolean {
    const now = performance.now();
    const recent = (this.#recent.get(workspace.id) ?? []).filter((at) => now - at < 1000);
    recent.push(now);
    this.#recent.set(workspace.id, recent);
    return recent.length > this.#parts.rateLimit();
  }

  #note(request: IncomingMessage, body: Buffer, path: string, target: Target | null): JournalEntry {
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(request.headers))
      if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(", ") : value;
    return this.#parts.journal.add({
      kind: "web",
      name: request.method ?? "",
      appId: target?.fn.appId ?? "",
      path,
      virtualMs: this.#parts.driver.clock.nowMs(),
      workspace: target?.workspace.name ?? "",
      tokenId: "",
      client: headers["user-agent"] ?? "",
      request: { url: request.url ?? "", body: parsedBody(body) },
      headers,
    });
  }
}

/** Faults that strike before the app is reached. False when one of them has dealt with the request. */
async function passes(faults: readonly WebFault[], response: ServerResponse): Promise<boolean> {
  for (const fault of faults) {
    if (fault.kind === "delay")
      await new Promise<void>((resolve) => {
        setTimeout(resolve, fault.ms);
      });
    if (fault.kind === "hang") return false;
    if (fault.kind === "close") {
      response.socket?.destroy();
      return false;
    }
    if (fault.kind === "answer") {
      response.writeHead(fault.status, { "content-type": "text/plain", ...fault.headers });
      response.end(fault.body ?? "");
      return false;
    }
  }
  return !response.destroyed;
}

/** Faults inside the app. */
function spoil(work: Work, faults: readonly WebFault[], path: string): Work {
  let spoiled = work;
  for (const fault of faults) {
    if (fault.kind === "error") spoiled = failed(path, fault.message, fault.type ?? "RuntimeError");
    if (fault.kind === "duration") spoiled = { ...spoiled, durationMs: fault.ms };
  }
  return spoiled;
}

function servesText(workspace: Workspace, fn: Fn): boolean {
  return /inference|llm|chat/i.test(`${workspace.cloud.app(fn.appId).description} ${fn.spec.name}`);
}

function isSettled(input: Input): boolean {
  return input.state !== "queued" && input.state !== "running";
}

function hasProxyToken(workspace: Workspace, request: IncomingMessage): boolean {
  const {
    authorization = "",
    "modal-key": key = "",
    "modal-secret": secret = "",
  } = request.headers;
  if (typeof key === "string" && key !== "") return workspace.proxyTokens.get(key) === secret;
  const [bearerKey = "", bearerSecret] = authorization.replace(/^Bearer /, "").split(".");
  return bearerKey !== "" && workspace.proxyTokens.get(bearerKey) === bearerSecret;
}

function parsedBody(body: Buffer): unknown {
  if (body.length === 0) return null;
  try {
    const value: unknown = JSON.parse(body.toString("utf8"));
    return value;
  } catch {
    return body.subarray(0, 1000).toString("utf8");
  }
}

function collect(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => resolve(Buffer.concat(parts)));
    request.on("close", () => resolve(Buffer.concat(parts)));
  });
}
