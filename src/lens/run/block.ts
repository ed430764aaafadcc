import { t } from "../../base/text.ts";
import { attempt } from "./attempt.ts";
import { assign, remove, update, valueOfAll } from "./binding.ts";
import { ifStatement, matchStatement, withStatement } from "./branch.ts";
import { exits } from "./control.ts";
import { decorated, define } from "./definition.ts";
import { evaluate } from "./expression.ts";
import type { End, Frame } from "./frame.ts";
import { importStatement } from "./importing.ts";
import { loop } from "./loop.ts";
import { none } from "../value/plain.ts";
import { childrenOf, shown, type Node } from "../value/tree.ts";

/** Runs statements one after another, as far as they can be followed. */
export function runBlock(statements: readonly Node[], frame: Frame): End {
  const { program } = frame;
  for (const statement of statements) {
    program.statementsLeft -= 1;
    const end = run(statement, frame);
    if (program.raised !== null) {
      frame.raised = program.raised;
      return "raised";
    }
    if (end !== "done") return end;
    frame.ran(statement);
  }
  return "done";
}

function run(node: Node, frame: Frame): End {
  switch (node.name) {
    case "StatementGroup":
      return runBlock(
        childrenOf(node).filter(({ name }) => name !== ";"),
        frame,
      );
    case "ImportStatement":
      return importStatement(node, frame);
    case "AssignStatement":
      assign(node, frame);
      return "done";
    case "UpdateStatement":
      update(node, frame);
      return "done";
    case "ExpressionStatement":
      return expression(node, frame);
    case "DecoratedStatement":
      decorated(node, frame);
      return "done";
    case "FunctionDefinition":
    case "ClassDefinition":
      define(node, frame);
      return "done";
    case "IfStatement":
      return ifStatement(childrenOf(node), frame);
    case "ForStatement":
    case "WhileStatement":
      return loop(node, frame);
    case "TryStatement":
      return attempt(childrenOf(node), frame);
    case "WithStatement":
      return withStatement(node, frame);
    case "MatchStatement":
      return matchStatement(node, frame);
    case "RaiseStatement":
      return raise(node, frame);
    case "ReturnStatement": {
      const given = childrenOf(node).slice(1);
      frame.returns.push(given.length === 0 ? none : valueOfAll(given, frame));
      return "returned";
    }
    case "BreakStatement":
      return "broken";
    case "ContinueStatement":
      return "continued";
    case "DeleteStatement":
      for (const target of childrenOf(node).slice(1)) {
        if (target.name === "VariableName") frame.own.delete(frame.tree.textOf(target));
        else if (target.name !== ",") remove(target, frame);
      }
      return "done";
    case "AssertStatement":
      for (const part of childrenOf(node).slice(1)) if (part.name !== ",") evaluate(part, frame);
      return "done";
    default:
      return "done";
  }
}

function raise(node: Node, frame: Frame): End {
  frame.raised = t("it raises: {0}", shown(node, frame.tree));
  return "raised";
}

function expression(node: Node, frame: Frame): End {
  const [first] = childrenOf(node);
  if (first === undefined) return "done";
  if (first.name === "CallExpression" && exits(first, frame)) return raise(first, frame);
  evaluate(first, frame);
  return "done";
}
