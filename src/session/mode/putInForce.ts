import { cancelled, throwIfCancelled } from "../../base/abort.ts";
import type { Clock } from "../../base/clock.ts";
import { Failure } from "../../base/failure.ts";
import type { Log } from "../../base/log.ts";
import { plural, t } from "../../base/text.ts";
import { asFailure, inParallel } from "../concurrent.ts";
import type { WindowsInFile } from "../windows/fileWindow.ts";
import type { Ledger } from "../ledgerPort.ts";
import type { ModeDefinition } from "../mode.ts";
import type {
  AppFunction,
  ControlOptions,
  FunctionScaling,
  ModalControl,
} from "../modalControl.ts";
import type { FunctionWindow } from "../session.ts";
import {
  answerTo,
  durationText,
  isSameQuestion,
  keptText,
  rememberAnswer,
  type AskWindow,
  type FixedWindow,
} from "./fixedWindow.ts";
import { whileScaling } from "../windows/scalingLease.ts";
import { recallBook, rememberBook, type NotedWindow } from "../windows/windowBook.ts";

export interface PutParts {
  readonly control: Pick<ModalControl, "appFunctions" | "functionScaling" | "scale">;
  readonly ledger: Pick<
    Ledger,
    "remember" | "recall" | "acquireLease" | "releaseLease" | "settled"
  >;
  readonly clock: Clock;
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
   * It was deployed for this mode just now, from a file that says this. null: it was deployed before:
   * what was noted then counts, as long as Modal still has it.
   */
  readonly deployed: WindowsInFile | null;
}

/** What is in force in an app, read from its autoscaler and not from what was wished. */
export interface InForce {
  /** The idle window of its functions, in seconds; null: they have several, or not all could be read. */
  readonly windowSeconds: number | null;
  /** The same by function, of those that could be read. */
  readonly windows: readonly FunctionWindow[];
  /** Containers that `min_containers` keeps. */
  readonly keptWarm: number;
  /** Functions that could not be brought into the mode, and why. What was put is in force all the same. */
  readonly failure: Failure | undefined;
  /** Worth telling. */
  readonly notes: readonly string[];
}

interface Scaled extends AppFunction, FunctionScaling {
  readonly noted: NotedWindow;
  /** Why the window could not be changed. */
  readonly failure?: Failure;
}

/** A release takes so long, at most. */
const leaseWaitMs = 90_000;
/** How long a put waits for the ledger to have its note, in milliseconds. */
const settleMs = 1_000;

/**
 * Reads what the autoscaler of each function has, and puts the mode's idle window where another one
 * is. Where the file is not known to follow the mode, that is done only where a person has said so.
 * What is put is noted before. Rejects with a `Failure` while nothing has been put; from then on it
 * resolves with what is in force, whatever went wrong, and cancelled or not.
 */
export async function putInForce(
  parts: PutParts,
  app: PutApp,
  mode: ModeDefinition,
  signal?: AbortSignal,
): Promise<InForce> {
  let answered: Answered | undefined;
  for (;;) {
    // Nobody is kept waiting while a person thinks: it is read again afterwards.
    const turn = await whileScaling(parts, app.appId, { waitMs: leaseWaitMs, signal }, () =>
      readAndPut(parts, app, mode, { answered, signal }),
    );
    if (turn === undefined) throw signal?.aborted === true ? cancelled() : busy(app);
    if (!("question" in turn.result)) return turn.result;
    const { question } = turn.result;
    const isReplaced = (await parts.askWindow?.(question)) ?? null;
    throwIfCancelled(signal);
    if (isReplaced !== null) rememberAnswer(parts.ledger, question, isReplaced);
    answered = { question, isReplaced: isReplaced ?? false };
  }
}

interface Answered {
  readonly question: FixedWindow;
  readonly isReplaced: boolean;
}

function busy({ name }: PutApp): Failure {
  return new Failure("timed-out", t("The autoscaler of {0} is being changed elsewhere.", name));
}

