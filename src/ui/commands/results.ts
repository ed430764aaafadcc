import * as vscode from "vscode";
import * as z from "zod/mini";
import { t } from "../../base/text.ts";
import { fetchOpenApi } from "../../endpoints/call/openApiFetch.ts";
import type { ResultEntry } from "../../endpoints/result/gallery.ts";
import { settingOf } from "../../endpoints/catalogue/settingOf.ts";
import { askText, pickOne, pickSeveral } from "../ask.ts";
import type { Command } from "../command.ts";
import { lastAwayReport } from "../away/guard.ts";
import { deleteResult, insertAsMarkdown, type ResultsView } from "../resultsView.ts";
import type { CallServices } from "./invoke.ts";
import { inNotification } from "../progress.ts";
import { sayInfo } from "../say.ts";

/** Services of the commands about results. */
export interface ResultServices extends CallServices {
  readonly results: ResultsView;
}

export const resultCommands: readonly Command<ResultServices>[] = [
  { id: "modalMeter.showResults", run: ({ results }) => results.show() },
  { id: "modalMeter.filterResults", run: ({ results }) => results.askFilter() },
  { id: "modalMeter.insertResult", run: (_services, entry) => withEntry(entry, insertAsMarkdown) },
  {
    id: "modalMeter.revealResult",
    run: (_services, entry) =>
      withEntry(entry, async ({ path }) => {
        await vscode.commands.executeCommand("revealInExplorer", vscode.Uri.file(path));
      }),
  },
  {
    id: "modalMeter.deleteResult",
    run: ({ results }, entry) =>
      withEntry(entry, async (one) => {
        await deleteResult(one);
        results.refresh();
      }),
  },
  { id: "modalMeter.repeatResult", run: repeat },
  { id: "modalMeter.followCall", run: followCall },
  { id: "modalMeter.importOpenApi", run: importOpenApi },
  { id: "modalMeter.showAwayReport", run: showAwayReport },
];

const entryShape = z.object({ path: z.string() });

/** Tree commands get their row; from elsewhere there is none. */
async function withEntry(
  entry: unknown,
  work: (entry: ResultEntry) => Promise<void>,
): Promise<void> {
  if (isEntry(entry)) await work(entry);
}

function isEntry(entry: unknown): entry is ResultEntry {
  return z.safeParse(entryShape, entry).success;
}

/** The same call with the same seed: the ledger has what was sent. */
async function repeat(services: ResultServices, entry: unknown): Promise<void> {
  await withEntry(entry, async ({ provenance }) => {
    const call = services.ledger
      .calls({ endpoint: provenance.endpoint })
      .find(({ callId }) => callId === provenance.callId);
    await services.calls.repeat(provenance.endpoint, call?.inputJson ?? null, provenance);
  });
}

/** Picks up a call that Modal may still work on: by GET, so it is not paid twice. */
async function followCall({ ledger, calls }: ResultServices): Promise<void> {
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
async function importOpenApi({
  settings,
  tokens,
  clock,
  log,
  ledger,
  connection,
  project,
}: ResultServices): Promise<void> {
  // Only for a suggestion: an address can be typed without any connection.
  await connection.open().catch((error: unknown) => log.info(`No address known: ${String(error)}`));
  const folder = project.currentFolder();
  const scopeKey = connection.last?.scopeKey;
  const session =
    folder === null || scopeKey === undefined ? undefined : ledger.openSession(scopeKey, folder);
  const known = session?.apps.flatMap(({ urls }) => urls.map(({ url }) => url))[0];
  const text = await askText({
    title: t("Add Endpoints from OpenAPI"),
    prompt: t("Address of the document. The request may start a container and cost money."),
    value:
      known === undefined
        ? settings.current.get("endpointBaseUrl")
        : `${known.replace(/\/+$/, "")}/openapi.json`,
    check: (entered) =>
      entered === "" || URL.canParse(entered) ? undefined : t("This is no address."),
  });
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

async function showAwayReport({ ledger, costs }: ResultServices): Promise<void> {
  const json = lastAwayReport({ ledger });
  const lines = z.safeParse(z.array(z.string()), json === undefined ? undefined : JSON.parse(json));
  if (!lines.success) {
    await sayInfo(t("Nothing ran while no window was open, as far as this machine knows."));
    return;
  }
  costs.lines(lines.data.map((line) => `🌙 ${line}`));
  costs.show();
}
