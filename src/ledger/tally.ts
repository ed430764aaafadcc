import { closeSync, constants, ftruncateSync, openSync, readSync, writeSync } from "node:fs";
import { randomInt } from "node:crypto";
import { crc32 } from "node:zlib";
import type { Disposable } from "../base/disposable.ts";

/** How many lasting writes (transactions) a ledger's file had taken, and when the last one was. */
export interface TallyMark {
  readonly writes: number;
  /** By this machine's clock, milliseconds since the epoch; null: there was none. */
  readonly atMs: number | null;
}

/*
 * A file of 128 places of 32 bytes: two numbers and a checksum each. Each connection writes at a place
 * of its own, so that none puts back a lower number over another's higher one; the highest counts.
 * Two that drew the same place can do so for the microseconds between a commit and its note, and the
 * next write mends it.
 */
const places = 128;
const placeBytes = 32;
const numberBytes = 16;

/**
 * What was acknowledged, kept beside the ledger's file: each lasting write is numbered in the file
 * itself, and its number noted here once it is committed. A file that has a lower number than is
 * noted here has lost writes, however sound it looks: SQLite drops all that follows a damaged place
 * of its log, and takes an emptied file for a new one.
 *
 * Nothing waits for the disk: a killed process loses no note, and at a power loss what the ledger
 * lost is told if the note had reached the disk. A note that cannot be written is no trouble.
 */
export class Tally implements Disposable {
  readonly #place = randomInt(places) * placeBytes;
  readonly #bytes = Buffer.alloc(placeBytes);
  #file: number | undefined;

  constructor(ledgerFile: string) {
    try {
      this.#file = openSync(`${ledgerFile}-tally`, constants.O_RDWR | constants.O_CREAT);
      ftruncateSync(this.#file, places * placeBytes);
    } catch {
      // Then a loss cannot be told; the ledger itself says what is wrong with the disk.
    }
  }

  /** The highest number that was ever noted; null: none, or the notes cannot be read. */
  highest(): TallyMark | null {
    if (this.#file === undefined) return null;
    const bytes = Buffer.alloc(places * placeBytes);
    try {
      readSync(this.#file, bytes, 0, bytes.length, 0);
    } catch {
      return null;
    }
    let highest: TallyMark | null = null;
    for (let at = 0; at < bytes.length; at += placeBytes) {
      const mark = markAt(bytes.subarray(at, at + placeBytes));
      if (mark !== null && mark.writes > (highest?.writes ?? 0)) highest = mark;
    }
    return highest;
  }

  /** Notes that the write with this number is in the file. */
  acknowledge(writes: number, atMs: number): void {
    if (this.#file === undefined) return;
    const bytes = this.#bytes;
    bytes.writeDoubleLE(writes, 0);
    bytes.writeDoubleLE(atMs, 8);
    bytes.writeUInt32LE(crc32(bytes.subarray(0, numberBytes)), numberBytes);
    try {
      writeSync(this.#file, bytes, 0, placeBytes, this.#place);
    } catch {
      // As above.
    }
  }

  dispose(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}

function markAt(bytes: Buffer): TallyMark | null {
  const writes = bytes.readDoubleLE(0);
  const isWhole = bytes.readUInt32LE(numberBytes) === crc32(bytes.subarray(0, numberBytes));
  return isWhole && Number.isSafeInteger(writes) ? { writes, atMs: bytes.readDoubleLE(8) } : null;
}