async function readAndPut(
  parts: PutParts,
  app: PutApp,
  mode: ModeDefinition,
  {
    answered,
    signal,
  }: { readonly answered: Answered | undefined; readonly signal: AbortSignal | undefined },
): Promise<InForce | { readonly question: FixedWindow }> {
  const options = signal === undefined ? {} : { signal };
  const { read, count, failure } = await readAll(parts, app, mode.scaledownSeconds, options);
  throwIfCancelled(signal);
  if (read.length === 0 && failure !== undefined) throw failure;
  const question = questionOf(app, read, mode);
  const isReplaced =
    answered !== undefined && question !== undefined && isSameQuestion(answered.question, question)
      ? answered.isReplaced
      : question && answerTo(parts.ledger, question);
  if (question !== undefined && isReplaced === undefined) return { question };
  const asked = read.map((one) => ({ one, seconds: wantedOf(one, mode, isReplaced === true) }));
  const intended = asked.map(({ one, seconds }) => noteAsked(one, seconds, parts.clock.nowMs()));
  note(parts, app, intended);
  await parts.ledger.settled(settleMs);
  const now = await inParallel(asked, 4, ({ one, seconds }) =>
    put(parts, app, one, seconds, options),
  );
  note(parts, app, now.map(notePut));
  const windows = now.map(({ name, scaledownSeconds: seconds }) => ({
    functionName: name,
    seconds,
  }));
  const [only = null, ...others] = new Set(windows.map(({ seconds }) => seconds));
  return {
    windowSeconds: others.length === 0 && now.length === count ? only : null,
    windows,
    keptWarm: now.reduce((sum, { minContainers }) => sum + minContainers, 0),
    failure: failure ?? now.find((one) => one.failure !== undefined)?.failure,
    notes: notesOf(app, now, mode),
  };
}

/** What the autoscaler of each function has; those that could not be read are left out. */
async function readAll(
  { control, ledger, log }: PutParts,
  app: PutApp,
  modeSeconds: number,
  options: ControlOptions,
): Promise<{
  readonly read: readonly Scaled[];
  readonly count: number;
  readonly failure: Failure | undefined;
}> {
  const functions = await control.appFunctions(app.appId, options);
  const before = recallBook(ledger, app).functions;
  const failures: Failure[] = [];
  const read = await inParallel(functions, 4, async (one): Promise<readonly Scaled[]> => {
    try {
      const scaling = await control.functionScaling(one.functionId, options);
      const noted = before.find(({ functionName }) => functionName === one.name);
      return [{ ...one, ...scaling, noted: notedNow(app, one.name, scaling, noted, modeSeconds) }];
    } catch (error) {
      failures.push(asFailure(error));
      log.info(`The autoscaler of ${app.name}/${one.name} was not read: ${String(error)}`);
      return [];
    }
  });
  return { read: read.flat(), count: functions.length, failure: failures[0] };
}

/** What is known of a function's window: by its deploy just now, else as it was noted, where Modal still has that. */
function notedNow(
  { deployed }: PutApp,
  functionName: string,
  { scaledownSeconds, ownScaledownSeconds }: FunctionScaling,
  noted: NotedWindow | undefined,
  modeSeconds: number,
): NotedWindow {
  const ownSeconds = ownScaledownSeconds ?? scaledownSeconds;
  const fresh = { functionName, ownSeconds, putSeconds: [], putAtMs: 0 };
  if (deployed !== null) {
    // A deploy for this mode that did not give its window shows that the file does not follow it.
    const inFile = ownSeconds === modeSeconds ? deployed(functionName) : ownSeconds;
    return { ...fresh, kind: inFile === "mode" ? "mode" : inFile === null ? "unknown" : "file" };
  }
  const isStill =
    noted !== undefined &&
    (ownScaledownSeconds === null
      ? noted.putSeconds.includes(scaledownSeconds)
      : ownScaledownSeconds === noted.ownSeconds);
  return isStill ? noted : { ...fresh, kind: "unknown" };
}

