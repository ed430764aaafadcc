import assert from "node:assert/strict";
import type { Listing } from "../../../../src/session/ledgerPort.ts";
import { appsOfOthers, ownerOf } from "../../../../src/session/owner.ts";
import { AppOwners, type OwnerSource } from "../../../../src/session/watch/appOwners.ts";
import { silentLog } from "../../silentLog.ts";
import { VirtualClock } from "../../virtualClock.ts";

const minuteMs = 60_000;

/** A team's workspace in which apps named "theirs…" are a teammate's. */
class Team {
  readonly clock = new VirtualClock(1_800_000_000_000);
  readonly owners = new AppOwners(this.clock, silentLog);
  readonly asked: string[] = [];
  readonly deployers = new Map<string, string>();
  readonly source: OwnerSource = {
    control: {
      deployments: (appId) => {
        this.asked.push(appId);
        const deployedBy = this.deployers.get(appId) ?? "you";
        return Promise.resolve([{ version: 1, deployedAtMs: 0, deployedBy, tag: null }]);
      },
    },
    scope: { workspace: "acme", environment: "main" },
    scopeKey: "acme/main",
    username: "you",
  };

  look(
    appIds: readonly string[],
    containerCount = 0,
    adapter: Listing["adapter"] = "sdk",
    source = this.source,
  ) {
    const listing: Listing = {
      scope: source.scopeKey,
      era: 0,
      observedAtMs: this.clock.nowMs(),
      adapter,
      apps: appIds.map((appId) => ({
        appId,
        name: appId,
        state: "deployed",
        containerCount,
        createdAtMs: null,
        stoppedAtMs: null,
      })),
      containers: [],
      ended: [],
    };
    return this.owners.update(source, listing);
  }

  owner(appId: string): string {
    const told = this.owners.authorshipOf("acme/main");
    return ownerOf(appId, { scope: this.source.scope, sessions: [], ...told });
  }
}

describe("AppOwners", () => {
  it("knows whose apps are by Modal's word, and says when it learns", async () => {
    const team = new Team();
    let changes = 0;
    team.owners.onChange(() => (changes += 1));
    team.deployers.set("theirs", "teammate");
    assert.equal(team.owner("mine"), "unknown");
    await team.look(["mine", "theirs"]);
    assert.deepEqual([team.owner("mine"), team.owner("theirs")], ["mine", "someone-else"]);
    assert.deepEqual([...appsOfOthers(team.owners.authorshipOf("acme/main"))], ["theirs"]);
    assert.equal(team.owners.authorshipOf("acme/other").username, null);
    assert.ok(changes > 0);
  });

  it("asks little by little, each app once, those that cost again after a while", async () => {
    const team = new Team();
    const many = Array.from({ length: 20 }, (_, index) => `app-${index}`);
    await team.look(many);
    assert.equal(team.asked.length, 8);
    await team.look(many);
    await team.look(many);
    await team.look(many);
    assert.equal(team.asked.length, 20);
    await team.clock.advance(20 * minuteMs);
    await team.look(many);
    assert.equal(team.asked.length, 20, "an idle deployment is not asked about again");
    team.deployers.set("app-0", "teammate");
    await team.look(["app-0"], 1);
    assert.equal(team.owner("app-0"), "someone-else");
    team.asked.length = 0;
    await team.look(["new-1", "new-2"], 0, "cli");
    assert.equal(team.asked.length, 1, "the command takes a second for each");
  });

  it("asks nothing in a personal workspace, and forgets one workspace in the next", async () => {
    const team = new Team();
    const personal: OwnerSource = {
      ...team.source,
      scope: { workspace: "you", environment: "main" },
      scopeKey: "you/main",
    };
    await team.look(["mine"], 1, "sdk", personal);
    await team.look(["mine"], 1, "sdk", { ...personal, username: "You" });
    assert.deepEqual(team.asked, []);
    await team.look(["mine"], 1, "sdk", personal);
    assert.equal(team.owners.authorshipOf("you/main").username, "you");
    await team.look(["mine"]);
    assert.equal(team.owners.authorshipOf("you/main").username, null);
  });
});
