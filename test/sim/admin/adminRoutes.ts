import * as z from "zod/mini";
import type { LocalModal } from "../localModal.ts";
import { billView, costsView, stateView } from "./views.ts";
import { rpcFaultRule, webFaultRule } from "./faultShapes.ts";

type Route = (local: LocalModal, body: unknown, query: URLSearchParams) => unknown;

const deployment = z.object({
  name: z.string(),
  environment: z.exactOptional(z.string()),
  by: z.exactOptional(z.string()),
  functions: z.array(
    z.object({
      name: z.string(),
      gpu: z.exactOptional(z.nullable(z.object({ type: z.string(), count: z.number() }))),
      scaledownMs: z.exactOptional(z.number()),
      minContainers: z.exactOptional(z.number()),
      coldStartMs: z.exactOptional(z.number()),
      queueMs: z.exactOptional(z.number()),
    }),
  ),
  containers: z.exactOptional(z.number()),
});

/** What `npm run sim` offers over HTTP. Tests in this repository use the typed object itself. */
export const adminRoutes: Readonly<Record<string, Route>> = {
  "GET /": (local) => ({
    serverUrl: local.serverUrl,
    webUrl: local.webUrl,
    routes: Object.keys(adminRoutes),
  }),
  "GET /state": (local) => stateView(local),
  "GET /bill": (local, _, query) => billView(local, query.get("by") !== "app"),
  "GET /costs": (local) => costsView(local),
  "GET /world": (local) => local.workspace.cloud.world,
  "GET /journal": (local, _, query) => {
    const filter = Object.fromEntries(
      ["kind", "name", "appId", "path"].flatMap((key) => {
        const value = query.get(key);
        return value === null ? [] : [[key, value]];
      }),
    );
    return local.journal.entries(filter);
  },
  "POST /journal/clear": (local) => local.journal.clear(),
  "GET /clock": (local) => ({ nowMs: local.clock.nowMs(), speed: local.clock.speed }),
  "POST /clock": (local, body) => {
    const { speed, advanceMs } = z.parse(
      z.object({ speed: z.exactOptional(z.number()), advanceMs: z.exactOptional(z.number()) }),
      body,
    );
    if (speed !== undefined) local.clock.setSpeed(speed);
    if (advanceMs !== undefined) local.advance(advanceMs);
    local.sync();
    return { nowMs: local.clock.nowMs(), speed: local.clock.speed };
  },
  "POST /faults/rpc": (local, body) => ({ id: local.faults.addRpc(rpcFaultRule(body)) }),
  "POST /faults/web": (local, body) => ({ id: local.faults.addWeb(webFaultRule(body)) }),
  "POST /faults/clear": (local) => local.faults.clear(),
  "POST /apps": (local, body) => {
    const { containers = 0, ...request } = z.parse(deployment, body);
    const app = local.seedApp(request, containers);
    return { appId: app.id };
  },
  "POST /apps/stop": (local, body) => {
    const { appId } = z.parse(z.object({ appId: z.string() }), body);
    return { stopped: local.workspace.cloud.stopApp(appId) };
  },
  "POST /apps/refuse-to-stop": (local, body) => {
    const { appId, refuses } = z.parse(z.object({ appId: z.string(), refuses: z.boolean() }), body);
    local.workspace.cloud.app(appId).refusesToStop = refuses;
  },
  "POST /workspace": (local, body) => {
    const change = z.parse(
      z.object({
        disabled: z.exactOptional(z.boolean()),
        billingLagMs: z.exactOptional(z.number()),
      }),
      body,
    );
    if (change.disabled !== undefined) local.workspace.disabled = change.disabled;
    if (change.billingLagMs !== undefined) local.workspace.billingLagMs = change.billingLagMs;
  },
  "POST /switches": (local, body) => {
    const change = z.parse(
      z.object({
        skipUnchangedDeploys: z.exactOptional(z.boolean()),
        cancelOnDisconnect: z.exactOptional(z.boolean()),
        tellsCallId: z.exactOptional(z.boolean()),
        rateLimit: z.exactOptional(z.number()),
        strictTokens: z.exactOptional(z.boolean()),
      }),
      body,
    );
    return Object.assign(local.switches, change);
  },
  "POST /connections/drop": (local) => local.dropConnections(),
};
