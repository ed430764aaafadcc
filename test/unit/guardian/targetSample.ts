import type { GuardTarget } from "../../../src/guardian/guardTarget.ts";
import { modesOf } from "../../../src/session/mode.ts";

/** What a window leaves the guardian of a scope in which nothing was started here, with what a test changes in it. */
export function targetSample(some: Partial<GuardTarget> = {}): GuardTarget {
  return {
    scope: "acme/main",
    startedHere: [],
    trustedFolders: [],
    control: "auto",
    cli: null,
    profile: null,
    environment: null,
    username: "you",
    onClose: "remind",
    stopAfterMinutes: 0,
    productionModes: ["prod"],
    restingMode: modesOf({}).named("dev"),
    rates: {},
    ...some,
  };
}
