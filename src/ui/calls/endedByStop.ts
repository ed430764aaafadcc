import { Failure } from "../../base/failure.ts";
import { t } from "../../base/text.ts";
import type { CallRecord } from "../../cost/call.ts";
import type { StopReceipt } from "../../session/receipt.ts";

/**
 * Why a call brought no result, where its app was stopped from here meanwhile: Modal's words would be
 * read as those of a crash.
 *
 * @param receipts of stops since the call was sent; one is begun before the first request.
 */
export function orEndedByStop(
  failure: Failure,
  { appId, endpoint }: Pick<CallRecord, "appId"> & { readonly endpoint: string },
  receipts: readonly Pick<StopReceipt, "planned">[],
): Failure {
  const wasStopped = receipts.some(({ planned }) => planned.some((app) => app.appId === appId));
  if (failure.reason !== "endpoint-failed" || appId === null || !wasStopped) return failure;
  return new Failure(
    "endpoint-failed",
    t(
      '"{0}" brought no result: its app was stopped meanwhile. What it ran until then is billed.',
      endpoint,
    ),
    { cause: failure },
  );
}
