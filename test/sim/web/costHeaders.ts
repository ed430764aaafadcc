import type { CostHeaderVariant } from "../admin/faults.ts";
import type { Input } from "../model/entities.ts";
import { gpuUsdPerHour, type RateCard } from "../model/rates.ts";

type Headers = Record<string, string | string[]>;

interface Cost {
  readonly seconds: number;
  readonly usd: number;
  readonly gpu: string;
  readonly usdPerSecond: number;
}

/** The seed's rate for an L40S, which is really the price of an A100-80GB. */
const SEED_USD_PER_SECOND = 0.000_694;

/** GPU × handler time, which is all that such headers ever cover. */
export function costOf(input: Input, rates: RateCard): Cost {
  const seconds = ((input.finishedAtMs ?? 0) - (input.startedAtMs ?? 0)) / 1000;
  const gpu = input.fn.spec.gpu;
  const usdPerSecond = gpu === null ? 0 : (gpuUsdPerHour(rates, gpu.type) * gpu.count) / 3600;
  const type = gpu === null ? "CPU" : gpu.type + (gpu.count > 1 ? `:${gpu.count}` : "");
  return { seconds, usd: seconds * usdPerSecond, gpu: type, usdPerSecond };
}

/** The line that the app prints. */
export function costLine(cost: Cost): string {
  const usd = `$${cost.usd.toFixed(6)}`;
  return `💰 Cost: ${usd} | Time: ${cost.seconds.toFixed(2)}s | GPU: ${cost.gpu} @ ${usd}\n`;
}

export function costHeaders(cost: Cost, variant: CostHeaderVariant | null): Headers {
  const usd = cost.usd.toFixed(6);
  const seconds = cost.seconds.toFixed(3);
  const right = { "X-Cost-USD": usd, "X-Execution-Time-Sec": seconds, "X-GPU-Type": cost.gpu };
  if (variant === null) return right;
  if (variant === "none") return {};
  if (variant === "upper-case")
    return { "X-COST-USD": usd, "X-EXECUTION-TIME-SEC": seconds, "X-GPU-TYPE": cost.gpu };
  const spoiled: Record<Exclude<CostHeaderVariant, "none" | "upper-case">, Headers> = {
    malformed: { "X-Cost-USD": "about $0.01", "X-Execution-Time-Sec": "2,5s" },
    negative: { "X-Cost-USD": `-${usd}` },
    absurd: { "X-Cost-USD": "1e300", "X-Execution-Time-Sec": "NaN" },
    "wrong-rate": { "X-Cost-USD": (cost.seconds * SEED_USD_PER_SECOND).toFixed(6) },
    "wrong-gpu": { "X-GPU-Type": cost.gpu === "H100" ? "L40S" : "H100" },
    "long-time": { "X-Execution-Time-Sec": (cost.seconds * 1000 + 1000).toFixed(3) },
    duplicate: { "X-Cost-USD": [usd, "9.990000"] },
    garbage: {
      "X-Cost-USD": "\u00ff\u00fe$\u00a0",
      "X-Execution-Time-Sec": "9".repeat(2000),
      "X-GPU-Type": "<script>alert(1)</script>",
    },
  };
  return { ...right, ...spoiled[variant] };
}
