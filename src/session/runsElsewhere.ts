import { plural, t } from "../base/text.ts";

/** What runs in an environment, as far as it is known. */
export interface RunsElsewhere {
  readonly environment: string;
  /** 0: not known. */
  readonly gpus: number;
  readonly containers: number;
  readonly seenAtMs: number;
  /** Absent: nobody knows, or something has changed since it was asked. */
  readonly whose?: Whose | undefined;
}

/** Whose it is that runs somewhere. */
export interface Whose {
  /** Some of it is mine. */
  readonly mine: boolean;
  /** Names of the others that have some of it. */
  readonly others: readonly string[];
  /** Of some of it nobody says whose it is. */
  readonly unknown: boolean;
}

/** What one list of every other environment showed, and what Modal counts in all of them, for the proof of a stop. */
export interface ElsewhereProof {
  readonly running: readonly RunsElsewhere[];
  /** What could not be listed although something may run there, in words; of this environment, what is counted and not listed. */
  readonly notListed: readonly string[];
}

/** No other environment was asked. */
export function unaskedElsewhere(): ElsewhereProof {
  return { running: [], notListed: [t("other environments")] };
}

/** "2 GPUs in dev", "3 containers in dev (yours, mia's)". */
export function elsewhereText(one: RunsElsewhere): string {
  const { environment, gpus, containers, whose } = one;
  const owners = whose === undefined ? "" : whoseText(whose);
  return owners === ""
    ? placeText(one)
    : t("{0} in {1} ({2})", amountText(gpus, containers), environment, owners);
}

/** "2 GPUs in dev". */
export function placeText({ environment, gpus, containers }: RunsElsewhere): string {
  return t("{0} in {1}", amountText(gpus, containers), environment);
}

/** What a reminder speaks of: what is mine, and what nobody says is not. */
export function mayBeMine({ whose }: RunsElsewhere): boolean {
  return whose === undefined || whose.mine || whose.unknown;
}

/** More names than these would hide the amounts. */
const namesShown = 3;

/** "yours, mia's". */
export function whoseText({ mine, others, unknown }: Whose): string {
  const more = others.length - namesShown;
  return [
    ...(mine ? [t("yours")] : []),
    ...others.slice(0, namesShown).map((name) => t("{0}'s", name)),
    ...(more > 0 ? [plural(more, { one: "{0} more person", other: "{0} more people" })] : []),
    ...(unknown ? [t("owner unknown")] : []),
  ].join(", ");
}

/** "1 GPU in main, which Modal still counts": of what no list shows. */
export function countedText({ environment, gpus, containers }: RunsElsewhere): string {
  return t("{0} in {1}, which Modal still counts", amountText(gpus, containers), environment);
}

/** The same of all of them, short: "3 GPUs in 2 environments"; "": nothing runs. */
export function elsewhereSum(all: readonly RunsElsewhere[]): string {
  const [only, ...more] = all;
  if (only === undefined) return "";
  if (more.length === 0) return placeText(only);
  return plural(
    all.length,
    { one: "{1} in {0} environment", other: "{1} in {0} environments" },
    elsewhereAmount(all),
  );
}

/** "3 GPUs": of all of them together. */
export function elsewhereAmount(all: readonly RunsElsewhere[]): string {
  const gpus = all.reduce((sum, one) => sum + one.gpus, 0);
  const containers = all.reduce((sum, one) => sum + one.containers, 0);
  return amountText(gpus, containers);
}

function amountText(gpus: number, containers: number): string {
  return gpus > 0
    ? plural(gpus, { one: "{0} GPU", other: "{0} GPUs" })
    : plural(containers, { one: "{0} container", other: "{0} containers" });
}
