import assert from "node:assert/strict";
import { mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../../src/base/systemClock.ts";
import { openLedger } from "../../../src/ledger/openLedger.ts";
import { watchProfiles } from "../../../src/modal/credentialSource.ts";
import { sdkLoader } from "../../../src/modal/sdk/loadSdk.ts";
import { ModalConnection } from "../../../src/session/watch/modalConnection.ts";
import { Poller } from "../../../src/session/watch/poller.ts";
import { startLocalModal, type LocalModal } from "../../sim/localModal.ts";
import { cliOf, isolatedEnv, KeptLog, testControl } from "./controlAdapters.ts";
import { bundleSdk } from "../../sdkBundle.ts";

describe("Profiles and servers", () => {
  let local: LocalModal;
  let folder: string;
  let config: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "modal-meter-profiles-"));
    config = join(folder, "modal.toml");
    local = await startLocalModal({ speed: 0, environments: ["main", "staging"] });
    local.addWorkspace("rival");
    local.seedApp({ name: "ours", functions: [{ name: "f" }] }, 1);
    local.seedApp({ name: "staged", environment: "staging", functions: [{ name: "f" }] }, 1);
    local.workspaces.get("rival")?.cloud.deploy({ name: "theirs", functions: [{ name: "f" }] });
  });
  after(async () => {
    await local.stop();
    await rm(folder, { recursive: true, force: true });
  });
  beforeEach(() => activate("acme"));

  /** Writes the profile file as `modal profile activate` does. */
  async function activate(active: "acme" | "rival", environment = ""): Promise<void> {
    const sections = ["acme", "rival"].map((name) =>
      [
        `[${name}]`,
        `token_id = "ak-${name}"`,
        `token_secret = "as-${name}"`,
        `server_url = "${local.serverUrl}"`,
        ...(name === active ? ["active = true"] : []),
        ...(environment === "" ? [] : [`environment = "${environment}"`]),
      ].join("\n"),
    );
    await writeFile(config, sections.join("\n\n"));
  }

  const profileEnv = (): Readonly<Record<string, string>> => ({ MODAL_CONFIG_PATH: config });

  for (const mode of ["sdk", "cli"] as const) {
    it(`${mode}: follows the active profile only through a new control, and never mixes two`, async function () {
      const cli = mode === "cli" ? cliOf(this, "current") : null;
      let changes = 0;
      const options = {
        mode,
        cli,
        env: profileEnv(),
        onCredentialsChanged: (): void => void (changes += 1),
      };
      const before = testControl(options);
      assert.equal((await before.whoami()).scope.workspace, "acme");
      const [ours] = await before.listApps();
      assert.equal(ours?.name, "ours");
      await activate("rival");
      const asked = local.journal.count();
      await assert.rejects(before.listApps(), { reason: "cancelled" });
      await assert.rejects(before.stopApp(ours.appId), { reason: "cancelled" });
      assert.equal(local.journal.count(), asked, "nothing was asked of the other workspace");
      assert.ok(changes > 0);
      const after = testControl(options);
      assert.equal((await after.whoami()).scope.workspace, "rival");
      assert.deepEqual(
        (await after.listApps()).map(({ name }) => name),
        ["theirs"],
      );
      assert.equal(local.workspace.cloud.app(ours.appId).state, "deployed");
    });

    it(`${mode}: takes profile and environment from the settings`, async function () {
      const cli = mode === "cli" ? cliOf(this, "current") : null;
      const env = profileEnv();
      const rival = testControl({ mode, cli, env, profile: "rival" });
      assert.equal((await rival.whoami()).scope.workspace, "rival");
      const staged = testControl({ mode, cli, env, environment: "staging" });
      assert.deepEqual((await staged.whoami()).scope, {
        workspace: "acme",
        environment: "staging",
      });
      assert.deepEqual(
        (await staged.listApps()).map(({ name }) => name),
        ["staged"],
      );
    });

    it(`${mode}: takes the environment of the profile`, async function () {
      const cli = mode === "cli" ? cliOf(this, "current") : null;
      await activate("acme", "staging");
      const control = testControl({ mode, cli, env: profileEnv() });
      assert.equal((await control.whoami()).scope.environment, "staging");
      assert.deepEqual(
        (await control.listApps()).map(({ name }) => name),
        ["staged"],
      );
    });
  }

  it("a poller follows `modal profile activate` at once, without a reload", async () => {
    const begunMs = Date.now();
    const { ledger } = await openLedger(join(folder, "ledger.db"));
    const log = new KeptLog();
    const connection: ModalConnection = new ModalConnection(
      async () =>
        testControl({
          mode: "sdk",
          cli: null,
          env: profileEnv(),
          onCredentialsChanged: () => {
            connection.reset();
            poller.reconnect();
          },
        }),
      log,
    );
    const poller = new Poller({
      open: () => connection.open(),
      ledger,
      clock: systemClock,
      log,
      holder: "window",
      pid: process.pid,
      random: Math.random,
    });
    const scopes: string[] = [];
    poller.onSeen(({ listing }) => void scopes.push(listing.scope));
    poller.start();
    await until(() => scopes.includes("acme/main"));
    await activate("rival");
    await poller.refreshNow().catch(() => undefined);
    await until(() => scopes.includes("rival/main"));
    assert.deepEqual(
      ledger.latestListing("rival/main")?.apps.map(({ name }) => name),
      ["theirs"],
    );
    assert.deepEqual(
      ledger.latestListing("acme/main")?.apps.map(({ name }) => name),
      ["ours"],
    );
    assert.ok(Date.now() - begunMs < 30_000);
    poller.dispose();
    ledger.dispose();
  });

  it("notices a changed profile file, and none that was only written again", async () => {
    const seen: string[] = [];
    const env = isolatedEnv(profileEnv());
    let profile = "acme";
    const watch = watchProfiles(env, () => void seen.push(profile), 20);
    await utimes(config, 1, 1);
    profile = "rival";
    await activate("rival");
    await until(() => seen.length > 0);
    assert.deepEqual(seen, ["rival"]);
    watch.dispose();
  });

  it("asks the second server when the first cannot be reached", async () => {
    const env = { ...local.env, MODAL_SERVER_URL: `http://127.0.0.1:1,${local.serverUrl}` };
    const control = testControl({ mode: "sdk", cli: null, env });
    assert.equal((await control.whoami()).scope.workspace, "acme");
    assert.equal((await control.listApps())[0]?.name, "ours");
  });

  it("leaves this process's own variables as they were", async () => {
    process.env["MODAL_PROFILE"] = "someone's";
    process.env["MODAL_SERVER_URL"] = "https://other.example";
    const modal = (): readonly string[] =>
      Object.entries(process.env)
        .map(([name, value]) => `${name}=${value ?? ""}`)
        .filter((line) => line.startsWith("MODAL_"))
        .toSorted();
    const before = modal();
    try {
      const control = testControl({ mode: "sdk", cli: null, env: local.env });
      await control.listApps();
      assert.deepEqual(modal(), before);
    } finally {
      delete process.env["MODAL_PROFILE"];
      delete process.env["MODAL_SERVER_URL"];
    }
  });

  it("answers through the bundle that ships", async () => {
    const outfile = join(folder, "sdk.cjs");
    await bundleSdk(outfile);
    const control = testControl({
      mode: "sdk",
      cli: null,
      env: local.env,
      loadSdk: sdkLoader(outfile),
    });
    assert.equal((await control.listApps())[0]?.name, "ours");
  });

  it("auto goes on with the command when the SDK cannot be loaded or cannot read the answer", async function () {
    const cli = cliOf(this, "current");
    const log = new KeptLog();
    const control = testControl({
      mode: "auto",
      cli,
      env: local.env,
      log,
      loadSdk: sdkLoader(join(folder, "not-there.cjs")),
    });
    assert.equal((await control.listApps())[0]?.name, "ours");
    assert.equal(control.answeredBy("listApps"), "cli");
    assert.equal(log.lines.filter((line) => line.includes('"listApps"')).length, 1);
  });

  it("auto asks the command when only it can read the profile file", async function () {
    const cli = cliOf(this, "current");
    await writeFile(
      config,
      `[acme]\ntoken_id = "ak-acme"\ntoken_secret = "as-acme"\nactive = true\nactive = true\n`,
    );
    const control = testControl({ mode: "auto", cli, env: profileEnv() });
    await assert.rejects(control.listApps(), (error: unknown) => {
      // The file is broken for both: what the command says about it is what the person sees.
      assert.match(String(error), /configuration|toml/i);
      return true;
    });
  });
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}
