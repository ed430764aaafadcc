import type { Cloud } from "../model/cloud.ts";
import type { App, AppStateName } from "../model/entities.ts";

/** What the lifecycle of an app tells; "" is "not told". */
export interface ToldLifecycle {
  readonly state: AppStateName;
  readonly createdAtMs: number;
  readonly createdBy: string;
  readonly deployedAtMs: number | null;
  readonly deployedBy: string;
  readonly version: number;
  readonly stoppedAtMs: number | null;
  readonly stoppedBy: string;
}

/** An app as `AppList` tells it. */
export interface ToldApp {
  readonly appId: string;
  readonly name: string;
  readonly description: string;
  readonly environment: string;
  readonly state: AppStateName;
  readonly createdAtMs: number;
  readonly stoppedAtMs: number | null;
  readonly runningTasks: number;
  /** null where the listing carries no metadata, as before 1.6. */
  readonly metadata: {
    readonly lifecycle: ToldLifecycle;
    /** Names of functions to their ids. */
    readonly functions: Readonly<Record<string, string>>;
  } | null;
}

/** The apps as `AppList` tells them; of all environments when none is named. */
export function toldApps(cloud: Cloud, environment?: string): readonly ToldApp[] {
  return cloud.listApps(environment).map((app) => ({
    appId: app.id,
    name: app.name,
    description: app.description,
    environment: app.environment,
    state: app.state,
    createdAtMs: app.createdAtMs,
    stoppedAtMs: app.stoppedAtMs,
    runningTasks: cloud.runningTasks(app),
    metadata:
      cloud.world.authorTold === "listing"
        ? { lifecycle: toldLifecycle(cloud, app), functions: functionIds(app) }
        : null,
  }));
}

/** The lifecycle of an app as `AppGetLifecycle` tells it. */
export function toldLifecycle({ world }: Cloud, app: App): ToldLifecycle {
  const last = app.deployments.at(-1);
  const isTold = world.authorTold !== "nowhere";
  return {
    state: app.state,
    createdAtMs: app.createdAtMs,
    createdBy: isTold ? app.createdBy : "",
    deployedAtMs: last?.deployedAtMs ?? null,
    deployedBy: isTold ? (last?.deployedBy ?? "") : "",
    version: last?.version ?? 0,
    stoppedAtMs: app.stoppedAtMs,
    stoppedBy: app.stoppedBy,
  };
}

/** The functions of an app: names to ids. */
export function functionIds(app: App): Readonly<Record<string, string>> {
  return Object.fromEntries([...app.functions.values()].map(({ id, spec }) => [spec.name, id]));
}
