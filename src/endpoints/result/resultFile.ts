import type { IncomingMessage } from "node:http";
import { constants } from "node:fs";
import { access, lstat, mkdir, open, readdir, readFile, stat, unlink } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { ownFolder } from "./ownFolder.ts";
import { failureOf } from "../../base/failure.ts";
import { t } from "../../base/text.ts";
import { isCode, publish, removeQuietly } from "./atomicFile.ts";
import { CallFailure, type CallTarget } from "../callTypes.ts";
import { BrokenBody, download, type Download, type DownloadOptions } from "./download.ts";
import { errorAnswer, isErrorMedia, maxErrorBytes } from "./errorAnswer.ts";
import { isOverlong } from "../overlong.ts";
import { reworkJson } from "./jsonResult.ts";
import { bareType, mediaOf, type Media } from "./mediaType.ts";
import { isCutShort } from "./mediaEnd.ts";
import type { Redactor } from "../redactor.ts";
import { requireWithin, type ResultsPlace } from "./resultsPlace.ts";
import { resultStem } from "./resultName.ts";

export interface SavedResult {
  readonly resultPath: string | null;
  readonly extractedPaths: readonly string[];
  readonly bytes: number;
  readonly mediaType: string;
  readonly remarks: readonly string[];
}

export interface SaveOptions extends DownloadOptions {
  /** Instant for the file's name. */
  readonly atMs: number;
}

/**
 * Saves a response body under a name of its own. While it arrives it is "<name>.part"; the real
 * name appears only with the whole result behind it. An incomplete result stays as ".part" when
 * the connection broke (it was paid for), and is deleted otherwise.
 *
 * @throws CallFailure "endpoint-failed" (an error with status 200), "bad-response", "timed-out", "disk"; the signal's reason when aborted.
 */
export async function saveResult(
  message: IncomingMessage,
  target: CallTarget,
  options: SaveOptions,
): Promise<SavedResult> {
  const stem = resultStem(target.endpoint, options.atMs, target.prompt);
  const { part, folder, remarks } = await reserveSomewhere(target, stem);
  try {
    const body = await download(message, part.file, options);
    await requireSame(part);
    if (body.bytes === 0) {
      await unlink(part.path);
      return emptyResult(message, target);
    }
    const media = mediaOf(message.headers["content-type"], body.head);
    refuseWrongKind(message, target, media, body);
    remarks.push(...oddities(message, media, options.redactor));
    if (media.extension === "json") {
      const reworked = await reworkJson(part.path, folder, part.stem, options.signal);
      const { extracted, remark } = reworked;
      if (remark !== null) remarks.push(remark);
      const resultPath = await publishAs(reworked.path, folder, part.stem, "json");
      if (extracted.length === 0)
        await refuseError(resultPath, target, media, body, options.redactor);
      return {
        resultPath,
        extractedPaths: extracted,
        bytes: body.bytes,
        mediaType: media.type,
        remarks,
      };
    }
    const resultPath = await publishAs(part.path, folder, part.stem, media.extension);
    await refuseError(resultPath, target, media, body, options.redactor);
    return { resultPath, extractedPaths: [], bytes: body.bytes, mediaType: media.type, remarks };
  } catch (error) {
    throw await afterFailure(error, part);
  }
}

/**
 * Proves that results can be written, before anything is spent.
 * @throws CallFailure "disk"; "bad-setting" where the folder leads out of where it has to be.
 */
export async function prepareFolder(place: ResultsPlace): Promise<void> {
  const { folder } = place;
  requireWithin(place);
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
  } catch (error) {
    throw diskFailure(error);
  }
}

interface Part {
  readonly path: string;
  readonly stem: string;
  /** Created here: what is written goes by it. */
  readonly file: FileHandle;
  /** The file's own number, by which its name is known to be still its own. */
  readonly id: string;
}

/**
 * A free name in the folder; where the folder has gone bad since the call began, in our own folder,
 * because the result is paid for. Never in a folder that others share: they could read it, and have us
 * write elsewhere.
 */
async function reserveSomewhere(
  target: Pick<CallTarget, "folder" | "within" | "spareFolder">,
  stem: string,
): Promise<{ part: Part; folder: string; remarks: string[] }> {
  const { folder: wanted, spareFolder } = target;
  try {
    requireWithin(target);
    await mkdir(wanted, { recursive: true });
    return { part: await reservePart(wanted, stem), folder: wanted, remarks: [] };
  } catch (error) {
    if (spareFolder === undefined) throw failureOf(error) ?? diskFailure(error);
    try {
      await ownFolder(spareFolder);
      const part = await reservePart(spareFolder, stem);
      const remark = t("{0} cannot be written; saved in {1}.", wanted, spareFolder);
      return { part, folder: spareFolder, remarks: [remark] };
    } catch {
      throw diskFailure(error);
    }
  }
}

/** Whether the file that was written still has its name. */
async function isSame({ path, id }: Part): Promise<boolean> {
  const named = await lstat(path, { bigint: true }).catch(() => undefined);
  return named !== undefined && idOf(named) === id;
}

/** Another file has the name of the one that was written: neither is touched, and the failure says where to look. */
async function requireSame(part: Part): Promise<void> {
  if (!(await isSame(part)))
    throw new CallFailure(
      "disk",
      t(
        "Something else took the name {0} while the result was written to it. The result is left where it was moved to, most likely in the same folder.",
        part.path,
      ),
    );
}

