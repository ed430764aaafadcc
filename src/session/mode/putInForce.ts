import * as z from "zod/mini";
import { throwIfCancelled } from "../../base/abort.ts";
import type { Failure } from "../../base/failure.ts";
import type { Log } from "../../base/log.ts";
import { plural, t } from "../../base/text.ts";
import { formatCountdown } from "../../cost/format.ts";
import { asFailure, inParallel } from "../concurrent.ts";
import type { Ledger } from "../ledgerPort.ts";
import type { ModeDefinition } from "../mode.ts";
import type {
  AppFunction,
  ControlOptions,
  FunctionScaling,
  ModalControl,
} from "../modalControl.ts";
import type { OwnWindow } from "../session.ts";

/** An app whose file fixes idle windows by itself, and the mode that has another one. */
export interface FixedWindow {
  readonly appName: string;
  readonly file: string;
  /** Shortest first. */
  readonly ownSeconds: readonly number[];
  readonly mode: Pick<ModeDefinition, "name" | "scaledownSeconds">;
}

/** Whether the mode's window takes the place of the file's until the session ends; null: no answer. */
export type AskWindow = (fixed: FixedWindow) => Promise<boolean | null>;

export interface PutParts {
  readonly control: Pick<ModalControl, "appFunctions" | "functionScaling" | "scale">;
  readonly ledger: Pick<Ledger, "remember" | "recall">;
  readonly log: Log;
  /** Absent: nobody is there to be asked. */
  readonly askWindow?: AskWindow | undefined;
}

export interface PutApp {
  readonly scope: string;
  readonly appId: string;
  readonly name: string;
  readonly file: string;
  /**
   * What a deploy by a session showed its file to fix by itself. null: it was deployed for this mode just
   * now, or elsewhere: then each window of its own that is not the mode's is the file's.
   */
  readonly fixed: readonly OwnWindow[] | null;
}

/** What is in force in an app, read from its autoscaler and not from what was wished. */
export interface InForce {
  /** The idle window of its functions, in seconds; null: they have several, or not all could be read. */
  readonly windowSeconds: number | null;
  /** Containers that `min_containers` keeps. */
  readonly keptWarm: number;
  /** Windows that the file fixes, and what is in their place until the session ends. */
  readonly ownWindows: readonly OwnWindow[];
  /** Functions that could not be brought into the mode, and why. */
  readonly failure: Failure | undefined;
  /** Worth telling. */
  readonly notes: readonly string[];
}

interface Scaled extends AppFunction, FunctionScaling {
  /** What its file fixes, whatever the mode says; null: nothing. */
  readonly fixedSeconds: number | null;
  /** Why the window could not be changed. */
  readonly failure?: Failure;
}

/**
 * Reads what the autoscaler of each function has, and puts the mode's idle window where another one
 * is. A window that the file fixes by itself is replaced only where a person has said so, once for
 * each app. Rejects with a `Failure` where the functions cannot be read at all.
 */
export async function putInForce(
  parts: PutParts,
  app: PutApp,
  mode: ModeDefinition,
  signal?: AbortSignal,
): Promise<InForce> {
  const options = signal === undefined ? {} : { signal };
  const wanted = mode.scaledownSeconds;
  const { read, count, failure } = await readAll(parts, app, wanted, options);
  throwIfCancelled(signal);
  if (read.length === 0 && failure !== undefined) throw failure;
  const isReplaced = await mayReplace(parts, app, read, mode);
  throwIfCancelled(signal);
  const now = await inParallel(read, 4, (one) =>
    // What an earlier session put in the place of the file's goes where it is not wanted.
    put(parts, app, one, isReplaced ? wanted : (one.fixedSeconds ?? wanted), options),
  );
  throwIfCancelled(signal);
  const windows = new Set(now.map(({ scaledownSeconds }) => scaledownSeconds));
  const [only = null] = windows;
  return {
    windowSeconds: windows.size === 1 && now.length === count ? only : null,
    keptWarm: now.reduce((sum, { minContainers }) => sum + minContainers, 0),
    ownWindows: now.flatMap(({ functionId, name: functionName, fixedSeconds, scaledownSeconds }) =>
      fixedSeconds === null
        ? []
        : [{ functionId, functionName, ownSeconds: fixedSeconds, putSeconds: scaledownSeconds }],
    ),
    failure: failure ?? now.find((one) => one.failure !== undefined)?.failure,
    notes: notesOf(app, now, mode),
  };
}

