import type { App, FunctionSpec, Input } from "./model/entities.ts";
import { billOf } from "./model/bill.ts";
import { newId } from "./model/random.ts";
import { usd } from "./model/rates.ts";
import { Cloud, type CloudOptions } from "./model/cloud.ts";

export interface Environment {
  readonly id: string;
  readonly name: string;
  readonly webSuffix: string;
  readonly createdAtMs: number;
  budgetUsd: number | null;
}

/** A function that a deploy has created and not yet published. */
export interface Draft {
  readonly appId: string;
  readonly spec: FunctionSpec;
}

export interface ImageRecord {
  readonly bases: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** How long containers take to come up (virtual ms) when they are deployed from now on. */
export interface Timing {
  readonly queueMs: number;
  readonly gpuColdStartMs: number;
  readonly cpuColdStartMs: number;
}

export interface Token {
  readonly secret: string;
  readonly user: string;
}

/** A call of a function by a client: its inputs, in the order in which they came. */
export interface FunctionCall {
  readonly functionId: string;
  readonly inputs: { readonly idx: number; readonly format: number; readonly input: Input }[];
  /** In the order in which they were done. */
  readonly settled: Input[];
}

export interface LabelHolder {
  readonly appId: string;
  readonly functionId: string;
  readonly method: string;
}

export interface WorkspaceOptions extends CloudOptions {
  readonly name: string;
  readonly environments?: readonly string[];
}

/** One workspace as its members see it: the cloud, and what surrounds it. */
export class Workspace {
  readonly id: string;
  readonly name: string;
  readonly userId: string;
  readonly cloud: Cloud;
  readonly environments = new Map<string, Environment>();
  /** The tokens that belong here, by their ids. */
  readonly tokens = new Map<string, Token>();
  readonly proxyTokens = new Map<string, string>();
  readonly drafts = new Map<string, Draft>();
  readonly images = new Map<string, ImageRecord>();
  readonly secrets = new Map<string, Readonly<Record<string, string>>>();
  /** Who answers under a web label: the last app that was published with it. */
  readonly labels = new Map<string, LabelHolder>();
  readonly calls = new Map<string, FunctionCall>();
  /** How long a plain function runs (virtual ms), by its name; 2 s where nothing is said. */
  readonly functionMs = new Map<string, number>();
  timing: Timing = { queueMs: 1000, gpuColdStartMs: 40_000, cpuColdStartMs: 2000 };
  /** True: over its spend limit; no new apps, and every web URL answers 404. */
  disabled = false;
  /** The report knows nothing younger than this. */
  billingLagMs = 0;
  /** The credit that the summary takes off each month. */
  creditUsd = 30;

  constructor(options: WorkspaceOptions) {
    this.name = options.name;
    this.cloud = new Cloud(options);
    this.id = newId(this.cloud.random, "ac");
    this.userId = newId(this.cloud.random, "us");
    for (const name of options.environments ?? ["main"]) this.addEnvironment(name);
  }

  addEnvironment(name: string): Environment {
    const environment: Environment = {
      id: newId(this.cloud.random, "en"),
      name,
      webSuffix: this.environments.size === 0 ? "" : name,
      createdAtMs: this.cloud.nowMs,
      budgetUsd: null,
    };
    this.environments.set(name, environment);
    return environment;
  }

  /** Whose token it is; an unknown token is that of the workspace's own user. */
  userOf(tokenId: string): string {
    return this.tokens.get(tokenId)?.user ?? this.cloud.user;
  }

  /** Takes the web labels of an app's functions into use. */
  label(app: App): void {
    for (const fn of app.functions.values())
      for (const web of fn.spec.web)
        this.labels.set(web.label, { appId: app.id, functionId: fn.id, method: web.method });
  }

  /** The environment of that name; "" is the default one. */
  environment(name: string): Environment | null {
    if (name !== "") return this.environments.get(name) ?? null;
    return this.environments.values().next().value ?? null;
  }

  environmentById(id: string): Environment | null {
    for (const environment of this.environments.values())
      if (environment.id === id) return environment;
    return null;
  }

  /** What an environment has used in this calendar month (UTC), in USD. */
  usageUsd(environment: Environment): number {
    const now = new Date(this.cloud.nowMs);
    const fromMs = Date.UTC(now.getUTCFullYear(), now.getUTCMonth());
    const rows = billOf(
      this.cloud
        .costs({ fromMs })
        .filter(({ appId }) => this.cloud.app(appId).environment === environment.name),
    );
    return usd(rows.reduce((sum, row) => sum + row.units, 0n));
  }

  overBudget(environment: Environment): boolean {
    return environment.budgetUsd !== null && this.usageUsd(environment) >= environment.budgetUsd;
  }
}
