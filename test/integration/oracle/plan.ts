import { hourMs } from "../../oracle/bill.ts";
import type { Adapter } from "../../oracle/observed.ts";
import { Random } from "../../oracle/random.ts";
import type { CallOfWorld, World } from "../../oracle/world.ts";

/** A question of a look that Modal may leave without an answer. Without the first two it is no look. */
export type Question = "apps" | "containers" | "details";

/** What this machine does in a world, step by step, in one of its two windows. */
export type Step = { readonly atMs: number; readonly window: 0 | 1 } & (
  | { readonly do: "look"; readonly environment: string; readonly fails?: Question }
  | { readonly do: "keepBooks" }
  /** A page with sums is opened: what is kept of them must not stay when more is known. */
  | { readonly do: "ask" }
  | { readonly do: "beginCall" | "endCall"; readonly call: CallOfWorld }
  | { readonly do: "readLog"; readonly appId: string }
  | { readonly do: "restart" }
);

export interface Plan {
  /** Of each window. */
  readonly adapters: readonly [Adapter, Adapter];
  /** In the order of their time. */
  readonly steps: readonly Step[];
  /** Apps whose files lie in the open folder. */
  readonly filesOf: ReadonlySet<string>;
  /** This machine's clock minus Modal's. The steps' times are Modal's. */
  readonly clockOffsetMs: number;
  /** Whether answers have a date, by which the clocks can be compared. */
  readonly isOffsetTold: boolean;
  /** By this machine's clock, when the sums are asked for: at the last look, or a while after. */
  readonly askedMs: number;
}

/** A call reaches its function so long after it was sent, and its answer comes back as late. */
export const onTheWayMs = 120;

function lookTimes(random: Random, world: World): number[] {
  const near = world.containers.flatMap(({ enqueuedMs, readyMs, finishedMs }) =>
    [enqueuedMs, readyMs ?? enqueuedMs, finishedMs].map(
      (atMs) => atMs + random.pick([-1, 0, 1, 500, 20_000, -20_000]),
    ),
  );
  const some = Array.from({ length: random.whole(2, 10) }, () =>
    random.whole(world.fromMs, world.toMs),
  );
  const times = [...random.shuffled(near).slice(0, random.whole(3, 12)), ...some];
  return times.filter((atMs) => atMs > world.fromMs - hourMs && atMs <= world.toMs);
}

const minuteMs = 60_000;

/** Some rounds while one works, and some at the hour's pace until the bill is there. */
function bookTimes(random: Random, fromMs: number, lastMs: number): number[] {
  const some = Array.from({ length: random.whole(0, 3) }, () => random.whole(fromMs, lastMs));
  const start = lastMs + random.whole(0, 2 * hourMs);
  const rounds = Array.from(
    { length: random.pick([0, 0, 2, 5]) },
    (_, index) => start + index * random.whole(66, 70) * minuteMs,
  );
  return [...some, ...rounds];
}

const rightClock = { clockOffsetMs: 0, isOffsetTold: true };

function randomClock(random: Random): Pick<Plan, "clockOffsetMs" | "isOffsetTold"> {
  const size = random.pick([400, 6000, 4 * minuteMs, 50 * minuteMs]);
  return { clockOffsetMs: random.pick([-1, 1]) * size, isOffsetTold: random.chance(0.7) };
}

/** Somebody comes back after days, when the days are long over, and the bill comes then. */
function lateTimes(random: Random, lastMs: number) {
  const backMs = lastMs + random.whole(80, 110) * hourMs;
  const rounds = [1, 2, 3].map((round) => ({
    do: "keepBooks" as const,
    atMs: backMs + round * 70 * minuteMs,
  }));
  return [{ do: "ask" as const, atMs: backMs }, ...rounds];
}

/** The steps of a machine that looks at every environment, each when it likes. */
export function randomPlan(world: World): Plan {
  const random = new Random(world.seed ^ 0x5eed);
  const window = () => random.pick([0, 1] as const);
  const environments = [...new Set(world.apps.map(({ environment }) => environment))];
  const looks = environments.flatMap((environment) =>
    lookTimes(random, world).map((atMs) => {
      const fails = random.pick<Question>(["apps", "containers", "details"]);
      return { do: "look" as const, environment, atMs, ...(random.chance(0.1) ? { fails } : {}) };
    }),
  );
  const last = looks.reduce((latest, { atMs }) => Math.max(latest, atMs), world.fromMs);
  const books = random.chance(0.8)
    ? [world.fromMs - hourMs, ...bookTimes(random, world.fromMs, last)].map((atMs) => ({
        do: "keepBooks" as const,
        atMs,
      }))
    : [];
  const late = random.chance(0.25) ? lateTimes(random, last) : [];
  const heardMs = last - onTheWayMs;
  const own = world.calls.filter(({ by, finishedMs }) => by === "me" && finishedMs <= heardMs);
  const logs = world.apps
    .filter(({ logsCosts }) => logsCosts)
    .flatMap(({ id }) =>
      Array.from({ length: random.whole(0, 3) }, () => ({
        do: "readLog" as const,
        appId: id,
        atMs: random.whole(world.fromMs, heardMs),
      })).concat({ do: "readLog", appId: id, atMs: heardMs }),
    );
  const asks = Array.from({ length: random.whole(0, 2) }, () => ({
    do: "ask" as const,
    atMs: random.whole(world.fromMs, last),
  }));
  const steps = [
    ...looks,
    ...books,
    ...late,
    ...asks,
    ...own.map((call) => ({ do: "beginCall" as const, call, atMs: call.startedMs - onTheWayMs })),
    ...own.map((call) => ({ do: "endCall" as const, call, atMs: call.finishedMs + onTheWayMs })),
    ...logs,
    ...Array.from({ length: random.whole(0, 3) }, () => ({
      do: "restart" as const,
      atMs: random.whole(world.fromMs, last),
    })),
  ];
  const clock = world.prices.length === 1 && random.chance(0.3) ? randomClock(random) : rightClock;
  return {
    ...clock,
    adapters: random.pick<[Adapter, Adapter]>([
      ["sdk", "sdk"],
      ["sdk", "sdk"],
      ["cli", "cli"],
      ["cli", "cli"],
      ["sdk", "cli"],
    ]),
    steps: steps.map((step) => ({ ...step, window: window() })).toSorted((a, b) => a.atMs - b.atMs),
    filesOf: new Set(
      world.apps.flatMap(({ id, startedBy }) =>
        startedBy === "me" || random.chance(0.4) ? [id] : [],
      ),
    ),
    // By a clock that is behind, what Modal has just told lies in the future: it is waited for.
    askedMs:
      Math.max(0, clock.clockOffsetMs) +
      Math.max(
        last + (random.chance(0.5) ? 0 : random.whole(1, 3 * hourMs)),
        ...[...books, ...late].map(({ atMs }) => atMs + minuteMs),
        // What was asked for within the hour may be told once more.
        ...[...asks, ...late].map((step) => (step.do === "ask" ? step.atMs + hourMs + 1 : 0)),
      ),
  };
}
