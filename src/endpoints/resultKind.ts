/** What a call is expected to bring: it decides how the result is named, checked and shown. */
export type ResultKind = "image" | "video" | "audio" | "json" | "any";
