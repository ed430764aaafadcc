import { call, t0 } from "../arbitraries.ts";

/** The call that a cost line of an app's log tells of, soon after `call()` began. */
export const line = call({
  callId: "log/ap-1/1",
  source: "log",
  sessionId: null,
  startedAtMs: t0 + 400,
  endedAtMs: t0 + 2400,
});
