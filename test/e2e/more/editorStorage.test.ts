import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { canariesIn } from "../../security/canaries.ts";
import { until } from "../../host/until.ts";
import { costs, patient, status } from "../sessionScene.ts";
import { needCli, Stage } from "../stage.ts";

/** The name of a result has a prompt's first words, and editors remember names; what comes after them is nowhere. */
const words = "A fox in the quiet snow of a long winter morning beside a frozen river, and then";
const promptCanary = 'the "violet" canary of Zürich sings <&> in the rain';
const proxy = { key: "wk-Canary1ProxyKey4711Abcd", secret: "ws-Canary2ProxySecret0815Xy" };
const login = { id: "ak-Canary3LoginId42424242ab", secret: "as-Canary4LoginSecret31337z" };
const variable = "hf_Canary5VariableOfAMode000";

/** What the person wrote there, and what is ours to keep: the call and its prompt. */
const keepsPrompts = /^User\/globalStorage\/modal-meter\.modal-meter\/ledger\.db(?:-\w+)?$/;
/** The settings file itself, and what the editor keeps of it: its history, and the settings as they were read. */
const keepsVariables =
  /^(?:User|Machine)\/settings\.json$|^User\/(?:History|caches\/CachedConfigurations)\//;

/** In a browser, the editor's state is the page's; the rest of its profile is the workbench itself. */
const stateOfPage = /(?:^|[\\/])(?:IndexedDB|Local Storage|Session Storage|WebStorage)[\\/]/;

function filesIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true);
}

describe("a canary in the editor", function () {
  this.timeout(300_000);
  before(function () {
    needCli(this);
  });

  it("planted in calls of a real window is in no state, log, history or backup of the editor", async () => {
    const label = "acme--locked-web";
    await using stage = await Stage.set({
      moreEnv: { MODAL_TOKEN_ID: login.id, MODAL_TOKEN_SECRET: login.secret },
    });
    const { modal, host } = stage;
    const origin = `http://localhost:${new URL(modal.webUrl).port}`;
    const variables = { HF_TOKEN: variable };
    await host.writeSettings({
      "modalMeter.workdayEnd": "",
      "modalMeter.idleReminderMinutes": 0,
      "modalMeter.modes": { dev: { variables } },
      "modalMeter.endpointUrls": { flux: `${origin}/${label}/flux` },
    });
    const web = [{ method: "", kind: 1, httpMethod: "", label, requiresProxyAuth: true }] as const;
    const spec = { name: "web", queueMs: 0, coldStartMs: 100, web: [...web] };
    modal.seedApp({ name: "locked", functions: [spec] }, 1);
    modal.workspace.proxyTokens.set(proxy.key, proxy.secret);

    const window = await host.open();
    await window.untilStatus(status, /1 app/, patient);
    await window.runCommand("Modal Meter: Save Proxy Auth Token…");
    await window.untilQuickInput(/Address of the app/, patient);
    await window.type(origin);
    await window.accept();
    for (const [asked, text] of [
      [/Modal-Key/, proxy.key],
      [/Modal-Secret/, proxy.secret],
    ] as const) {
      await window.untilQuickInput(asked, patient);
      await window.type(text);
      await window.accept();
    }
    await window.untilNotification(/Saved\. It is sent to http/, patient);

    const invoke = async (): Promise<void> => {
      await window.clearNotifications();
      await window.runCommand("Modal Meter: Invoke Flux Schnell");
      await window.untilQuickInput("Prompt", patient);
      await window.type(`${words} ${promptCanary}`);
    };
    await invoke();
    await window.accept();
    await window.untilOutput(costs, /💰/, patient);
    // The endpoint repeats what it was sent.
    const body = JSON.stringify({ error: `no: ${promptCanary} ${proxy.key} ${proxy.secret}` });
    const headers = { "content-type": "application/json" };
    const fault = { kind: "answer", status: 500, headers, body } as const;
    modal.faults.addWeb({ path: "/flux", fault });
    await invoke();
    await window.accept();
    await window.untilNotification(/"flux" failed/, patient);
    // Typed, and thought better of.
    await invoke();
    await window.dismiss();
    await window.runCommand("Modal Meter: Run Diagnosis");
    await window.untilPage(/Modal/, patient);
    await window.reload();
    await window.untilStatus(status, /1 app/, patient);
    await window.close();

    const secrets = [login.id, login.secret, proxy.key, proxy.secret];
    const all = filesIn(host.userData);
    const ledger = all.filter((path) => keepsPrompts.test(nameIn(host.userData, path)));
    await until("the call is in the ledger's file", () =>
      ledger.some((path) => canariesIn(readFileSync(path), [promptCanary]).length > 0),
    );
    const ofPage =
      host.kind === "server"
        ? filesIn(join(host.userData, "..", "..", "browser")).filter((path) =>
            stateOfPage.test(path),
          )
        : [];
    const leaks = [...all, ...ofPage].flatMap((path) => {
      const name = nameIn(host.userData, path);
      const hidden = [
        ...secrets,
        ...(keepsPrompts.test(name) ? [] : [promptCanary]),
        ...(keepsVariables.test(name) ? [] : [variable]),
      ];
      return [
        ...canariesIn(readFileSync(path), hidden),
        ...canariesIn(Buffer.from(name), hidden),
      ].map((what) => `${name}: ${what}`);
    });
    console.log(`      ${all.length} files of the editor, ${ofPage.length} of its page`);
    assert.deepEqual(leaks, []);
    // And the search finds what the editor remembers: the names of the results that it had open.
    const remembers = (paths: readonly string[]): boolean =>
      paths.some((path) => canariesIn(readFileSync(path), ["a-fox-in-the-quiet-snow"]).length > 0);
    assert.ok(remembers(host.kind === "server" ? ofPage : all), "the editor's state is searched");
    assert.ok(
      all.some((path) => /[\\/]logs[\\/].*Modal Meter/.test(path)),
      "our log is among them",
    );
  });
});

function nameIn(folder: string, path: string): string {
  return relative(folder, path).replaceAll("\\", "/");
}
