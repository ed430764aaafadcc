import { renewedTerms, unknownTerms } from "../../cost/terms.ts";
import type { Ledger, Listing } from "../ledgerPort.ts";
import { noteTerms, recallTerms } from "../notedTerms.ts";

/**
 * Keeps what a look was told of sandboxes: they are no function's, pay as sandboxes, and end by
 * themselves when their time is over.
 */
export function noteSandboxes(
  ledger: Pick<Ledger, "recall" | "remember">,
  { scope, containers, sandboxes }: Listing,
  nowMs: number,
): void {
  const ofSandboxes = containers.filter(({ terms }) => terms?.isSandbox === true);
  const ends = new Map(
    (sandboxes?.sandboxes ?? []).map((one) => [one.containerId, one.endsByMs] as const),
  );
  for (const [appId, those] of Map.groupBy(ofSandboxes, (container) => container.appId)) {
    const app = { scope, appId };
    const noted = new Map(
      recallTerms(ledger, app).containers.map((one) => [one.containerId, one] as const),
    );
    const news = those.flatMap(({ containerId, terms = unknownTerms }) => {
      const before = noted.get(containerId);
      const endsByMs = ends.get(containerId) ?? before?.endsByMs;
      const after = renewedTerms(before?.terms, terms);
      const isNews =
        before === undefined ||
        endsByMs !== before.endsByMs ||
        JSON.stringify(after) !== JSON.stringify(before.terms);
      const end = endsByMs === undefined || endsByMs === null ? {} : { endsByMs };
      return isNews
        ? [{ containerId, readyMs: nowMs, askedAtMs: nowMs, terms: after, ...end }]
        : [];
    });
    if (news.length > 0) noteTerms(ledger, app, { containers: news });
  }
}
