import assert from "node:assert/strict";
import { Failure } from "../../../../src/base/failure.ts";
import {
  parseApps,
  parseBilling,
  withResources,
  parseContainers,
  parseDeployments,
  parseEnvironments,
  parseInstant,
  parseRates,
  parseTokenInfo,
} from "../../../../src/modal/cli/rows.ts";

const app = {
  app_id: "ap-aaaaaaaaaaaaaaaaaaaaaa",
  description: "flux-api",
  state: "deployed",
  tasks: "2",
  created_at: "2025-11-21 05:40:00+01:00",
  stopped_at: null,
};
const oldApp = {
  "App ID": app.app_id,
  Description: app.description,
  State: app.state,
  Tasks: app.tasks,
  "Created at": app.created_at,
  "Stopped at": null,
};

describe("parseInstant", () => {
  it("reads local offsets, and UTC where there is none", () => {
    const atMs = Date.UTC(2025, 10, 21, 4, 40, 0);
    assert.equal(parseInstant("2025-11-21 05:40:00+01:00"), atMs);
    assert.equal(parseInstant("2025-11-20 20:40:00-08:00"), atMs);
    assert.equal(parseInstant("2025-11-21T04:40:00"), atMs);
    assert.equal(parseInstant("2025-11-21 10:10:00+05:30"), atMs);
    assert.equal(parseInstant("2025-11-21"), Date.UTC(2025, 10, 21));
    assert.ok(Number.isNaN(parseInstant("soon")));
  });
});

describe("parseApps", () => {
  it("gives the same for the keys of both generations", () => {
    const expected = [
      {
        appId: app.app_id,
        name: "flux-api",
        state: "deployed",
        containerCount: 2,
        createdAtMs: Date.UTC(2025, 10, 21, 4, 40, 0),
        stoppedAtMs: null,
      },
    ];
    assert.deepEqual(parseApps([app]), expected);
    assert.deepEqual(parseApps([oldApp]), expected);
    assert.deepEqual(parseApps([]), []);
  });

  it("knows every state by its text, and does not guess a new one", () => {
    const stateOf = (state: string): string => parseApps([{ ...app, state }])[0]?.state ?? "";
    assert.deepEqual(
      ["ephemeral (detached)", "initializing...", "stopping...", "stopped", "hibernating"].map(
        stateOf,
      ),
      ["detached", "initializing", "stopping", "stopped", "unknown"],
    );
  });

  it("refuses rows that would hide something", () => {
    for (const wrong of [
      { ...app, tasks: "many" },
      { ...app, app_id: "" },
      { ...app, created_at: "yesterday" },
      { app_id: app.app_id },
      "flux-api",
    ]) {
      assert.throws(
        () => parseApps([app, wrong]),
        (error) => error instanceof Failure && error.reason === "bad-output",
      );
    }
    assert.throws(() => parseApps({ apps: [] }), { reason: "bad-output" });
  });
});

describe("parseContainers", () => {
  const container = {
    container_id: "ta-01JX",
    app_id: app.app_id,
    app_name: "flux-api",
    start_time: "2025-11-21 04:40:00+00:00",
  };

  it("tells a pending container from a started one", () => {
    const starts = parseContainers([container, { ...container, start_time: "Pending" }]);
    assert.deepEqual(
      starts.map(({ startedAtMs }) => startedAtMs),
      [Date.UTC(2025, 10, 21, 4, 40, 0), null],
    );
  });

  it("never takes an unreadable start for a pending, unbilled container", () => {
    assert.throws(() => parseContainers([{ ...container, start_time: "" }]), {
      reason: "bad-output",
    });
    assert.throws(() => parseContainers([{ ...container, start_time: null }]), {
      reason: "bad-output",
    });
  });
});

describe("other rows", () => {
  it("reads environments of both generations", () => {
    for (const suffix of ["web_suffix", "web suffix"]) {
      const [main] = parseEnvironments([{ name: "main", [suffix]: "", active: "True" }]);
      assert.deepEqual([main?.name, main?.isDefault, main?.budgetMicroUsd], ["main", true, null]);
    }
  });

  it("reads a history without tags", () => {
    const row = {
      version: "v3",
      time_deployed: null,
      client: "1.6.4",
      deployed_by: "",
      commit: "",
    };
    assert.deepEqual(parseDeployments([row]), [
      { version: 3, deployedAtMs: null, deployedBy: null, tag: null },
    ]);
  });

  it("reads what a row was paid for, under Modal's own keys", () => {
    const row = {
      object_id: "ap-1",
      description: "flux",
      environment: "main",
      interval_start: "2025-11-21T00:00:00",
    };
    const other = { ...row, interval_start: "2025-11-21T01:00:00" };
    const sums = parseBilling([
      { ...row, cost: "3" },
      { ...other, cost: "4" },
    ]);
    const split = withResources(sums, [
      { ...row, resource: "CPU", cost: "1.0000004" },
      { ...row, resource: "gpu_l40s", cost: "2" },
    ]);
    assert.deepEqual(
      split.map(({ cost, costByResource }) => [cost, costByResource]),
      [
        [3_000_000, { CPU: 1_000_000, gpu_l40s: 2_000_000 }],
        [4_000_000, undefined],
      ],
    );
  });

  it("reads money to the micro-dollar, and no NaN", () => {
    const row = {
      object_id: "ap-1",
      description: "flux",
      environment: "main",
      interval_start: "2025-11-21T00:00:00",
      cost: "1.2345678",
    };
    const [billed] = parseBilling([row]);
    assert.deepEqual([billed?.cost, billed?.intervalStartMs], [1_234_568, Date.UTC(2025, 10, 21)]);
    for (const cost of ["NaN", "", "1,5", "Infinity"]) {
      assert.throws(() => parseBilling([{ ...row, cost }]), { reason: "bad-output" });
    }
    assert.equal(
      parseRates({ gpu_hour_cost_t4: "0.59" }).usdPerHourByKey.get("gpu_hour_cost_t4"),
      0.59,
    );
    assert.throws(() => parseRates({ gpu_hour_cost_t4: "free" }), { reason: "bad-output" });
  });

  it("reads whose token it is", () => {
    const text =
      "(Using MODAL_TOKEN_ID environment variable)\nToken: ak-1\nWorkspace: acme (ac-1)\nUser: me (us-1)\n";
    assert.deepEqual(parseTokenInfo(text), { workspace: "acme", username: "me" });
    assert.deepEqual(parseTokenInfo("Workspace: acme (ac-1)\nService User: ci (su-1)"), {
      workspace: "acme",
      username: "ci",
    });
    assert.throws(() => parseTokenInfo("<html>"), { reason: "bad-output" });
  });
});
