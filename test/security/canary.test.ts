import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, relative } from "node:path";
import type { Log } from "../../src/base/log.ts";
import { systemClock } from "../../src/base/systemClock.ts";
import { emptyCall } from "../../src/cost/call.ts";
import { ratesInForce } from "../../src/cost/rates/rates.ts";
import { callEndpoint } from "../../src/endpoints/call/call.ts";
import { CallFailure, type CallOutcome } from "../../src/endpoints/callTypes.ts";
import { builtInEndpoints } from "../../src/endpoints/catalogue/catalogue.ts";
import { keepSidecar } from "../../src/endpoints/result/sidecar.ts";
import { safeUrl } from "../../src/endpoints/catalogue/endpointUrl.ts";
import { Settings } from "../../src/session/settings/settings.ts";
import { startGuardian } from "../../src/guardian/startGuardian.ts";
import { exportRows } from "../../src/ledger/exportRows.ts";
import { openLedger } from "../../src/ledger/openLedger.ts";
import { loadSqlite } from "../../src/ledger/sqlite.ts";
import { runCli } from "../../src/modal/cli/process.ts";
import { gitIgnored } from "../../src/modal/deploy/gitIgnored.ts";
import { modesOf } from "../../src/session/mode.ts";
import { callLines, failed, failedLines, succeeded } from "../../src/ui/calls/records.ts";
import { secretsOf } from "../../src/ui/calls/secrets.ts";
import { EndpointServer } from "../integration/endpoints/endpointServer.ts";
import { until } from "../host/until.ts";
import { skip } from "../skip.ts";
import { canariesIn, formsOf } from "./canaries.ts";

const [flux] = builtInEndpoints;
const gif = Buffer.from("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7", "base64");

/** The name of a result has a prompt's first words; what comes after them is nowhere but where it is kept. */
const words = "A fox in the quiet snow of a long winter morning beside a frozen river, and then";
const promptCanary = 'the "violet" canary\tof Zürich sings <&> 🦉';
const negativeCanary = "never a crooked canary lighthouse";
const proxy = { key: "wk-Canary1ProxyKey4711Abcd", secret: "ws-Canary2ProxySecret0815Xy" };
const login = { id: "ak-Canary3LoginId42424242ab", secret: "as-Canary4LoginSecret31337z" };
const variable = "hf_Canary5VariableOfAMode000";
const password = "Canary6PasswordOfAnAddress";

const values = { prompt: `${words} ${promptCanary}`, negative_prompt: negativeCanary, steps: 4 };
const tokens = [proxy.key, proxy.secret, login.id, login.secret, variable, password];
const prompts = [promptCanary, negativeCanary];

/** Where a prompt is meant to be: what was asked is kept with the call and beside its result. */
const keepsPrompts =
  /^(?:storage\/ledger\.db(?:-\w+)?|export\.(?:csv|json)|results\/[^/]+\.gif\.json)$/;

