/** What a file is, by its first bytes. */
export interface Media {
  /** Without the dot. From this table alone, never from a server's file name. */
  readonly extension: string;
  readonly type: string;
}

/** Bytes that `sniffMedia` wants to see; fewer are fine when the file is shorter. */
export const sniffBytes = 512;

const byType: Readonly<Record<string, string>> = {
  "image/png": "png",
  "image/jpeg": "jpg",
  "image/jpg": "jpg",
  "image/webp": "webp",
  "image/gif": "gif",
  "image/avif": "avif",
  "image/bmp": "bmp",
  "image/tiff": "tiff",
  "image/svg+xml": "svg",
  "video/mp4": "mp4",
  "video/quicktime": "mov",
  "video/webm": "webm",
  "video/x-matroska": "mkv",
  "audio/mpeg": "mp3",
  "audio/wav": "wav",
  "audio/x-wav": "wav",
  "audio/ogg": "ogg",
  "audio/flac": "flac",
  "audio/mp4": "m4a",
  "model/gltf-binary": "glb",
  "application/pdf": "pdf",
  "application/zip": "zip",
  "application/json": "json",
  "application/x-ndjson": "jsonl",
  "text/event-stream": "txt",
  "text/plain": "txt",
  "text/csv": "csv",
  "text/markdown": "md",
  "text/html": "html",
};

/** The media type of a Content-Type header, lower case and without parameters. */
export function bareType(contentType: string | undefined): string {
  return (contentType ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
}

/** What the first bytes say; undefined when they say nothing certain. */
export function sniffMedia(head: Buffer): Media | undefined {
  const ascii = head.toString("latin1");
  const at = (offset: number, text: string): boolean => ascii.startsWith(text, offset);
  // not shown: the first bytes of a file
  if (at(0, "\x89PNG\r\n\x1a\n")) return media("png", "image/png");
  if (at(0, "\xff\xd8\xff")) return media("jpg", "image/jpeg");
  if (at(0, "GIF87a") || at(0, "GIF89a")) return media("gif", "image/gif");
  if (at(0, "RIFF") && at(8, "WEBP")) return media("webp", "image/webp");
  if (at(0, "RIFF") && at(8, "WAVE")) return media("wav", "audio/wav");
  if (at(4, "ftyp")) return ofBrand(ascii.slice(8, 12));
  if (at(0, "\x1a\x45\xdf\xa3")) {
    return ascii.includes("webm") ? media("webm", "video/webm") : media("mkv", "video/x-matroska");
  }
  if (at(0, "OggS")) return media("ogg", "audio/ogg");
  if (at(0, "fLaC")) return media("flac", "audio/flac");
  if (at(0, "ID3") || /^\xff[\xfb\xf3\xf2]/.test(ascii)) return media("mp3", "audio/mpeg");
  if (at(0, "%PDF-")) return media("pdf", "application/pdf");
  if (at(0, "PK\x03\x04")) return media("zip", "application/zip");
  if (at(0, "glTF")) return media("glb", "model/gltf-binary");
  if (at(0, "II*\0") || at(0, "MM\0*")) return media("tiff", "image/tiff");
  if (isHtml(ascii)) return media("html", "text/html");
  return undefined;
}

/**
 * The type and extension of a result: the first bytes where they are certain, else the
 * Content-Type, else JSON or text where it reads as such, else "bin".
 */
export function mediaOf(contentType: string | undefined, head: Buffer): Media {
  const sniffed = sniffMedia(head);
  if (sniffed !== undefined) return sniffed;
  const type = bareType(contentType);
  const extension = type.endsWith("+json") && type !== "" ? "json" : byType[type];
  // Binary types that the first bytes do not bear out are not given the name of what they are not.
  if (extension !== undefined && !isBinary(type)) return media(extension, type);
  const text = looksLikeText(head);
  if (text && /^\s*[[{]/.test(head.toString("latin1"))) return media("json", "application/json");
  if (text) return media("txt", "text/plain");
  if (extension !== undefined && head.length > 0) return media("bin", "application/octet-stream");
  return media("bin", type === "" ? "application/octet-stream" : type);
}

function media(extension: string, type: string): Media {
  return { extension, type };
}

function ofBrand(brand: string): Media {
  if (brand === "avif" || brand === "avis") return media("avif", "image/avif");
  if (brand === "heic" || brand === "mif1") return media("heic", "image/heic");
  if (brand === "qt  ") return media("mov", "video/quicktime");
  if (brand === "M4A ") return media("m4a", "audio/mp4");
  return media("mp4", "video/mp4");
}

function isBinary(type: string): boolean {
  return (
    (/^(image|video|audio|model)\//.test(type) && type !== "image/svg+xml") ||
    type === "application/pdf" ||
    type === "application/zip"
  );
}

function isHtml(ascii: string): boolean {
  return /^(\xef\xbb\xbf)?\s*(<!--.{0,200}-->\s*)?<(!doctype html|html|head|body)[\s>]/is.test(
    ascii,
  );
}

/** Control characters other than white space do not occur in text. */
function looksLikeText(head: Buffer): boolean {
  return head.every((byte) => byte >= 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d);
}
