import type { Picture } from "./picture.ts";

/** Every coefficient is stored divided by this; 8 makes the DC term the block's mean. */
const QUANT = 8;
/** Both Huffman tables give their few symbols codes of this length. */
const CODE_BITS = 4;
const DC_SYMBOLS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
/** End of block, then "no zeros before, this many bits". */
const AC_SYMBOLS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
/** How strongly a slope of one level per pixel shows in the first cosine of a block. */
const SLOPE = [0, 1, 2, 3, 4, 5, 6, 7].reduce(
  (sum, x) => sum + ((x - 3.5) * Math.cos(((2 * x + 1) * Math.PI) / 16) * 8) / (4 * Math.SQRT2),
  0,
);

/**
 * A baseline JPEG of the picture: three components at full size, of each 8×8 block the mean and the
 * two first cosines. Small and quick to make, and every viewer opens it.
 */
export function jpegOf(picture: Picture, width: number, height: number): Buffer {
  const scan = new Bits();
  const across = Math.ceil(width / 8);
  const down = Math.ceil(height / 8);
  const last = [0, 0, 0];
  for (let row = 0; row < down; row += 1) {
    for (let column = 0; column < across; column += 1) {
      const at = (dx: number, dy: number): readonly [number, number, number] =>
        toYcc(picture((column + 0.5 + dx) / across, (row + 0.5 + dy) / down, 0));
      const centre = at(0, 0);
      const right = at(0.5, 0);
      const below = at(0, 0.5);
      for (let channel = 0; channel < 3; channel += 1) {
        const level = centre[channel] ?? 0;
        const dc = Math.round(((level - 128) * 8) / QUANT);
        scan.value(DC_SYMBOLS, dc - (last[channel] ?? 0));
        last[channel] = dc;
        scan.ac((((right[channel] ?? 0) - level) / 4) * SLOPE);
        scan.ac((((below[channel] ?? 0) - level) / 4) * SLOPE);
        scan.code(AC_SYMBOLS.indexOf(0));
      }
    }
  }
  return Buffer.concat([
    Buffer.from([0xff, 0xd8]),
    segment(0xe0, Buffer.from("JFIF\0\u0001\u0001\0\0\u0001\0\u0001\0\0", "latin1")),
    segment(0xdb, Buffer.concat([Buffer.from([0]), Buffer.alloc(64, QUANT)])),
    segment(0xc0, frameHeader(width, height)),
    segment(0xc4, Buffer.concat([table(0x00, DC_SYMBOLS), table(0x10, AC_SYMBOLS)])),
    segment(0xda, Buffer.from([3, 1, 0, 2, 0, 3, 0, 0, 63, 0])),
    scan.finish(),
    Buffer.from([0xff, 0xd9]),
  ]);
}

class Bits {
  readonly #bytes: number[] = [];
  #held = 0;
  #count = 0;

  /** A symbol by its place in the table: all codes have one length, so the place is the code. */
  code(place: number): void {
    this.#put(place, CODE_BITS);
  }

  /** A number as JPEG stores it: how many bits it has, then those bits. */
  value(symbols: readonly number[], value: number): void {
    const size = Math.abs(value).toString(2).length * (value === 0 ? 0 : 1);
    this.code(symbols.indexOf(size));
    if (size > 0) this.#put(value < 0 ? value + (1 << size) - 1 : value, size);
  }

  ac(coefficient: number): void {
    const value = Math.round(coefficient / QUANT);
    // A zero would need a run; the smallest step is as good.
    this.value(AC_SYMBOLS, value === 0 ? 1 : value);
  }

  finish(): Buffer {
    while (this.#count > 0) this.#put(1, 1);
    return Buffer.from(this.#bytes);
  }

  #put(value: number, count: number): void {
    for (let bit = count - 1; bit >= 0; bit -= 1) {
      this.#held = (this.#held << 1) | ((value >> bit) & 1);
      this.#count += 1;
      if (this.#count < 8) continue;
      this.#bytes.push(this.#held);
      if (this.#held === 0xff) this.#bytes.push(0);
      this.#held = 0;
      this.#count = 0;
    }
  }
}

function toYcc([r, g, b]: readonly [number, number, number]): readonly [number, number, number] {
  return [
    0.299 * r + 0.587 * g + 0.114 * b,
    128 - 0.168_736 * r - 0.331_264 * g + 0.5 * b,
    128 + 0.5 * r - 0.418_688 * g - 0.081_312 * b,
  ];
}

function frameHeader(width: number, height: number): Buffer {
  const head = Buffer.from([8, 0, 0, 0, 0, 3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0]);
  head.writeUInt16BE(height, 1);
  head.writeUInt16BE(width, 3);
  return head;
}

function table(id: number, symbols: readonly number[]): Buffer {
  const counts = Array.from({ length: 16 }, (_, index) =>
    index === CODE_BITS - 1 ? symbols.length : 0,
  );
  return Buffer.from([id, ...counts, ...symbols]);
}

function segment(marker: number, body: Buffer): Buffer {
  const head = Buffer.from([0xff, marker, 0, 0]);
  head.writeUInt16BE(body.length + 2, 2);
  return Buffer.concat([head, body]);
}
