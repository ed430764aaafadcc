import { t } from "../../base/text.ts";
import { bindTo } from "./binding.ts";
import { oneOf } from "./branch.ts";
import { evaluate } from "./expression.ts";
import { leave, mayLeave, statementsOf, type End, type Frame, type Leaving } from "./frame.ts";
import { itemsIn, stillHas } from "../value/items.ts";
import { truthOf, unknown } from "../value/plain.ts";
import { spoil } from "../value/spoil.ts";
import { assignedIn, changedIn } from "./statement.ts";
import { childrenOf, shown, type Node } from "../value/tree.ts";
import type { Value } from "../value/value.ts";

/** More rounds than anybody writes for functions of an app. */
const maxRounds = 300;

/** Runs a loop round by round where what it goes over is known; else what it sets is unknown. */
export function loop(node: Node, frame: Frame): End {
  const why = t("it is set in a loop ({0})", shown(node.firstChild ?? node, frame.tree));
  const children = childrenOf(node);
  const [body, orElse] = node.getChildren("Body");
  const parts: Parts = {
    node,
    why,
    body: statementsOf(body),
    orElse: statementsOf(orElse),
    assigned: assignedIn(node, frame.tree),
    before: new Map(frame.own),
  };
  if (node.name === "WhileStatement") {
    const [, condition] = children;
    return condition === undefined ? "done" : whileLoop(condition, parts, frame);
  }
  const at = children.findIndex(({ name }) => name === "in");
  const head = children[at + 1];
  if (at === -1 || head === undefined) return "done";
  // `for x in a, b:`
  const isOne = children[at + 2]?.name === "Body";
  const over = evaluate(head, frame);
  const items = isOne ? itemsIn(over) : undefined;
  if (items === undefined || items.length > maxRounds) return unfollowed(parts, frame);
  return forLoop(children.slice(1, at), over, items, parts, frame);
}

interface Parts {
  readonly node: Node;
  readonly why: string;
  readonly body: readonly Node[];
  readonly orElse: readonly Node[];
  readonly assigned: ReadonlySet<string>;
  readonly before: ReadonlyMap<string, Value>;
}

function forLoop(
  target: readonly Node[],
  over: Value,
  items: readonly Value[],
  parts: Parts,
  frame: Frame,
): End {
  const rounds = items.map((item) => (): boolean => {
    // A list that is changed while it is gone through.
    if (!stillHas(over, items)) mayLeave(frame, "loop", parts.why);
    bindTo(target, item, frame);
    return true;
  });
  return follow(rounds, parts, frame);
}

function whileLoop(condition: Node, parts: Parts, frame: Frame): End {
  let truth = truthOf(evaluate(condition, frame));
  if (truth === undefined) return unfollowed(parts, frame);
  const first = (): boolean => truth === true;
  const next = (): boolean => {
    truth = truthOf(evaluate(condition, frame));
    if (truth === undefined) mayLeave(frame, "loop", parts.why);
    return truth !== false;
  };
  const rounds = Array.from({ length: maxRounds }, (_, index) => (index === 0 ? first : next));
  // One more than may run: it has not ended then.
  return follow([...rounds, endless(frame, parts)], parts, frame);
}

function endless(frame: Frame, { why }: Parts): () => boolean {
  return () => {
    mayLeave(frame, "loop", why);
    return true;
  };
}

/** `rounds`: each binds what its round goes over; false: there is none. */
function follow(rounds: readonly (() => boolean)[], parts: Parts, frame: Frame): End {
  const leaving: Leaving = { of: "loop", maybe: null };
  frame.left.push(leaving);
  const isCertain = (): boolean => leaving.maybe === null && frame.program.statementsLeft > 0;
  let end: End = "done";
  for (const round of rounds) {
    if (!round() || !isCertain()) break;
    end = frame.block(parts.body);
    if (!isCertain() || end === "broken" || end === "returned" || end === "raised") break;
  }
  const wasCertain = isCertain();
  leave(frame);
  if (!wasCertain) {
    if (end === "returned") mayLeave(frame, "call", parts.why);
    // From here on nobody can tell how often it runs.
    return unfollowed(parts, frame);
  }
  if (end === "returned" || end === "raised") return end;
  return end === "broken" ? "done" : frame.block(parts.orElse);
}

function unfollowed({ node, why, body, orElse, assigned, before }: Parts, frame: Frame): End {
  const { program } = frame;
  // What is changed in one round is read in the next.
  for (const name of changedIn(node, frame.tree)) spoil(frame.read(name), why);
  const forget = (): void => {
    for (const name of assigned) {
      const value = frame.own.get(name);
      if (value !== undefined) spoil(value, why);
      const earlier = before.get(name);
      // An app stays offered under the name that it had.
      if (value?.kind !== "app" || earlier?.kind !== "app" || earlier.app !== value.app)
        frame.bind(name, unknown(why));
    }
  };
  frame.own = new Map(frame.own);
  forget();
  const counts = new Map(program.apps.map((app) => [app, app.functions.length]));
  frame.left.push({ of: "loop", maybe: null });
  oneOf([() => frame.block(body), () => "done"], why, frame);
  leave(frame);
  forget();
  oneOf([() => frame.block(orElse), () => "done"], why, frame);
  forget();
  for (const app of program.apps) {
    if (app.functions.length !== counts.get(app))
      app.mayHaveMore(t("functions are made in a loop"));
  }
  return "done";
}
