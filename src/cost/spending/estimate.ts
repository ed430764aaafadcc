import { microUsd, usd, type MicroUsd } from "../money.ts";

/** USD for `hours` at a rate. 80 h at $4.00/h: $320. */
export function hoursCost(hours: number, usdPerHour: number): MicroUsd {
  return usd(Math.max(0, hours) * usdPerHour);
}

/** What the scaledown window after the last request costs: billed in full, though nothing runs. 120 s at $4.00/h: $0.13. */
export function idleBufferCost(scaledownSeconds: number, usdPerHour: number): MicroUsd {
  return hoursCost(scaledownSeconds / 3600, usdPerHour);
}

/** One lone request: its own time and the scaledown window after it. 1 min + 120 s at $4.00/h: $0.20. */
export function requestCost(
  executionSeconds: number,
  scaledownSeconds: number,
  usdPerHour: number,
): MicroUsd {
  return hoursCost((executionSeconds + scaledownSeconds) / 3600, usdPerHour);
}

/** A container that is kept warm around the clock (`min_containers`, once `keep_warm`). 1 for 30 days at $4.00/h: $2,880. */
export function keepWarmCost(containers: number, days: number, usdPerHour: number): MicroUsd {
  return hoursCost(containers * days * 24, usdPerHour);
}

/** What one way to work saves against another; negative when it costs more. */
export function savings(alternative: MicroUsd, actual: MicroUsd): MicroUsd {
  return microUsd(alternative - actual);
}

/**
 * A night after a forgotten stop. Alone, the app scales down and costs one idle window (`least`);
 * with a request now and then inside each window (a health check, an open page), or with
 * `min_containers`, it stays warm all night (`most`): 5 to 10 h at $4.00/h are $20 to $40.
 */
export function forgottenNight(
  hours: number,
  scaledownSeconds: number,
  usdPerHour: number,
): { readonly least: MicroUsd; readonly most: MicroUsd } {
  const most = hoursCost(hours, usdPerHour);
  const window = idleBufferCost(scaledownSeconds, usdPerHour);
  return { least: window < most ? window : most, most };
}
