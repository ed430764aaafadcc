// Colours, cursor moves and OSC 8 links: ESC [ … letter, ESC ] … BEL, and two-character escapes.
// oxlint-disable-next-line no-control-regex -- the escape character is what is looked for
const ansi = /\u001B(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001B]*(?:\u0007|\u001B\\)|[@-Z\\-_])/g;

/** The text without terminal escapes and carriage returns. */
export function withoutAnsi(text: string): string {
  return text.replaceAll(ansi, "").replaceAll("\r", "");
}

/** The first lines of an output, as evidence for the log: at most 8 lines of 200 characters. */
export function firstLines(text: string): string {
  return withoutAnsi(text.slice(0, 8000))
    .split("\n")
    .slice(0, 8)
    .map((line) => (line.length > 200 ? `${line.slice(0, 200)}…` : line))
    .join("\n")
    .trim();
}
