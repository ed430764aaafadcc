/** Virtual time: real time × `speed`, plus whatever was skipped. It never goes back. */
export class VirtualClock {
  #anchorRealMs: number;
  #anchorVirtualMs: number;
  #speed: number;

  constructor(startMs: number, speed: number) {
    this.#anchorRealMs = performance.now();
    this.#anchorVirtualMs = startMs;
    this.#speed = checkSpeed(speed);
  }

  get speed(): number {
    return this.#speed;
  }

  /** Virtual milliseconds since 1970, whole. */
  nowMs(): number {
    const real = performance.now() - this.#anchorRealMs;
    return Math.floor(this.#anchorVirtualMs + real * this.#speed);
  }

  /** 0 stops the time; it then passes only by `advance`. */
  setSpeed(speed: number): void {
    this.#settle();
    this.#speed = checkSpeed(speed);
  }

  advance(ms: number): void {
    if (!(ms >= 0)) throw new RangeError("Time does not go back.");
    this.#settle();
    this.#anchorVirtualMs += ms;
  }

  /** How many real ms it takes until virtual time is `atMs`; null when the clock stands still. */
  realDelay(atMs: number): number | null {
    if (this.#speed === 0) return null;
    return Math.max(0, (atMs - this.nowMs()) / this.#speed);
  }

  #settle(): void {
    const now = performance.now();
    this.#anchorVirtualMs += (now - this.#anchorRealMs) * this.#speed;
    this.#anchorRealMs = now;
  }
}

function checkSpeed(speed: number): number {
  if (!(speed >= 0 && Number.isFinite(speed))) throw new RangeError("Speed is 0 or more.");
  return speed;
}
