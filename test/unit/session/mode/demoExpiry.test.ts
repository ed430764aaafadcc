import assert from "node:assert/strict";
import * as fc from "fast-check";
import { Failure } from "../../../../src/base/failure.ts";
import {
  demoState,
  expireDemo,
  extendDemo,
  type ExpiryOutcome,
} from "../../../../src/session/mode/demoExpiry.ts";
import { modesOf } from "../../../../src/session/mode.ts";
import { silentLog } from "../../silentLog.ts";
import { VirtualClock } from "../../virtualClock.ts";
import { followsMode } from "../followsMode.ts";
import { MemoryLedger } from "../memoryLedger.ts";
import { PortModal } from "../portModal.ts";
import { sessionApp, sessionSample } from "../sessionSample.ts";
import { settled } from "../settled.ts";

const minute = 60_000;
const startMs = Date.UTC(2026, 10, 20, 9);
const dev = modesOf({}).named("dev");

function bench() {
  const clock = new VirtualClock(startMs);
  const modal = new PortModal(clock);
  const ledger = new MemoryLedger();
  const flux = followsMode(ledger, modal.add("flux", { containers: ["ta-1"] }), 600);
  modal.onScale = (_, { scaledownWindowSeconds }) => {
    if (scaledownWindowSeconds === 2)
      clock.after(2000, () => {
        flux.containers = [];
      });
  };
  const session = sessionSample({
    mode: "demo",
    scaledownSeconds: 600,
    startedAtMs: startMs,
    expiresAtMs: startMs + 90 * minute,
    apps: [sessionApp(flux)],
  });
  ledger.upsertSession(session);
  const parts = { control: modal, refresh: modal.refresh, ledger, clock, log: silentLog };
  const expire = (holder = "window"): Promise<ExpiryOutcome> =>
    expireDemo(parts, session, { resting: dev, holder, pid: 1 });
  return { clock, modal, ledger, flux, session, expire };
}

describe("demoState", () => {
  it("runs, gives notice 10 min before the end, and expires", () => {
    const { session } = bench();
    const at = (minutes: number) => demoState(session, startMs + minutes * minute);
    assert.deepEqual(at(0), { kind: "running", leftMs: 90 * minute });
    assert.equal(at(79.9).kind, "running");
    assert.deepEqual(at(80), {
      kind: "notice",
      leftMs: 10 * minute,
      key: `demo-notice:s1:${startMs + 90 * minute}`,
    });
    assert.deepEqual(at(90), { kind: "expired" });
  });

  it("does not open a short time box with the notice of its end", () => {
    const short = sessionSample({ startedAtMs: startMs, expiresAtMs: startMs + 8 * minute });
    assert.equal(demoState(short, startMs).kind, "running");
    assert.equal(demoState(short, startMs + 6 * minute).kind, "notice");
  });

  it("is nothing for a session without a time box, or one that is over", () => {
    const { session } = bench();
    assert.equal(demoState({ ...session, expiresAtMs: null }, startMs).kind, "none");
    assert.equal(demoState({ ...session, endedAtMs: 1 }, startMs + 999 * minute).kind, "none");
  });
});

describe("extendDemo", () => {
  it("adds to the end, or to now when it is overdue, and gives a new notice", () => {
    const { ledger, session } = bench();
    const once = extendDemo(ledger, session, 30, startMs + 80 * minute);
    assert.equal(once.expiresAtMs, startMs + 120 * minute);
    const late = extendDemo(ledger, session, 30, startMs + 200 * minute);
    assert.equal(late.expiresAtMs, startMs + 230 * minute);
    const notice = demoState(late, startMs + 225 * minute);
    assert.ok(notice.kind === "notice");
    assert.match(notice.key, new RegExp(`${startMs + 230 * minute}$`));
  });

  it("does not bring back a demo that has expired", async () => {
    const { clock, ledger, session, expire } = bench();
    await clock.advance(91 * minute);
    await settled(clock, expire());
    assert.throws(() => extendDemo(ledger, session, 30, clock.nowMs()), /does not expire/);
  });
});

describe("expireDemo", () => {
  it("does nothing before the end", async () => {
    const { clock, modal, expire } = bench();
    await clock.advance(89 * minute);
    assert.deepEqual(await settled(clock, expire()), { kind: "not-due" });
    assert.deepEqual(modal.scales, []);
  });

  it("returns to dev and releases idle GPUs; the deployment stays", async () => {
    const { clock, modal, ledger, flux, expire } = bench();
    await clock.advance(90 * minute);
    const outcome = await settled(clock, expire());
    assert.ok(outcome.kind === "expired");
    assert.deepEqual(outcome.released?.released, ["ta-1"]);
    const session = ledger.openSession("acme/main", "/project");
    assert.deepEqual([session?.mode, session?.expiresAtMs], ["dev", null]);
    assert.equal(flux.state, "deployed");
    assert.deepEqual(modal.scales.at(-1)?.settings, { scaledownWindowSeconds: 120 });
  });

  it("tries again later when the window could not be changed, and not before", async () => {
    const { clock, modal, ledger, expire } = bench();
    const sound = modal.onScale;
    modal.onScale = () => {
      throw new Failure("offline", "Could not connect.");
    };
    await clock.advance(90 * minute);
    const failed = await settled(clock, expire());
    assert.ok(failed.kind === "failed");
    assert.equal(ledger.openSession("acme/main", "/project")?.mode, "demo", "not claimed");
    modal.onScale = sound;
    assert.equal((await settled(clock, expire())).kind, "not-due");
    await clock.advance(minute);
    assert.equal((await settled(clock, expire())).kind, "expired");
  });

  it("is done once, whoever comes: windows and the guardian, at once and one after another", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(4), fc.integer({ min: 0, max: 20_000 })), {
          minLength: 1,
          maxLength: 6,
        }),
        async (comers) => {
          const { clock, modal, expire } = bench();
          await clock.advance(90 * minute);
          const outcomes = comers.map(async ([who, delayMs]) => {
            await modal.later(delayMs);
            return expire(`holder${who}-${delayMs}`);
          });
          const all = await settled(clock, Promise.all(outcomes));
          assert.equal(all.filter(({ kind }) => kind === "expired").length, 1);
          assert.equal(
            modal.scales.filter(({ settings }) => settings.minContainers === 0).length,
            1,
          );
        },
      ),
      { numRuns: 30 },
    );
  });

  it("looks again once it has the lease: another process may just have done it", async () => {
    const { clock, modal, ledger, session, expire } = bench();
    await clock.advance(90 * minute);
    const acquire = ledger.acquireLease.bind(ledger);
    ledger.acquireLease = (...args) => {
      ledger.upsertSession({ ...session, mode: "dev", expiresAtMs: null });
      return acquire(...args);
    };
    assert.deepEqual(await settled(clock, expire()), { kind: "not-due" });
    assert.deepEqual(modal.scales, []);
  });

  it("is taken over when its holder dies in the middle", async () => {
    const { clock, ledger, expire } = bench();
    await clock.advance(90 * minute);
    ledger.acquireLease("expiry:s1", "dead", 9, clock.nowMs(), 180_000);
    assert.deepEqual(await settled(clock, expire()), { kind: "elsewhere" });
    await clock.advance(3 * minute);
    assert.equal((await settled(clock, expire())).kind, "expired");
  });
});
