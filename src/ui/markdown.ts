/** Text of others (names, messages) in Markdown: shown as it is, neither a link nor a table's border. */
export function escapeMarkdown(text: string): string {
  return text.replaceAll(/[\\`*_{}[\]()#+!|<>~$&-]/g, String.raw`\$&`).replaceAll(/\s+/g, " ");
}

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

/**
 * A notification makes a link of `[text](command:…)`, and runs the command when it is clicked. Words
 * of others come to us in messages (an endpoint's error, a name, what a program printed), and must
 * not become one.
 */
export function withoutLinks(message: string): string {
  return message.replaceAll("](", "] (");
}
