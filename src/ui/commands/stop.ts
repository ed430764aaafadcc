import { plural, t } from "../../base/text.ts";
import { Failure } from "../../base/failure.ts";
import { isStarting } from "../../session/start/sessionLifecycle.ts";
import { appAuthors } from "../../session/appAuthors.ts";
import { burnByApp } from "../../session/meter/runningApps.ts";
import { costOfSession } from "../../session/meter/deriveState.ts";
import { ifReadable } from "../../session/ifReadable.ts";
import { liveApps } from "../../session/liveApp.ts";
import type { Listing } from "../../session/ledgerPort.ts";
import type { StopReceipt } from "../../session/receipt.ts";
import type { Connected } from "../../session/watch/modalConnection.ts";
import { receiptLines, receiptSummary } from "../../session/stop/receiptText.ts";
import { stopApps, type StopProgress } from "../../session/stop/stopApps.ts";
import {
  planStop,
  type ExcludedApp,
  type StopFacts,
  type StopPlan,
  type StopWhat,
} from "../../session/stop/stopPlan.ts";
import { askText, pickOne, pickSeveral } from "../ask.ts";
import { command, type Command } from "../command.ts";
import { inNotification, onStatusBar } from "../progress.ts";
import type { AppServices } from "./appServices.ts";
import { sayError, sayInfo, sayWarning } from "../say.ts";
import { thisSession } from "../thisSession.ts";

/** What the functions here work with. */
type StopServices = Pick<
  AppServices,
  | "calls"
  | "clock"
  | "connection"
  | "costs"
  | "ledger"
  | "log"
  | "meter"
  | "newId"
  | "project"
  | "serves"
  | "settings"
  | "starts"
>;

const stopAll = command("stopAll", (services: StopServices) => stop(services, { kind: "all" }));

const stopProject = command("stopProject", (services: StopServices) =>
  stop(services, { kind: "project" }),
);

const stopApp = command("stopApp", async (services: StopServices, appId) => {
  const app = typeof appId === "string" ? appId : await pickApp(services);
  if (app !== undefined) await stop(services, { kind: "one", app });
});

async function pickApp(
  services: Pick<AppServices, "connection" | "meter">,
): Promise<string | undefined> {
  const { scopeKey } = await services.connection.open();
  const listing = await looking(scopeKey, () => services.meter.refreshNow());
  const apps = liveApps(listing);
  if (apps.length === 0) {
    await sayInfo(t("Nothing runs in {0}.", scopeKey));
    return undefined;
  }
  return pickOne(
    t("Stop App"),
    t("Which app in {0}?", scopeKey),
    apps.map(({ appId, name, state, containerCount }) => ({
      label: name,
      description: plural(
        containerCount,
        { one: "{1}, {0} container", other: "{1}, {0} containers" },
        state,
      ),
      detail: appId,
      value: appId,
    })),
  );
}

/** Plans, stops, verifies, tells. `named`: ids of protected apps that a person typed. */
async function stop(
  services: StopServices,
  what: StopWhat,
  named: readonly string[] = [],
): Promise<void> {
  const { meter, costs } = services;
  const connected = await services.connection.open();
  const { scopeKey } = connected;
  const { plan, receipt, cost } = await meter.during("stopping", () =>
    inNotification(t("Stopping in {0}", scopeKey), (report, signal) => {
      const noLonger = (): void =>
        report(t("Stopped waiting. Stop requests already sent still take effect."));
      signal.addEventListener("abort", noLonger, { once: true });
      return stopNow(services, connected, what, named, report, signal);
    }),
  );
  costs.lines(receiptLines(receipt, cost));
  const trouble = services.ledger.trouble();
  if (trouble?.isWritable === false)
    costs.line(
      `📝 ${t("This receipt is kept here until the ledger can be written. {0}", trouble.message)}`,
    );
  const others = what.kind === "one" ? undefined : startsElsewhere(services, scopeKey);
  if (others !== undefined) costs.line(`⏳ ${others}`);
  await tell(services, what, plan, receipt, others);
}

/** Said when another window is about to deploy: what is proven now will not be true then. */
function startsElsewhere(
  { ledger, clock }: Pick<AppServices, "clock" | "ledger">,
  scope: string,
): string | undefined {
  const isUnderWay = ledger
    .sessions({ scope })
    .some((session) => isStarting(session, clock.nowMs()));
  return isUnderWay
    ? t("A start is still under way in another window. Stop again when it is done.")
    : undefined;
}

