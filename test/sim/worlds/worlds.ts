import { Random } from "../model/random.ts";
import type { World } from "./world.ts";

/** What each answer means, in a line. The first of a switch is the most likely by what is known today. */
export const answers: { readonly [K in keyof World]: Readonly<Record<World[K], string>> } = {
  startedAt: {
    ready: "started_at is when the container was ready",
    boot: "started_at is when the container began to boot",
  },
  billedFrom: {
    boot: "billed from the boot: after queue and image pull, with the application's load time",
    enqueue: "billed from the moment a container is asked for",
    ready: "billed from the moment a container is ready",
  },
  gpuQueue: {
    none: "a GPU is free at once",
    minutes: "a container waits up to five minutes for its GPU",
  },
  rounding: {
    milliseconds: "billed to the millisecond",
    seconds: "each container's life is rounded up to whole seconds",
  },
  stopGrace: {
    none: "a stopped container ends at once",
    seconds: "a stopped container runs and costs for up to 30 s more",
  },
  prices: {
    steady: "prices stay",
    changing: "prices rise by 12 %, with notice",
  },
  gpuTold: {
    function: "the app's function summary tells the GPU, the container does not",
    container: "the container tells its GPU",
    nowhere: "nobody tells the GPU",
  },
  finishedAtTold: {
    hours: "an ended container is known for six hours",
    minutes: "an ended container is known for ten minutes",
    never: "an ended container is not known",
  },
  startupTimeTold: {
    load: "calls and stats tell how long a container loaded",
    "from-enqueue":
      "calls and stats tell how long it took from asking for a container to its being ready",
    nowhere: "nobody tells the startup time",
  },
  useTold: {
    stats: "the stats tell CPU and memory in use",
    nowhere: "nobody tells CPU and memory in use",
  },
  authorTold: {
    listing: "the listing's metadata tells who deployed and which functions there are",
    lifecycle: "only the lifecycle tells who deployed; the listing has no metadata",
    nowhere: "nobody tells who deployed",
  },
  report: {
    grows: "the running hour has a row that grows",
    late: "an hour's row comes three hours late",
    "in-parts": "an hour's row is incomplete for two hours after its end",
    corrected: "an hour's row is too low or too high at first, and corrected after three hours",
    withdrawn: "an hour's row is there, goes away, and comes back",
    refused: "the report is refused half of the time",
    none: "this plan has no report",
  },
  reportLag: {
    minutes: "the report is ten minutes behind",
    none: "the report is not behind at all",
  },
  reportLimit: {
    "two-in-ten-seconds": "a third report within ten seconds is refused",
    none: "reports may be asked for at any pace",
  },
  costByResource: {
    names: 'keys are names: "CPU", "Memory", "L40S", "Deployed Apps"',
    "snake-case": 'keys are in snake case: "cpu", "memory", "gpu_l40s", "deployed_apps"',
    missing: "a row does not tell resources",
  },
  use: {
    "within-request": "apps use no more CPU and memory than they ask for",
    "above-while-busy": "apps use more than they ask for while they work",
    "above-always": "apps use more than they ask for, also while they load and idle",
  },
  regions: {
    unset: "no function names a region",
    pinned: "functions name broad and narrow regions",
  },
  disks: { usual: "no function asks for more disk", large: "functions ask for large disks" },
  preemption: { usual: "all functions may be preempted", never: "CPU functions are not preempted" },
  shortLives: { few: "containers live for minutes", many: "many containers live for seconds" },
  sandboxes: {
    none: "no sandboxes",
    "with-times": "sandboxes that tell their times",
    "both-kinds": "sandboxes, some of which tell no times",
  },
  functionsPerApp: {
    one: "one function per app",
    several: "several functions per app, with different resources",
  },
  appFile: {
    "as-deployed": "the app's file says what is deployed",
    edited: "the app's file was edited since, and not deployed",
  },
  autoscaler: {
    "as-in-file": "window and minimum are as in the file",
    "set-live": "window and minimum were changed live",
  },
  people: { alone: "one person", team: "teammates and another environment" },
  clock: {
    "in-step": "the laptop's clock is Modal's",
    "laptop-ahead": "the laptop's clock is ten minutes ahead of Modal's",
    "laptop-behind": "the laptop's clock is ten minutes behind Modal's",
  },
  lid: {
    naps: "the lid is closed for some minutes on some days",
    nights: "the lid is closed at night and over the weekend",
  },
};

