import { isApp, isFinal, type BilledRow } from "./billedRow.ts";
import { sumUsd, type MicroUsd } from "../money.ts";

/** What Modal billed in the rest of a workspace, where nothing is metered. */
export interface RestOfBill {
  /** The apps of each environment, dearest first. */
  readonly environments: readonly { readonly name: string; readonly billed: MicroUsd }[];
  /** What is no app, and what belongs to no environment. */
  readonly other: MicroUsd;
}

export function restOfBill(
  rows: readonly (BilledRow & { readonly environment: string })[],
): RestOfBill {
  const isOther = (row: (typeof rows)[number]): boolean => !isApp(row) || row.environment === "";
  const sum = (part: readonly BilledRow[]): MicroUsd => sumUsd(part.map(({ cost }) => cost));
  const byName = Map.groupBy(
    rows.filter((row) => !isOther(row)),
    ({ environment }) => environment,
  );
  return {
    environments: [...byName]
      .map(([name, part]) => ({ name, billed: sum(part) }))
      .toSorted((a, b) => b.billed - a.billed),
    other: sum(rows.filter(isOther)),
  };
}

/** What the rows that are not final say so far. */
export function provisionalSum(rows: readonly BilledRow[]): MicroUsd {
  return sumUsd(rows.filter((row) => !isFinal(row)).map(({ cost }) => cost));
}

/** The rows that Modal has changed after they were final, oldest first. */
export function changedRows(rows: readonly BilledRow[]): readonly BilledRow[] {
  return rows
    .filter(({ wasMicroUsd }) => wasMicroUsd !== null)
    .toSorted((a, b) => a.intervalStartMs - b.intervalStartMs);
}
