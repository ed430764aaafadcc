import { costLinesIn, type CostLine } from "./logLine.ts";

/** A piece of an app's log: any number of lines, cut anywhere. */
export interface LogPiece {
  readonly text: string;
  readonly containerId: string | null;
  /** The call ("fc-…") that wrote it; null where Modal does not tell. */
  readonly functionCallId: string | null;
  readonly atMs: number | null;
  readonly entryId: string | null;
}

/** A cost line with the key under which the ledger keeps its call. */
export interface LoggedCost extends CostLine {
  /** The same for the same line, whoever reads it and however often: two windows write one row. */
  readonly callId: string;
  readonly containerId: string | null;
  readonly functionCallId: string | null;
  readonly atMs: number | null;
  /** False where the log told neither time nor entry (an old client): let only one follower write such a line. */
  readonly isStable: boolean;
}

/** The container that a logged call ran in, from its call id; null for other ids and where the log did not tell. */
export function loggedContainerId(callId: string): string | null {
  if (!callId.startsWith("log/")) return null;
  const from = callId.indexOf("/ta-");
  if (from === -1 || from !== callId.indexOf("/", 4)) return null;
  const to = callId.indexOf("/", from + 1);
  return callId.slice(from + 1, to === -1 ? undefined : to);
}

/** The second in which a logged call's line was written, by Modal's clock, from its call id; null where the log did not tell. */
export function loggedAtMs(callId: string): number | null {
  const second = /^log\/[^/]*\/[^/]*\/(\d{9,11})\//u.exec(callId)?.[1];
  return second === undefined ? null : Number(second) * 1000;
}

/** The editor's own id of a call that stands under the id of its log line (session/meter/costReader.ts); else the id as it is. */
export function editorCallId(callId: string): string {
  const match = /^log\/.*?\/own\/(.*)$/s.exec(callId);
  return match?.[1] ?? callId;
}

/** A line longer than this is no cost line; its head is dropped, so that a log without line ends cannot fill the memory. */
const maxCarry = 65_536;

interface Stream {
  carry: string;
  /** Where the carried line began. */
  origin: LogPiece | undefined;
  /** Equal lines so far, by their second or entry, then by their content. Lines may come out of order. */
  readonly ordinals: Map<string, Map<string, number>>;
}

/** Seconds of one container that are remembered: lines do not cross further than minutes. */
const maxGroups = 600;

/**
 * Finds the cost lines of one app's log in pieces of any cut, also within a character or a colour
 * code. Most of a log is something else: it is never split into lines.
 */
export class LogLineAssembler {
  readonly #appId: string;
  readonly #streams = new Map<string, Stream>();

  constructor(appId: string) {
    this.#appId = appId;
  }

  /** The cost lines that this piece completes. */
  add(piece: LogPiece): readonly LoggedCost[] {
    const stream = this.#stream(piece.containerId);
    const end = lastLineEnd(piece.text);
    if (end === -1) {
      this.#carry(stream, piece.text, piece);
      return [];
    }
    const found: LoggedCost[] = [];
    let from = 0;
    if (stream.carry !== "") {
      from = firstLineEnd(piece.text) + 1;
      const line = stream.carry + piece.text.slice(0, from);
      this.#read(stream, line, 0, line.length, stream.origin ?? piece, found);
      stream.carry = "";
      stream.origin = undefined;
    }
    this.#read(stream, piece.text, from, end + 1, piece, found);
    if (end + 1 < piece.text.length) this.#carry(stream, piece.text.slice(end + 1), piece);
    return found;
  }

  /** Whether no line is begun and not ended. */
  get isWhole(): boolean {
    for (const { carry } of this.#streams.values()) if (carry !== "") return false;
    return true;
  }

  /** Reads lines that never ended, when the log has. */
  flush(): readonly LoggedCost[] {
    const found: LoggedCost[] = [];
    for (const stream of this.#streams.values()) {
      const { carry, origin } = stream;
      if (origin !== undefined) this.#read(stream, carry, 0, carry.length, origin, found);
      stream.carry = "";
      stream.origin = undefined;
    }
    return found;
  }

  /** @param to end of a whole line in `text`. */
  #read(
    stream: Stream,
    text: string,
    from: number,
    to: number,
    origin: LogPiece,
    found: LoggedCost[],
  ): void {
    for (const line of costLinesIn(text, from, to))
      found.push(this.#identify(stream, line, origin));
  }

  /**
   * The two adapters cut the same log into different pieces and tell time to different digits; the
   * whole second is what they agree on. Equal lines within it are told apart by their order.
   */
  #identify(stream: Stream, line: CostLine, origin: LogPiece): LoggedCost {
    const { containerId, functionCallId, atMs, entryId } = origin;
    const group = atMs === null ? (entryId ?? "?") : String(Math.floor(atMs / 1000));
    const content = `${line.microUsd ?? "?"}:${line.executionSeconds ?? "?"}:${line.gpuType ?? "?"}`;
    const ordinals = ordinalsOf(stream, group);
    const ordinal = ordinals.get(content) ?? 0;
    ordinals.set(content, ordinal + 1);
    const callId = ["log", this.#appId, containerId ?? "?", group, content, ordinal].join("/");
    const isStable = atMs !== null || entryId !== null;
    return { ...line, callId, containerId, functionCallId, atMs, isStable };
  }

  #carry(stream: Stream, text: string, piece: LogPiece): void {
    // A piece without text (Modal tells of a container's state in such) begins no line.
    if (text === "") return;
    stream.origin ??= piece;
    stream.carry += text;
    if (stream.carry.length > maxCarry) stream.carry = stream.carry.slice(-maxCarry / 2);
  }

  #stream(containerId: string | null): Stream {
    const key = containerId ?? "";
    const existing = this.#streams.get(key);
    if (existing !== undefined) return existing;
    const stream: Stream = { carry: "", origin: undefined, ordinals: new Map() };
    this.#streams.set(key, stream);
    return stream;
  }
}

function ordinalsOf({ ordinals }: Stream, group: string): Map<string, number> {
  const existing = ordinals.get(group);
  if (existing !== undefined) return existing;
  const [oldest] = ordinals.keys();
  if (ordinals.size >= maxGroups && oldest !== undefined) ordinals.delete(oldest);
  const fresh = new Map<string, number>();
  ordinals.set(group, fresh);
  return fresh;
}

// A progress bar ends its line with a carriage return alone. Looking for one only next to the line
// feeds that are there keeps the search short: a log without carriage returns is never searched whole.
function lastLineEnd(text: string): number {
  const newline = text.lastIndexOf("\n");
  const cr = text.slice(newline + 1).lastIndexOf("\r");
  return cr === -1 ? newline : newline + 1 + cr;
}

function firstLineEnd(text: string): number {
  const newline = text.indexOf("\n");
  const cr = text.slice(0, newline === -1 ? text.length : newline).indexOf("\r");
  return cr === -1 ? newline : cr;
}
