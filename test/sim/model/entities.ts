import type { GpuSpec } from "./rates.ts";

/** Modal's AppState numbers. */
export const appStates = {
  ephemeral: 1,
  detached: 2,
  deployed: 3,
  stopping: 4,
  stopped: 5,
  initializing: 6,
  disabled: 7,
} as const;
export type AppStateName = keyof typeof appStates;

export interface WebSpec {
  /** The method of a class that serves it; "" for a plain function. */
  readonly method: string;
  /** Modal's WebhookType number: 1 ASGI, 2 one function, 3 WSGI, 4 a server of its own. */
  readonly kind: number;
  readonly httpMethod: string;
  /** The first path segment on Local Modal's web server; on Modal itself the host name. */
  readonly label: string;
  readonly requiresProxyAuth: boolean;
}

/** What a deploy says about one function. */
export interface FunctionSpec {
  readonly name: string;
  readonly gpu: GpuSpec | null;
  readonly milliCpu: number;
  readonly memoryMib: number;
  /** What it really uses while an input runs; the bill takes the larger of request and use. */
  readonly usedMilliCpu: number;
  readonly usedMemoryMib: number;
  readonly scaledownMs: number;
  readonly minContainers: number;
  readonly maxContainers: number;
  readonly bufferContainers: number;
  readonly concurrentInputs: number;
  readonly timeoutMs: number;
  /** From being asked for to being started: waiting for a machine. Not billed. */
  readonly queueMs: number;
  /** From being started to taking its first input. Billed. */
  readonly coldStartMs: number;
  readonly web: readonly WebSpec[];
  /** Variables that the deploy passes into the container (decorator `env`, secrets, image). */
  readonly env: Readonly<Record<string, string>>;
}

export interface Fn {
  readonly id: string;
  readonly appId: string;
  spec: FunctionSpec;
  /** Scheduling values changed since the deploy; reset by the next one. */
  override: Partial<
    Pick<FunctionSpec, "scaledownMs" | "minContainers" | "maxContainers" | "bufferContainers">
  >;
  readonly queue: Input[];
  readonly live: Set<Container>;
}

export type ContainerState = "pending" | "starting" | "idle" | "busy" | "ended";

/** From `fromMs` on, the container is billed for this much CPU and memory. */
export interface UsageChange {
  readonly fromMs: number;
  readonly milliCpu: number;
  readonly memoryMib: number;
}

export interface Container {
  readonly id: string;
  readonly appId: string;
  readonly fn: Fn;
  readonly version: number;
  readonly gpu: GpuSpec | null;
  readonly enqueuedAtMs: number;
  startedAtMs: number | null;
  finishedAtMs: number | null;
  state: ContainerState;
  /** Takes no new input; ends when its last one is done. */
  draining: boolean;
  idleSinceMs: number | null;
  readonly inputs: Set<Input>;
  readonly usage: UsageChange[];
  endReason: "" | "scaledown" | "app-stopped" | "stopped" | "replaced" | "crashed";
}

export type InputState = "queued" | "running" | "success" | "timeout" | "terminated" | "failure";

export interface Input {
  readonly id: string;
  readonly callId: string;
  readonly fn: Fn;
  readonly durationMs: number;
  readonly createdAtMs: number;
  startedAtMs: number | null;
  finishedAtMs: number | null;
  state: InputState;
  container: Container | null;
  /** How often it was moved to another container because its own was stopped. */
  moves: number;
  /** Called once, when it is answered or given up. */
  readonly onSettled: ((input: Input) => void)[];
}

export interface Deployment {
  readonly version: number;
  readonly deployedAtMs: number;
  readonly deployedBy: string;
  readonly clientVersion: string;
  readonly tag: string;
  readonly rollbackVersion: number;
  readonly commit: {
    readonly hash: string;
    readonly branch: string;
    readonly dirty: boolean;
  } | null;
  readonly functions: ReadonlyMap<string, FunctionSpec>;
  readonly classIds: ReadonlyMap<string, string>;
}

export interface App {
  readonly id: string;
  /** The deployment name of a deployed app. */
  name: string;
  description: string;
  readonly environment: string;
  state: AppStateName;
  readonly createdAtMs: number;
  readonly createdBy: string;
  stoppedAtMs: number | null;
  stoppedBy: string;
  readonly deployments: Deployment[];
  readonly functions: Map<string, Fn>;
  classIds: ReadonlyMap<string, string>;
  readonly logs: LogEntry[];
  /** Accepts the stop and goes on running, as a service that misbehaves would. */
  refusesToStop: boolean;
}

export interface LogEntry {
  readonly sequence: number;
  readonly entryId: string;
  readonly atMs: number;
  /** 1 stdout, 2 stderr, 3 system. */
  readonly source: 1 | 2 | 3;
  readonly text: string;
  readonly functionId: string;
  readonly containerId: string;
  readonly callId: string;
  readonly inputId: string;
}
