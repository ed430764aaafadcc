// First: what it sets holds for the loading of all others.
import { giveMemoryBack } from "./leanHeap.ts";
import { createHash, randomUUID } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { delay } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { systemClock } from "../base/systemClock.ts";
import { parseBundle, useTexts } from "../base/text.ts";
import { ratesInForce } from "../cost/rates/rates.ts";
import { LedgerWriter } from "../ledger/patient/ledgerWriter.ts";
import { PatientFile } from "../ledger/patient/patientFile.ts";
import { PatientLedger } from "../ledger/patient/patientLedger.ts";
import { noteLedgerNews } from "../session/ledgerNews.ts";
import type { Ledger } from "../session/ledgerPort.ts";
import type { Refresh } from "../session/refresh.ts";
import { burnByApp, runningApps } from "../session/meter/runningApps.ts";
import { scopeKey } from "../session/scope.ts";
import { GuardedScope } from "./guardedScope.ts";
import type { GuardedScopeParts } from "./guardedScope.ts";
import { Guardian } from "./guardian.ts";
import { readGuardianConfig, type GuardianConfig } from "./guardianConfig.ts";
import { GuardianLease } from "./guardianLease.ts";
import { fileLog } from "./guardianLog.ts";
import { readTargets } from "./guardTarget.ts";
import type { GuardTarget } from "./guardTarget.ts";
import { signedWindows } from "./signedWindows.ts";
import { systemNotifier } from "./notifier/systemNotifier.ts";
import type { Notifier } from "./notifier/notifier.ts";
import { pidAlive } from "./pidAlive.ts";

/*
 * The guardian's process: builds the parts and connects them. What it needs to act (Modal's control
 * plane) is loaded when it must act: a process that only watches heartbeats stays small.
 */

const configFile = process.argv[2];
const bundle = process.argv[1];
if (configFile === undefined || bundle === undefined)
  throw new Error("Usage: guardian <start file>. The extension starts it.");
void run(configFile, dirname(bundle));

async function run(configFile: string, bundleFolder: string): Promise<void> {
  const config = readGuardianConfig(configFile);
  const log = fileLog(config.logFile);
  process.on("uncaughtException", (error) => {
    log.error("The guardian failed.", error);
    process.exit(1);
  });
  speak(config.texts, log);
  // Opening would create the file: a guardian never brings back a ledger that was removed.
  // But a window may be about to: a file that somebody took away is begun anew within seconds.
  if (!existsSync(config.ledgerFile)) await delay(systemClock, missingMs);
  if (!existsSync(config.ledgerFile)) return;
  const file = new PatientFile({
    clock: systemClock,
    isEager: true,
    // This process may wait for the file: it serves nobody else.
    writer: (events) =>
      new LedgerWriter({
        path: config.ledgerFile,
        clock: systemClock,
        events,
        busyTimeoutMs: 2_000,
      }),
    onBug: (error) => log.error("The ledger: an unexpected error.", error),
  });
  const ledger = new PatientLedger(file, log);
  // No window is there to tell it: the next one does.
  file.onNews((news) => noteLedgerNews(ledger, news));
  if (!(await file.opened(5_000))) log.warn(ledger.trouble()?.message ?? "The ledger is not open.");
  const notices = new OpenNotices(
    systemNotifier(process.platform, {
      answerFolder: join(dirname(configFile), "answers"),
      product: createHash("sha256").update(config.ledgerFile).digest("hex").slice(0, 8),
      uriScheme: config.uriScheme,
    }),
  );
  const guardian = buildGuardian({ config, ledger, log, notifier: notices, bundleFolder });
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const)
    process.on(signal, () => void guardian.terminate());
  guardian.start();
  giveMemoryBack();
  await guardian.ended;
  await ledger.flush().catch(() => undefined);
  await file.close();
  // The outcome of a stop stays on the screen until it was seen, or its time is over.
  await notices.settled();
  process.exit(0);
}

/** How long a window takes at most to begin a ledger anew that was taken away. */
const missingMs = 5_000;

interface Built {
  readonly config: GuardianConfig;
  readonly ledger: Ledger;
  readonly log: Log;
  readonly notifier: Notifier;
  readonly bundleFolder: string;
}

