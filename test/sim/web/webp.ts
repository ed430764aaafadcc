import type { Picture } from "./picture.ts";

/** The picture is made of squares of this many pixels. */
const CELL = 8;
/** The longest copy that one symbol can name. */
const LONGEST_COPY = 4096;

/**
 * Code lengths that fill their tree exactly, so that no decoder can object.
 * Green: 256 levels and 24 lengths of copies; red and blue: 256 levels.
 */
const GREEN = Array.from({ length: 280 }, (_, symbol) => (symbol < 232 ? 8 : 9));
const LEVELS = Array.from({ length: 256 }, (_, symbol) => lengthOfLevel(symbol));
const ORDER = [17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9];

/** An animated WebP that plays for ever: lossless frames, `fps` of them a second. */
export function animatedWebp(
  picture: Picture,
  size: {
    readonly width: number;
    readonly height: number;
    readonly frames: number;
    readonly fps: number;
  },
): Buffer {
  const { width, height } = size;
  const frames = Array.from({ length: size.frames }, (_, index) => {
    const head = Buffer.alloc(16);
    head.writeUIntLE(width - 1, 6, 3);
    head.writeUIntLE(height - 1, 9, 3);
    head.writeUIntLE(Math.round(1000 / size.fps), 12, 3);
    const pixels = chunk("VP8L", losslessFrame(picture, width, height, index / size.frames));
    return chunk("ANMF", Buffer.concat([head, pixels]));
  });
  const extended = Buffer.alloc(10);
  extended[0] = 0x02; // animated
  extended.writeUIntLE(width - 1, 4, 3);
  extended.writeUIntLE(height - 1, 7, 3);
  const body = Buffer.concat([
    Buffer.from("WEBP"),
    chunk("VP8X", extended),
    chunk("ANIM", Buffer.alloc(6)),
    ...frames,
  ]);
  return chunk("RIFF", body);
}

function losslessFrame(picture: Picture, width: number, height: number, t: number): Buffer {
  const out = new LittleBits();
  out.put(0x2f, 8);
  out.put(width - 1, 14);
  out.put(height - 1, 14);
  out.put(0, 1 + 3); // no alpha, version 0
  out.put(0, 1 + 1 + 1); // no transform, no colour cache, one group of codes
  const green = writeTable(out, GREEN);
  const red = writeTable(out, LEVELS);
  const blue = writeTable(out, LEVELS);
  writeOneSymbol(out, 255); // alpha
  writeFirstTwoSymbols(out); // distances
  const copy = (count: number, place: 1 | 2): void => {
    for (let left = count; left > 0; left -= LONGEST_COPY) {
      const { prefix, bits, extra } = prefixOf(Math.min(left, LONGEST_COPY));
      out.code(green, 256 + prefix);
      out.put(extra, bits);
      out.put(place - 1, 1); // 1: the pixel above, 2: the pixel before
    }
  };
  for (let y = 0; y < height; y += CELL) {
    for (let x = 0; x < width; x += CELL) {
      const [r, g, b] = picture(x / width, y / height, t);
      out.code(green, g);
      out.code(red, r);
      out.code(blue, b);
      copy(Math.min(CELL, width - x) - 1, 2);
    }
    copy((Math.min(CELL, height - y) - 1) * width, 1);
  }
  return out.finish();
}

interface Code {
  readonly bits: number;
  readonly value: number;
}

class LittleBits {
  readonly #bytes: number[] = [];
  #held = 0;
  #count = 0;

  put(value: number, bits: number): void {
    for (let bit = 0; bit < bits; bit += 1) {
      this.#held |= ((value >> bit) & 1) << this.#count;
      this.#count += 1;
      if (this.#count < 8) continue;
      this.#bytes.push(this.#held);
      this.#held = 0;
      this.#count = 0;
    }
  }

  /** Huffman codes go in with their first bit first. */
  code(codes: readonly Code[], symbol: number): void {
    const code = codes[symbol];
    if (code === undefined) throw new RangeError(`No code for ${symbol}.`);
    for (let bit = code.bits - 1; bit >= 0; bit -= 1) this.put((code.value >> bit) & 1, 1);
  }

  finish(): Buffer {
    if (this.#count > 0) this.#bytes.push(this.#held);
    return Buffer.from(this.#bytes);
  }
}

/** Canonical codes: shorter first, then by symbol. */
function codesOf(lengths: readonly number[]): Code[] {
  const codes: Code[] = lengths.map((bits) => ({ bits, value: 0 }));
  let next = 0;
  for (let bits = 1; bits <= 15; bits += 1) {
    for (const [symbol, length] of lengths.entries()) {
      if (length !== bits) continue;
      codes[symbol] = { bits, value: next };
      next += 1;
    }
    next <<= 1;
  }
  return codes;
}

function writeTable(out: LittleBits, lengths: readonly number[]): readonly Code[] {
  const used = [...new Set(lengths)].toSorted((a, b) => a - b);
  // Two lengths: one bit each. Three: the middle one, which is nearly all of them, gets the one bit.
  const lengthBits = Array.from({ length: 19 }, (_, length) => {
    if (!used.includes(length)) return 0;
    return used.length === 2 || length === used[1] ? 1 : 2;
  });
  const lengthCodes = codesOf(lengthBits);
  out.put(0, 1); // not the simple kind
  out.put(ORDER.length - 4, 4);
  for (const length of ORDER) out.put(lengthBits[length] ?? 0, 3);
  out.put(0, 1); // lengths of all symbols follow
  for (const length of lengths) out.code(lengthCodes, length);
  return codesOf(lengths);
}

function writeOneSymbol(out: LittleBits, symbol: number): void {
  out.put(1, 1);
  out.put(0, 1);
  out.put(1, 1);
  out.put(symbol, 8);
}

function writeFirstTwoSymbols(out: LittleBits): void {
  out.put(1, 1);
  out.put(1, 1);
  out.put(0, 1);
  out.put(0, 1);
  out.put(1, 8);
}

/** How WebP splits the length of a copy: a symbol, and bits of its own. */
function prefixOf(value: number): {
  readonly prefix: number;
  readonly bits: number;
  readonly extra: number;
} {
  if (value <= 4) return { prefix: value - 1, bits: 0, extra: 0 };
  const rest = value - 1;
  const high = 31 - Math.clz32(rest);
  const bits = high - 1;
  return { prefix: 2 * high + ((rest >> bits) & 1), bits, extra: rest & ((1 << bits) - 1) };
}

function lengthOfLevel(symbol: number): number {
  if (symbol === 0) return 7;
  return symbol < 254 ? 8 : 9;
}

function chunk(name: string, body: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.write(name, "latin1");
  head.writeUInt32LE(body.length, 4);
  return Buffer.concat([head, body, Buffer.alloc(body.length % 2)]);
}
