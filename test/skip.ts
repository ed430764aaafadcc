/** Something that a machine may lack. A run that requires it fails instead of skipping. */
export type Need = "cli" | "editor" | "desktop" | "posix" | "server";

/** Where the reporter looks for the reason. A property, because bundled tests share no module. */
export const skipReason = "modalMeterSkipReason";

/**
 * Skips the running test, or all tests of the suite from a `before` hook. The reason gets printed.
 *
 * @throws Error when this run requires the thing (MODAL_METER_REQUIRE="cli,editor"): CI must not skip what it can run.
 */
export function skip(context: Mocha.Context, need: Need, reason: string): never {
  const required = (process.env["MODAL_METER_REQUIRE"] ?? "").split(",");
  if (required.includes(need)) throw new Error(`This run requires the ${need}: ${reason}`);
  const runnable = context.runnable();
  const kind: unknown = Reflect.get(runnable, "type");
  const target = kind === "hook" ? runnable.parent : runnable;
  if (target !== undefined) Reflect.set(target, skipReason, reason);
  return context.skip();
}
