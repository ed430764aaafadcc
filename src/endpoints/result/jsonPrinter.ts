/** Takes long base64 strings out of a JSON text. */
export interface StringSink {
  /** The first decoded bytes; the file name to put in the string's place, or undefined to leave it. */
  begin(head: Buffer): string | undefined;
  data(bytes: Buffer): void;
  end(): void;
}

/** A string is looked at when it is this long (base64 characters, about 3 KB decoded). */
const candidateLength = 4096;
const maxDepth = 1000;

const quote = 0x22;
const backslash = 0x5c;

type State = "value" | "string" | "candidate" | "copying" | "extracting";

/**
 * Indents a JSON text that arrives in pieces, and hands base64 media to a sink. Works on bytes:
 * every structural character is ASCII, so a piece may end inside a UTF-8 character.
 *
 * Whether the text is sound is checked by its structure alone (strings, brackets, one value); the
 * text inside numbers and words is copied as it is.
 */
export class JsonPrinter {
  readonly #sink: StringSink;
  #out: Buffer[] = [];
  #state: State = "value";
  #escaped = false;
  #sound = true;
  #closers: number[] = [];
  /** The token before: what may follow depends on it. A "literal" may still go on. */
  #last: "start" | "open" | "comma" | "colon" | "value" | "literal" = "start";
  /** The string so far, while it may still turn out to be media. */
  #candidate: Buffer[] = [];
  #candidateLength = 0;
  #extractedBytes = 0;
  #extractedName = "";
  /** Base64 characters that make no whole group of four yet. */
  #rest = "";
  #padded = false;

  constructor(sink: StringSink) {
    this.#sink = sink;
  }

  /** The part of the pretty text that is ready. */
  write(chunk: Buffer): Buffer {
    let from = 0;
    while (from < chunk.length && this.#sound) {
      from = this.#state === "value" ? this.#value(chunk, from) : this.#string(chunk, from);
    }
    return this.#take();
  }

  /** The last part; undefined when the text was not sound JSON. */
  end(): Buffer | undefined {
    const isFull = this.#last === "value" || this.#last === "literal";
    const whole = this.#sound && isFull && this.#state === "value" && this.#closers.length === 0;
    if (!whole) return undefined;
    this.#out.push(Buffer.from("\n"));
    return this.#take();
  }

  #take(): Buffer {
    const out = Buffer.concat(this.#out);
    this.#out = [];
    return out;
  }

