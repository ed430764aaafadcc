import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build, type Plugin } from "esbuild";
import { slimSdk, withOnly } from "../../../scripts/slimSdk.ts";
import { sdkLoader } from "../../../src/modal/sdk/loadSdk.ts";
import type { SdkConnection } from "../../../src/modal/sdk/entry.ts";
import { startLocalModal, type LocalModal } from "../../sim/localModal.ts";

const root = join(import.meta.dirname, "../../..");

describe("the SDK's bundle", function () {
  this.timeout(60_000);
  let folder: string;
  let local: LocalModal;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "slim-sdk-"));
    local = await startLocalModal();
  });
  after(async () => {
    await local.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function bundle(name: string, plugins: Plugin[]): Promise<string> {
    const outfile = join(folder, name);
    await build({
      entryPoints: [join(root, "src", "modal", "sdk", "entry.ts")],
      outfile,
      bundle: true,
      minify: true,
      platform: "node",
      target: "node22",
      format: "cjs",
      logLevel: "error",
      plugins,
    });
    return outfile;
  }

  it("is a third smaller than the whole SDK, and each of its calls reaches Modal", async () => {
    const slim = await bundle("slim.cjs", [slimSdk(root)]);
    const whole = await bundle("whole.cjs", []);
    const share = statSync(slim).size / statSync(whole).size;
    console.log(`      ${statSync(slim).size} of ${statSync(whole).size} bytes`);
    assert.ok(share < 0.7, `${share}`);
    const login = {
      tokenId: local.env["MODAL_TOKEN_ID"] ?? "",
      tokenSecret: local.env["MODAL_TOKEN_SECRET"] ?? "",
      serverUrl: local.env["MODAL_SERVER_URL"] ?? "",
    };
    const { connectSdk } = await sdkLoader(slim)();
    const sdk = connectSdk(login, () => undefined);
    const { id } = local.seedApp(
      { name: "flux-api", functions: [{ name: "web", scaledownMs: 60_000 }] },
      1,
    );
    for (const [name, ask] of Object.entries(callsOf(sdk, id))) {
      // A refusal by Modal is an answer too; an RPC that the bundle lacks is none.
      await ask().catch((error: unknown) =>
        assert.equal(typeof codeOf(error), "number", `${name}: ${String(error)}`),
      );
    }
    const unasked = Object.keys(sdk).filter((name) => !(name in callsOf(sdk, id)));
    assert.deepEqual(unasked, [], "a call that this test does not know");
  });

  it("is refused where an RPC or the whole table is missing", () => {
    const source =
      "var ModalClientDefinition = {\n  methods: {\n    appList: {\n      x: 1\n    }\n  }\n};";
    assert.equal(withOnly(source, new Set(["appList"])), source);
    assert.throws(() => withOnly(source, new Set(["appStop"])), /no RPC appStop/);
    assert.throws(() => withOnly("var Other = {};", new Set(["appList"])), /not where it was/);
  });
});

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

function callsOf(sdk: SdkConnection, appId: string): Record<string, () => Promise<unknown>> {
  const call = { retries: 1, timeoutMs: 2_000 };
  const now = new Date();
  const ago = new Date(now.getTime() - 86_400_000);
  const first = async (stream: AsyncIterable<unknown>): Promise<unknown> => {
    for await (const item of stream) return item;
    return undefined;
  };
  return {
    appList: () => sdk.appList("main", call),
    taskList: () => sdk.taskList({ environmentName: "main" }, call),
    taskGetInfo: () => sdk.taskGetInfo("ta-1", call),
    appGetInfo: () => sdk.appGetInfo(appId, call),
    functionGetById: () => sdk.functionGetById("fu-1", call),
    functionCalls: () => sdk.functionCalls("fu-1", call),
    functionGetTimeRangeStats: () =>
      sdk.functionGetTimeRangeStats(
        { functionId: "fu-1", containerId: "ta-1", since: ago, until: now },
        call,
      ),
    sandboxList: () => sdk.sandboxList({ environmentName: "main", beforeTimestamp: 0 }, call),
    sandboxListV2: () => sdk.sandboxListV2({ environmentName: "main", beforeTimestamp: 0 }, call),
    sandboxGetResourceUsage: () => sdk.sandboxGetResourceUsage("sb-1", call),
    sandboxTerminate: () => sdk.sandboxTerminate("sb-1", call),
    sandboxTerminateV2: () => sdk.sandboxTerminateV2("sb-1", call),
    appGetLifecycle: () => sdk.appGetLifecycle(appId, call),
    appRollover: () => sdk.appRollover(appId, call),
    appDeploymentHistory: () => sdk.appDeploymentHistory(appId, call),
    appFetchLogs: () => sdk.appFetchLogs(appId, { since: ago, until: now, limit: 10 }, call),
    appGetLogs: () => first(sdk.appGetLogs(appId, "", call)),
    tokenInfoGet: () => sdk.tokenInfoGet(call),
    environmentList: () => sdk.environmentList(call),
    billingRates: () => sdk.billingRates(call),
    billingReport: () =>
      first(sdk.billingReport({ startTimestamp: ago, endTimestamp: now, resolution: "d" }, call)),
    billingSummary: () => sdk.billingSummary(ago, call),
    appGetLayout: () => sdk.appGetLayout(appId, call),
    functionGet: () =>
      sdk.functionGet({ appName: "flux-api", objectTag: "web", environmentName: "main" }, call),
    functionGetSchedulingParams: () => sdk.functionGetSchedulingParams("fu-1", call),
    scale: () => sdk.scale("fu-1", { minContainers: 0 }, call),
    containerStop: () => sdk.containerStop("ta-1", true, call),
    appStop: () => sdk.appStop(appId, call),
  };
}