/**
 * By which a file is known again. On Windows an open file and its name have different `dev` with some
 * versions of Node (libuv 1.49: 22.12 to 22.16), and a file's number alone is of 64 bits.
 */
export function idOf(
  { dev, ino }: { readonly dev: bigint; readonly ino: bigint },
  platform: NodeJS.Platform = process.platform,
): string {
  return platform === "win32" ? String(ino) : `${dev}:${ino}`;
}

/** Takes a free name by creating its ".part" file. */
async function reservePart(folder: string, stem: string): Promise<Part> {
  const taken = new Set((await readdir(folder)).map((name) => name.replace(/\..*$/s, "")));
  for (let copy = 1; ; copy++) {
    const freeStem = copy === 1 ? stem : `${stem}-${copy}`;
    if (taken.has(freeStem)) continue;
    const path = join(folder, `${freeStem}.part`);
    try {
      const file = await open(path, "wx");
      return { path, stem: freeStem, file, id: idOf(await file.stat({ bigint: true })) };
    } catch (error) {
      if (!isCode(error, "EEXIST")) throw error;
    }
  }
}

async function publishAs(
  path: string,
  folder: string,
  stem: string,
  extension: string,
): Promise<string> {
  for (let copy = 1; ; copy++) {
    const final = join(folder, `${copy === 1 ? stem : `${stem}-${copy}`}.${extension}`);
    try {
      await publish(path, final);
      return final;
    } catch (error) {
      if (!isCode(error, "EEXIST")) throw diskFailure(error);
    }
  }
}

function emptyResult(message: IncomingMessage, target: CallTarget): SavedResult {
  if (target.expects !== "any" && message.statusCode !== 204) {
    throw new CallFailure(
      "bad-response",
      t(
        '"{0}" answered with an empty body. Look at the app\'s log for what happened.',
        target.endpoint,
      ),
    );
  }
  return {
    resultPath: null,
    extractedPaths: [],
    bytes: 0,
    mediaType: bareType(message.headers["content-type"]),
    remarks: [],
  };
}

/** A login page or a proxy's error page with status 200 must not pose as a picture. */
function refuseWrongKind(
  message: IncomingMessage,
  target: CallTarget,
  media: Media,
  body: Download,
): void {
  if (media.extension === "html" && target.expects !== "any") {
    throw new CallFailure(
      "bad-response",
      t(
        '"{0}" answered with a web page, not with a result. Check the endpoint\'s URL.',
        target.endpoint,
      ),
    );
  }
  const framed =
    message.headers["content-length"] !== undefined ||
    message.headers["transfer-encoding"] !== undefined;
  if ((!framed || isOverlong(message)) && isCutShort(media, body)) {
    throw new BrokenBody(
      framed
        ? t("The server announced a shorter result than it sent: the file has no end.")
        : t("The connection closed in the middle of the result: the file has no end."),
      undefined,
    );
  }
}

/** An error with status 200 must not pose as a result. It stays on the disk: it may have been paid for. */
async function refuseError(
  path: string,
  target: CallTarget,
  media: Media,
  { bytes }: Download,
  redactor: Redactor,
): Promise<void> {
  if (!isErrorMedia(media) || bytes > maxErrorBytes) return;
  const error = errorAnswer(await readFile(path, "utf8"), media, target.expects, redactor);
  if (error === null) return;
  throw new CallFailure(
    "endpoint-failed",
    error === ""
      ? t('"{0}" answered that it failed, and does not say why.', target.endpoint)
      : t('"{0}" answered that it failed: {1}', target.endpoint, error),
    { keptPath: path },
  );
}

function oddities(message: IncomingMessage, media: Media, redactor: Redactor): string[] {
  const remarks = typeRemarks(message, media, redactor);
  if (isOverlong(message)) {
    remarks.push(t("The server sent more than it announced; the file may be incomplete."));
  }
  return remarks;
}

function typeRemarks(message: IncomingMessage, media: Media, redactor: Redactor): string[] {
  const declared = bareType(message.headers["content-type"]);
  if (declared === "" || declared === media.type || declared === "application/octet-stream") {
    return [];
  }
  // "image/jpg" and other spellings of the same thing.
  if (media.type === "image/jpeg" && declared === "image/jpg") return [];
  if (media.type === "audio/wav" && declared === "audio/x-wav") return [];
  return [
    t(
      'The server called the result "{0}", its bytes say "{1}".',
      redactor.redact(declared),
      media.type,
    ),
  ];
}

async function afterFailure(error: unknown, part: Part): Promise<unknown> {
  const { path } = part;
  if (error instanceof BrokenBody && (await hasBytes(path))) {
    return error.with({ keptPath: path });
  }
  if (await isSame(part)) await removeQuietly(path);
  return error;
}

async function hasBytes(path: string): Promise<boolean> {
  try {
    return (await stat(path)).size > 0;
  } catch {
    return false;
  }
}

function diskFailure(error: unknown): CallFailure {
  const code = error instanceof Error && "code" in error ? String(error.code) : t("unknown error");
  return new CallFailure(
    "disk",
    t(
      'The result could not be saved ({0}). Check "modalMeter.resultsFolder" and the free space.',
      code,
    ),
    {},
    { cause: error },
  );
}
