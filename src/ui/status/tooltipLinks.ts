import { commandLink, type CommandId } from "../commandArguments.ts";

/** Every command that a link of the tooltip may run: trusted Markdown runs no other. */
const tooltipCommands = [
  "stopAll",
  "releaseGpus",
  "startDev",
  "startDemo",
  "extendDemo",
  "invokeFlux",
  "showCosts",
  "refresh",
  "openSettings",
  "runDiagnosis",
  "watchEnvironment",
  "stopElsewhere",
] as const satisfies readonly CommandId[];

/** The same by their full names. */
export const linkedCommands: readonly string[] = tooltipCommands.map(
  (name) => `modalMeter.${name}`,
);

/** A link of the tooltip: only to what it may run, since any other would do nothing. */
export function tooltipLink(
  label: string,
  id: (typeof tooltipCommands)[number],
  ...given: readonly string[]
): string {
  return commandLink(label, id, ...given);
}
