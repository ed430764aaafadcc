import type { HourlyOf } from "../../cost/rates/burnRate.ts";
import type { CostReading } from "./costReader.ts";

/** What each container that runs costs per hour now, as its cost is counted: by what the bill has taught. */
export function hourlyNow({ priced }: Pick<CostReading, "priced">): HourlyOf {
  const rates = new Map(
    priced.flatMap(({ span, interval, prices }) => {
      const price = prices.at(-1);
      return interval.endMs === null && price !== undefined
        ? [[span.containerId, price.rate] as const]
        : [];
    }),
  );
  return (containerId) => rates.get(containerId);
}
