import { plural, t } from "../../base/text.ts";
import { failureOf } from "../../base/failure.ts";
import { isStarting } from "../../session/start/sessionLifecycle.ts";
import { liveThings } from "../../session/liveApp.ts";
import { notListed, nothingRunsText } from "../../session/notListed.ts";
import type { MeterState } from "../../session/meter/meterState.ts";
import type { ReceiptApp, StopReceipt } from "../../session/receipt.ts";
import type { Connected } from "../../session/watch/modalConnection.ts";
import { receiptLines, receiptSummary } from "../../session/stop/receiptText.ts";
import type { ExcludedApp, StopPlan, StopWhat } from "../../session/stop/stopPlan.ts";
import { needsElsewhere, proveElsewhere } from "../../session/workspace/proveElsewhere.ts";
import { pickOne } from "../ask.ts";
import { command, type Command } from "../command.ts";
import { inNotification, onStatusBar } from "../progress.ts";
import type { AppServices } from "./appServices.ts";
import { openDashboard } from "../links.ts";
import { sayError, sayInfo, sayWarning } from "../say.ts";
import { chooseElsewhere, nameThem, typeNames } from "./stopAsk.ts";
import { stopHere, stopThere, type StopPlace } from "./stopPlace.ts";
import { stopRound, type StopRound, type StopServices } from "./stopRound.ts";
import { isUnseen, nothingStoppedText, protectedText } from "./stopTexts.ts";
import { unaskedElsewhere } from "../../session/runsElsewhere.ts";

const stopAll = command("stopAll", (services: StopServices) => stop(services, { kind: "all" }));

/** Stop All in another environment of the workspace: this window goes on watching its own. */
export async function stopElsewhere(
  services: StopServices & Pick<AppServices, "access">,
  environment: string,
): Promise<void> {
  await stop(services, { kind: "all" }, { place: stopThere(services, environment) });
}

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
  const apps = liveThings(listing);
  if (apps.length === 0) {
    await sayInfo(nothingRunsText(scopeKey, notListed(listing)));
    return undefined;
  }
  return pickOne(
    t("Stop App"),
    t("Which app in {0}?", scopeKey),
    apps.map(({ appId, name, state, containerCount, inApp }) => ({
      label: name,
      description:
        inApp === undefined
          ? plural(
              containerCount,
              { one: "{1}, {0} container", other: "{1}, {0} containers" },
              state,
            )
          : t("sandbox"),
      detail: appId,
      value: appId,
    })),
  );
}

interface StopSoFar {
  readonly place?: StopPlace;
  /** Ids that a person has typed or ticked. */
  readonly chosen?: readonly string[];
  /** What a first round of the same stop has stopped. */
  readonly before?: readonly ReceiptApp[];
}

/**
 * Plans, stops, verifies, tells. What was started here is stopped at once; then one question lists
 * the rest of mine. Other environments are listed for the last word alone.
 */
async function stop(services: StopServices, what: StopWhat, soFar: StopSoFar = {}): Promise<void> {
  const { costs, ledger } = services;
  const { place = stopHere(services), chosen = [], before = [] } = soFar;
  const shown = place.shown();
  let round: StopRound;
  try {
    round = await stopRound(services, place, what, chosen);
  } catch (error) {
    if (await tellNothingStopped(services, shown, error)) await stop(services, what, soFar);
    return;
  }
  const { plan, costSoFar, burn, connected } = round;
  const asked = what.kind === "one" ? protectedOne(plan) : undefined;
  if (asked !== undefined) {
    const named = await tellProtected(services, asked, plan.scope);
    if (named.length > 0) await stop(services, what, { place, chosen: named });
    return;
  }
  const rest = plan.excluded.filter(({ why }) => why === "elsewhere");
  // Once, and not before the first part is proven.
  const asks = rest.length > 0 && chosen.length === 0 && round.receipt.verified === "excluded-left";
  if (asks) {
    costs.line(...receiptLines(round.receipt, costSoFar()));
    const more = await chooseElsewhere(rest, burn, round.receipt.scope);
    if (more.length > 0) {
      await stop(services, what, { place, chosen: more, before: round.receipt.stopped });
      return;
    }
  }
  const receipt = await withElsewhere(services, connected, round.receipt);
  // Read after the stop: its verification may take a minute, and the containers cost until they end.
  if (!asks) costs.line(...receiptLines(receipt, costSoFar()));
  const trouble = ledger.trouble();
  if (trouble?.isWritable === false)
    costs.line(
      `📝 ${t("This receipt is kept here until the ledger can be written. {0}", trouble.message)}`,
    );
  const others = what.kind === "one" ? undefined : startsElsewhere(services, receipt.scope);
  if (others !== undefined) costs.line(`⏳ ${others}`);
  const all = { ...receipt, stopped: [...before, ...receipt.stopped] };
  const again = await tell(services, plan, all, others);
  if (again !== undefined) await stop(services, what, { place, chosen: again });
}

