import { t } from "../../base/text.ts";
import { disturb } from "./disturb.ts";
import { joined, stringParts, unescaped } from "../value/literal.ts";
import { str, textOf, unknown } from "../value/plain.ts";
import type { PythonScope } from "../library/pythonScope.ts";
import { childrenOf, shown, type Node } from "../value/tree.ts";
import type { Value } from "../value/value.ts";

/** What an f-string is worth, with plain replacements alone. */
export function formatString(node: Node, scope: PythonScope): Value {
  const { tree, program } = scope;
  const parts = stringParts(tree.textOf(node));
  if (parts === undefined || parts.isBytes) return unknown(t("it is not plain text"));
  const begin = node.from + parts.bodyAt;
  const end = begin + parts.body.length;
  const pieces: Value[] = [];
  let at = begin;
  const plain = (to: number): void => {
    const raw = parts.body
      .slice(at - begin, to - begin)
      .replaceAll(/\{\{|\}\}/g, (pair) => pair.slice(1))
      .replaceAll(/\r\n?/g, "\n");
    const text = parts.isRaw ? raw : unescaped(raw);
    pieces.push(text === undefined ? unknown(t("it names a character")) : str(text));
  };
  for (const replacement of node.getChildren("FormatReplacement")) {
    plain(replacement.from);
    const [, inner, ...more] = childrenOf(replacement);
    const value = inner === undefined ? undefined : program.evaluate(inner, scope);
    // "!r", ":>10" and "{x=}" change how it is written.
    const how = tree.textOf(more[0] ?? node);
    const isAsText = more.length === 1 || how === "!s" || (how === ":d" && value?.kind === "int");
    const isPlain = isAsText && more.length < 3 && more.at(-1)?.name === "}";
    if (!isPlain) disturb(replacement, scope, t("{0} is not followed", shown(replacement, tree)));
    const text = value === undefined || !isPlain ? undefined : textOf(value);
    pieces.push(
      text !== undefined
        ? str(text)
        : value?.kind === "unknown"
          ? value
          : unknown(t("{0} is not followed", shown(replacement, tree))),
    );
    at = replacement.to;
  }
  plain(end);
  return joined(pieces);
}
