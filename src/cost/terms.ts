/** Where a function may run: anywhere, in a broad region ("us"), or in a narrow one ("us-west"). */
export type RegionKind = "any" | "broad" | "narrow";

/** How much of something was in use, by shares of the time: a half, nine tenths, 99 hundredths of it no more than so much. */
export type InUse = readonly [half: number, most: number, nearlyAll: number];

/** How much of it was in use on average, which is all that Modal tells of a sandbox. */
export interface MeanUse {
  readonly mean: number;
}

/** On which terms a container runs, beside its GPU; null: not known. */
export interface Terms {
  /** Physical cores and GiB of memory that its function asks for. */
  readonly cores: number | null;
  readonly gib: number | null;
  /** GiB of disk that it asks for; 0: none. */
  readonly diskGib: number | null;
  readonly region: RegionKind | null;
  readonly nonPreemptible: boolean | null;
  readonly isSandbox: boolean | null;
  /** Cores and GiB in use since it began, as Modal tells. */
  readonly coresInUse: InUse | MeanUse | null;
  readonly gibInUse: InUse | MeanUse | null;
}

export const unknownTerms: Terms = {
  cores: null,
  gib: null,
  diskGib: null,
  region: null,
  nonPreemptible: null,
  isSandbox: null,
  coresInUse: null,
  gibInUse: null,
};

/** The kind of what `region=` names: of several that span two kinds, the cheaper counts (modal.com/docs/guide/region-selection). */
export function regionKind(regions: readonly string[]): RegionKind {
  if (regions.length === 0) return "any";
  // "us", "eu", "ap" are broad; what names a part of them ("us-west", "eu-north-1") is narrow.
  return regions.some((region) => !region.trim().includes("-")) ? "broad" : "narrow";
}

/** What the first tells, else the second. */
export function completedTerms(
  first: Partial<Terms> | undefined,
  second: Partial<Terms> | undefined,
): Terms {
  const of = <Name extends keyof Terms>(name: Name): Terms[Name] =>
    first?.[name] ?? second?.[name] ?? unknownTerms[name];
  return eachTerm(of);
}

/** What was known of a container and what is told of it now: what it asked for at first stays, and what it uses is as it was told last. */
export function renewedTerms(
  before: Partial<Terms> | undefined,
  now: Partial<Terms> | undefined,
): Terms {
  const { coresInUse, gibInUse } = completedTerms(now, before);
  return { ...completedTerms(before, now), coresInUse, gibInUse };
}

/** What all of them have in common: of a container that may be any of theirs. */
export function commonTerms(all: readonly Terms[]): Terms {
  const [first, ...others] = all;
  if (first === undefined) return unknownTerms;
  const of = <Name extends keyof Terms>(name: Name): Terms[Name] =>
    others.every((one) => one[name] === first[name]) ? first[name] : unknownTerms[name];
  const { coresInUse, gibInUse } = unknownTerms;
  return { ...eachTerm(of), coresInUse, gibInUse };
}

function eachTerm(of: <Name extends keyof Terms>(name: Name) => Terms[Name]): Terms {
  return {
    cores: of("cores"),
    gib: of("gib"),
    diskGib: of("diskGib"),
    region: of("region"),
    nonPreemptible: of("nonPreemptible"),
    isSandbox: of("isSandbox"),
    coresInUse: of("coresInUse"),
    gibInUse: of("gibInUse"),
  };
}