/** The window that a function gets. */
function wantedOf(
  { noted, scaledownSeconds }: Scaled,
  mode: ModeDefinition,
  isReplaced: boolean,
): number {
  const { kind, ownSeconds, putSeconds } = noted;
  if (kind === "mode" || isReplaced) return mode.scaledownSeconds;
  // What an earlier session put goes where it is not wanted; what somebody else did stays.
  return putSeconds.includes(scaledownSeconds) ? ownSeconds : scaledownSeconds;
}

/** As it is noted before Modal is asked: either window may be in force. */
function noteAsked(
  { noted, scaledownSeconds }: Scaled,
  seconds: number,
  nowMs: number,
): NotedWindow {
  if (scaledownSeconds === seconds) return noted;
  const putSeconds = [...new Set([...noted.putSeconds, seconds])];
  return { ...noted, putSeconds, putAtMs: nowMs };
}

async function put(
  { control, log, clock }: PutParts,
  app: PutApp,
  one: Scaled,
  seconds: number,
  options: ControlOptions,
): Promise<Scaled> {
  if (one.scaledownSeconds === seconds) return one;
  const noted = noteAsked(one, seconds, clock.nowMs());
  try {
    throwIfCancelled(options.signal);
    const target = { appName: app.name, functionName: one.name, functionId: one.functionId };
    await control.scale(target, { scaledownWindowSeconds: seconds }, options);
    return { ...one, noted: { ...noted, putSeconds: [seconds] }, scaledownSeconds: seconds };
  } catch (error) {
    log.info(`The window of ${app.name}/${one.name} stays: ${String(error)}`);
    return { ...one, noted, failure: asFailure(error) };
  }
}

/** What is back at its deploy's window has nothing put any more. */
function notePut({ noted, scaledownSeconds, failure }: Scaled): NotedWindow {
  return failure === undefined && scaledownSeconds === noted.ownSeconds
    ? { ...noted, putSeconds: [] }
    : noted;
}

/** Functions that could not be read keep their note, unless a deploy made it old. */
function note({ ledger }: PutParts, app: PutApp, functions: readonly NotedWindow[]): void {
  const book = recallBook(ledger, app);
  const names = new Set(functions.map(({ functionName }) => functionName));
  const others =
    app.deployed === null ? book.functions.filter((one) => !names.has(one.functionName)) : [];
  rememberBook(ledger, app, { ...book, functions: [...functions, ...others] });
}

/** What a person has to say first; undefined: nothing. */
function questionOf(
  { scope, name, file }: PutApp,
  read: readonly Scaled[],
  mode: ModeDefinition,
): FixedWindow | undefined {
  const ownSeconds = [
    ...new Set(
      read.flatMap(({ noted }) =>
        noted.kind === "mode" || noted.ownSeconds === mode.scaledownSeconds
          ? []
          : [noted.ownSeconds],
      ),
    ),
  ].toSorted((a, b) => a - b);
  return ownSeconds.length === 0 ? undefined : { scope, appName: name, file, ownSeconds, mode };
}

function notesOf(
  { name, file }: PutApp,
  now: readonly Scaled[],
  { name: mode, scaledownSeconds: wanted }: ModeDefinition,
): readonly string[] {
  const kept = now.filter(
    ({ scaledownSeconds, failure }) => scaledownSeconds !== wanted && failure === undefined,
  );
  const seconds = [...new Set(kept.map(({ scaledownSeconds }) => scaledownSeconds))].toSorted(
    (a, b) => a - b,
  );
  const isFixed = kept.every(({ noted }) => noted.kind === "file");
  const warm = now.reduce((sum, { minContainers }) => sum + minContainers, 0);
  return [
    ...(seconds.length === 0 ? [] : [keptText(file, { seconds, isFixed }, mode)]),
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
