import * as z from "zod/mini";
import { errorDetail } from "./errorDetail.ts";
import type { ResultKind } from "../resultKind.ts";
import type { Media } from "./mediaType.ts";

/** No error needs more; a longer text is a result. */
export const maxErrorBytes = 64 * 1024;

/** Whether an error comes as this: then its text is worth a look. */
export function isErrorMedia({ extension }: Media): boolean {
  return extension === "json" || extension === "txt";
}

const nonEmpty = z.string().check(z.minLength(1));
/** How programs say in JSON that they failed, whatever the HTTP status says. */
const saysFailed = z.union([
  z.object({ error: nonEmpty }),
  z.object({ error: z.object({ message: nonEmpty }) }),
  z.object({ success: z.literal(false) }),
  z.object({ ok: z.literal(false) }),
  z.object({ status: z.enum(["error", "failed", "failure"]) }),
]);
/** FastAPI's way; a result may have a field of this name too, but a picture has none. */
const saysWhy = z.object({ detail: nonEmpty });
/** What stands in an error and nowhere else. With any other key it may be a result that says more. */
const errorWords =
  // not shown: keys of JSON
  "error errors detail details message msg reason type code path status status_code success ok traceback request_id";
const errorKeys = z.strictObject(
  Object.fromEntries(errorWords.split(" ").map((key) => [key, z.optional(z.unknown())])),
);
/** A picture may be told by where it is, or be written out. */
const mayBePicture = /[a-z][a-z\d+.-]*:\/\/|\bdata:|\.[a-z\d]{2,5}["']?\s*$|[\w+/]{200}/im;

/**
 * What went wrong, when a whole answer with status 200 is no result but an error: apps catch an
 * exception and return it. null: it may be a result. A doubtful answer is a result: it was paid for.
 *
 * @param body the answer's text, at most `maxErrorBytes`; media inside it was not found.
 * @param hidden the prompt, which an error may repeat.
 */
export function errorAnswer(
  body: string,
  media: Media,
  expects: ResultKind,
  hidden: readonly string[],
): string | null {
  const wantsMedia = expects === "image" || expects === "video" || expects === "audio";
  if (!isErrorMedia(media) || (wantsMedia && mayBePicture.test(body))) return null;
  if (media.extension === "txt")
    return wantsMedia ? errorDetail(body, media.type, hidden).text : null;
  const json = parsed(body);
  const isError =
    z.safeParse(errorKeys, json).success &&
    (z.safeParse(saysFailed, json).success || (wantsMedia && z.safeParse(saysWhy, json).success));
  return isError ? errorDetail(body, media.type, hidden).text : null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