  /** Everything outside strings. Returns where to go on. */
  #value(chunk: Buffer, from: number): number {
    let text = "";
    let at = from;
    while (at < chunk.length && this.#sound && this.#state === "value") {
      text += this.#token(chunk[at] ?? 0);
      at += 1;
    }
    if (text !== "") this.#out.push(Buffer.from(text, "latin1"));
    return at;
  }

  /** What one byte outside strings becomes. */
  #token(byte: number): string {
    if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) {
      if (this.#last === "literal") this.#last = "value";
      return "";
    }
    // A byte order mark.
    if (this.#last === "start" && (byte === 0xef || byte === 0xbb || byte === 0xbf)) return "";
    const text = String.fromCharCode(byte);
    const isFull = this.#last === "value" || this.#last === "literal";
    if (text === "}" || text === "]") {
      const isEmpty = this.#last === "open";
      if (this.#closers.pop() !== byte || !(isEmpty || isFull)) this.#sound = false;
      this.#last = "value";
      return isEmpty ? text : this.#newLine() + text;
    }
    if (text === ",") {
      if (!isFull || this.#closers.length === 0) this.#sound = false;
      this.#last = "comma";
      return `,${this.#newLine()}`;
    }
    if (text === ":") {
      if (this.#last !== "value" || this.#closers.at(-1) !== 0x7d) this.#sound = false;
      this.#last = "colon";
      return ": ";
    }
    const goesOn = this.#last === "literal" && /[-+.\w]/.test(text);
    // White space is dropped, so two values side by side would run into one.
    if (isFull && !goesOn) this.#sound = false;
    const before = this.#last === "open" ? this.#newLine() : "";
    if (text === "{" || text === "[") {
      // "}" and "]" stand two places after their openers in ASCII.
      this.#closers.push(byte + 2);
      if (this.#closers.length > maxDepth) this.#sound = false;
      this.#last = "open";
      return before + text;
    }
    if (byte === quote) {
      this.#state = "candidate";
      this.#last = "value";
      return before;
    }
    if (!/[-+.\w]/.test(text)) this.#sound = false;
    this.#last = "literal";
    return before + text;
  }

  #newLine(): string {
    return `\n${"  ".repeat(this.#closers.length)}`;
  }

  /** The inside of a string, up to its closing quote or the chunk's end. */
  #string(chunk: Buffer, from: number): number {
    let at = from;
    let closed = false;
    for (; at < chunk.length; at++) {
      if (this.#escaped) this.#escaped = false;
      else if (chunk[at] === backslash) this.#escaped = true;
      else if (chunk[at] === quote) {
        closed = true;
        break;
      }
    }
    this.#piece(chunk.subarray(from, at));
    if (!closed) return at;
    this.#close();
    this.#state = "value";
    return at + 1;
  }

  #piece(bytes: Buffer): void {
    if (this.#state === "copying") {
      this.#out.push(bytes);
      return;
    }
    if (this.#state === "extracting") {
      this.#decode(bytes.toString("latin1"));
      return;
    }
    this.#candidate.push(bytes);
    this.#candidateLength += bytes.length;
    if (this.#candidateLength >= candidateLength) this.#decide();
  }

  /** Media or text: by the characters so far and by the first decoded bytes. */
  #decide(): void {
    const bytes = Buffer.concat(this.#candidate);
    this.#candidate = [];
    this.#candidateLength = 0;
    const text = bytes.toString("latin1");
    const prefix = /^data:[\w.+-]+\\?\/[\w.+-]+(;[\w=.+-]+)*;base64,/.exec(text)?.[0] ?? "";
    const payload = text.slice(prefix.length);
    const sample = plainBase64(payload.slice(0, 1024)).slice(0, 684);
    const name = /^[\w+/-]+={0,2}$/.test(sample)
      ? this.#sink.begin(Buffer.from(sample, "base64"))
      : undefined;
    if (name === undefined) {
      this.#state = "copying";
      this.#out.push(Buffer.from('"'), bytes);
      return;
    }
    this.#state = "extracting";
    this.#extractedName = name;
    this.#extractedBytes = 0;
    this.#rest = "";
    this.#padded = false;
    this.#decode(payload);
  }

  #decode(piece: string): void {
    const text = plainBase64(this.#rest + piece);
    // An escape may be cut by the chunk's end: its beginning waits for the next piece.
    const tail = text.endsWith("\\") ? "\\" : "";
    const clean = text.slice(0, text.length - tail.length);
    const whole = clean.length - (clean.length % 4);
    this.#rest = clean.slice(whole) + tail;
    this.#emit(clean.slice(0, whole));
  }

  #emit(groups: string): void {
    if (groups === "") return;
    if (this.#padded || !/^[\w+/-]+={0,2}$/.test(groups)) {
      this.#sound = false;
      return;
    }
    this.#padded = groups.endsWith("=");
    const bytes = Buffer.from(groups, "base64");
    this.#extractedBytes += bytes.length;
    this.#sink.data(bytes);
  }

  #close(): void {
    if (this.#state === "candidate" && this.#candidateLength >= candidateLength) this.#decide();
    if (this.#state === "extracting") {
      // A last group without its padding.
      this.#emit(this.#rest);
      this.#sink.end();
      // not shown: a part of the result file
      this.#out.push(
        Buffer.from(`"[saved as ${this.#extractedName}, ${this.#extractedBytes} bytes]"`),
      );
      return;
    }
    const begin = this.#state === "candidate" ? '"' : "";
    this.#out.push(Buffer.from(begin), ...this.#candidate, Buffer.from('"'));
    this.#candidate = [];
    this.#candidateLength = 0;
  }
}

/** JSON may write "/" as "\/", and some encoders break base64 into lines. */
function plainBase64(text: string): string {
  return text.includes("\\") ? text.replaceAll("\\/", "/").replaceAll(/\\[nr]/g, "") : text;
}
