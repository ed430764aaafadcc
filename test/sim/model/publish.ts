import type { PublishRequest } from "./deployRequest.ts";
import type { App, Fn, FunctionSpec } from "./entities.ts";
import type { Fleet } from "./fleet.ts";

interface Parts {
  /** All functions of the workspace, by their ids. */
  readonly functions: Map<string, Fn>;
  readonly fleet: Fleet;
  readonly nowMs: number;
  /** Who deploys when nobody is named. */
  readonly user: string;
  /** A function as it is in this world. */
  readonly dressed: (spec: FunctionSpec) => FunctionSpec;
}

/** A new version of the app goes live; containers of the old one finish what they run. */
export function publish(app: App, request: PublishRequest, parts: Parts): void {
  if (request.name !== undefined) {
    app.name = request.name;
    app.description = request.name;
  }
  for (const [id, asked] of request.functions) {
    const spec = parts.dressed(asked);
    const known = app.functions.get(id);
    if (known === undefined) {
      const fn = newFunction(id, app.id, spec);
      app.functions.set(id, fn);
      parts.functions.set(id, fn);
    } else {
      known.spec = spec;
      known.override = {};
      known.overriddenBy.clear();
    }
  }
  app.state = request.state;
  app.classIds = request.classIds ?? app.classIds;
  if (request.state === "deployed") {
    app.deployments.push({
      version: app.deployments.length + 1,
      deployedAtMs: parts.nowMs,
      deployedBy: request.by ?? parts.user,
      clientVersion: request.clientVersion ?? "",
      tag: request.tag ?? "",
      rollbackVersion: request.rollbackVersion ?? 0,
      commit: request.commit ?? null,
      functions: request.functions,
      classIds: app.classIds,
    });
  }
  for (const fn of app.functions.values()) {
    for (const container of fn.live) parts.fleet.drain(container, "replaced");
    if (!request.functions.has(fn.id)) {
      app.functions.delete(fn.id);
      for (const input of fn.queue.splice(0)) parts.fleet.settle(input, "terminated");
    } else parts.fleet.balance(fn);
  }
}

export function newFunction(id: string, appId: string, spec: FunctionSpec): Fn {
  return { id, appId, spec, override: {}, overriddenBy: new Map(), queue: [], live: new Set() };
}
