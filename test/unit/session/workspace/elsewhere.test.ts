import assert from "node:assert/strict";
import { Failure } from "../../../../src/base/failure.ts";
import type { Listing } from "../../../../src/session/ledgerPort.ts";
import type { AppInfo, EnvironmentInfo } from "../../../../src/session/modalControl.ts";
import {
  recallEnvironments,
  runsElsewhere,
  unseenEnvironments,
} from "../../../../src/session/workspace/elsewhere.ts";
import { ElsewhereWatch } from "../../../../src/session/workspace/elsewhereWatch.ts";
import {
  needsElsewhere,
  proveElsewhere,
} from "../../../../src/session/workspace/proveElsewhere.ts";
import { lookElsewhere } from "../../../../src/session/workspace/lookElsewhere.ts";
import { silentLog } from "../../silentLog.ts";
import { VirtualClock } from "../../virtualClock.ts";
import { MemoryLedger } from "../memoryLedger.ts";
import { sessionApp, sessionSample } from "../sessionSample.ts";
import { elsewhereSum, elsewhereText, mayBeMine } from "../../../../src/session/runsElsewhere.ts";

const scope = { workspace: "acme", environment: "main" };

interface Place {
  gpus: number;
  containers: number;
  /** What Modal counts in its list of environments; it may count nothing although something runs. */
  isCounted: boolean;
  /** Counted, and in no list: a notebook's. */
  isListed?: boolean;
  /** Who deployed each app that has a container there; null: the list does not tell. */
  by?: readonly (string | null)[];
}

/** A workspace in memory, which counts what it is asked. */
class Workspace {
  readonly places = new Map<string, Place>([
    ["main", { gpus: 0, containers: 0, isCounted: true }],
    ["dev", { gpus: 0, containers: 0, isCounted: true }],
    ["staging", { gpus: 0, containers: 0, isCounted: true }],
  ]);
  readonly asked: string[] = [];
  readonly trouble = new Map<string, Failure>();
  /** Asked for, these never answer. */
  readonly silent = new Set<string>();

  readonly control = {
    listEnvironments: async (): Promise<readonly EnvironmentInfo[]> => {
      this.#ask("environments");
      if (this.silent.has("environments")) return Promise.withResolvers<never>().promise;
      return [...this.places].map(([name, { gpus, containers, isCounted }]) => ({
        name,
        isDefault: name === "main",
        budgetMicroUsd: null,
        usageMicroUsd: null,
        limitMicroUsd: null,
        spendLimitReached: null,
        gpusNow: isCounted ? gpus : 0,
        containersNow: isCounted ? containers : 0,
      }));
    },
    listApps: async ({ environment = "main" }: { environment?: string } = {}): Promise<
      readonly AppInfo[]
    > => {
      this.#ask(`apps ${environment}`);
      if (this.silent.has(`apps ${environment}`)) return Promise.withResolvers<never>().promise;
      const { containers = 0, isListed = true, by = [null] } = this.places.get(environment) ?? {};
      return by.map((name, at) => ({
        appId: `ap-${at + 1}`,
        name: "flux",
        state: "deployed",
        containerCount: isListed ? Math.ceil(containers / by.length) : 0,
        createdAtMs: null,
        stoppedAtMs: null,
        ...(name === null ? {} : { by: name }),
      }));
    },
    listContainers: async ({ environment = "main" }: { environment?: string } = {}) => {
      this.#ask(`containers ${environment}`);
      return [];
    },
    listSandboxes: async ({ environment = "main" }: { environment?: string } = {}) => {
      this.#ask(`sandboxes ${environment}`);
      return { kinds: this.kinds, isCut: this.isCut, sandboxes: [] };
    },
  };
  kinds: "both" | "first" = "both";
  isCut = false;

  set(name: string, gpus: number, containers: number, isCounted = true): void {
    this.places.set(name, { gpus, containers, isCounted });
  }

  take(): readonly string[] {
    return this.asked.splice(0);
  }

  #ask(what: string): void {
    this.asked.push(what);
    const failure = this.trouble.get(what);
    if (failure !== undefined) throw failure;
  }
}

