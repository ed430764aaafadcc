import assert from "node:assert/strict";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  distrust,
  readTargets,
  writeTarget,
  type GuardTarget,
} from "../../src/guardian/guardTarget.ts";
import { systemClock } from "../../src/base/systemClock.ts";
import type { Failure } from "../../src/base/failure.ts";
import { callEndpoint } from "../../src/endpoints/call/call.ts";
import type { ResultsPlace } from "../../src/endpoints/result/resultsPlace.ts";
import { Settings } from "../../src/session/settings/settings.ts";
import { resultsPlace } from "../../src/ui/resultsPlace.ts";
import { EndpointServer } from "../integration/endpoints/endpointServer.ts";
import { silentLog } from "../unit/silentLog.ts";
import { openLedger } from "../../src/ledger/openLedger.ts";
import { modesOf } from "../../src/session/mode.ts";
import { deferElsewhere, planStop } from "../../src/session/stop/stopPlan.ts";
import { placed, targetOfSetting } from "../../src/ui/project/target.ts";
import { GuardianWorld } from "../unit/guardian/guardianWorld.ts";
import { targetSample } from "../unit/guardian/targetSample.ts";
import { PortModal } from "../unit/session/portModal.ts";
import { VirtualClock } from "../unit/virtualClock.ts";

const gif = Buffer.from("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7", "base64");
const nowMs = Date.UTC(2026, 10, 21, 9);

/** What a file of a repository says: four lines with the name of somebody's running app. */
const planted = {
  file: "/clone/app.py",
  module: null,
  variable: null,
  name: null,
  nameInFile: "billing-api",
  environment: null,
  folder: "/clone",
};

function guardTarget(change: Partial<GuardTarget>): GuardTarget {
  return targetSample({ scope: "you/main", startedHere: ["ap-mine"], control: "sdk", ...change });
}