async function stopNow(
  services: StopServices,
  // The one whose name stands on the screen: settings may change meanwhile.
  connected: Connected,
  what: StopWhat,
  named: readonly string[],
  report: (message: string) => void,
  signal: AbortSignal,
) {
  const { meter, ledger, clock, log, starts } = services;
  const { control, scopeKey } = connected;
  // A call that waits for its turn would start containers again.
  if (what.kind !== "one") services.calls.dropQueued();
  if (what.kind !== "one" && starts.count > 0) {
    report(t("Cancelling the start that is under way…"));
    await starts.cancelAll();
  }
  report(t("Looking at what runs…"));
  const listing = await meter.refreshNow();
  if (listing.scope !== scopeKey) {
    throw new Failure(
      "invalid-argument",
      t(
        "The settings changed from {0} to {1} just now. Nothing was stopped. Stop again.",
        scopeKey,
        listing.scope,
      ),
    );
  }
  const facts = await factsOf(services, connected, listing);
  const plan = planStop(facts, what, named);
  const session = thisSession(services);
  const burn = burnByApp(meter.state().apps);
  // Told first, so that the processes do not take their stopped apps for a fault.
  if (what.kind !== "one") await services.serves.endAll();
  const stopping = new Set<string>();
  const receipt = await stopApps(
    { control, refresh: (options) => meter.refreshNow(options), ledger, clock, log },
    plan,
    {
      receiptId: services.newId(),
      by: "person",
      burnByApp: burn,
      signal,
      onProgress: (progress) => {
        if (!signal.aborted) report(progressText(progress, stopping));
      },
    },
  );
  // Read after the stop: its verification may take a minute, and the containers cost until they end.
  const cost =
    session === undefined
      ? undefined
      : ifReadable(() =>
          costOfSession(meter.costsSince(session.scope, session.startedAtMs), session),
        );
  return { plan, receipt, cost };
}

/** `stopping`: the names of the apps so far; this one's is added. */
function progressText(progress: StopProgress, stopping: Set<string>): string {
  if (progress.kind === "verifying") {
    return t("Verifying: {0} still listed…", progress.stillLive.length);
  }
  if (progress.kind === "stopping") stopping.add(progress.app.name);
  return [...stopping].join(", ");
}

/** What a plan to stop is made from. */
async function factsOf(
  { ledger, log, project, settings }: StopServices,
  { control, scope, scopeKey, username }: Connected,
  listing: Listing,
): Promise<StopFacts> {
  return {
    scope,
    listing,
    sessions: ledger.sessions({ scope: scopeKey }),
    folders: project.folders(),
    targets: await project.knownTargets(),
    username,
    authors: await appAuthors(control, liveApps(listing), log),
    productionModes: settings.current.modes.productionNames,
  };
}

async function tell(
  services: StopServices,
  what: StopWhat,
  plan: StopPlan,
  receipt: StopReceipt,
  startElsewhere: string | undefined,
): Promise<void> {
  const showReceipt = t("Show Receipt");
  const others = t("Stop Those Too…");
  const again = t("Stop Again");
  const summary = [receiptSummary(receipt), startElsewhere ?? ""].join(" ").trim();
  const proven = receipt.verified === "clear" || receipt.verified === "excluded-left";
  const protectedApps = plan.excluded.filter(({ canBeNamed }) => canBeNamed);
  let pressed: string | undefined;
  if (proven && startElsewhere !== undefined) {
    pressed = await sayWarning(summary, again, showReceipt);
  } else if (receipt.verified === "clear") {
    pressed = await sayInfo(`🎯 ${summary}`, showReceipt);
  } else if (receipt.verified === "excluded-left") {
    const actions = protectedApps.length > 0 ? [others, showReceipt] : [showReceipt];
    pressed = await sayInfo(summary, ...actions);
  } else {
    pressed = await sayError(summary, again, showReceipt);
  }
  if (pressed === showReceipt) services.costs.show();
  if (pressed === again) await stop(services, what);
  if (pressed === others) {
    const named = await nameThem(protectedApps, receipt.scope);
    if (named.length > 0) await stop(services, what, named);
  }
}

/** A person types what they want stopped: nothing that is not theirs is one click away. */
async function nameThem(apps: readonly ExcludedApp[], scope: string): Promise<readonly string[]> {
  const picked = await pickSeveral(
    t("Apps in {0} that are not yours, or production", scope),
    t("Which of them do you want to stop?"),
    apps.map((app) => ({
      label: app.name,
      description: app.reason,
      detail: app.appId,
      value: app,
    })),
  );
  const [first] = picked;
  if (first === undefined) return [];
  const expected =
    picked.length === 1
      ? first.name
      : plural(picked.length, { one: "stop {0} app", other: "stop {0} apps" });
  const typed = await askText({
    title: t("Stop {0} in {1}", picked.map(({ name }) => name).join(", "), scope),
    prompt: t("This cannot be undone. Type {0} to continue.", expected),
    check: (text) =>
      text === "" || expected.startsWith(text) ? undefined : t("Type {0}", expected),
  });
  return typed === expected ? picked.map(({ appId }) => appId) : [];
}

/** Runs with a small progress on the status bar. */
function looking<T>(scopeKey: string, look: () => Promise<T>): Thenable<T> {
  return onStatusBar(t("Looking at what runs in {0}", scopeKey), look);
}

export const stopCommands: readonly Command<AppServices>[] = [stopAll, stopProject, stopApp];