describe("What runs in other environments", () => {
  let clock: VirtualClock;
  let ledger: MemoryLedger;
  let modal: Workspace;
  let watch: ElsewhereWatch;
  beforeEach(() => {
    clock = new VirtualClock(1_000_000);
    ledger = new MemoryLedger();
    modal = new Workspace();
    watch = new ElsewhereWatch({ ledger, clock, log: silentLog, holder: "w", pid: 1 });
  });

  /** One look that listed the sandboxes, or did not. */
  async function look(
    hasSandboxes: boolean,
    some: Partial<Listing> = {},
  ): Promise<readonly string[]> {
    await clock.advance(10_000);
    const observedAtMs = clock.nowMs();
    await watch.update(
      { control: modal.control, scope, username: "mia" },
      {
        scope: "acme/main",
        era: 0,
        observedAtMs,
        adapter: "sdk",
        apps: [],
        containers: [],
        ended: [],
        sandboxes: { kinds: "both", listedAtMs: hasSandboxes ? observedAtMs : 0, sandboxes: [] },
        ...some,
      },
    );
    return modal.take();
  }

  const seen = () => recallEnvironments(ledger, "acme");
  const shown = (): string => elsewhereSum(runsElsewhere(seen(), "main"));

  it("is seen by the next look, where Modal counts it", async () => {
    await look(true);
    assert.equal(shown(), "");
    modal.set("dev", 2, 2);
    await look(true);
    assert.equal(shown(), "2 GPUs in dev");
    modal.set("staging", 1, 1);
    await look(true);
    assert.equal(shown(), "3 GPUs in 2 environments");
    modal.set("dev", 0, 0);
    modal.set("staging", 0, 0);
    await look(true);
    assert.equal(shown(), "");
  });

  it("is seen within two looks each where Modal does not count, and is said to be unseen until then", async () => {
    modal.set("dev", 0, 3, false);
    await look(true);
    assert.deepEqual(unseenEnvironments(seen(), "main"), ["dev", "staging"]);
    await look(false);
    await look(true);
    await look(false);
    assert.equal(shown(), "3 containers in dev");
    assert.deepEqual(unseenEnvironments(seen(), "main"), []);
  });

  it("is somebody's, by the list that was made of it, until its count changes", async () => {
    const told = (): readonly string[] => runsElsewhere(seen(), "main").map(elsewhereText);
    const place = (by: readonly (string | null)[], containers: number): void => {
      modal.places.set("dev", { gpus: 2, containers, isCounted: true, by });
    };
    for (let looks = 0; looks < 4; looks += 1) await look(false);
    place(["mia"], 2);
    await look(true);
    assert.deepEqual(told(), ["2 GPUs in dev"]);
    await look(false);
    assert.deepEqual(told(), ["2 GPUs in dev (yours)"]);
    place(["theo", "mia", null, "ana", "theo"], 5);
    await look(true);
    assert.deepEqual(told(), ["2 GPUs in dev"]);
    await look(false);
    assert.deepEqual(told(), ["2 GPUs in dev (yours, ana's, theo's, owner unknown)"]);
    assert.equal(shown(), "2 GPUs in dev");
    place(["ana"], 1);
    await look(false);
    assert.deepEqual(runsElsewhere(seen(), "main").map(mayBeMine), [false]);
    // What this machine has started there is mine, whatever a list does not tell.
    ledger.upsertSession(
      sessionSample({ scope: "acme/dev", apps: [sessionApp({ appId: "ap-1", name: "flux" })] }),
    );
    place([null], 3);
    await look(false);
    assert.deepEqual(told(), ["2 GPUs in dev (yours)"]);
  });

  it("is somebody's no longer where the same count may be of another's, and is listed again", async () => {
    const told = (): readonly string[] => runsElsewhere(seen(), "main").map(elsewhereText);
    modal.places.set("dev", { gpus: 2, containers: 2, isCounted: true, by: ["mia"] });
    for (let looks = 0; looks < 4; looks += 1) await look(false);
    assert.deepEqual(told(), ["2 GPUs in dev (yours)"]);
    modal.places.set("dev", { gpus: 2, containers: 2, isCounted: true, by: ["theo"] });
    modal.trouble.set("apps dev", new Failure("timed-out", "No answer."));
    await clock.advance(1_000_000);
    await look(true);
    assert.deepEqual(told(), ["2 GPUs in dev"], "it was listed long ago");
    modal.trouble.clear();
    for (let looks = 0; looks < 2; looks += 1) await look(false);
    assert.deepEqual(told(), ["2 GPUs in dev (theo's)"]);
  });

  it("asks for one list of environments a look, and for two things more at most", async () => {
    for (let looks = 0; looks < 200; looks += 1) {
      if (looks % 7 === 0) modal.set("dev", looks % 3, looks % 5, looks % 2 === 0);
      if (looks % 11 === 0) modal.set("staging", looks % 2, looks % 4);
      const hasSandboxes = looks % 2 === 0;
      const asked = await look(hasSandboxes);
      assert.equal(asked.filter((what) => what === "environments").length, 1);
      // In a look of sandboxes, their list is what it has more than its own two.
      assert.ok(asked.length - 1 + (hasSandboxes ? 1 : 0) <= 2, asked.join());
      assert.ok(asked.every((what) => !what.endsWith(" main")));
    }
  });

  it("lists an environment once for each change of its count, and one without a count again after minutes", async () => {
    modal.set("dev", 1, 1);
    for (let looks = 0; looks < 10; looks += 1) await look(false);
    modal.take();
    const quiet: string[] = [];
    for (let looks = 0; looks < 10; looks += 1) quiet.push(...(await look(false)));
    assert.deepEqual(new Set(quiet), new Set(["environments"]));
    modal.set("dev", 2, 2);
    assert.deepEqual(await look(false), ["environments", "apps dev", "containers dev"]);
    await clock.advance(600_000);
    assert.deepEqual(await look(false), ["environments", "apps staging", "containers staging"]);
  });

  it("is asked about by the command one environment in turn, in looks that find nothing here", async () => {
    modal.set("staging", 0, 2, false);
    const cli: Partial<Listing> = { adapter: "cli" };
    assert.deepEqual(await look(false, cli), ["environments", "apps dev"]);
    assert.deepEqual(await look(false, cli), ["apps staging"]);
    assert.deepEqual(await look(false, cli), ["apps dev"]);
    const [one] = runsElsewhere(seen(), "main");
    assert.deepEqual([one?.environment, one?.containers], ["staging", 2]);
    assert.equal(clock.nowMs() - (one?.seenAtMs ?? 0), 10_000, "of when it was");
    const busy = [{ containerId: "ta-1", appId: "ap-1", appName: "flux" }].map((container) => ({
      ...container,
      enqueuedAtMs: null,
      startedAtMs: 0,
      finishedAtMs: null,
      gpu: null,
      gpuSource: "unknown" as const,
      cpuCores: null,
      memoryGib: null,
    }));
    assert.deepEqual(await look(false, { ...cli, containers: busy }), []);
  });

  it("stays as it was seen where Modal does not answer, and is not asked for where it refuses", async () => {
    modal.set("dev", 2, 2);
    await look(true);
    modal.trouble.set("environments", new Failure("timed-out", "Modal did not answer."));
    await look(true);
    assert.equal(shown(), "2 GPUs in dev");
    modal.trouble.set("environments", new Failure("permission-denied", "No."));
    await look(true);
    assert.deepEqual(await look(true), []);
  });

  for (const reason of ["timed-out", "permission-denied"] as const)
    it(`does not wait for an environment that cannot be listed (${reason})`, async () => {
      modal.set("staging", 0, 3, false);
      modal.trouble.set("apps dev", new Failure(reason, "No."));
      await look(false);
      await look(false);
      assert.equal(shown(), "3 containers in staging");
      // It rests by itself: the counts of all are told on.
      modal.set("staging", 1, 1);
      assert.deepEqual(await look(true), ["environments"]);
      assert.equal(shown(), "1 GPU in staging");
      assert.deepEqual(unseenEnvironments(seen(), "main"), ["dev"]);
      modal.trouble.clear();
      await clock.advance(reason === "timed-out" ? 60_000 : 3_600_000);
      await look(false);
      await look(false);
      assert.deepEqual(unseenEnvironments(seen(), "main"), []);
    });

  it("does not wait for an environment that the command cannot list", async () => {
    const cli: Partial<Listing> = { adapter: "cli" };
    modal.set("staging", 0, 2, false);
    modal.trouble.set("apps dev", new Failure("permission-denied", "No."));
    await look(false, cli);
    assert.deepEqual(await look(false, cli), ["apps staging"]);
    assert.deepEqual(await look(false, cli), ["apps staging"]);
    assert.equal(shown(), "2 containers in staging");
  });

  it("is listed in full for the proof of a stop, and what cannot be is named", async () => {
    const parts = { clock: new VirtualClock(7), log: silentLog, ledger, username: "mia" };
    modal.set("dev", 2, 3);
    assert.deepEqual(await lookElsewhere(modal.control, scope, parts), {
      running: [
        {
          environment: "dev",
          gpus: 2,
          containers: 3,
          seenAtMs: 7,
          whose: { mine: false, others: [], unknown: true },
        },
      ],
      notListed: [],
    });
    assert.ok(modal.take().includes("sandboxes staging"));
    modal.trouble.set("containers dev", new Failure("permission-denied", "No."));
    modal.trouble.set("sandboxes staging", new Failure("unsupported", "No such command."));
    assert.deepEqual(await lookElsewhere(modal.control, scope, parts), {
      running: [],
      notListed: ["dev", "sandboxes in staging"],
    });
    modal.trouble.set("environments", new Failure("timed-out", "No answer."));
    const blind = await lookElsewhere(modal.control, scope, parts);
    assert.deepEqual(blind.notListed, ["other environments"]);
  });

  describe("which Modal counts and lists nowhere", () => {
    async function proof() {
      const asked = lookElsewhere(modal.control, scope, {
        clock,
        log: silentLog,
        ledger,
        username: "mia",
      });
      await clock.advance(10_000);
      return asked;
    }
    const unlisted = (gpus: number, containers: number) => ({
      gpus,
      containers,
      isCounted: true,
      isListed: false,
    });

    it("is named, this environment's too", async () => {
      modal.places.set("main", unlisted(1, 1));
      modal.places.set("dev", unlisted(0, 2));
      assert.deepEqual(await proof(), {
        running: [],
        notListed: [
          "1 GPU in main, which Modal still counts",
          "2 containers in dev, which Modal still counts",
        ],
      });
    });

    it("is looked at once more, since counts may lag", async () => {
      modal.places.set("main", unlisted(1, 1));
      clock.after(2_000, () => modal.set("main", 0, 0));
      assert.deepEqual((await proof()).notListed, []);
      assert.equal(modal.take().filter((what) => what === "environments").length, 2);
    });

    it("is still named when Modal does not answer the second time", async () => {
      modal.places.set("main", unlisted(1, 1));
      const failure = new Failure("timed-out", "No answer.");
      clock.after(2_000, () => modal.trouble.set("environments", failure));
      assert.deepEqual((await proof()).notListed, ["1 GPU in main, which Modal still counts"]);
    });

    it("is explained by what this environment's lists show", async () => {
      modal.set("main", 1, 1);
      assert.deepEqual(await proof(), { running: [], notListed: [] });
    });
  });

  it("holds up the proof of a stop for 10 seconds at most, and is named where it did not answer", async () => {
    modal.set("staging", 2, 2);
    modal.silent.add("apps dev");
    const asked = proveElsewhere(modal.control, scope, {
      clock,
      log: silentLog,
      ledger,
      username: "mia",
    });
    await clock.advance(10_000);
    const proof = await asked;
    assert.deepEqual(proof.notListed, ["dev"]);
    assert.deepEqual(
      proof.running.map(({ environment }) => environment),
      ["staging"],
    );
    modal.silent.add("environments");
    const blind = proveElsewhere(modal.control, scope, {
      clock,
      log: silentLog,
      ledger,
      username: "mia",
    });
    await clock.advance(10_000);
    assert.deepEqual((await blind).notListed, ["other environments"]);
  });

  it("matters where the last word of a stop would be that nothing of mine runs", () => {
    const others = { microUsdPerHour: null };
    assert.ok(needsElsewhere({ verified: "clear" }));
    assert.ok(needsElsewhere({ verified: "excluded-left", others }));
    assert.ok(!needsElsewhere({ verified: "excluded-left" }));
    assert.ok(!needsElsewhere({ verified: "left", others }));
    assert.ok(!needsElsewhere({ verified: "unverified" }));
  });

  it("may be sandboxes of which not all can be listed", async () => {
    modal.kinds = "first";
    const { notListed } = await lookElsewhere(modal.control, scope, {
      clock,
      log: silentLog,
      ledger,
      username: "mia",
    });
    assert.deepEqual(notListed, ["v2 sandboxes in dev", "v2 sandboxes in staging"]);
    modal.kinds = "both";
    modal.isCut = true;
    const cut = await lookElsewhere(modal.control, scope, {
      clock,
      log: silentLog,
      ledger,
      username: "mia",
    });
    assert.deepEqual(cut.notListed, ["some sandboxes in dev", "some sandboxes in staging"]);
  });
});