/** The most likely world by what is known today. */
const usual: World = {
  startedAt: "ready",
  billedFrom: "boot",
  gpuQueue: "none",
  rounding: "milliseconds",
  stopGrace: "none",
  prices: "steady",
  gpuTold: "function",
  finishedAtTold: "hours",
  startupTimeTold: "load",
  useTold: "stats",
  authorTold: "listing",
  report: "grows",
  reportLag: "minutes",
  reportLimit: "two-in-ten-seconds",
  costByResource: "names",
  use: "within-request",
  regions: "unset",
  disks: "usual",
  preemption: "usual",
  shortLives: "few",
  sandboxes: "none",
  functionsPerApp: "one",
  appFile: "as-deployed",
  autoscaler: "as-in-file",
  people: "alone",
  clock: "in-step",
  lid: "naps",
};

/** What we believed until the corrections of 2026-11-26. */
const believed2025: World = {
  ...usual,
  startedAt: "boot",
  gpuTold: "container",
  startupTimeTold: "nowhere",
  useTold: "nowhere",
  authorTold: "lifecycle",
  reportLag: "none",
  reportLimit: "none",
  costByResource: "snake-case",
};

const worstPlausible: World = {
  ...usual,
  billedFrom: "enqueue",
  gpuQueue: "minutes",
  rounding: "seconds",
  stopGrace: "seconds",
  prices: "changing",
  gpuTold: "nowhere",
  finishedAtTold: "never",
  startupTimeTold: "nowhere",
  useTold: "nowhere",
  authorTold: "nowhere",
  report: "corrected",
  costByResource: "missing",
  use: "above-always",
  regions: "pinned",
  disks: "large",
  shortLives: "many",
  functionsPerApp: "several",
  appFile: "edited",
  autoscaler: "set-live",
  clock: "laptop-behind",
  lid: "nights",
};

const silentService: World = {
  ...usual,
  gpuTold: "nowhere",
  finishedAtTold: "never",
  startupTimeTold: "nowhere",
  useTold: "nowhere",
  authorTold: "nowhere",
  report: "none",
  costByResource: "missing",
};

const team: World = {
  ...usual,
  use: "above-always",
  regions: "pinned",
  preemption: "never",
  shortLives: "many",
  sandboxes: "both-kinds",
  functionsPerApp: "several",
  appFile: "edited",
  autoscaler: "set-live",
  people: "team",
  lid: "nights",
};

export interface NamedWorld {
  readonly name: string;
  /** What is special about it, in a line. */
  readonly line: string;
  readonly world: World;
}

/** All worlds with a name: the usual one, one for each answer that is not usual, and four mixtures. */
export const namedWorlds: readonly NamedWorld[] = [
  { name: "default", line: "the most likely one by what is known today", world: usual },
  ...switchNames().flatMap((key) => unusualAnswersTo(key)),
  { name: "believed-2025", line: "what we believed until 2026-11-26", world: believed2025 },
  { name: "worst-plausible", line: "dear, late and silent in everything", world: worstPlausible },
  {
    name: "silent-service",
    line: "Modal tells as little as it may, and no bill",
    world: silentService,
  },
  { name: "team", line: "several people, many kinds of apps", world: team },
];

export const defaultWorld: World = usual;

/** The world of that name; "random-7" is the seventh random one. Throws a RangeError on any other name. */
export function worldNamed(name: string): World {
  const known = namedWorlds.find((one) => one.name === name);
  if (known !== undefined) return known.world;
  const [, seed] = /^random-(\d+)$/.exec(name) ?? [];
  if (seed !== undefined) return randomWorld(Number(seed));
  throw new RangeError(`No world is named "${name}".`);
}

/** A mixture by seed: each switch is as usual half of the time, else anything else it can be. */
function randomWorld(seed: number): World {
  const random = new Random(seed * 7919 + 13);
  let world = usual;
  for (const key of switchNames()) {
    if (random.next() < 0.5) continue;
    const others = unusualAnswersTo(key);
    const chosen = others[random.between(0, others.length - 1)];
    if (chosen !== undefined) world = { ...world, [key]: chosen.world[key] };
  }
  return world;
}

/** What a world answers otherwise than the usual one, for a person to read. */
export function oddities(world: World): readonly string[] {
  return switchNames().flatMap((key) =>
    world[key] === usual[key] ? [] : [lineOf(key, world[key])],
  );
}

function lineOf(key: keyof World, value: string): string {
  return new Map(Object.entries(answers[key])).get(value) ?? value;
}

function switchNames(): readonly (keyof World)[] {
  return Object.keys(answers).filter(isSwitchName);
}

function isSwitchName(key: string): key is keyof World {
  return Object.hasOwn(answers, key);
}

/** The worlds that differ from the usual one in this switch alone: `gpuTold` gives "gpu-told-nowhere" and so on. */
function unusualAnswersTo(key: keyof World): readonly NamedWorld[] {
  const kebab = key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return Object.entries(answers[key])
    .filter(([value]) => value !== usual[key])
    .map(([value, line]) => ({
      name: `${kebab}-${value}`,
      line,
      world: { ...usual, [key]: value },
    }));
}
