import type { Journal } from "../admin/journal.ts";
import type { Faults } from "../admin/faults.ts";
import type { Driver } from "../driver.ts";
import type { Workspace } from "../workspace.ts";
import { accountRpcs } from "./accountRpcs.ts";
import { appRpcs } from "./appRpcs.ts";
import { callRpcs } from "./callRpcs.ts";
import { billingRpcs, billingStreams } from "./billingRpcs.ts";
import { containerRpcs } from "./containerRpcs.ts";
import { deployRpcs } from "./deployRpcs.ts";
import { functionRpcs } from "./functionRpcs.ts";
import type { Call, Message, Service } from "./grpcServer.ts";
import { logRpcs, logStreams } from "./logRpcs.ts";
import { sandboxRpcs } from "./sandboxRpcs.ts";
import { statsRpcs } from "./statsRpcs.ts";
import type { Context } from "./rpc.ts";
import { RpcError } from "./status.ts";
import type { EphemeralApps } from "./ephemeralApps.ts";

const unaryRpcs = {
  ...accountRpcs,
  ...appRpcs,
  ...billingRpcs,
  ...callRpcs,
  ...containerRpcs,
  ...deployRpcs,
  ...functionRpcs,
  ...logRpcs,
  ...sandboxRpcs,
  ...statsRpcs,
};
const streamRpcs = { ...billingStreams, ...logStreams };

/** How often a report may be asked for, where the world limits that. */
const ASKED_AT_MOST = 2;
const ASKED_WITHIN_MS = 10_000;

export interface ControlPlaneParts {
  readonly driver: Driver;
  readonly journal: Journal;
  readonly faults: Faults;
  readonly ephemeral: EphemeralApps;
  readonly webBase: () => string;
  readonly skipUnchangedDeploys: () => boolean;
  /** The workspace of a token; null when the token is not valid. */
  readonly workspaceOf: (tokenId: string, tokenSecret: string) => Workspace | null;
}

/** Answers RPCs from the model. */
export class ControlPlane implements Service {
  readonly #parts: ControlPlaneParts;
  readonly #asked = new Map<string, number[]>();

  constructor(parts: ControlPlaneParts) {
    this.#parts = parts;
  }

  nowMs(): number {
    return this.#parts.driver.clock.nowMs();
  }

  arrived(call: Call): ReturnType<Service["arrived"]> {
    const { driver, faults, journal } = this.#parts;
    driver.sync();
    const appId = this.#appIdOf(call);
    const entry = journal.add({
      kind: "rpc",
      name: call.rpc,
      appId,
      path: "",
      virtualMs: driver.clock.nowMs(),
      workspace: this.#workspace(call)?.name ?? "",
      tokenId: call.headers["x-modal-token-id"] ?? "",
      client: `${clientType(call)} ${call.headers["x-modal-client-version"] ?? ""}`.trim(),
      request: call.request,
      headers: {},
    });
    return {
      faults: faults.takeRpc(call.rpc, appId),
      ended: (outcome) => {
        entry.outcome = outcome;
        driver.sync();
      },
    };
  }

  async answer(call: Call): Promise<Message> {
    const rpc = unaryRpcs[call.rpc];
    if (rpc === undefined)
      throw new RpcError("UNIMPLEMENTED", `Method not implemented: ${call.rpc}`);
    const context = this.#context(call);
    this.#parts.driver.sync();
    const message = await rpc(call.request, context);
    this.#parts.driver.sync();
    return message;
  }

  async stream(call: Call, send: (message: Message) => void): Promise<void> {
    const rpc = streamRpcs[call.rpc];
    if (rpc === undefined)
      throw new RpcError("UNIMPLEMENTED", `Method not implemented: ${call.rpc}`);
    this.#parts.driver.sync();
    await rpc(call.request, this.#context(call), send);
  }

  #context(call: Call): Context {
    const workspace = this.#workspace(call);
    if (workspace === null) throw new RpcError("UNAUTHENTICATED", "Token validation failed");
    return {
      workspace,
      tokenId: call.headers["x-modal-token-id"] ?? "",
      user: workspace.userOf(call.headers["x-modal-token-id"] ?? ""),
      clientVersion: call.headers["x-modal-client-version"] ?? "",
      webBase: this.#parts.webBase(),
      dashboard: "https://modal.com",
      signal: call.signal,
      asksTooOften: (kind) => this.#asksTooOften(`${workspace.id} ${kind}`),
      noteHeartbeat: (appId) => this.#parts.ephemeral.heartbeat(workspace.cloud, appId),
      noteDisconnect: (appId, reason) =>
        this.#parts.ephemeral.disconnect(workspace.cloud, appId, reason),
      skipUnchangedDeploys: this.#parts.skipUnchangedDeploys(),
    };
  }

  #asksTooOften(kind: string): boolean {
    const now = performance.now();
    const recent = (this.#asked.get(kind) ?? []).filter((at) => now - at < ASKED_WITHIN_MS);
    const isTooOften = recent.length >= ASKED_AT_MOST;
    // What is refused does not count.
    if (!isTooOften) recent.push(now);
    this.#asked.set(kind, recent);
    return isTooOften;
  }

  #workspace(call: Call): Workspace | null {
    return this.#parts.workspaceOf(
      call.headers["x-modal-token-id"] ?? "",
      call.headers["x-modal-token-secret"] ?? "",
    );
  }

  /** The app that a request names, by its id, its name, or one of its containers. */
  #appIdOf(call: Call): string {
    const { app_id: appId, task_id: taskId, name, function_id: functionId } = call.request;
    if (typeof appId === "string" && appId !== "") return appId;
    const cloud = this.#workspace(call)?.cloud;
    if (cloud === undefined) return "";
    if (typeof taskId === "string") return cloud.containerInfo(taskId)?.appId ?? "";
    if (typeof functionId === "string") return cloud.functions.get(functionId)?.appId ?? "";
    if (call.rpc === "AppGetByDeploymentName" && typeof name === "string")
      return [...cloud.apps.values()].findLast((app) => app.name === name)?.id ?? "";
    return "";
  }
}

function clientType(call: Call): string {
  const type = call.headers["x-modal-client-type"] ?? "";
  if (type === "1") return "python";
  return type === "8" ? "js" : type;
}
