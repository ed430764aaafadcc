import { t } from "../../base/text.ts";
import { oneOf } from "./branch.ts";
import { statementsOf, type End, type Frame } from "./frame.ts";
import { importsSurely } from "./importing.ts";
import { unknown } from "../value/plain.ts";
import { assignedIn, sections, split, withoutType } from "./statement.ts";
import { childrenOf, shown, type Node } from "../value/tree.ts";

/** Runs a `try` statement: what it catches is not followed, only whether it can happen at all. */
export function attempt(children: readonly Node[], frame: Frame): End {
  const bodies = sections(children);
  const tried = bodies.find(({ word }) => word === "try")?.body;
  const orElse = bodies.find(({ word }) => word === "else")?.body;
  const handlers = bodies.filter(({ word }) => word === "except");
  const whole = (): End => {
    const end = frame.block(statementsOf(tried));
    return end === "done" ? frame.block(statementsOf(orElse)) : end;
  };
  const why = t("it depends on what fails in {0}", shown(tried ?? frame.tree.top, frame.tree));
  let end: End;
  if (tried === undefined || handlers.length === 0) end = whole();
  else if (statementsOf(tried).every((statement) => cannotFail(statement, frame))) end = whole();
  else {
    const assigned = assignedIn(tried, frame.tree);
    const handled = handlers.map(({ body, names }) => (): End => {
      for (const name of assigned) frame.bind(name, unknown(why));
      for (const name of names)
        frame.bind(frame.tree.textOf(name), unknown(t("it is an exception")));
      return frame.block(statementsOf(body));
    });
    end = oneOf([whole, ...handled], why, frame);
  }
  const last = bodies.find(({ word }) => word === "finally")?.body;
  const lastEnd = frame.block(statementsOf(last));
  return lastEnd === "done" ? end : lastEnd;
}

/** A statement of which Python can catch nothing. */
function cannotFail(statement: Node, frame: Frame): boolean {
  switch (statement.name) {
    case "PassStatement":
      return true;
    case "ImportStatement":
      return importsSurely(statement, frame);
    case "AssignStatement": {
      const groups = split(childrenOf(statement), "AssignOp");
      const targets = groups.slice(0, -1).flatMap((group) => withoutType(group));
      const value = groups.at(-1) ?? [];
      return (
        targets.every(({ name }) => name === "VariableName") &&
        value.length === 1 &&
        value.every((node) => isLiteral(node))
      );
    }
    default:
      return false;
  }
}

function isLiteral(node: Node): boolean {
  return /^(String|Number|Boolean|None)$/.test(node.name);
}
