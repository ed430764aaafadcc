import { parseSync, visitorKeys } from "oxc-parser";
import type { Comment, Node } from "oxc-parser";

/*
 * The texts of one source file, and what is wrong with them. A text is a string of two words or more,
 * or one capitalized word. It is an argument of `t` or `plural` (src/base/text.ts), or it stands where
 * nobody but a developer sees it (`unseen`), or a comment says so, with a reason:
 *
 *   // not shown: <why>                   the statement, property or argument below, or its own line
 *   // not translated: <why>              the same, for what is shown in every language as it is
 *   // nothing here is shown: <why>       the whole file
 *
 * Everything else is a problem: what is not proven to be unseen counts as seen, so a text cannot slip
 * through on a way that this file does not know.
 */

export interface TextProblem {
  readonly line: number;
  readonly message: string;
}

export interface SourceTexts {
  /** The entries for the bundle: key and English. */
  readonly texts: readonly (readonly [string, string])[];
  readonly problems: readonly TextProblem[];
}

export function sourceTexts(path: string, source: string): SourceTexts {
  const { program, comments, errors } = parseSync(path, source);
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]?.message ?? ""}`);
  const lineOf = lineFinder(source);
  const texts: (readonly [string, string])[] = [];
  const problems: TextProblem[] = [];
  const taken = new Set<Node>();
  const marks = new Marks(comments, lineOf);
  if (marks.wholeFile) return { texts, problems };

  const visit = (node: Node, parents: readonly Node[]): void => {
    const at = (message: string): void => {
      problems.push({ line: lineOf(node.start), message });
    };
    const call = textCall(node);
    if (call !== undefined) {
      if (!parents.some(isDelayed)) at("runs before the language is known");
      for (const text of call.english) taken.add(text);
      const entries = call.entries();
      if (typeof entries === "string") at(entries);
      else texts.push(...entries);
    }
    const text = taken.has(node) ? undefined : textOf(node);
    if (text !== undefined) {
      if (!unseen(node, parents, source) && !marks.cover([...parents, node]))
        at(`does not go through text.ts: ${JSON.stringify(text)}`);
    }
    const within = [...parents, node];
    if (taken.has(node)) return;
    for (const child of childrenOf(node)) visit(child, within);
  };
  visit(program, []);
  return { texts, problems };
}

interface TextCall {
  /** The nodes that hold the English. */
  readonly english: readonly Node[];
  /** The bundle's entries, or what is wrong with the call. */
  readonly entries: () => readonly (readonly [string, string])[] | string;
}

function textCall(node: Node): TextCall | undefined {
  if (node.type !== "CallExpression" || node.callee.type !== "Identifier") return undefined;
  const [first, second, ...more] = node.arguments;
  const spread = node.arguments.some(({ type }) => type === "SpreadElement");
  if (node.callee.name === "t" && first !== undefined) {
    const given = spread ? undefined : node.arguments.length - 1;
    return {
      english: [first],
      entries: () => {
        const english = literal(first);
        if (english === undefined) return "t() needs its English as a literal";
        return placeholderProblem(english, given) ?? [[english, english]];
      },
    };
  }
  if (node.callee.name === "plural" && second !== undefined) {
    const given = spread ? undefined : more.length + 1;
    return {
      english: [second],
      entries: () => {
        const [one, other] = [formOf(second, "one"), formOf(second, "other")];
        if (one === undefined || other === undefined)
          return "plural() needs the forms `one` and `other` as literals";
        // "{1} has no GPU" counts too: the number need not be said.
        const wrong =
          placeholderProblem(`${other}{0}`, given) ?? placeholderProblem(`${one}{0}`, given);
        return (
          wrong ?? [
            [`${other}/one`, one],
            [`${other}/other`, other],
          ]
        );
      },
    };
  }
  return undefined;
}

/** Each `{n}` has a value, and each value a place. `given`: undefined where a spread hides it. */
function placeholderProblem(english: string, given: number | undefined): string | undefined {
  const used = new Set([...english.matchAll(/\{(\d+)\}/g)].map(([, index]) => Number(index)));
  const most = Math.max(-1, ...used);
  if (used.size !== most + 1) return `{0} to {${most}} are not all used`;
  if (given !== undefined && given !== used.size)
    return `has ${used.size} placeholders and ${given} values`;
  return undefined;
}

function formOf(forms: Node, name: string): string | undefined {
  if (forms.type !== "ObjectExpression") return undefined;
  for (const property of forms.properties) {
    if (property.type !== "Property" || property.key.type !== "Identifier") continue;
    if (property.key.name === name) return literal(property.value);
  }
  return undefined;
}

/** The value of a literal, or of literals that are added up because the line ends. */
function literal(node: Node): string | undefined {
  if (node.type === "Literal") return typeof node.value === "string" ? node.value : undefined;
  if (node.type === "TemplateLiteral")
    return node.expressions.length === 0 ? (node.quasis[0]?.value.cooked ?? undefined) : undefined;
  if (node.type !== "BinaryExpression" || node.operator !== "+") return undefined;
  const [left, right] = [literal(node.left), literal(node.right)];
  return left === undefined || right === undefined ? undefined : left + right;
}

/** What a string says, when it reads like something for people. */
function textOf(node: Node): string | undefined {
  const text =
    node.type === "Literal" && typeof node.value === "string"
      ? node.value
      : node.type === "TemplateLiteral"
        ? node.quasis.map(({ value }) => value.cooked ?? "").join("{}")
        : undefined;
  if (text === undefined || sql.test(text)) return undefined;
  if (!/\p{L}{2}/u.test(text.replaceAll(untranslated, " "))) return undefined;
  const words = text.trim().split(/\s+/);
  return words.length > 1 || /^[A-Z][a-z]{2,}[.!?…]?$/.test(text) ? text : undefined;
}

/** Icons, values and names are the same in all languages. */
const untranslated = /\$\([\w~-]+\)|\{\}|\b(Modal Meter|Modal|modal serve)\b/g;
/** Nobody shouts these at people. */
const sql =
  /^\s*(BEGIN|COMMIT|ROLLBACK|PRAGMA|DELETE FROM|INSERT INTO|UPDATE|CREATE|ALTER|DROP|VACUUM)\b|\b(SELECT|WHERE)\b|[<>=] :\w/;
const bugs = new Set(["Error", "TypeError", "RangeError", "AggregateError"]);
const comparisons = new Set(["==", "===", "!=", "!==", "in"]);
const searches =
  /^z\.literal$|(?<!^z)\.(includes|startsWith|endsWith|indexOf|lastIndexOf|split|exec|test|match|getChild(ren)?)$/;
const logs = /(^|[.#])log(\.(debug|info|warn|error))?$|^inBackground$/i;
const statements = /(^|\.)#?(connection|database)\.(run|get|all|exec|prepare)$/;

/** Whether only a developer sees it: a log line, a bug's message, SQL, what is compared or looked for. */
function unseen(node: Node, parents: readonly Node[], source: string): boolean {
  // A function that is handed to a log or a statement does not speak to it.
  const from = parents.findLastIndex(isFunction) + 1;
  return parents
    .slice(from)
    .some((parent, index) => hides(parent, parents[from + index + 1] ?? node, source));
}

/** Whether what stands at `child` of this node is not for people. */
function hides(parent: Node, child: Node, source: string): boolean {
  switch (parent.type) {
    case "ImportDeclaration":
    case "ExportNamedDeclaration":
      return parent.source === child;
    case "NewExpression":
      return parent.callee.type === "Identifier" && bugs.has(parent.callee.name);
    case "CallExpression": {
      if (parent.callee === child) return false;
      const callee = source.slice(parent.callee.start, parent.callee.end).replace("?", "");
      return logs.test(callee) || statements.test(callee) || searches.test(callee);
    }
    case "BinaryExpression":
      return comparisons.has(parent.operator);
    case "SwitchCase":
      return parent.test === child;
    case "TaggedTemplateExpression":
      return true;
    case "Property":
      // The raw evidence of a Failure is for the log; a key is a name.
      return parent.key === child || nameOf(parent.key) === "evidence";
    case "PropertyDefinition":
      return parent.key === child;
    case "MemberExpression":
      return parent.property === child;
    default:
      return false;
  }
}

function nameOf(key: Node): string | undefined {
  return key.type === "Identifier" ? key.name : undefined;
}

function isFunction({ type }: Node): boolean {
  return (
    type === "FunctionDeclaration" ||
    type === "FunctionExpression" ||
    type === "ArrowFunctionExpression"
  );
}

/** Whether what stands in it runs later than the module. */
function isDelayed(node: Node): boolean {
  return isFunction(node) || (node.type === "PropertyDefinition" && !node.static);
}

/** The comments that take something out, each with its reason. */
class Marks {
  readonly wholeFile: boolean;
  readonly #lines = new Set<number>();
  readonly #lineOf: (offset: number) => number;

  constructor(comments: readonly Comment[], lineOf: (offset: number) => number) {
    this.#lineOf = lineOf;
    this.wholeFile = comments.some(({ value }) => /^ ?nothing here is shown: \S/.test(value));
    for (const { value, end } of comments)
      if (/^ ?not (shown|translated): \S/.test(value)) this.#lines.add(lineOf(end));
  }

  /** Whether one of these begins on the line below a mark, or the last one on the line of a mark. */
  cover(nodes: readonly Node[]): boolean {
    const last = nodes.at(-1);
    if (last !== undefined && this.#lines.has(this.#lineOf(last.start))) return true;
    return nodes.some(
      ({ type, start }) => type !== "Program" && this.#lines.has(this.#lineOf(start) - 1),
    );
  }
}

function lineFinder(source: string): (offset: number) => number {
  const starts = [0, ...[...source.matchAll(/\n/g)].map(({ index }) => index + 1)];
  return (offset) => starts.findLastIndex((start) => start <= offset) + 1;
}

/** The nodes within a node, without types: a type is no text. */
function childrenOf(node: Node): readonly Node[] {
  const keys = node.type.startsWith("TS") ? ["expression", "body"] : (visitorKeys[node.type] ?? []);
  const fields = new Map<string, unknown>(Object.entries(node));
  return keys
    .filter((key) => key !== "typeAnnotation" && key !== "typeArguments")
    .flatMap((key) => fields.get(key))
    .filter(isNode);
}

function isNode(value: unknown): value is Node {
  return (
    typeof value === "object" && value !== null && "type" in value && typeof value.type === "string"
  );
}
