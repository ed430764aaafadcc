import type { GpuSpec, Region } from "./rates.ts";

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

/** What a deploy says about one function, and how its containers really behave. */
export interface FunctionSpec {
  readonly name: string;
  readonly gpu: GpuSpec | null;
  readonly milliCpu: number;
  readonly memoryMib: number;
  /** What it really uses while an input runs; the bill takes the larger of request and use. */
  readonly usedMilliCpu: number;
  readonly usedMemoryMib: number;
  /** What it really uses while it loads and while it idles. */
  readonly idleUsedMilliCpu: number;
  readonly idleUsedMemoryMib: number;
  readonly region: Region;
  readonly ephemeralDiskMib: number;
  readonly nonpreemptible: boolean;
  readonly scaledownMs: number;
  readonly minContainers: number;
  readonly maxContainers: number;
  readonly bufferContainers: number;
  readonly concurrentInputs: number;
  readonly timeoutMs: number;
  /** From being asked for to the beginning of the boot: waiting for a machine, pulling the image. */
  readonly queueMs: number;
  /** From the beginning of the boot to taking its first input: the application's load time. */
  readonly coldStartMs: number;
  /** The longest that the load takes; each container draws its own. 0: always `coldStartMs`. */
  readonly slowestColdStartMs: number;
  /** How long after the beginning of its boot each container dies; null for one that works. */
  readonly crashAfterMs: number | null;
  /** Its containers write to the log while they load and when they are ready. */
  readonly prints: boolean;
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
  /** Who changed which of these last, and when; forgotten by the next deploy. */
  readonly overriddenBy: Map<keyof Fn["override"], { readonly by: string; readonly atMs: number }>;
  readonly queue: Input[];
  readonly live: Set<Container>;
}

export type ContainerState = "pending" | "starting" | "idle" | "busy" | "stopping" | "ended";

/** What a container is at: waiting for a machine, loading, working, idling, ending after a stop. */
export type Phase = "queue" | "boot" | "busy" | "idle" | "grace";

/** From `fromMs` on, the container is in this phase, and this much CPU and memory counts. */
export interface PhaseChange {
  readonly fromMs: number;
  readonly phase: Phase;
  readonly milliCpu: number;
  readonly memoryMib: number;
}

export interface Container {
  readonly id: string;
  readonly appId: string;
  readonly fn: Fn;
  /** The function as it was when the container was asked for; a later deploy changes it no more. */
  readonly spec: FunctionSpec;
  readonly version: number;
  readonly gpu: GpuSpec | null;
  /** Of a sandbox; null for a function's container. */
  readonly sandbox: {
    readonly id: string;
    readonly isUntimed: boolean;
    /** From when on it is a task that Modal tells of. */
    readonly taskFromMs: number;
  } | null;
  readonly enqueuedAtMs: number;
  /** When it began to boot. What Modal tells as `started_at` is for told/containers.ts to say. */
  bootedAtMs: number | null;
  /** When it could take its first input. */
  readyAtMs: number | null;
  finishedAtMs: number | null;
  state: ContainerState;
  /** Takes no new input; ends when its last one is done. */
  draining: boolean;
  idleSinceMs: number | null;
  readonly inputs: Set<Input>;
  readonly phases: PhaseChange[];
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

/** Whether it is the live deployment of its name; one that is being stopped still is. */
export function isDeployed(app: App): boolean {
  return app.state === "deployed" || (app.state === "stopping" && app.deployments.length > 0);
}
