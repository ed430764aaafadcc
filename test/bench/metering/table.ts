import type { Figure } from "../figure.ts";

const columns = ["median", "worst", "coverage", "interval width"] as const;
const told = "told the world, interval width";
const untold = "of which nothing tells";

/**
 * The rows after the bill has taught as a table in Markdown, a line per world and adapter: as
 * docs/engineering/measurements.md has it. Beside median and worst stands what is metered without
 * what was learned; beside the width, that of the estimator that is told the world.
 */
export function calibratedTable(figures: readonly Figure[]): string {
  const rows = new Map<string, Map<string, Figure>>();
  for (const figure of figures) {
    const [, world, adapter, what] =
      /^metering (.+), (SDK|CLI), calibrated, (.+)$/.exec(figure.name) ?? [];
    if (world === undefined || adapter === undefined || what === undefined) continue;
    const key = `| \`${world}\` | ${adapter} |`;
    rows.set(key, (rows.get(key) ?? new Map<string, Figure>()).set(what, figure));
  }
  const lines = [...rows].map(([key, row]) => {
    const cells = columns.map((what) => cellOf(row.get(what)));
    const peers = [row.get("median"), row.get("worst")].map((figure) => percent(figure?.peer));
    const [median, worst, coverage, width] = cells;
    return `${key} ${median} | ${peers[0]} | ${worst} | ${peers[1]} | ${coverage} | ${width} | ${cellOf(row.get(told))} | ${cellOf(row.get(untold))} | ${row.get("median")?.runs ?? 0} |`;
  });
  return [
    "| world | | median | without | worst | without | coverage | width | width, world told | nothing tells of | runs |",
    "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ...lines,
  ].join("\n");
}

function cellOf(figure: Figure | undefined): string {
  return percent(figure?.ours);
}

/** Three digits at most; what has no bound is not given. */
function percent(value: number | undefined): string {
  if (value === undefined) return "";
  if (!Number.isFinite(value)) return "none";
  if (value < 0.005) return "0.00";
  return Number(value.toPrecision(value < 1 ? 2 : 3)).toString();
}