function buildGuardian({ config, ledger, log, notifier, bundleFolder }: Built): Guardian {
  const clock = systemClock;
  const targets = (): readonly GuardTarget[] => {
    const { targets, unreadable } = readTargets(config.targetsFolder, clock.nowMs());
    if (unreadable.length > 0) log.warn(`Not readable: ${unreadable.join(", ")}.`);
    return targets;
  };
  let missing = 0;
  return new Guardian({
    ledger,
    lease: new GuardianLease({
      ledger,
      holder: randomUUID(),
      pid: process.pid,
      leaseMs: config.timings.leaseMs,
      pidAlive,
    }),
    clock,
    log,
    timings: config.timings,
    notifier,
    pidAlive,
    // Missing for a moment while a damaged ledger is set aside: gone is what stays missing.
    ledgerThere: () => (missing = existsSync(config.ledgerFile) ? 0 : missing + 1) < 2,
    targets,
    signedWindows: () => signedWindows(config.windowsFolder, clock.nowMs(), pidAlive),
    afterWork: giveMemoryBack,
    scopeOf: (target) =>
      new GuardedScope({
        target,
        connect: () => connect(target, ledger, log, bundleFolder),
        ledger,
        clock,
        log,
        pid: process.pid,
        pidAlive,
        burnOf: burnOf(ledger),
      }),
  });
}

/** Takes the editor's language. A bundle that is gone or unreadable leaves the notifications in English. */
function speak(texts: GuardianConfig["texts"], log: Log): void {
  if (texts === null) return;
  try {
    const bundle = parseBundle(readFileSync(texts.file, "utf8"));
    if (bundle === undefined) log.warn(`${texts.file} holds no texts.`);
    else useTexts({ language: texts.language, bundle });
  } catch (error) {
    log.error(`${texts.file} could not be read.`, error);
  }
}

async function connect(
  target: GuardTarget,
  ledger: Ledger,
  log: Log,
  bundleFolder: string,
): ReturnType<GuardedScopeParts["connect"]> {
  const [{ createControl }, { sdkLoader }, { Look }] = await Promise.all([
    import("../modal/createControl.ts"),
    import("../modal/sdk/loadSdk.ts"),
    import("../session/watch/look.ts"),
  ]);
  const control = createControl({
    mode: target.control,
    cli: target.cli,
    loadSdk: sdkLoader(join(bundleFolder, "sdk.cjs")),
    choice: { profile: target.profile, environment: target.environment },
    processEnv: { ...process.env },
    clock: systemClock,
    log,
  });
  const { scope, username } = await control.whoami();
  const connected = { control, scope, scopeKey: scopeKey(scope), username };
  const look = new Look({ ledger, clock: systemClock });
  // Each is relied on: a stop that nobody watches has no second look.
  const refresh: Refresh = (options) => look.take(connected, { ...options, isProof: true });
  return { connected, refresh };
}

function burnOf(ledger: Ledger): GuardedScopeParts["burnOf"] {
  return (listing, target) => {
    const latest = ledger.latestRates(target.scope);
    const rates = ratesInForce({
      ...(latest === undefined
        ? {}
        : {
            workspace: {
              usdPerHourByKey: latest.rates.usdPerHourByKey,
              fetchedAtMs: latest.fetchedAtMs,
            },
          }),
      overrides: target.rates,
    });
    return burnByApp(
      runningApps(
        listing,
        rates,
        listing.observedAtMs,
        () => null,
        () => "unknown",
      ),
    );
  };
}

/** Knows what is still on the screen, so that the process does not take it away with itself. */
class OpenNotices implements Notifier {
  readonly #notifier: Notifier;
  readonly #open = new Set<Promise<unknown>>();

  constructor(notifier: Notifier) {
    this.#notifier = notifier;
  }

  show(...args: Parameters<Notifier["show"]>): ReturnType<Notifier["show"]> {
    const shown = this.#notifier.show(...args);
    this.#open.add(shown);
    void shown.finally(() => this.#open.delete(shown));
    return shown;
  }

  async withdrawLeft(): Promise<void> {
    await this.#notifier.withdrawLeft?.();
  }

  async settled(): Promise<void> {
    await Promise.allSettled(this.#open);
  }
}