/** With what a list of every other environment shows, where the last word would else be that nothing of mine runs. */
async function withElsewhere(
  { clock, log, ledger }: StopServices,
  { control, scope, username }: Connected,
  receipt: StopReceipt,
): Promise<StopReceipt> {
  if (!needsElsewhere(receipt)) return receipt;
  const elsewhere = await inNotification(
    t("Looking at the other environments of {0}", scope.workspace),
    (_report, signal) => proveElsewhere(control, scope, { clock, log, ledger, username, signal }),
  );
  return { ...receipt, elsewhere };
}

/** The one app that was asked for, when it is protected. */
function protectedOne({ planned, alreadyStopped, excluded }: StopPlan): ExcludedApp | undefined {
  if (planned.length + alreadyStopped.length > 0) return undefined;
  return excluded.find(({ why }) => why !== "not-asked-for");
}

/** Somebody else's app, on purpose. Resolves with its id once its name was typed. */
async function tellProtected(
  { costs }: Pick<AppServices, "costs">,
  app: ExcludedApp,
  scope: string,
): Promise<readonly string[]> {
  const anyway = t("Stop It Anyway…");
  const text = protectedText(app);
  costs.line(`🔒 ${text}`);
  return (await sayWarning(text, anyway)) === anyway ? typeNames([app], scope) : [];
}

/** Modal could not be asked, so nothing was stopped: says what goes on. True: try again. */
async function tellNothingStopped(
  { costs, log }: Pick<AppServices, "costs" | "log">,
  shown: MeterState,
  error: unknown,
): Promise<boolean> {
  const failure = failureOf(error);
  if (failure === undefined || !isUnseen(failure.reason)) throw error;
  log.warn(`Nothing was stopped: ${failure.message}`);
  const text = nothingStoppedText(shown, failure.message);
  costs.line(`⚠️ ${text}`);
  const again = t("Try Again");
  const dashboard = t("Open Modal");
  const pressed = await sayError(text, again, dashboard);
  if (pressed === dashboard) await openDashboard(shown.scope);
  return pressed === again;
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

/** Shows the outcome. Resolves with the ids to name in another stop that the person wants; undefined: none. */
async function tell(
  { costs }: Pick<AppServices, "costs">,
  plan: StopPlan,
  receipt: StopReceipt,
  startElsewhere: string | undefined,
): Promise<readonly string[] | undefined> {
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
    const { running, notListed: unlisted } = receipt.elsewhere ?? unaskedElsewhere();
    const isAll = [...running, ...unlisted, ...(receipt.notListed ?? [])].length === 0;
    pressed = await sayInfo(isAll ? `🎯 ${summary}` : summary, showReceipt);
  } else if (receipt.verified === "excluded-left") {
    const actions = protectedApps.length > 0 ? [others, showReceipt] : [showReceipt];
    pressed = await sayInfo(summary, ...actions);
  } else {
    pressed = await sayError(summary, again, showReceipt);
  }
  if (pressed === showReceipt) costs.show();
  if (pressed === again) return [];
  if (pressed !== others) return undefined;
  const named = await nameThem(protectedApps, receipt.scope);
  return named.length > 0 ? named : undefined;
}

/** Runs with a small progress on the status bar. */
function looking<T>(scopeKey: string, look: () => Promise<T>): Thenable<T> {
  return onStatusBar(t("Looking at what runs in {0}", scopeKey), look);
}

export const stopCommands: readonly Command<AppServices>[] = [stopAll, stopProject, stopApp];
