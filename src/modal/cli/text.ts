import { t } from "../../base/text.ts";
import { withoutAnsi } from "../plainText.ts";

/** What the `modal` command said when it failed, without its decoration. */
export interface CliError {
  /** Python class, where the output names one: "AuthError". */
  readonly className: string | null;
  /** One plain sentence or more, never empty. */
  readonly message: string;
}

const boxEdge = /^\s*[╭╰┌└+][─━\-\s].*$/;
const boxSide = /^\s*[│┃|]\s?(.*?)\s*[│┃|]\s*$/;
const boxTop = /^\s*[╭┌+][─━-]+\s*(.*?)\s*[─━-]+[╮┐+]\s*$/;
const exceptionLine =
  /^(?:[A-Za-z_][\w.]*\.)?([A-Z]\w*(?:Error|Exception|Warning|Closed|Exit)): ?(.*)$/;

/**
 * Turns what the CLI wrote on stderr into a plain message. It draws errors as Rich panels
 * (`╭─ Error ─╮ │ text │ ╰─╯`), tracebacks as a box followed by `AuthError: text` (with
 * MODAL_TRACEBACK=1), and usage errors as `Error: text`.
 */
export function cliError(stderr: string): CliError {
  const lines = withoutAnsi(stderr).split("\n");
  const exception = exceptionOf(lines);
  if (exception !== undefined) return exception;
  const panel = panelOf(lines);
  if (panel !== "") return { className: null, message: panel };
  const usage = lines.find((line) => line.startsWith("Error: "));
  if (usage !== undefined)
    return { className: null, message: usage.slice("Error: ".length).trim() };
  const plain = joined(lines.filter((line) => !/^(Usage:|Try ')/.test(line)));
  return {
    className: null,
    message: plain === "" ? t("The modal command printed nothing.") : plain,
  };
}

/** The exception after the last traceback, with the lines that belong to its message. */
function exceptionOf(lines: readonly string[]): CliError | undefined {
  const boxed = lines.some((line) => line.includes("Traceback (most recent call last)"));
  if (!boxed) return undefined;
  for (let index = lines.length - 1; index >= 0; index -= 1) {
    const match = exceptionLine.exec(lines[index] ?? "");
    if (match === null) continue;
    const message = joined([match[2] ?? "", ...lines.slice(index + 1)]);
    return { className: match[1] ?? null, message: message === "" ? (match[1] ?? "") : message };
  }
  return undefined;
}

const frame = /^\s*[│|]\s+(\S.*?\.py):(\d+)(?: in .*?)?\s*[│|]\s*$/;

/**
 * Where a traceback ends in the user's own code: the file's name and the line. null: it names none.
 * Rich draws each frame as `│ /path/app.py:12 in <module> │`, and a syntax error's place alone.
 */
export function placeInUserCode(stderr: string): string | null {
  for (const line of withoutAnsi(stderr).split("\n").toReversed()) {
    const [, path = "", lineNumber = ""] = frame.exec(line) ?? [];
    if (path === "" || /[\\/](site-packages|lib[\\/]python[\d.]+)[\\/]/.test(path)) continue;
    return t("{0}, line {1}", path.split(/[\\/]/).at(-1) ?? path, lineNumber);
  }
  return null;
}

/** The text of the last panel whose title is "Error", with its wrapped lines joined. */
function panelOf(lines: readonly string[]): string {
  let inside = false;
  let texts: string[] = [];
  for (const line of lines) {
    const title = boxTop.exec(line)?.[1];
    if (title !== undefined) {
      inside = title === "Error";
      if (inside) texts = [];
    } else if (boxEdge.test(line)) {
      inside = false;
    } else if (inside) {
      texts.push(boxSide.exec(line)?.[1] ?? line);
    }
  }
  return joined(texts);
}

function joined(lines: readonly string[]): string {
  return lines
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .join(" ");
}

/** An instant as the command reads it: ISO 8601 with an offset. */
export function isoOf(atMs: number): string {
  return new Date(atMs).toISOString().replace("Z", "+00:00");
}
