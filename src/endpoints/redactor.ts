import { areCommonWords } from "./commonWords.ts";

/** In the place of what must not be repeated. */
const mark = "…";
/** As many characters of a secret in a row are known again; a shorter secret is, whole. */
const gramLength = 10;
const leastLength = 3;
/** A shorter secret is known as a word alone: within another word it says nothing. */
const leastInWords = 8;
/** More of one secret is not compared: a message holds a few hundred characters of what was sent. */
const mostCharacters = 4096;
/** Nor of all that a call sends: a message of 300 characters is not worth more than a few milliseconds. */
const mostOfCall = 6144;

/** A text as it is compared, and where in the original each of its characters stands. */
interface View {
  readonly text: string;
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

/** What of a secret is looked for, folded. */
interface Forms {
  /** Itself, where it is too short for a row. */
  readonly short: string | undefined;
  /** In each encoding that cannot be undone in a text of unknown parts. */
  readonly long: readonly string[];
}

/** As much of an address as is shown; each part of it that others chose without what is secret. */
export type Address = Pick<URL, "host" | "hostname" | "origin" | "pathname" | "protocol">;

/**
 * Takes out of the words of others what is secret in one call: prompts and other words that were sent, the
 * proxy token. Whoever answers may repeat them, whole or in part, in another case, and in any of the ways
 * that programs write text: JSON, percent, HTML, Python and hexadecimal escapes, one in another, base64,
 * hex. Only what others said is given to it, before it is put into a sentence of ours. What a call sends
 * is made ready when a text is looked through for the first time: most calls have none.
 */
export class Redactor {
  readonly #secrets = new Set<string>();
  readonly #calledUrl: URL | undefined;
  #ready: readonly Forms[] | undefined;

  /** @param calledUrl where the person sends the call: shown as it is. */
  constructor(secrets: Iterable<string> = [], calledUrl?: URL) {
    this.#calledUrl = calledUrl;
    let left = mostOfCall;
    for (const secret of secrets) {
      if (left < leastLength) break;
      const part = secret.slice(0, left);
      left -= part.length;
      this.add(part);
    }
  }

