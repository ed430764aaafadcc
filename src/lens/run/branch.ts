import { t } from "../../base/text.ts";
import { bindOne } from "./binding.ts";
import { swallows } from "./control.ts";
import { evaluate } from "./expression.ts";
import { mayLeave, statementsOf, type End, type Frame } from "./frame.ts";
import { capturedIn, fits } from "./match.ts";
import { merged } from "../value/merge.ts";
import { truthOf, unknown } from "../value/plain.ts";
import { spoil } from "../value/spoil.ts";
import { childrenOf, partsOf, shown, type Node } from "../value/tree.ts";
import type { Value } from "../value/value.ts";

/** One of the branches runs, and nobody can tell which: a name that they leave different is unknown. */
export function oneOf(branches: readonly (() => End)[], why: string, frame: Frame): End {
  const before = frame.own;
  const raisedBefore = frame.raised;
  const results: Map<string, Value>[] = [];
  const ends = new Set<End>();
  frame.program.undecided += 1;
  for (const branch of branches) {
    frame.own = new Map(before);
    const end = branch();
    // A branch that raises was not the one, if the file is deployed at all.
    if (end !== "raised") ends.add(end);
    if (end !== "raised" && end !== "returned") results.push(frame.own);
  }
  frame.program.undecided -= 1;
  const [only, ...others] = ends;
  if (only === undefined) return "raised";
  frame.raised = raisedBefore;
  const [first = before] = results;
  frame.own = results.length < 2 ? first : merged(results, why);
  if (others.length === 0) return only;
  if (ends.has("returned")) mayLeave(frame, "call", why);
  if (ends.has("broken") || ends.has("continued")) mayLeave(frame, "loop", why);
  return "done";
}

export function ifStatement(children: readonly Node[], frame: Frame): End {
  const [, condition, body, ...rest] = children;
  if (condition === undefined || body === undefined) return "done";
  const value = evaluate(condition, frame);
  const isTypes = value.kind === "library" && value.path === "typing.TYPE_CHECKING";
  const truth = isTypes ? false : truthOf(value);
  const otherwise = (): End => {
    const [word, second] = rest;
    if (word === undefined) return "done";
    return word.name === "elif" ? ifStatement(rest, frame) : frame.block(statementsOf(second));
  };
  if (truth === true) return frame.block(statementsOf(body));
  if (truth === false) return otherwise();
  const why =
    value.kind === "unknown" ? value.why : t("it depends on {0}", shown(condition, frame.tree));
  return oneOf([() => frame.block(statementsOf(body)), otherwise], why, frame);
}

export function withStatement(node: Node, frame: Frame): End {
  const children = childrenOf(node);
  const body = statementsOf(node.getChild("Body"));
  let maySwallow = false;
  for (const part of partsOf(children.slice(1).filter((child) => child.name !== "Body"))) {
    const [context, as, target] = part.filter(({ name }) => name !== "with");
    if (context === undefined) continue;
    const value = evaluate(context, frame);
    // What it does when it is entered and left is not followed.
    if (value.kind === "object") spoil(value, t("it is a context manager"));
    maySwallow ||= swallows(context, value, frame.tree);
    if (as?.name === "as" && target !== undefined)
      bindOne(target, unknown(t("a context manager gives it")), frame);
  }
  if (!maySwallow) return frame.block(body);
  const why = t("it is set where an error is ignored");
  return oneOf([() => frame.block(body), () => "done"], why, frame);
}

export function matchStatement(node: Node, frame: Frame): End {
  const subject = childrenOf(node)[1];
  const value = subject === undefined ? unknown(t("it is not whole")) : evaluate(subject, frame);
  const clauses = node.getChild("MatchBody")?.getChildren("MatchClause") ?? [];
  const why = t(
    "it depends on {0}",
    subject === undefined ? t("a match") : shown(subject, frame.tree),
  );
  const from = (index: number): End => {
    const clause = clauses[index];
    if (clause === undefined) return "done";
    const body = (): End => frame.block(statementsOf(clause.getChild("Body")));
    const taken = fits(childrenOf(clause), value, frame);
    if (taken === true) return body();
    if (taken === false) return from(index + 1);
    for (const name of capturedIn(clause, frame.tree)) frame.bind(name, unknown(why));
    return oneOf([body, () => from(index + 1)], why, frame);
  };
  return from(0);
}
