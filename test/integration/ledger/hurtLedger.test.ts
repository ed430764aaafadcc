import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import { until } from "../../host/until.ts";
import { skip } from "../../skip.ts";
import { buildGuardian, GuardianDesk } from "../guardian/guardianDesk.ts";
import { hurts } from "./hurts.ts";
import type { Hurt } from "./hurts.ts";

/** `npm run test:torture` plays all of them; here each third, another third on each day. */
const isTorture = process.env["MODAL_METER_TORTURE"] !== undefined;
const share = hurts.filter((_, index) => isTorture || index % 7 === new Date().getDate() % 7);

/** What a person relies on, whatever the ledger is. */
const acts = ["Stop All", "the guardian's stop", "the reminder"] as const;
type Act = (typeof acts)[number];

describe("a stop needs no ledger", function () {
  this.timeout(90_000);
  /** How each act went, by hurt: printed in the end. */
  const results = new Map<Hurt, Map<Act, boolean>>();
  let bundles: readonly string[] = [];
  let desk: GuardianDesk;
  const others: ChildProcess[] = [];

  before(async function () {
    if (process.platform !== "linux") skip(this, "desktop", "The test reads /proc: Linux only.");
    bundles = await buildGuardian();
  });
  after(() => console.log(tableOf(results)));
  afterEach(async function () {
    if (this.currentTest?.state === "failed") console.log(desk.log());
    for (const other of others.splice(0)) other.kill("SIGKILL");
    await desk.dispose();
  });

  async function hurtNow(hurt: Hurt): Promise<void> {
    const other = await hurt.hurt(join(desk.folder, "ledger.db"));
    if (other !== undefined) others.push(other);
  }

  async function sceneOf(hurt: Hurt, onClose: "remind" | "stop") {
    desk = await GuardianDesk.open(bundles, { onClose });
    const appId = desk.startApp("flux-api");
    if (hurt.when === "start") {
      // Closed first, so that all of it is in the one file.
      desk.ledger.dispose();
      await hurtNow(hurt);
    }
    const window = await desk.openWindow();
    await until("a guardian runs", () => desk.guardianPids.length >= 1);
    if (hurt.when === "open") await hurtNow(hurt);
    return { appId, window };
  }

  const plays: Readonly<Record<Act, (hurt: Hurt) => Promise<void>>> = {
    "Stop All": async (hurt) => {
      const { appId, window } = await sceneOf(hurt, "remind");
      window.process.send("stop");
      await until("it is stopped", () => window.stopped !== undefined);
      assert.equal(window.stopped?.verified, "clear");
      assert.deepEqual([desk.stops, desk.runningApps], [[appId], []]);
    },
    "the guardian's stop": async (hurt) => {
      const { appId, window } = await sceneOf(hurt, "stop");
      const looks = window.polls;
      await until("a grace has passed", () => window.polls > looks + 8);
      assert.deepEqual(desk.stops, [], "nothing is stopped while the window is open");
      await desk.kill(window);
      await until("it is stopped", () => desk.runningApps.length === 0);
      assert.deepEqual(desk.stops, [appId]);
    },
    "the reminder": async (hurt) => {
      const { window } = await sceneOf(hurt, "remind");
      const looks = window.polls;
      await until("the window goes on", () => window.polls > looks + 8);
      assert.deepEqual(desk.reminders, [], "nothing is said while the window is open");
      await desk.kill(window);
      await until("the reminder is shown", () => desk.reminders.length > 0);
      assert.match(desk.reminders[0] ?? "", /flux-api/);
    },
  };

  for (const hurt of share)
    for (const act of acts)
      it(`${act}, with ${hurt.name} (${hurt.when})`, async () => {
        const ofHurt = results.get(hurt) ?? new Map<Act, boolean>();
        results.set(hurt, ofHurt.set(act, false));
        await plays[act](hurt);
        ofHurt.set(act, true);
      });
});

/** A line for each hurt, and the sum of each act. */
function tableOf(results: ReadonlyMap<Hurt, ReadonlyMap<Act, boolean>>): string {
  const marks = [...results].map(([{ name, when }, ofHurt]) => {
    const cells = acts.map((act) => (ofHurt.get(act) === true ? "done" : "FAILED"));
    return `      ${`${name} (${when})`.padEnd(52)} ${cells.map((cell) => cell.padEnd(20)).join("")}`;
  });
  const sums = acts.map(
    (act) =>
      `${act} ${[...results.values()].filter((ofHurt) => ofHurt.get(act)).length} of ${results.size}`,
  );
  const head = `      ${"".padEnd(52)} ${acts.map((act) => act.padEnd(20)).join("")}`;
  return [head, ...marks, `      ${sums.join(", ")}`].join("\n");
}