  add(...secrets: readonly string[]): void {
    for (const whole of secrets) {
      const secret = whole.slice(0, mostCharacters).trim();
      if (secret.length < leastLength || this.#secrets.has(secret)) continue;
      this.#secrets.add(secret);
      this.#ready = undefined;
    }
  }

  /** What somebody else said, without what is secret. */
  redact(text: string): string {
    if (this.#secrets.size === 0 || text === "") return text;
    this.#ready ??= [...this.#secrets].flatMap(readied);
    let view = plainView(text);
    const views = [view];
    // An escape may be escaped once more, by a program that quotes another's answer.
    for (let depth = 0; depth < 2; depth += 1) {
      view = decodedView(view);
      views.push(view);
    }
    const isSecret = new Uint8Array(text.length);
    const rows = sharedRows(views, this.#ready);
    for (const one of views) this.#find(one, isSecret, rows);
    return withMarks(text, isSecret);
  }

  /** An address in words: the person's own as it is, one that an answer gave without what is secret. */
  address(url: URL): Address {
    const { host, hostname, origin, pathname, protocol } = url;
    if (origin === this.#calledUrl?.origin && pathname === this.#calledUrl.pathname) return url;
    const isOwnHost = origin === this.#calledUrl?.origin;
    const shown = (text: string): string => (isOwnHost ? text : this.redact(text));
    return {
      host: shown(host),
      hostname: shown(hostname),
      origin: shown(origin),
      pathname: this.redact(pathname),
      protocol,
    };
  }

  #find({ text, starts, ends }: View, isSecret: Uint8Array, rows: ReadonlySet<string>): void {
    const found = (at: number, length: number): void => {
      isSecret.fill(1, starts[at] ?? 0, ends[at + length - 1] ?? 0);
    };
    if (rows.size > 0)
      for (let at = 0; at + gramLength <= text.length; at += 1)
        if (rows.has(text.slice(at, at + gramLength))) found(at, gramLength);
    for (const { short } of this.#ready ?? []) {
      if (short === undefined) continue;
      for (let at = text.indexOf(short); at !== -1; at = text.indexOf(short, at + 1))
        if (short.length >= leastInWords || isWhole(text, at, short.length))
          found(at, short.length);
    }
  }
}

/** Nothing of a secret that is made of words alone that errors are made of: hiding them tells more than they do. */
function readied(secret: string): readonly Forms[] {
  const folded = foldedWhole(secret);
  if (areCommonWords(folded)) return [];
  const long = encodedForms(secret).map((form) => foldedWhole(form));
  return folded.length < gramLength
    ? [{ short: folded, long }]
    : [{ short: undefined, long: [folded, ...long] }];
}

/** The rows of characters that a text, in any of its views, has in common with what is secret. */
function sharedRows(views: readonly View[], forms: readonly Forms[]): ReadonlySet<string> {
  const inText = new Uint8Array(1 << hashBits);
  for (const { text } of views)
    eachRow(text, (hash) => {
      inText[hash] = 1;
    });
  const candidates = new Set<string>();
  for (const { long } of forms)
    for (const form of long)
      eachRow(form, (hash, at) => {
        if (inText[hash] === 1) candidates.add(form.slice(at, at + gramLength));
      });
  return candidates;
}

const hashBits = 18;
const factor = 0x01_00_01_93;
const factorOfFirst = Array.from({ length: gramLength }).reduce<number>(
  (power) => Math.imul(power, factor),
  1,
);

/** Calls back with the hash of each row of characters, rolled on from the one before. */
function eachRow(text: string, visit: (hash: number, at: number) => void): void {
  let hash = 0;
  for (let at = 0; at < text.length; at += 1) {
    hash = (Math.imul(hash, factor) + text.charCodeAt(at)) | 0;
    if (at >= gramLength)
      hash = (hash - Math.imul(text.charCodeAt(at - gramLength), factorOfFirst)) | 0;
    if (at >= gramLength - 1)
      visit(Math.imul(hash, 0x9e_37_79_b1) >>> (32 - hashBits), at - gramLength + 1);
  }
}

/** What a word goes on with, in writing that has spaces between words. */
const inWord = /[\p{L}\p{N}]/u;
const unspaced =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

function isWhole(text: string, at: number, length: number): boolean {
  const ends = (inside: string, outside: string): boolean =>
    unspaced.test(inside) || !(inWord.test(inside) && inWord.test(outside));
  const last = at + length - 1;
  return (
    ends(text.charAt(at), text.charAt(at - 1)) && ends(text.charAt(last), text.charAt(last + 1))
  );
}

/** As hexadecimal and base64 write it, or its JSON: these are not undone, but known again. */
function encodedForms(secret: string): readonly string[] {
  const json = JSON.stringify(secret).slice(1, -1);
  const ascii = json.replaceAll(
    /[^\0-\x7f]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  const encoded = [...new Set([secret, json, ascii])].flatMap((form) => {
    const bytes = Buffer.from(form, "utf8");
    return [bytes.toString("hex"), ...[0, 1, 2].map((skip) => base64(bytes, skip))];
  });
  return encoded.filter(({ length }) => length >= gramLength);
}

/** The characters of base64 that the bytes decide alone, if `skip` bytes of something else come before. */
function base64(bytes: Buffer, skip: number): string {
  const whole = Buffer.concat([Buffer.alloc(skip), bytes]).toString("base64url");
  const undecided = Math.ceil((skip * 4) / 3);
  const rest = (skip + bytes.length) % 3;
  return whole.slice(undecided, rest === 0 ? undefined : -1);
}

/** Case, accents, kinds of spaces and of base64 make no difference. */
function foldedOf(piece: string): string {
  const base = /^[!-~]$/.test(piece)
    ? piece.toLowerCase()
    : piece
        .normalize("NFKD")
        .toLowerCase()
        .replaceAll("ς", "σ")
        .replaceAll(/\p{M}+/gu, "")
        .replaceAll(/[\s\p{Cc}\p{Cf}]+/gu, " ");
  return base.replaceAll("-", "+").replaceAll("_", "/");
}

/** All of a text folded, as `foldedOf` folds its pieces. */
function foldedWhole(text: string): string {
  return text
    .normalize("NFKD")
    .toLowerCase()
    .replaceAll("ς", "σ")
    .replaceAll(/\p{M}+/gu, "")
    .replaceAll(/[\s\p{Cc}\p{Cf}]+/gu, " ")
    .replaceAll("-", "+")
    .replaceAll("_", "/");
}

class ViewBuilder {
  #text = "";
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];

  push(piece: string, start: number, end: number): void {
    const folded = foldedOf(piece);
    for (let at = 0; at < folded.length; at += 1) {
      const unit = folded.charAt(at);
      if (unit === " " && this.#text.endsWith(" ")) {
        this.#ends[this.#ends.length - 1] = end;
        continue;
      }
      this.#text += unit;
      this.#starts.push(start);
      this.#ends.push(end);
    }
  }

  get view(): View {
    return { text: this.#text, starts: this.#starts, ends: this.#ends };
  }
}

function plainView(text: string): View {
  const builder = new ViewBuilder();
  let at = 0;
  for (const character of text) {
    builder.push(character, at, at + character.length);
    at += character.length;
  }
  return builder.view;
}

// "+" stands for "-" and for itself in a folded text, so an address's "+" is tried as a space apart from that.
const escapes =
  /(?:%[0-9a-f]{2})+|(?:\\+x[0-9a-f]{2})+|(?:\\+u[0-9a-f]{4})+|\\+u\{[0-9a-f]{1,6}\}|\\+[nrtfbv](?![a-z])|\\+(?=[^\s\w])|&(?:#x?[0-9a-f]{1,6}|[a-z]{2,6});|\+/g;

function decodedView({ text, starts, ends }: View): View {
  const builder = new ViewBuilder();
  let from = 0;
  const copy = (to: number): void => {
    for (let at = from; at < to; at += 1)
      builder.push(text.charAt(at), starts[at] ?? 0, ends[at] ?? 0);
  };
  for (const match of text.matchAll(escapes)) {
    const [escape] = match;
    copy(match.index);
    from = match.index + escape.length;
    builder.push(decoded(escape), starts[match.index] ?? 0, ends[from - 1] ?? 0);
  }
  copy(text.length);
  return builder.view;
}

const entities: ReadonlyMap<string, string> = new Map([
  ["amp", "&"],
  ["lt", "<"],
  ["gt", ">"],
  ["quot", '"'],
  ["apos", "'"],
  ["nbsp", " "],
]);

function decoded(escape: string): string {
  if (escape.startsWith("%")) return fromHex(escape.replaceAll("%", ""));
  if (escape.startsWith("&#x")) return character(Number.parseInt(escape.slice(3, -1), 16));
  if (escape.startsWith("&#")) return character(Number.parseInt(escape.slice(2, -1), 10));
  if (escape.startsWith("&")) return entities.get(escape.slice(1, -1)) ?? escape;
  if (escape === "+") return " ";
  const body = escape.replace(/^\\+/, "");
  if (body.startsWith("x")) return fromHex(body.replaceAll(/\\+x|^x/g, ""));
  if (body.startsWith("u{")) return character(Number.parseInt(body.slice(2, -1), 16));
  if (body.startsWith("u"))
    return String.fromCharCode(
      ...(body.match(/[0-9a-f]{4}/g) ?? []).map((code) => Number.parseInt(code, 16)),
    );
  return body === "" ? "" : " ";
}

function fromHex(hex: string): string {
  return Buffer.from(hex, "hex").toString("utf8");
}

/** A half of a surrogate pair is left out: its other half is too. */
function character(code: number): string {
  const isCharacter = code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
  return isCharacter ? String.fromCodePoint(code) : "";
}

/** What stands between two finds without a space, or beside one, is a piece of the same that was written otherwise. */
const rest = /[^\s"'<>()[\]{},;]/;
const longestRest = 24;

function withMarks(text: string, isSecret: Uint8Array): string {
  const isHidden = isSecret.slice();
  const spread = (from: number, step: 1 | -1): void => {
    for (let at = from; Math.abs(at - from) < longestRest; at += step) {
      if (isSecret[at] !== 0 || !rest.test(text.charAt(at))) return;
      isHidden[at] = 1;
    }
  };
  for (let at = 0; at < text.length; at += 1) {
    // Beside a space nothing is a piece of it.
    if (isSecret[at] === 0 || !rest.test(text.charAt(at))) continue;
    if (at > 0 && isSecret[at - 1] === 0) spread(at - 1, -1);
    if (at + 1 < text.length && isSecret[at + 1] === 0) spread(at + 1, 1);
  }
  let out = "";
  for (let at = 0; at < text.length; at += 1) {
    if (isHidden[at] === 0) out += text.charAt(at);
    else if (at === 0 || isHidden[at - 1] === 0) out += mark;
  }
  return out;
}
