import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { inParallel } from "../../../src/session/concurrent.ts";
import { readIncidents } from "../../../src/guardian/incident/record.ts";
import { until } from "../../host/until.ts";
import { skip } from "../../skip.ts";
import { buildGuardian, GuardianDesk } from "./guardianDesk.ts";
import type { KillPoint } from "./guardianDesk.ts";
import { randomOf } from "./randomOf.ts";

/** `npm run test:torture` plays 300. */
const sequences = Number(process.env["MODAL_METER_ROUNDS"] ?? "6");
/** A failed sequence is played again with its seed. */
const firstSeed = Number(process.env["MODAL_METER_SEED"] ?? String(Date.now() % 1_000_000));
const atOnce = 3;

const patient = { withinMs: 90_000 };

/** What one sequence did, for the sum that is told. */
interface Played {
  readonly kills: number;
  readonly stops: number;
  readonly reminders: number;
}

/**
 * One person's evening: apps run, a window of another environment stays open, and the last window of
 * theirs is closed, or killed in the middle of its Stop All. Guardians are killed at random moments of
 * what they ask Modal. In the end each app is stopped once, and each receipt says so.
 */
class Evening {
  readonly #random: () => number;
  readonly #desk: GuardianDesk;
  readonly #apps: readonly string[];
  readonly #asks: boolean;
  #kills = 0;

  constructor(random: () => number, desk: GuardianDesk, apps: readonly string[], asks: boolean) {
    this.#random = random;
    this.#desk = desk;
    this.#apps = apps;
    this.#asks = asks;
  }

  static async play(seed: number, bundles: readonly string[]): Promise<Played> {
    // Seeds that follow one another would begin alike.
    const random = randomOf(Math.imul(seed, 2_654_435_761) >>> 0);
    const asks = random() < 0.5;
    const desk = await GuardianDesk.open(bundles, { onClose: asks ? "remind" : "stop" });
    try {
      const names = random() < 0.5 ? ["flux-api"] : ["flux-api", "comfy"];
      const apps = names.map((name) => desk.startApp(name));
      desk.startApp("other", 1, "staging");
      await desk.openWindow("staging");
      const evening = new Evening(random, desk, apps, asks);
      await evening.#run();
      return {
        kills: evening.#kills,
        stops: desk.stops.length,
        reminders: desk.reminders.length,
      };
    } catch (error) {
      const seen = JSON.stringify({
        reminders: desk.reminders,
        notices: desk.notices,
        incidents: readIncidents(desk.ledger),
        stops: desk.stops,
      });
      throw new Error(`seed ${seed}: ${String(error)}\n${seen}\n${desk.log()}`, { cause: error });
    } finally {
      await desk.dispose();
    }
  }

  async #run(): Promise<void> {
    const desk = this.#desk;
    const main = await desk.openWindow();
    await until("a guardian runs", () => desk.leasePid !== undefined, patient);
    const others = this.#random() < 0.3 ? [await desk.openWindow()] : [];
    for (const other of others) await desk.close(other);
    if (this.#random() < 0.3) {
      // The window is killed in the middle of its Stop All.
      const killed = desk.killedAt(this.#stopPoint(), () => main.process.pid);
      main.process.send("stop");
      await killed;
      this.#kills += 1;
      await until("the window is dead", () => main.isGone);
      desk.windows.splice(desk.windows.indexOf(main), 1);
    } else {
      if (this.#random() < 0.6) this.#killLater();
      await (this.#random() < 0.5 ? desk.kill(main) : desk.close(main));
      if (this.#random() < 0.3) await this.#back();
    }
    await this.#answers();
    await this.#isDone();
  }

  /** A window comes back, at a random moment of what follows the end, and goes again. */
  async #back(): Promise<void> {
    const desk = this.#desk;
    await delay(this.#random() * 3_000);
    const window = await desk.openWindow();
    const before = desk.stops.length;
    const looks = window.polls;
    await until("it has looked for a while", () => window.polls > looks + 6, patient);
    assert.equal(desk.stops.length, before, "nothing is sent while a window is open");
    await desk.kill(window);
  }

  /** Once or twice, whoever has the lease is killed at a random request. */
  #killLater(): void {
    const point: KillPoint =
      this.#random() < 0.5
        ? this.#stopPoint()
        : {
            rpc: "AppList",
            when: this.#when(),
            // The windows look as well: this is a moment, and not a certain request.
            skip: Math.floor(this.#random() * 20),
          };
    const isLast = this.#random() < 0.6;
    void this.#desk
      .killedAt(point, () => this.#desk.leasePid)
      .then(() => {
        this.#kills += 1;
        if (!isLast) this.#killLater();
      });
  }

  #stopPoint(): KillPoint {
    const skip = Math.floor(this.#random() * this.#apps.length);
    return { rpc: "AppStop", when: this.#when(), skip };
  }

  #when(): KillPoint["when"] {
    return this.#random() < 0.5 ? "before" : "after";
  }

  get #left(): readonly string[] {
    return this.#desk.runningApps.filter((appId) => this.#apps.includes(appId));
  }

  /** The person presses the button of the reminder, if one comes; perhaps its guardian is killed first. */
  async #answers(): Promise<void> {
    const desk = this.#desk;
    if (!this.#asks) return;
    const shown = desk.reminders.length;
    await until(
      "a reminder comes, or nothing is left",
      () => desk.reminders.length > shown || desk.live > 0 || this.#left.length === 0,
      patient,
    );
    if (this.#left.length > 0 && this.#random() < 0.4) {
      const pid = desk.leasePid;
      if (pid !== undefined) process.kill(pid, "SIGKILL");
      this.#kills += 1;
    }
    desk.answer("stop");
  }

  async #isDone(): Promise<void> {
    const desk = this.#desk;
    await until("0 acts are missing", () => this.#left.length === 0, patient);
    await until(
      "each receipt is closed",
      () => {
        const receipts = desk.ledger.receipts({ scope: "acme/main" });
        return receipts.length > 0 && receipts.every(({ verified }) => verified !== "unverified");
      },
      patient,
    );
    assert.deepEqual(desk.stops.toSorted(), this.#apps.toSorted(), "each app is stopped once");
    const told = desk.ledger.receipts({ scope: "acme/main" }).flatMap(({ stopped }) => stopped);
    assert.deepEqual(
      told.map(({ appId }) => appId).toSorted(),
      this.#apps.toSorted(),
      "one receipt for each",
    );
    assert.ok(desk.live <= 1, `${desk.live} reminders on the screen`);
  }
}

describe("real guardians and windows, killed at random requests", function () {
  this.timeout(1_800_000);

  it("0 acts missing, 0 twice, 0 while a window is open, every receipt closed", async function () {
    if (process.platform !== "linux") skip(this, "desktop", "The test reads /proc: Linux only.");
    const bundles = await buildGuardian();
    const seeds = Array.from({ length: sequences }, (_, at) => firstSeed + at);
    const played = await inParallel(seeds, atOnce, (seed) => Evening.play(seed, bundles));
    const sum = (of: (one: Played) => number): number =>
      played.reduce((all, one) => all + of(one), 0);
    console.log(
      `      ${sequences} sequences from seed ${firstSeed}: ${sum(({ kills }) => kills)} kills, ` +
        `${sum(({ stops }) => stops)} stops, ${sum(({ reminders }) => reminders)} reminders`,
    );
  });
});
