/** Mulberry32: the same seed gives the same lives, so that a failing run can be run again. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** In [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** An integer in [from, to]. */
  between(from: number, to: number): number {
    return from + Math.floor(this.next() * (to - from + 1));
  }

  text(alphabet: string, length: number): string {
    let out = "";
    for (let i = 0; i < length; i += 1)
      out += alphabet.charAt(this.between(0, alphabet.length - 1));
    return out;
  }
}

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** Modal's ids: a two-letter prefix and 22 letters; containers, calls and inputs carry 26. */
export function newId(random: Random, prefix: string): string {
  const long = prefix === "ta" || prefix === "fc" || prefix === "in";
  return `${prefix}-${long ? random.text(CROCKFORD, 26) : random.text(LETTERS, 22)}`;
}
