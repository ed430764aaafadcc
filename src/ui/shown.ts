declare const shownMark: unique symbol;

/**
 * A text that is shown where VS Code makes links of text, and in which it makes none. Words of others (an
 * app's name, what an endpoint answers, what a program prints, a file of a repository) come to us in
 * messages; a link of theirs would run a command, or lead to them, at one click.
 */
export type Shown<Where extends "message" | "output" | "markdown" = "message"> = string & {
  readonly [shownMark]: Where;
};

/** What stands between the halves of what would be an address: it has no width, and ends every link. */
const joiner = "\u2060";
/**
 * An address, as the editor's output, its terminal and Markdown find it without any bracket: with `//`,
 * of mail, or of the web without its scheme. `file:12` and `command:x` are links in brackets alone.
 */
const bareLink = /(?:[a-z][a-z\d+.-]*:(?=\/\/)|(?<![\w.+-])mailto:(?=[^\s\u2060]*@)|www(?=\.))/gi;
/** `[words](address)`, `[words][name]` and `<address>`. */
const bracketLink = /\](?=[([])/g;

/**
 * The same words, and no link. For notifications, progress, input boxes, pick lists and titles: they make
 * links of `[words](address)` alone (VS Code's linkedText.ts), so an address stays whole, to be copied.
 */
export function shownInMessage(text: string): Shown {
  const safe = text.replaceAll(bracketLink, "] ");
  return isShown(safe) ? safe : shownInMessage(safe);
}

/**
 * For the output channels: addresses of Modal and of this machine stay whole, because they are there to
 * be copied; whatever else looks like one is broken.
 */
export function shownInOutput(text: string): Shown<"output"> {
  const safe = text
    .split(modalAddress)
    .map((part, at) => (at % 2 === 1 ? part : withoutBareLinks(part)))
    .join("");
  return isOutput(safe) ? safe : shownInOutput(safe);
}

const modalAddress =
  /(\bhttps:\/\/(?:[a-z\d-]+\.)*modal\.(?:com|run|host|direct)(?![\w.@:-])[^\s@]*|\bhttp:\/\/(?:localhost|127\.0\.0\.1)(?::\d+)?(?![\w.@:-])[^\s@]*)/i;

function withoutBareLinks(text: string): string {
  return text.replaceAll(bareLink, (address) => `${address}${joiner}`);
}

/** Text of others in Markdown: shown as it is, neither a link, a table's border nor an icon. */
export function escapeMarkdown(text: string): string {
  return withoutBareLinks(text)
    .replaceAll(/[\\`*_{}[\]()#+!|<>~$&-]/g, String.raw`\$&`)
    .replaceAll("@", `@${joiner}`)
    .replaceAll(/\s+/g, " ");
}

/** Markdown with our own links, as a page or a tooltip shows it. */
export function shownMarkdown(text: string): Shown<"markdown"> {
  const safe = text
    .split(ownLink)
    .map((part, at) =>
      at % 2 === 1
        ? part
        : withoutBareLinks(part.replaceAll(unescapedBracketLink, "] ").replaceAll(tag, "&lt;")),
    )
    .join("");
  return isMarkdown(safe) ? safe : shownMarkdown(safe);
}

/** What `commandLink` makes: a command of ours, its arguments encoded. */
const ownLink = /(\[[^[\]\n]*\]\(command:modalMeter\.\w+(?:\?[\w%.!~*'-]*)?\))/;
/** Not after an odd number of backslashes. */
const unescapedBracketLink = /(?<!(?<!\\)(?:\\\\)*\\)\](?=[([:])/g;
/** HTML, and `<address>`. */
const tag = /(?<!(?<!\\)(?:\\\\)*\\)<(?=[a-z/!?])/gi;

function isShown(text: string): text is Shown {
  return text.search(bracketLink) === -1;
}

function isOutput(text: string): text is Shown<"output"> {
  return text.split(modalAddress).every((part, at) => at % 2 === 1 || part.search(bareLink) === -1);
}

function isMarkdown(text: string): text is Shown<"markdown"> {
  return text
    .split(ownLink)
    .every((part, at) => at % 2 === 1 || (part.search(bareLink) === -1 && part.search(tag) === -1));
}