describe("a repository", () => {
  let folder = "";
  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), "mm-repository-")));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("with the name of an app that runs does not have it stopped on closing", async () => {
    const { ledger } = await openLedger(":memory:");
    const world = new GuardianWorld(new VirtualClock(nowMs), ledger);
    world.onClose = "stop";
    world.stopAfterMinutes = 1;
    const elsewhere = world.modal.start("billing-api");
    const window = world.openWindow();
    await world.advance(30_000);
    world.closeWindow(window);
    await world.advance(2 * 3_600_000);
    assert.deepEqual(world.modal.stopped, []);
    assert.deepEqual(world.modal.running, [elsewhere]);
    world.killGuardian();
    ledger.dispose();
  });

  it("with the name of an app that runs has nothing stopped by Stop All or Stop This Project", () => {
    const modal = new PortModal(new VirtualClock(nowMs));
    const ofTeam = modal.add("billing-api");
    const mine = modal.add("billing-api");
    const facts = {
      scope: { workspace: "acme", environment: "main" },
      listing: modal.listing(),
      sessions: [],
      folders: ["/clone"],
      targets: [planted],
      username: "you",
      authors: new Map([
        [ofTeam.appId, { deployedBy: "teammate", version: 1 }],
        [mine.appId, { deployedBy: "you", version: 1 }],
      ]),
      productionModes: [],
    };
    for (const kind of ["all", "project"] as const) {
      const plan = deferElsewhere(planStop(facts, { kind }), []);
      assert.deepEqual(plan.planned, [], kind);
      assert.deepEqual(
        new Map(plan.excluded.map(({ appId, why }) => [appId, why])),
        // A person is asked about theirs, by one list.
        new Map([
          [ofTeam.appId, "someone-else"],
          [mine.appId, "elsewhere"],
        ]),
      );
    }
  });

  it("whose trust was taken back leaves no program and no setting in the guardian's targets", () => {
    const program = join(folder, ".venv", "bin", "modal");
    const targets = join(folder, "targets");
    const ofFolder = guardTarget({
      trustedFolders: [folder],
      cli: { command: program, prefixArgs: [], origin: "virtual-environment", version: null },
      onClose: "stop",
      rates: { L40S: 0.02 },
      productionModes: [],
    });
    const untouched = guardTarget({ scope: "you/other", trustedFolders: ["/elsewhere"] });
    writeTarget(targets, ofFolder);
    writeTarget(targets, untouched);
    const { scope: _scope, startedHere: _startedHere, ...without } = guardTarget({});
    assert.equal(distrust(targets, [folder], without, Date.now()), 1);
    const after = readTargets(targets, Date.now()).targets;
    const left = after.find(({ scope }) => scope === "you/main");
    assert.deepEqual(
      [left?.cli, left?.onClose, left?.rates, left?.productionModes, left?.startedHere],
      [null, "remind", {}, ["prod"], ["ap-mine"]],
      "its apps stay guarded, by the person's own settings",
    );
    assert.deepEqual(after.find(({ scope }) => scope === "you/other")?.trustedFolders, [
      "/elsewhere",
    ]);
  });

  it("puts no variable of a mode into the guardian's file", () => {
    const secret = "canary-of-a-variable";
    const restingMode = { ...modesOf({}).named("dev"), variables: { HF_TOKEN: secret } };
    writeTarget(folder, guardTarget({ restingMode }));
    const texts = readdirSync(folder).map((name) => readFileSync(join(folder, name), "utf8"));
    assert.equal(texts.length, 1);
    assert.ok(texts.every((text) => !text.includes(secret) && !text.includes("HF_TOKEN")));
  });

  it("has no result written outside of itself, by a link or by its settings", async () => {
    const [clone, outside, spare] = ["clone", "outside", "spare"].map((name) => join(folder, name));
    assert.ok(clone !== undefined && outside !== undefined && spare !== undefined);
    mkdirSync(clone);
    mkdirSync(outside);
    const results = join(clone, "modal-results");
    const placeBy = (resultsFolder: string, isOfFolder: boolean): ResultsPlace =>
      resultsPlace(
        { current: Settings.parse({ resultsFolder }), isOfFolder: () => isOfFolder },
        clone,
        [clone],
      );
    let asked = 0;
    let onAsked = (): void => undefined;
    using server = await EndpointServer.http((_request, response) => {
      asked += 1;
      onAsked();
      response.writeHead(200, { "content-type": "image/gif" }).end(gif);
    });
    const call = (place: ResultsPlace) =>
      callEndpoint(
        {
          ...place,
          callId: "call",
          endpoint: "flux",
          expects: "image",
          spareFolder: spare,
          prompt: "a fox",
          method: "GET",
          url: new URL(`${server.origin}/flux`),
          body: null,
        },
        { clock: systemClock, log: silentLog, proxyToken: () => Promise.resolve(undefined) },
      );

    symlinkSync(outside, results);
    const refused = [
      placeBy("modal-results", false),
      placeBy("modal-results", true),
      placeBy("modal-results/deeper", false),
      placeBy(outside, true),
      placeBy("../outside", true),
    ];
    for (const place of refused)
      await assert.rejects(call(place), ({ reason, message }: Failure) => {
        assert.equal(reason, "bad-setting");
        return message.includes(`leads to ${outside}`);
      });
    assert.equal(asked, 0, "nothing was spent");
    assert.deepEqual(readdirSync(outside), []);
    // What the person's own settings name is theirs to name.
    const chosen = await call(placeBy(outside, false));
    assert.ok(chosen.resultPath?.startsWith(outside));

    // What is paid for by then is kept in our own folder.
    rmSync(results);
    rmSync(outside, { recursive: true });
    mkdirSync(outside);
    onAsked = () => {
      rmSync(results, { recursive: true });
      symlinkSync(outside, results);
    };
    const kept = await call(placeBy("modal-results", false));
    assert.ok(kept.resultPath?.startsWith(spare), kept.resultPath ?? "");
    assert.match(kept.remarks.join(), /cannot be written; saved in/);
    assert.deepEqual(readdirSync(outside), []);
  });

  it("deploys no file and runs in no folder outside of itself", () => {
    const clone = join(folder, "clone");
    mkdirSync(join(clone, "inner"), { recursive: true });
    writeFileSync(join(folder, "private.py"), "");
    writeFileSync(join(clone, "app.py"), "");
    symlinkSync(join(folder, "private.py"), join(clone, "linked.py"));
    symlinkSync(folder, join(clone, "up"));
    const stays = (setting: { readonly file: string; readonly workdir?: string }): boolean =>
      placed([targetOfSetting(setting, clone, null, [])], clone, {
        isOfFolder: true,
        open: [clone],
      }).here.length === 1;
    for (const file of ["../private.py", join(folder, "private.py"), "linked.py", "up/private.py"])
      assert.equal(stays({ file }), false, file);
    assert.equal(stays({ file: "app.py", workdir: ".." }), false);
    assert.equal(stays({ file: "app.py", workdir: "inner" }), true);
    assert.equal(stays({ file: join(clone, "app.py") }), true);
    assert.equal(stays({ file: "not-there-yet.py" }), true);
  });
});
