import * as vscode from "vscode";
import type { AppServices } from "./appServices.ts";
import * as z from "zod/mini";
import { t } from "../../base/text.ts";
import { fetchOpenApi } from "../../endpoints/call/openApiFetch.ts";
import type { ResultEntry } from "../../endpoints/result/gallery.ts";
import { settingOf } from "../../endpoints/catalogue/settingOf.ts";
import { askText, pickOne, pickSeveral } from "../ask.ts";
import { command, type Command } from "../command.ts";
import { lastAwayReport } from "../away/guard.ts";
import { deleteResult, insertAsMarkdown } from "../resultsView.ts";
import { inNotification } from "../progress.ts";
import { sayInfo } from "../say.ts";
import { thisSession } from "../thisSession.ts";

/** What the functions here work with. */
type ResultsServices = Pick<
  AppServices,
  "clock" | "connection" | "ledger" | "log" | "project" | "settings" | "tokens"
>;

export const resultCommands: readonly Command<AppServices>[] = [
  command("showResults", ({ results }: Pick<AppServices, "results">) => results.show()),
  command("filterResults", ({ results }: Pick<AppServices, "results">) => results.askFilter()),
  command("insertResult", (services: Pick<AppServices, "results">, path) =>
    withRow(services, path, insertAsMarkdown),
  ),
  command("revealResult", (services: Pick<AppServices, "results">, row) =>
    withRow(services, row, async ({ path }) => {
      await vscode.commands.executeCommand("revealInExplorer", vscode.Uri.file(path));
    }),
  ),
  command("deleteResult", (services: Pick<AppServices, "results">, path) =>
    withRow(services, path, async (row) => {
      await deleteResult(row);
      services.results.refresh();
    }),
  ),
  command("repeatResult", repeat),
  command("followCall", followCall),
  command("importOpenApi", importOpenApi),
  command("showAwayReport", showAwayReport),
];

/** These commands are offered on a row of the view alone; without one there is nothing to do. */
async function withRow(
  { results }: Pick<AppServices, "results">,
  path: string | undefined,
  work: (row: ResultEntry) => Promise<void>,
): Promise<void> {
  const row = path === undefined ? undefined : results.rowAt(path);
  if (row !== undefined) await work(row);
}

/** The same call with the same seed: the ledger has what was sent. */
async function repeat(
  services: Pick<AppServices, "calls" | "ledger" | "results">,
  path: string | undefined,
): Promise<void> {
  await withRow(services, path, async ({ provenance }) => {
    const call = services.ledger
      .calls({ endpoint: provenance.endpoint })
      .find(({ callId }) => callId === provenance.callId);
    await services.calls.repeat(provenance.endpoint, call?.inputJson ?? null, provenance);
  });
}

/** Picks up a call that Modal may still work on: by GET, so it is not paid twice. */
async function followCall({ ledger, calls }: Pick<AppServices, "calls" | "ledger">): Promise<void> {
  const left = ledger
    .calls({ limit: 200 })
    .filter(
      ({ handoverUrl, status, source }) =>
        handoverUrl !== null && status !== "running" && source === "editor",
    )
    .toSorted((a, b) => b.startedAtMs - a.startedAtMs);
  if (left.length === 0) {
    await sayInfo(t("There is no call to pick up."));
    return;
  }
  const picked = await pickOne(
    t("Follow Call Again"),
    t("Which call? Nothing is paid twice."),
    left.map((call) => ({
      label: call.endpoint ?? "call",
      description: new Date(call.startedAtMs).toLocaleString(),
      ...(call.failure === null ? {} : { detail: call.failure }),
      value: call,
    })),
  );
  if (picked !== undefined) await calls.followAgain(picked);
}

/** Writes the endpoints of an app's OpenAPI document into the settings. */
async function importOpenApi(services: ResultsServices): Promise<void> {
  const { settings, tokens, clock, log } = services;
  const text = await askDocument(services);
  if (text === undefined || text === "") return;
  const document = await inNotification(
    t("Reading {0}", text),
    () => fetchOpenApi(new URL(text), { clock, log, proxyToken: (origin) => tokens.get(origin) }),
    { cancellable: false },
  );
  for (const { route, reason } of document.skipped) log.info(`${text}: ${route}: ${reason}.`);
  const question =
    document.skipped.length === 0
      ? t("Which endpoints?")
      : t(
          "Which endpoints? Left out: {0}",
          document.skipped.map(({ route, reason }) => `${route} (${reason})`).join(", "),
        );
  const picked = await pickSeveral(
    t("Add Endpoints from OpenAPI"),
    question,
    document.endpoints.map((endpoint) => ({
      label: endpoint.title,
      description: `${endpoint.method} ${endpoint.route}`,
      picked: true,
      value: endpoint,
    })),
  );
  if (picked.length === 0) return;
  const names = new Set(picked.map(({ name }) => name));
  const nameOf = z.object({ name: z.string() });
  const others = settings.current.get("endpoints").filter((entry) => {
    const parsed = z.safeParse(nameOf, entry);
    return !parsed.success || !names.has(parsed.data.name);
  });
  await settings.update("endpoints", [...others, ...picked.map(settingOf)]);
  await sayInfo(t("Added: {0}. They are in Invoke Endpoint… now.", [...names].join(", ")));
}

/** The address of an OpenAPI document; the open session's app is suggested. */
async function askDocument(services: ResultsServices): Promise<string | undefined> {
  const { settings, log, connection } = services;
  // Only for a suggestion: an address can be typed without any connection.
  await connection.open().catch((error: unknown) => log.info(`No address known: ${String(error)}`));
  const known = thisSession(services)?.apps.flatMap(({ urls }) => urls.map(({ url }) => url))[0];
  return askText({
    title: t("Add Endpoints from OpenAPI"),
    prompt: t("Address of the document. The request may start a container and cost money."),
    value:
      known === undefined
        ? (settings.current.sound("endpointBaseUrl") ?? "")
        : `${known.replace(/\/+$/, "")}/openapi.json`,
    check: (entered) =>
      entered === "" || URL.canParse(entered) ? undefined : t("Enter a valid URL."),
  });
}

async function showAwayReport({
  ledger,
  costs,
}: Pick<AppServices, "costs" | "ledger">): Promise<void> {
  const lines = lastAwayReport({ ledger });
  if (lines === undefined) {
    await sayInfo(t("Nothing ran while no window was open, as far as this machine knows."));
    return;
  }
  costs.lines(lines.map((line) => `🌙 ${line}`));
  costs.show();
}
