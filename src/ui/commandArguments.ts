import * as z from "zod/mini";
import { settingNamed } from "../session/settings/shape.ts";
import { builtInEndpoints, type EndpointCommand } from "../endpoints/catalogue/catalogue.ts";

const none = z.undefined();
/** A row of the side bar gives itself; a link, a key binding or another extension gives the id. */
const app = z.pipe(
  z.union([z.string(), z.object({ appId: z.string() })]),
  z.transform((value) => (typeof value === "string" ? value : value.appId)),
);
/** Another environment of the workspace: a row of the side bar gives itself, a link its name. */
const environment = z.pipe(
  z.union([z.string(), z.object({ environment: z.string() })]),
  z.transform((value) => (typeof value === "string" ? value : value.environment)),
);
/** A row of the results gives itself: known by the absolute path of its file. */
const result = z.pipe(
  z.object({ path: z.string() }),
  z.transform(({ path }) => path),
);
/** A file of the explorer: its absolute path. */
const file = z.pipe(
  z.object({ scheme: z.literal("file"), fsPath: z.string() }),
  z.transform(({ fsPath }) => fsPath),
);

/** Name of a setting, without its prefix. */
const setting = z.pipe(
  z.string().check(z.refine((name) => settingNamed(name) !== undefined)),
  z.transform(settingNamed),
);

/** An endpoint's command takes a file for the field that wants one. */
function endpointArguments(): Readonly<Record<EndpointCommand, typeof file>> {
  const all: Partial<Record<EndpointCommand, typeof file>> = {};
  for (const { command } of builtInEndpoints) all[command] = file;
  if (!isWhole(all)) throw new Error("An endpoint has no command.");
  return all;
}

function isWhole(
  all: Partial<Record<EndpointCommand, typeof file>>,
): all is Record<EndpointCommand, typeof file> {
  return builtInEndpoints.every(({ command }) => all[command] !== undefined);
}

/**
 * Every command of package.json ("modalMeter." is left out) and what it takes. Menus, key bindings,
 * links and other extensions can call a command with anything, so this is where it is parsed; an
 * argument that does not fit counts as none, and the command asks.
 */
export const commandArguments = {
  startDev: none,
  startDemo: none,
  startSession: none,
  startServe: none,
  switchMode: none,
  backToDev: none,
  extendDemo: none,
  stopAll: none,
  stopProject: none,
  stopApp: app,
  watchEnvironment: environment,
  stopElsewhere: environment,
  releaseGpus: none,
  checkRunning: none,
  refresh: none,
  ...endpointArguments(),
  invokeEndpoint: none,
  invokeWithSelection: none,
  repeatLastCall: none,
  followCall: none,
  importOpenApi: none,
  showMenu: none,
  showCosts: none,
  showLog: none,
  showSpending: none,
  showAwayReport: none,
  showResults: none,
  filterResults: none,
  insertResult: result,
  revealResult: result,
  repeatResult: result,
  deleteResult: result,
  explainCost: none,
  compareBill: none,
  checkMeter: none,
  forgetLessons: none,
  runDiagnosis: none,
  exportLedger: none,
  setProxyToken: none,
  forgetProxyToken: none,
  openSettings: setting,
} as const;

export type CommandId = keyof typeof commandArguments;

type Parsed = { readonly [Id in CommandId]: z.infer<(typeof commandArguments)[Id]> };
const schemas: { readonly [Id in CommandId]: z.ZodMiniType<Parsed[Id]> } = commandArguments;

/** What a command gets: parsed, or undefined where nothing that fits was given. */
export type CommandArgument<Id extends CommandId> = Parsed[Id] | undefined;

/** What a caller may give. */
export type CommandInput<Id extends CommandId> = z.input<(typeof commandArguments)[Id]>;

/** The argument that something gave to the command; undefined when it does not fit. */
export function parseArgument<Id extends CommandId>(id: Id, given: unknown): CommandArgument<Id> {
  const parsed = z.safeParse(schemas[id], given);
  return parsed.success ? parsed.data : undefined;
}

/** A link that runs a command, for trusted Markdown. */
export function commandLink(label: string, id: CommandId, ...given: readonly string[]): string {
  const query = given.length === 0 ? "" : `?${encodeURIComponent(JSON.stringify(given))}`;
  return `[${label}](command:modalMeter.${id}${query})`;
}
