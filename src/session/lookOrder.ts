/**
 * When a look began: an instant of the machine's clock, and how often that clock had been found set
 * back before. The clock alone does not tell which look is the newer one: for an hour after it was
 * set back by an hour, all that was recorded before would seem newer.
 */
export interface LookTime {
  readonly era: number;
  readonly observedAtMs: number;
}

/** Whether `a` began after `b`; undefined: there was none before. */
export function isLaterLook(a: LookTime, b: LookTime | undefined): boolean {
  if (b === undefined) return true;
  return a.era > b.era || (a.era === b.era && a.observedAtMs > b.observedAtMs);
}

/**
 * The time of a look that begins now. `last`: the newest one that is known. A clock that is behind
 * it was set back since, however little, or is another machine's.
 */
export function lookTimeNow(nowMs: number, last: LookTime | undefined): LookTime {
  if (last === undefined) return { era: 0, observedAtMs: nowMs };
  return { era: nowMs < last.observedAtMs ? last.era + 1 : last.era, observedAtMs: nowMs };
}
