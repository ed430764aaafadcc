import * as z from "zod/mini";
import { errorDetail } from "./errorDetail.ts";
import type { ResultKind } from "../resultKind.ts";
import type { Media } from "./mediaType.ts";

/** No error needs more; a longer text is a result. */
export const maxErrorBytes = 64 * 1024;

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
const saysWhy = z.object({ detail: z.unknown() });

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
  if (media.extension === "txt") {
    // An address of the picture is a result.
    if (!wantsMedia || /(https?|data):/i.test(body)) return null;
    return errorDetail(body, media.type, hidden).text;
  }
  if (media.extension !== "json") return null;
  const json = parsed(body);
  const isError =
    z.safeParse(saysFailed, json).success || (wantsMedia && z.safeParse(saysWhy, json).success);
  return isError ? errorDetail(body, media.type, hidden).text : null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
