import type { Hardware } from "./prices.ts";
import type { AppOfWorld, CallOfWorld, ContainerOfWorld, World } from "./world.ts";

// What a look at Modal shows, and what one who has seen only that can know of a container.

/** By the SDK a container's times are told to the millisecond, and its end afterwards; by the CLI the
 * whole second of its start alone, and no GPU. */
export type Adapter = "sdk" | "cli";

/** A moment's list of containers, in Modal's words (TaskList; `modal container list`). */
export interface Look {
  readonly atMs: number;
  readonly environment: string;
  readonly tasks: readonly TaskSeen[];
}

export interface TaskSeen {
  readonly taskId: string;
  readonly appId: string;
  /** Undefined by the CLI. */
  readonly enqueuedMs: number | undefined;
  /** Undefined while it is pending. By the CLI cut to the second. */
  readonly startedMs: number | undefined;
}

/** What TaskGetInfo tells of a container, of the SDK alone. */
export interface TaskInfo {
  readonly atMs: number;
  readonly taskId: string;
  readonly appId: string;
  readonly enqueuedMs: number;
  readonly startedMs: number | undefined;
  readonly finishedMs: number | undefined;
  /** Undefined: none, or not told. */
  readonly gpu: Hardware["gpu"];
}

function wholeSecond(atMs: number): number {
  return Math.floor(atMs / 1000) * 1000;
}

export function appsIn(world: World, environment: string): readonly AppOfWorld[] {
  return world.apps.filter((app) => app.environment === environment);
}

function startedBy({ readyMs }: ContainerOfWorld, atMs: number): number | undefined {
  return readyMs !== undefined && readyMs <= atMs ? readyMs : undefined;
}

function seenBy(adapter: Adapter, container: ContainerOfWorld, atMs: number): TaskSeen {
  const startedMs = startedBy(container, atMs);
  return {
    taskId: container.id,
    appId: container.appId,
    enqueuedMs: adapter === "sdk" ? container.enqueuedMs : undefined,
    startedMs: adapter === "sdk" || startedMs === undefined ? startedMs : wholeSecond(startedMs),
  };
}

export function lookAt(world: World, adapter: Adapter, atMs: number, environment: string): Look {
  const apps = new Set(appsIn(world, environment).map(({ id }) => id));
  const tasks = world.containers
    .filter(
      ({ appId, enqueuedMs, finishedMs }) =>
        apps.has(appId) && enqueuedMs <= atMs && atMs < finishedMs,
    )
    .map((container) => seenBy(adapter, container, atMs));
  return { atMs, environment, tasks };
}

/** Undefined: there is no such container (yet). */
export function taskInfoAt(world: World, taskId: string, atMs: number): TaskInfo | undefined {
  const container = world.containers.find(({ id }) => id === taskId);
  if (!container || container.enqueuedMs > atMs) return undefined;
  return {
    atMs,
    taskId,
    appId: container.appId,
    enqueuedMs: container.enqueuedMs,
    startedMs: startedBy(container, atMs),
    finishedMs: container.finishedMs <= atMs ? container.finishedMs : undefined,
    gpu: container.isGpuTold ? container.hardware.gpu : undefined,
  };
}

export interface Instants {
  readonly from: number;
  readonly to: number;
}

/** A container as one knows it who saw only the looks: its paid time begins and ends within these. */
export interface KnownLife {
  readonly container: ContainerOfWorld;
  readonly begin: Instants;
  readonly end: Instants;
  /** What it holds at least and at most. */
  readonly least: Hardware;
  readonly most: Hardware;
  /** "claimed": a cost line alone names its GPU. "unknown": nobody does, so that its whole cost cannot be known. */
  readonly gpuBy: "modal" | "file" | "claimed" | "unknown";
}

/** Everything that was seen of a world until `nowMs`. */
export interface Watching {
  readonly looks: readonly Look[];
  readonly infos: readonly TaskInfo[];
  /** Calls of which the line in an app's log was read: it names the container, which was up meanwhile. */
  readonly lines: readonly CallOfWorld[];
  /** Own calls of which the answer came. */
  readonly answers: readonly CallOfWorld[];
  /** Apps whose source file is at hand: it tells what their functions ask for. */
  readonly filesOf: ReadonlySet<string>;
  readonly nowMs: number;
}

/** Asking for nothing still holds this much (modal.com/pricing). */
const smallest = { milliCpu: 125, memoryMib: 128 };

function hardwareKnown(
  app: AppOfWorld,
  { hardware }: ContainerOfWorld,
  toldBy: "modal" | "claimed" | "unknown",
  isFileKnown: boolean,
): Pick<KnownLife, "least" | "most" | "gpuBy"> {
  const all = isFileKnown ? app.functions.map((one) => one.hardware) : [];
  const gpus = new Set(all.map(({ gpu }) => JSON.stringify(gpu ?? null)));
  const gpuBy = toldBy !== "modal" && gpus.size === 1 ? "file" : toldBy;
  const range = (key: "milliCpu" | "memoryMib") => {
    const values = new Set(all.map((one) => one[key]));
    const least = values.size === 1 ? hardware[key] : smallest[key];
    return { least, most: Math.max(hardware[key], ...values) };
  };
  const [cpu, memory] = [range("milliCpu"), range("memoryMib")];
  const { regionPercent } = hardware;
  return {
    gpuBy,
    least: {
      gpu: gpuBy === "modal" || gpuBy === "file" ? hardware.gpu : undefined,
      milliCpu: cpu.least,
      memoryMib: memory.least,
      regionPercent,
    },
    most: { gpu: hardware.gpu, milliCpu: cpu.most, memoryMib: memory.most, regionPercent },
  };
}

