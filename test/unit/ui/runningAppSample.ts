import { usd } from "../../../src/cost/money.ts";

/** An app of mine with one warm L40S. */
export const flux = {
  appId: "ap-1",
  name: "flux",
  state: "deployed",
  owner: "mine",
  running: 1,
  pending: 0,
  gpu: "L40S",
  booting: null,
  microUsdPerHour: usd(2.11),
  warmUntilMs: null,
  tailMicroUsd: null,
} as const;