describe("a canary", () => {
  let folder = "";
  const said: string[] = [];
  const note = (...parts: readonly unknown[]): void => {
    for (const part of parts)
      said.push(part instanceof Error ? `${part.message} ${String(part.cause)}` : String(part));
  };
  const log: Log = { debug: note, info: note, warn: note, error: note };

  before(function () {
    if (process.platform === "win32") skip(this, "posix", "the programs here are shell scripts");
  });
  beforeEach(() => {
    said.length = 0;
    folder = realpathSync(mkdtempSync(join(tmpdir(), "mm-canary-")));
    for (const name of ["storage", "results", "work", "bin"]) mkdirSync(join(folder, name));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** A program that writes down its arguments and what it is given. */
  function recorder(name: string, keepsEnvironment: boolean): string {
    const path = join(folder, "bin", name);
    const env = keepsEnvironment ? `env > '${join(folder, `${name}.env`)}'` : ":";
    writeFileSync(path, `#!/bin/sh\necho "$0 $@" >> '${join(folder, `${name}.argv`)}'\n${env}\n`);
    chmodSync(path, 0o755);
    return path;
  }

  async function call(origin: string, callId: string): Promise<CallOutcome> {
    return callEndpoint(
      {
        callId,
        endpoint: "flux",
        expects: "image",
        folder: join(folder, "results"),
        spareFolder: join(folder, "storage", "results"),
        prompt: values.prompt,
        secrets: secretsOf(flux, values),
        method: "POST",
        url: new URL(`${origin}/flux`),
        body: values,
      },
      { clock: systemClock, log, proxyToken: () => Promise.resolve(proxy) },
    );
  }

  it("planted wherever a secret can come from is in no file, argument, log or message, in no encoding", async () => {
    const echoes = [...formsOf([...prompts, proxy.key, proxy.secret])].map(([, form]) => form);
    let echo: string | null = null;
    const sent: Buffer[] = [];
    using server = await EndpointServer.http((request, response) => {
      sent.push(Buffer.from(JSON.stringify(request)));
      if (echo === null) {
        response.writeHead(200, { "content-type": "image/gif", "x-cost-usd": "0.001" }).end(gif);
        return;
      }
      response.writeHead(500, { "content-type": "application/json" });
      response.end(JSON.stringify({ error: `no: ${echo}` }));
    });
    const { ledger } = await openLedger(join(folder, "storage", "ledger.db"));
    const basis = { containerGpu: "L40S", rates: ratesInForce() };
    const running = (callId: string) => ({
      ...emptyCall({
        callId,
        scope: "acme/main",
        source: "editor",
        startedAtMs: systemClock.nowMs(),
        status: "running",
      }),
      endpoint: "flux",
      inputJson: JSON.stringify({ values, files: {} }),
    });

    // A call that succeeds: the result, what made it, the ledger's row, the channel's lines.
    const outcome = await call(server.origin, "good");
    const good = succeeded(running("good"), outcome, basis);
    ledger.upsertCall(good.call);
    note(...callLines(good, outcome.remarks, undefined));
    assert.ok(outcome.resultPath !== null);
    const { cost: _cost, ...facts } = {
      callId: "good",
      endpoint: "flux",
      url: `${server.origin}/flux`,
      prompt: values.prompt,
      seed: null,
      parameters: values,
      mode: null,
      app: null,
      gpu: null,
      startedAt: new Date(outcome.startedAtMs).toISOString(),
      endedAt: null,
      executionSeconds: null,
      wallSeconds: null,
      cost: null,
      commit: null,
      mediaType: "image/gif",
      bytes: gif.length,
      extracted: [],
    };
    const unknown = { reportedMicroUsd: null, meteredMicroUsd: null, billedMicroUsd: null };
    await keepSidecar(outcome.resultPath, { ...facts, cost: unknown });

    // Calls whose endpoint repeats what it was sent.
    for (const [at, text] of echoes.entries()) {
      echo = text;
      const callId = `bad-${at}`;
      try {
        await call(server.origin, callId);
        assert.fail("It did not fail.");
      } catch (error) {
        if (!(error instanceof CallFailure)) throw error;
        const row = failed(
          { ...running(callId), inputJson: null },
          error,
          systemClock.nowMs(),
          basis,
        );
        ledger.upsertCall(row);
        note(error, error.evidence ?? "", row.failure ?? "", ...failedLines(row, error));
      }
    }

    // Settings that are wrong, and an address that may not be called.
    const address = `htps://me:${password}@acme--app.modal.run`;
    note(JSON.stringify(Settings.parse({ endpointBaseUrl: address }).problems));
    assert.throws(
      () => safeUrl(`https://me:${password}@acme--app.modal.run`, "a setting"),
      (error: unknown) => {
        note(error);
        return true;
      },
    );

    // Programs, and the process that outlives the window.
    const env = {
      PATH: [join(folder, "bin"), "/bin", "/usr/bin"].join(delimiter),
      MODAL_TOKEN_ID: login.id,
      MODAL_TOKEN_SECRET: login.secret,
    };
    const modal = recorder("modal", false);
    recorder("git", true);
    const cli = { command: modal, prefixArgs: [], origin: "setting", version: null } as const;
    await runCli(
      { cli, processEnv: env, clock: systemClock, reachable: () => Promise.resolve(true) },
      ["app", "list", "--json"],
      { what: "list", silenceMs: 20_000 },
    );
    await gitIgnored(join(folder, "work"), env);
    const bundle = join(folder, "guardian.cjs");
    const argv = join(folder, "guardian.argv");
    writeFileSync(
      bundle,
      `require("fs").writeFileSync(${JSON.stringify(argv)}, process.argv.join(" "))`,
    );
    const dev = modesOf({}).named("dev");
    const restingMode = { ...dev, variables: { HF_TOKEN: variable } };
    await startGuardian({
      bundleFiles: [bundle],
      storageFolder: join(folder, "storage"),
      ledgerFile: join(folder, "storage", "ledger.db"),
      ledger,
      target: {
        scope: "acme/main",
        startedHere: [],
        trustedFolders: [],
        control: "auto",
        cli: { ...cli, prefixArgs: [] },
        profile: null,
        environment: null,
        username: "you",
        onClose: "remind",
        stopAfterMinutes: 0,
        productionModes: [],
        restingMode,
        rates: {},
      },
      nowMs: systemClock.nowMs(),
      execPath: process.execPath,
      env,
    });
    await until("the guardian's program ran", () => existsSync(argv), { withinMs: 20_000 });

    // What the person exports.
    const { DatabaseSync } = await loadSqlite();
    for (const format of ["csv", "json"] as const) {
      const database = new DatabaseSync(join(folder, "storage", "ledger.db"), { readOnly: true });
      let text = "";
      for await (const piece of exportRows(database, format)) text += piece;
      writeFileSync(join(folder, `export.${format}`), text);
      database.close();
    }
    ledger.dispose();

    const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
      .map((name) => join(folder, name))
      .filter((path) => statSync(path).isFile());
    for (const expected of ["modal.argv", "git.env", "guardian.argv", "export.csv"])
      assert.ok(files.includes(join(folder, expected)), expected);
    const leaks = files.flatMap((path) => {
      const name = relative(folder, path).replaceAll("\\", "/");
      const hidden = keepsPrompts.test(name) ? tokens : [...tokens, ...prompts];
      return [
        ...canariesIn(readFileSync(path), hidden),
        ...canariesIn(Buffer.from(name), hidden),
      ].map((what) => `${name}: ${what}`);
    });
    assert.deepEqual(leaks, []);
    assert.deepEqual(canariesIn(Buffer.from(said.join("\n")), [...tokens, ...prompts]), []);
    assert.ok(said.length > echoes.length);

    // And the search finds what is there: the prompt where it is kept, the token on its way.
    const kept = files.filter((path) => canariesIn(readFileSync(path), prompts).length > 0);
    assert.ok(kept.some((path) => path.endsWith(".gif.json")));
    assert.ok(kept.some((path) => path.endsWith("export.json")));
    const onTheWay = canariesIn(Buffer.concat(sent), [proxy.secret, promptCanary, login.secret]);
    assert.ok(onTheWay.includes(`${proxy.secret} as it is`));
    assert.ok(onTheWay.some((what) => what.startsWith(promptCanary)));
    assert.ok(
      !onTheWay.some((what) => what.startsWith(login.secret)),
      "the login goes to Modal alone",
    );
  });
});