function largest(values: readonly (number | undefined)[]): number | undefined {
  const told = values.filter((value) => value !== undefined);
  return told.length === 0 ? undefined : Math.max(...told);
}

/** All that was seen of one container. */
interface Traces {
  readonly app: AppOfWorld;
  /** Every look at its environment, oldest first. */
  readonly looks: readonly Look[];
  readonly seen: readonly { readonly atMs: number; readonly task: TaskSeen }[];
  readonly infos: readonly TaskInfo[];
  readonly lines: readonly CallOfWorld[];
}

function tracesOf(world: World, watching: Watching, container: ContainerOfWorld): Traces {
  const app = world.apps.find(({ id }) => id === container.appId);
  if (!app) throw new Error(`no app ${container.appId}`);
  const looks = watching.looks
    .filter(({ environment }) => environment === app.environment)
    .toSorted((a, b) => a.atMs - b.atMs);
  return {
    app,
    looks,
    seen: looks.flatMap(({ atMs, tasks }) =>
      tasks.filter(({ taskId }) => taskId === container.id).map((task) => ({ atMs, task })),
    ),
    infos: watching.infos.filter(({ taskId }) => taskId === container.id),
    lines: watching.lines.filter(({ containerId }) => containerId === container.id),
  };
}

/** Of two calls with equal figures, seconds apart, a line may be taken for the other one's. */
const lineToleranceMs = 4_500;

function endOf({ looks, seen, infos, lines }: Traces, nowMs: number): Instants {
  const finishedMs = infos.find((info) => info.finishedMs !== undefined)?.finishedMs;
  if (finishedMs !== undefined) return { from: finishedMs, to: finishedMs };
  const from =
    largest([
      ...seen.map(({ atMs }) => atMs),
      ...lines.map((one) => Math.max(one.startedMs, one.finishedMs - lineToleranceMs)),
    ]) ?? 0;
  return { from, to: looks.find(({ atMs }) => atMs > from)?.atMs ?? Math.max(from, nowMs) };
}

function beginOf({ app, looks, seen, infos, lines }: Traces, end: Instants): Instants {
  const tasks = seen.map(({ task }) => task);
  const upMs = Math.min(...seen.map(({ atMs }) => atMs), ...lines.map((one) => one.startedMs));
  const notYetMs = looks.findLast(({ atMs }) => atMs < upMs)?.atMs ?? app.createdMs;
  const from =
    largest([...infos, ...tasks].map((one) => one.enqueuedMs)) ?? Math.max(app.createdMs, notYetMs);
  const exact = tasks.filter(({ enqueuedMs }) => enqueuedMs !== undefined);
  const exactMs = largest([...infos, ...exact].map((one) => one.startedMs));
  const cutMs = largest(tasks.map((task) => task.startedMs));
  const to = Math.min(
    exactMs ?? (cutMs === undefined ? end.to : cutMs + 999),
    ...lines.map((one) => Math.min(one.startedMs + lineToleranceMs, one.finishedMs)),
    end.to,
  );
  // A start that is told to the second is not known better than that.
  return { from: Math.min(from, to, exactMs === undefined ? (cutMs ?? to) : to), to };
}

/** A model loads for so long at most that anybody waits for it; Modal's own limit is a setting of the function. */
const longestStartMs = 15 * 60_000;
/** The longest scaledown window that Modal takes (modal.com/docs/guide/cold-start): idle for longer, a container is ended. */
const longestIdleMs = 20 * 60_000;

/**
 * Whether a container that no look showed must have served somebody of whom nothing was told: before
 * its first line, which comes later than a start takes, or after its last one, for longer than Modal
 * leaves a container with nothing to do.
 */
export function servedInSilence(
  { id, enqueuedMs, finishedMs }: ContainerOfWorld,
  { looks, lines }: Pick<Watching, "looks" | "lines">,
): boolean {
  if (looks.some(({ tasks }) => tasks.some(({ taskId }) => taskId === id))) return false;
  const own = lines.filter(({ containerId }) => containerId === id);
  const firstMs = Math.min(...own.map(({ startedMs }) => startedMs));
  const lastMs = Math.max(...own.map((line) => line.finishedMs));
  return firstMs - enqueuedMs > longestStartMs || finishedMs - lastMs > longestIdleMs;
}

/** The lives of the containers of which there is a trace; of the others nothing is known. */
export function livesKnown(world: World, watching: Watching): KnownLife[] {
  return world.containers.flatMap((container) => {
    const traces = tracesOf(world, watching, container);
    if (traces.seen.length + traces.lines.length === 0) return [];
    const { app, infos, lines } = traces;
    const end = endOf(traces, watching.nowMs);
    const isTold = infos.some(({ gpu }) => gpu !== undefined);
    const toldBy = isTold ? "modal" : lines.length > 0 ? "claimed" : "unknown";
    return [
      {
        container,
        begin: beginOf(traces, end),
        end,
        ...hardwareKnown(app, container, toldBy, watching.filesOf.has(app.id)),
      },
    ];
  });
}
