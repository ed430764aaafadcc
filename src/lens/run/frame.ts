import type { PythonScope } from "../library/pythonScope.ts";
import { childrenOf, type Node } from "../value/tree.ts";
import type { Value } from "../value/value.ts";

/** How a block ends: at its last statement, or by a statement that leaves it and that is certain. */
export type End = "done" | "raised" | "returned" | "broken" | "continued";

/** What runs statements: a module, or one call of a function. */
export interface Frame extends PythonScope {
  /** What is bound in it; another map in each branch of which one runs. */
  own: Map<string, Value>;
  /** Why the block raises; null: as far as can be told it does not. */
  raised: string | null;
  /** Why a name that was never bound may be there all the same. */
  mayBindAny: string | undefined;
  /** A script has no package: its relative imports raise. */
  readonly isScript: boolean;
  /** What a call has returned by now, each where it was not certain that it returns. */
  readonly returns: Value[];
  /** The call and the loops that a statement may leave, innermost last. */
  readonly left: Leaving[];
  readonly block: (statements: readonly Node[]) => End;
  /** A statement has run: what could not be read in it may have been anything. */
  readonly ran: (statement: Node) => void;
}

/** A loop or a call, and why it may have been left before its end; null: as far as can be told it was not. */
export interface Leaving {
  readonly of: "loop" | "call";
  maybe: string | null;
}

/** It may be left where it stands: what it does from now on is not certain. */
export function mayLeave(frame: Frame, of: Leaving["of"], why: string): void {
  const leaving = frame.left.findLast((one) => one.of === of);
  if (leaving === undefined || leaving.maybe !== null) return;
  leaving.maybe = why;
  frame.program.undecided += 1;
}

/** It is over, one way or the other. */
export function leave(frame: Frame): void {
  const leaving = frame.left.pop();
  if (leaving !== undefined && leaving.maybe !== null) frame.program.undecided -= 1;
}

/** The statements of a body, without its colon. */
export function statementsOf(body: Node | null | undefined): readonly Node[] {
  return body === null || body === undefined ? [] : childrenOf(body).slice(1);
}