/** What the autoscaler of each function has; those that could not be read are left out. */
async function readAll(
  { control, log }: PutParts,
  app: PutApp,
  wanted: number,
  options: ControlOptions,
): Promise<{
  readonly read: readonly Scaled[];
  readonly count: number;
  readonly failure: Failure | undefined;
}> {
  const functions = await control.appFunctions(app.appId, options);
  const failures: Failure[] = [];
  const read = await inParallel(functions, 4, async (one): Promise<readonly Scaled[]> => {
    try {
      const scaling = await control.functionScaling(one.functionId, options);
      return [{ ...one, ...scaling, fixedSeconds: fixedIn(app, one.name, scaling, wanted) }];
    } catch (error) {
      failures.push(asFailure(error));
      log.info(`The autoscaler of ${app.name}/${one.name} was not read: ${String(error)}`);
      return [];
    }
  });
  return { read: read.flat(), count: functions.length, failure: failures[0] };
}

async function put(
  { control, log }: PutParts,
  app: PutApp,
  one: Scaled,
  seconds: number,
  options: ControlOptions,
): Promise<Scaled> {
  if (one.scaledownSeconds === seconds) return one;
  try {
    const target = { appName: app.name, functionName: one.name, functionId: one.functionId };
    await control.scale(target, { scaledownWindowSeconds: seconds }, options);
    return { ...one, scaledownSeconds: seconds };
  } catch (error) {
    log.info(`The window of ${app.name}/${one.name} stays: ${String(error)}`);
    return { ...one, failure: asFailure(error) };
  }
}

/** The window of a function that does not follow the mode. */
function fixedIn(
  { fixed }: PutApp,
  name: string,
  { ownScaledownSeconds }: FunctionScaling,
  wanted: number,
): number | null {
  if (fixed === null) return ownScaledownSeconds === wanted ? null : ownScaledownSeconds;
  return fixed.find(({ functionName }) => functionName === name)?.ownSeconds ?? null;
}

function notesOf(
  { name, file }: PutApp,
  now: readonly Scaled[],
  { name: mode, scaledownSeconds: wanted }: ModeDefinition,
): readonly string[] {
  const kept = now.filter(
    ({ fixedSeconds, scaledownSeconds, failure }) =>
      fixedSeconds === scaledownSeconds && scaledownSeconds !== wanted && failure === undefined,
  );
  const seconds = [...new Set(kept.map(({ scaledownSeconds }) => scaledownSeconds))];
  const warm = now.reduce((sum, { minContainers }) => sum + minContainers, 0);
  return [
    ...(seconds.length === 0
      ? []
      : [
          t(
            "{0} fixes {1}; {2} has no effect on it.",
            baseName(file),
            seconds
              .toSorted((a, b) => a - b)
              .map(durationText)
              .join(", "),
            mode,
          ),
        ]),
    ...now.flatMap(({ name: functionName, scaledownSeconds, failure }) =>
      failure === undefined
        ? []
        : [
            t(
              "{0} keeps {1}: {2}",
              `${name}/${functionName}`,
              durationText(scaledownSeconds),
              failure.message,
            ),
          ],
    ),
    ...(warm === 0
      ? []
      : [
          plural(
            warm,
            {
              one: "{1}: min_containers keeps {0} container warm, billed day and night.",
              other: "{1}: min_containers keeps {0} containers warm, billed day and night.",
            },
            name,
          ),
        ]),
  ];
}

const answer = z.object({ isReplaced: z.boolean() });

/** As it was answered before; asked where it was not, and somebody is there. */
async function mayReplace(
  { ledger, askWindow }: PutParts,
  { scope, name, file }: PutApp,
  scaled: readonly Scaled[],
  mode: ModeDefinition,
): Promise<boolean> {
  const ownSeconds = [
    ...new Set(
      scaled.flatMap(({ fixedSeconds }) =>
        fixedSeconds === mode.scaledownSeconds ? [] : (fixedSeconds ?? []),
      ),
    ),
  ].toSorted((a, b) => a - b);
  if (ownSeconds.length === 0) return false;
  const key = `fixedWindow ${scope} ${name} ${file}`; // not shown: a key of the ledger
  const before = ledger.recall(key, answer);
  if (before !== undefined) return before.isReplaced;
  const isReplaced = (await askWindow?.({ appName: name, file, ownSeconds, mode })) ?? null;
  if (isReplaced === null) return false;
  ledger.remember(key, JSON.stringify({ isReplaced }));
  return isReplaced;
}

/** "300 s in studio.py; use dev's 120 s until the session ends?" */
export function fixedWindowText({ file, ownSeconds, mode }: FixedWindow): string {
  return t(
    "{0} in {1}; use {2}'s {3} until the session ends?",
    ownSeconds.map(durationText).join(", "),
    baseName(file),
    mode.name,
    durationText(mode.scaledownSeconds),
  );
}

function durationText(seconds: number): string {
  return formatCountdown(seconds * 1000);
}

/** Of a path of any system: this room knows none. */
function baseName(file: string): string {
  return file.split(/[\\/]/).at(-1) ?? file;
}
