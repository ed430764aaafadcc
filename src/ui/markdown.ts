/** A column of a table by its title: of words, or of figures. */
export type Column = string | { readonly figures: string };

/** A table as Markdown lines, an empty line after it. Cells are Markdown. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): readonly string[] {
  const titles = columns.map((column) => (typeof column === "string" ? column : column.figures));
  const rule = columns.map((column) => (typeof column === "string" ? ":--" : "--:"));
  return [titles, rule, ...rows].map((cells) => `| ${cells.join(" | ")} |`).concat("");
}
