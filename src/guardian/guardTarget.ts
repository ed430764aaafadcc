import { createHash } from "node:crypto";
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import * as z from "zod/mini";

const nullableText = z.nullable(z.string());

const target = z.object({
  /** "workspace/environment": acts go nowhere else, whoever the credentials speak for by then. */
  scope: z.string(),
  control: z.enum(["auto", "sdk", "cli"]),
  /** How the `modal` command is started; null: there is none. */
  cli: z.nullable(
    z.object({
      command: z.string(),
      prefixArgs: z.array(z.string()),
      origin: z.enum(["setting", "virtual-environment", "uv", "python-extension", "path"]),
      version: nullableText,
    }),
  ),
  /** null: the active profile. */
  profile: nullableText,
  environment: nullableText,
  username: nullableText,
  onClose: z.enum(["remind", "stop", "release", "off"]),
  /** Second stage, when nobody answers the reminder. 0: never. */
  stopAfterMinutes: z.number(),
  /** Ids of apps that sessions of this machine started: for when the ledger cannot tell. */
  startedHere: z._default(z.array(z.string()), []),
  /** The folders of the window that wrote it, while they were trusted: their settings and programs are in here. */
  trustedFolders: z._default(z.array(z.string()), []),
  /** Modes whose apps a stop leaves alone (session/stopPlan.ts). */
  productionModes: z.array(z.string()),
  /** The mode that an expired demo returns to (session/mode.ts). */
  restingMode: z.object({
    name: z.string(),
    scaledownSeconds: z.number(),
    warmUp: z.boolean(),
    confirm: z.boolean(),
    expiresAfterMinutes: z.nullable(z.number()),
    // Without the mode's variables: only a deploy sets them, and one may hold a secret.
  }),
  /** The user's own USD per hour (setting "rates"), for the cost in the reminder. */
  rates: z.record(z.string(), z.number()),
});

/**
 * What the guardian guards, and how: one per scope, in one file each, so that two windows with two
 * workspaces do not overwrite one another and a changed setting reaches a guardian that already
 * runs. Holds no secret: credentials come from the user's own Modal configuration and environment.
 */
export type GuardTarget = Readonly<z.infer<typeof target>>;

const nameEnd = ".target.json";

/** Writes the target of its scope, readable by this user alone. */
export function writeTarget(folder: string, value: GuardTarget): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const name = createHash("sha256").update(value.scope).digest("hex").slice(0, 16);
  const file = join(folder, `${name}${nameEnd}`);
  const draft = `${file}.${process.pid}`;
  // Only what belongs in it: no variable of a mode.
  writeFileSync(draft, JSON.stringify(z.parse(target, value)), { mode: 0o600 });
  renameSync(draft, file);
}

/** What of a target may come from a folder: how Modal is asked, and what is done. */
export type FromSettings = Pick<
  GuardTarget,
  "control" | "cli" | "onClose" | "stopAfterMinutes" | "productionModes" | "restingMode" | "rates"
>;

/**
 * Trust in these folders was taken back: what targets took from them is replaced by what holds without
 * them. The apps that run stay guarded. Answers with how many targets were changed.
 */
export function distrust(
  folder: string,
  distrusted: readonly string[],
  instead: FromSettings,
  nowMs: number,
): number {
  const taken = readTargets(folder, nowMs).targets.filter(({ trustedFolders }) =>
    trustedFolders.some((one) => distrusted.includes(one)),
  );
  for (const before of taken) writeTarget(folder, { ...before, ...instead, trustedFolders: [] });
  return taken.length;
}

/** A target that no window wrote for so long is no longer guarded. */
const forgottenMs = 7 * 24 * 3_600_000;

/** All targets that are in use. A file that cannot be read is left out and named. */
export function readTargets(
  folder: string,
  nowMs: number,
): {
  readonly targets: readonly GuardTarget[];
  readonly unreadable: readonly string[];
} {
  const targets: GuardTarget[] = [];
  const unreadable: string[] = [];
  for (const name of listNames(folder)) {
    const file = join(folder, name);
    if (nowMs - writtenAtMs(file) > forgottenMs) {
      rmSync(file, { force: true });
      continue;
    }
    const parsed = parse(file);
    if (parsed === undefined) unreadable.push(name);
    else targets.push(parsed);
  }
  return { targets, unreadable };
}

function listNames(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith(nameEnd));
  } catch {
    return [];
  }
}

function writtenAtMs(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function parse(file: string): GuardTarget | undefined {
  try {
    const raw: unknown = JSON.parse(readFileSync(file, "utf8"));
    const parsed = z.safeParse(target, raw);
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
