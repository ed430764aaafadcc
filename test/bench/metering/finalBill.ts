import { hourMs, type BilledRow, type CostByResource } from "../../../src/cost/billed/billedRow.ts";
import { microUsd } from "../../../src/cost/money.ts";
import type { BillRow } from "../../sim/model/bill.ts";
import type { Cloud } from "../../sim/model/cloud.ts";
import { usd } from "../../sim/model/rates.ts";
import { toldRow } from "../../sim/told/report.ts";

/** The rows of the hours before as the report has them in the end, by the machine's clock. */
export function finalBill(cloud: Cloud, toMs: number, nowMs: number): readonly BilledRow[] {
  return cloud.bill({ byAppHour: true, toMs }).map((row) => {
    const costByResource = resourcesOf(cloud, row);
    return {
      objectId: row.appId,
      description: "",
      intervalStartMs: row.hourStartMs,
      cost: microUsd(row.usd * 1e6),
      fetchedAtMs: nowMs + 3 * hourMs,
      sameSinceMs: nowMs,
      wasMicroUsd: null,
      ...(costByResource === undefined ? {} : { costByResource }),
    };
  });
}

/** undefined where the report does not tell. */
function resourcesOf(cloud: Cloud, row: BillRow): CostByResource | undefined {
  const { unitsByResource } = toldRow(cloud, row, 1);
  if (unitsByResource.size === 0) return undefined;
  return Object.fromEntries(
    [...unitsByResource].map(([key, units]) => [key, microUsd(usd(units) * 1e6)]),
  );
}
