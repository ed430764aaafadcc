import { join } from "node:path";
import { t } from "../../base/text.ts";
import type { Disposable } from "../../base/disposable.ts";
import { failureOf } from "../../base/failure.ts";
import type { CallLimits, CallTarget } from "../../endpoints/callTypes.ts";
import { resultsPlace } from "../resultsPlace.ts";

/** Where a call's result goes, and how large it may be. */
export interface ResultTerms {
  readonly place: Pick<CallTarget, "folder" | "within" | "spareFolder">;
  readonly limits: Partial<CallLimits>;
  /** What is not as the settings say, and why. */
  readonly remarks: readonly string[];
}

/** What the terms are made from. */
export interface ResultTermsParts {
  readonly settings: Parameters<typeof resultsPlace>[0];
  /** The folder that the call is of; null: none is open. */
  readonly folder: string | null;
  readonly open: readonly string[];
  /** The extension's own. */
  readonly fallbackFolder: string;
}

/** For a call that is to be sent: as the settings say. Throws `Failure("bad-setting")`. */
export function resultTerms(parts: ResultTermsParts): ResultTerms {
  return { place: placeOf(parts), limits: limitsOf(parts), remarks: [] };
}

/** For a call that is paid for: a setting that is wrong costs it nothing, and the extension's own folder takes its result. */
export function paidResultTerms(parts: ResultTermsParts): ResultTerms {
  const remarks: string[] = [];
  const folder = spareOf(parts);
  const place = unlessWrong(
    () => placeOf(parts),
    { folder, spareFolder: folder },
    (why) => remarks.push(t("The result is saved in {0}: {1}", folder, why)),
  );
  const limits = unlessWrong(
    () => limitsOf(parts),
    {},
    (why) => remarks.push(why),
  );
  return { place, limits, remarks };
}

/** Works, and disposes of these when it is over, also where it could not even begin. */
export async function whileHeld<T>(
  held: readonly Disposable[],
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } finally {
    for (const one of held) one.dispose();
  }
}

function placeOf(parts: ResultTermsParts): ResultTerms["place"] {
  const { settings, folder, fallbackFolder, open } = parts;
  return {
    ...resultsPlace(settings, folder ?? fallbackFolder, open),
    spareFolder: spareOf(parts),
  };
}

function limitsOf({ settings }: ResultTermsParts): Partial<CallLimits> {
  const gibibytes = settings.current.get("maxResultGibibytes");
  return { maxResultBytes: Math.round(gibibytes * 1024 ** 3) };
}

function spareOf({ fallbackFolder }: ResultTermsParts): string {
  return join(fallbackFolder, "results");
}

function unlessWrong<T>(read: () => T, otherwise: T, tell: (why: string) => void): T {
  try {
    return read();
  } catch (error) {
    const failure = failureOf(error);
    if (failure?.reason !== "bad-setting") throw error;
    tell(failure.message);
    return otherwise;
  }
}
