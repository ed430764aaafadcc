import * as vscode from "vscode";
import { sentences, t } from "../../base/text.ts";
import { fetchOpenApi } from "../../endpoints/call/openApiFetch.ts";
import type { Endpoint } from "../../endpoints/catalogue/endpoint.ts";
import { notOffered, planImport } from "../../endpoints/catalogue/importEndpoints.ts";
import type { OpenApiCatalogue } from "../../endpoints/catalogue/openApi.ts";
import { askText, pickOne, pickSeveral, type Choice } from "../ask.ts";
import { endpointsOf } from "../calls/plan.ts";
import { command, type Command } from "../command.ts";
import { inNotification } from "../progress.ts";
import { sayInfo, sayWarning } from "../say.ts";
import type { SettingScope } from "../settings/source.ts";
import { thisSession } from "../thisSession.ts";
import { maySpend } from "../trust.ts";
import type { AppServices } from "./appServices.ts";

/** What the functions here work with. */
type ImportServices = Pick<
  AppServices,
  "clock" | "connection" | "ledger" | "log" | "project" | "settings" | "tokens"
>;

export const importCommands: readonly Command<AppServices>[] = [
  command("importOpenApi", importOpenApi),
];

/** Writes the endpoints of an app's OpenAPI document into the settings: what was picked, where it was picked. */
async function importOpenApi(services: ImportServices): Promise<void> {
  const { settings } = services;
  // The request may start a container.
  if (!(await maySpend())) return;
  const text = await askDocument(services);
  if (text === undefined || text === "") return;
  const picked = await pickEndpoints(services, await readDocument(services, text));
  if (picked.length === 0) return;
  const scope = await askScope(picked, endpointsOf(services));
  if (scope === undefined) return;
  const written = settings.writtenIn(scope, "endpoints");
  const { entries } = planImport(Array.isArray(written) ? written : [], picked, []);
  await settings.update("endpoints", entries, scope);
  await tellImport(
    picked.map(({ name }) => name),
    notOffered(picked, settings.current.sound("endpoints") ?? []),
  );
}

async function readDocument(services: ImportServices, text: string): Promise<OpenApiCatalogue> {
  const { tokens, clock, log } = services;
  const document = await inNotification(
    t("Reading {0}", text),
    () => fetchOpenApi(new URL(text), { clock, log, proxyToken: (origin) => tokens.get(origin) }),
    { cancellable: false },
  );
  for (const { route, reason } of document.skipped) log.info(`${text}: ${route}: ${reason}.`);
  return document;
}

/** What takes the place of another endpoint is not ticked: whoever wants that ticks it. */
async function pickEndpoints(
  services: ImportServices,
  { endpoints, skipped }: OpenApiCatalogue,
): Promise<readonly Endpoint[]> {
  const { replaces } = planImport([], endpoints, endpointsOf(services));
  const replaced = new Map(replaces.map(({ name, source }) => [name, replacedText(source)]));
  const question =
    skipped.length === 0
      ? t("Which endpoints?")
      : t(
          "Which endpoints? Left out: {0}",
          skipped.map(({ route, reason }) => `${route} (${reason})`).join(", "),
        );
  return pickSeveral(
    t("Add Endpoints from OpenAPI"),
    question,
    endpoints.map((endpoint) => {
      const instead = replaced.get(endpoint.name);
      return {
        label: endpoint.title,
        description: `${endpoint.method} ${endpoint.route}`,
        ...(instead === undefined ? {} : { detail: instead }),
        picked: instead === undefined,
        value: endpoint,
      };
    }),
  );
}

function replacedText(source: Endpoint["source"]): string {
  return source === "built-in"
    ? t("replaces the built-in endpoint of this name")
    : t("replaces your endpoint of this name");
}

/** For all windows, or for this folder alone; undefined: turned away. */
async function askScope(
  picked: readonly Endpoint[],
  offered: readonly Endpoint[],
): Promise<SettingScope | undefined> {
  const replaces = planImport([], picked, offered).replaces.map(({ name }) => name);
  const choices: Choice<SettingScope>[] = [
    { label: t("User Settings"), description: t("for all your windows"), value: "user" },
  ];
  if (vscode.workspace.workspaceFolders !== undefined) {
    const description = t("for this folder, and whoever gets it");
    choices.push({ label: t("Workspace Settings"), description, value: "workspace" });
  }
  return pickOne(
    t("Add Endpoints from OpenAPI"),
    replaces.length === 0
      ? t("Where are they kept?")
      : t("Where are they kept? Replaced: {0}", replaces.join(", ")),
    choices,
  );
}

/** What is really offered now: a setting of another scope may hide what was written. */
async function tellImport(names: readonly string[], hidden: readonly string[]): Promise<void> {
  const added = names.filter((name) => !hidden.includes(name));
  const good =
    added.length === 0 ? "" : t("Added: {0}. They are in Invoke Endpoint… now.", added.join(", "));
  if (hidden.length === 0) {
    await sayInfo(good);
    return;
  }
  const bad = t(
    "Written, but not offered: {0}. Another modalMeter.endpoints, of the workspace, is in force instead.",
    hidden.join(", "),
  );
  await sayWarning(sentences(good, bad));
}

/** The address of an OpenAPI document; the open session's app is suggested. */
async function askDocument(services: ImportServices): Promise<string | undefined> {
  const { settings, log, connection } = services;
  // Only for a suggestion: an address can be typed without any connection.
  await connection.open().catch((error: unknown) => log.info(`No address known: ${String(error)}`));
  const sessionUrl = thisSession(services)?.apps.flatMap(({ urls }) =>
    urls.map(({ url }) => url),
  )[0];
  return askText({
    title: t("Add Endpoints from OpenAPI"),
    prompt: t("Address of the document. The request may start a container and cost money."),
    value:
      sessionUrl === undefined
        ? (settings.current.sound("endpointBaseUrl") ?? "")
        : `${sessionUrl.replace(/\/+$/, "")}/openapi.json`,
    check: (entered) =>
      entered === "" || URL.canParse(entered) ? undefined : t("Enter a valid URL."),
  });
}
