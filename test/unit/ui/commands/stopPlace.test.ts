import assert from "node:assert/strict";
import { failureOf } from "../../../../src/base/failure.ts";
import type { ModalControl } from "../../../../src/session/modalControl.ts";
import { ratesInForce } from "../../../../src/cost/rates/rates.ts";
import { nothingKnown } from "../../../../src/session/meter/meterState.ts";
import { stopThere } from "../../../../src/ui/commands/stopPlace.ts";
import { controlThatOnly } from "../../session/controlThatOnly.ts";
import { openLedger } from "../../../../src/ledger/openLedger.ts";
import { VirtualClock } from "../../virtualClock.ts";

/** A window that watches acme/main, beside a Modal that answers for `answers`. */
async function bench(answers: string) {
  const clock = new VirtualClock(1_000_000);
  const { ledger } = await openLedger(":memory:");
  const asked: (string | null)[] = [];
  const control: ModalControl = controlThatOnly({
    whoami: async () => ({
      scope: { workspace: "acme", environment: answers },
      username: "me",
    }),
    listApps: async () => [
      {
        appId: "ap-1",
        name: "train",
        state: "deployed",
        containerCount: 1,
        createdAtMs: null,
        stoppedAtMs: null,
      },
    ],
    listContainers: async () => [],
    listSandboxes: async () => ({ kinds: "both", sandboxes: [] }),
  });
  const shown = {
    ...nothingKnown({
      nowMs: 0,
      health: { kind: "ok" },
      ledger: null,
      activity: "none",
      settingProblems: [],
    }),
    scope: { workspace: "acme", environment: "main" },
    observedAtMs: 5,
  };
  const place = stopThere(
    {
      clock,
      ledger,
      access: {
        control: async (environment) => {
          asked.push(environment ?? null);
          return control;
        },
      },
      meter: { rates: () => ratesInForce({}), state: () => shown },
    },
    "dev",
  );
  return { place, ledger, asked };
}

describe("A stop in another environment", () => {
  it("has a separate connection and separate looks, which list the sandboxes each time", async () => {
    const { place, ledger, asked } = await bench("dev");
    const connected = await place.open();
    assert.equal(connected.scopeKey, "acme/dev");
    assert.deepEqual(asked, ["dev"]);
    const refresh = place.refreshOf(connected);
    for (let looks = 0; looks < 2; looks += 1) {
      const listing = await refresh();
      assert.equal(listing.scope, "acme/dev");
      assert.equal(listing.sandboxes?.listedAtMs, listing.observedAtMs);
    }
    assert.equal(ledger.latestListing("acme/main"), undefined);
    assert.deepEqual(
      ledger.latestListing("acme/dev")?.apps.map(({ name }) => name),
      ["train"],
    );
    assert.equal(place.isElsewhere, true);
  });

  it("refuses where Modal answers for another environment than it was asked for", async () => {
    const { place } = await bench("main");
    await assert.rejects(place.open(), (error) =>
      /for the environment main, not for dev/.test(failureOf(error)?.message ?? ""),
    );
  });

  it("tells nothing of this window's environment where it fails", async () => {
    const { place } = await bench("dev");
    const { scope, apps, observedAtMs } = place.shown();
    assert.deepEqual([scope?.environment, apps, observedAtMs], ["dev", [], null]);
  });
});
