// The entry of a bundle of its own (dist/sdk.cjs), loaded when Modal is first asked: it weighs more
// than the rest of the product. Types come from the SDK; answers go out as `unknown`, because the
// RPCs behind `cpClient` are not a public API and are parsed by the caller.
import { ModalClient } from "modal";

/** Whom to speak for, and where. */
export interface SdkLogin {
  readonly tokenId: string;
  readonly tokenSecret: string;
  readonly serverUrl: string;
}

export interface SdkCall {
  readonly signal?: AbortSignal;
  /** Ends the call; leave it out for streams. */
  readonly timeoutMs?: number;
  readonly retries?: number;
}

export interface SdkLogQuery {
  readonly since: Date;
  readonly until: Date;
  readonly limit: number;
}

export interface SdkSandboxQuery {
  readonly environmentName: string;
  /** Seconds since the epoch; 0: the newest. */
  readonly beforeTimestamp: number;
}

export interface SdkScale {
  readonly minContainers?: number;
  readonly scaledownWindow?: number;
}

/** The RPCs that the product uses, over one HTTP/2 connection. */
export type SdkConnection = ReturnType<typeof connectSdk>;

/** This module, as its loader gives it. */
export interface SdkModule {
  readonly connectSdk: typeof connectSdk;
}

const stoppedByCli = 1;
/** Enough to find each of a busy function's containers, and a short answer. */
const latestCalls = 200;

/** Opens no connection yet: the first call does. */
export function connectSdk(login: SdkLogin, onWarning: (text: string) => void) {
  const { cpClient: rpc } = createClient(login, onWarning);
  return {
    appList: (environmentName: string, call: SdkCall): Promise<unknown> =>
      rpc.appList({ environmentName }, call),
    taskList: (
      request: { environmentName: string; appId?: string },
      call: SdkCall,
    ): Promise<unknown> => rpc.taskList(request, call),
    taskGetInfo: (taskId: string, call: SdkCall): Promise<unknown> =>
      rpc.taskGetInfo({ taskId }, call),
    appGetInfo: (appId: string, call: SdkCall): Promise<unknown> => rpc.appGetInfo({ appId }, call),
    functionGetById: (functionId: string, call: SdkCall): Promise<unknown> =>
      rpc.functionGetById({ functionId }, call),
    functionCalls: (functionId: string, call: SdkCall): Promise<unknown> =>
      rpc.functionCallFetch({ functionId, tail: { count: latestCalls } }, call),
    functionGetTimeRangeStats: (
      range: { functionId: string; containerId: string; since: Date; until: Date },
      call: SdkCall,
    ): Promise<unknown> => rpc.functionGetTimeRangeStats({ ...range, rollup: true }, call),
    appGetLifecycle: (appId: string, call: SdkCall): Promise<unknown> =>
      rpc.appGetLifecycle({ appId }, call),
    appStop: (appId: string, call: SdkCall): Promise<unknown> =>
      // oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- the SDK exports no enums
      rpc.appStop({ appId, source: stoppedByCli }, call),
    containerStop: (taskId: string, graceful: boolean, call: SdkCall): Promise<unknown> =>
      rpc.containerStop({ taskId, graceful }, call),
    ...sandboxCalls(rpc),
    appRollover: (appId: string, call: SdkCall): Promise<unknown> =>
      rpc.appRollover({ appId }, call),
    appDeploymentHistory: (appId: string, call: SdkCall): Promise<unknown> =>
      rpc.appDeploymentHistory({ appId }, call),
    appFetchLogs: (appId: string, query: SdkLogQuery, call: SdkCall): Promise<unknown> =>
      rpc.appFetchLogs({ appId, ...query }, call),
    appGetLogs: (appId: string, lastEntryId: string, call: SdkCall): AsyncIterable<unknown> =>
      rpc.appGetLogs({ appId, lastEntryId, timeout: 55 }, call),
    tokenInfoGet: (call: SdkCall): Promise<unknown> => rpc.tokenInfoGet({}, call),
    environmentList: (call: SdkCall): Promise<unknown> => rpc.environmentList({}, call),
    billingRates: (call: SdkCall): Promise<unknown> => rpc.workspaceBillingRates({}, call),
    billingReport: (
      range: { startTimestamp: Date; endTimestamp: Date; resolution: "d" | "h" },
      call: SdkCall,
    ): AsyncIterable<unknown> => rpc.workspaceBillingReport(range, call),
    billingSummary: (startTimestamp: Date, call: SdkCall): Promise<unknown> =>
      rpc.workspaceBillingSummary({ startTimestamp }, call),
    appGetLayout: (appId: string, call: SdkCall): Promise<unknown> =>
      rpc.appGetLayout({ appId }, call),
    functionGet: (
      request: { appName: string; objectTag: string; environmentName: string },
      call: SdkCall,
    ): Promise<unknown> => rpc.functionGet(request, call),
    functionGetSchedulingParams: (functionId: string, call: SdkCall): Promise<unknown> =>
      rpc.functionGetSchedulingParams({ functionId }, call),
    scale: (functionId: string, settings: SdkScale, call: SdkCall): Promise<unknown> =>
      rpc.functionUpdateSchedulingParams({ functionId, settings }, call),
  };
}

function sandboxCalls(rpc: ModalClient["cpClient"]) {
  return {
    sandboxList: (request: SdkSandboxQuery, call: SdkCall): Promise<unknown> =>
      rpc.sandboxList({ ...request, includeFinished: false }, call),
    sandboxListV2: (request: SdkSandboxQuery, call: SdkCall): Promise<unknown> =>
      rpc.sandboxListV2({ ...request, includeFinished: false }, call),
    sandboxGetResourceUsage: (sandboxId: string, call: SdkCall): Promise<unknown> =>
      rpc.sandboxGetResourceUsage({ sandboxId }, call),
    sandboxTerminate: (sandboxId: string, call: SdkCall): Promise<unknown> =>
      rpc.sandboxTerminate({ sandboxId }, call),
    sandboxTerminateV2: (sandboxId: string, call: SdkCall): Promise<unknown> =>
      rpc.sandboxTerminateV2({ sandboxId }, call),
  };
}

/**
 * The SDK takes its server, profile and much else from MODAL_* variables while it constructs a
 * client, with no way to pass them. They are swapped for the length of that one synchronous call,
 * so that neither a stale profile nor a list of servers (which it cannot parse) gets in.
 */
function createClient(login: SdkLogin, onWarning: (text: string) => void): ModalClient {
  const before = new Map<string, string | undefined>();
  const swap = (name: string, value: string | undefined): void => {
    // Some are swapped twice: what has to come back is what was there at first.
    if (!before.has(name)) before.set(name, process.env[name]);
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  };
  for (const name of Object.keys(process.env)) if (name.startsWith("MODAL_")) swap(name, undefined);
  swap("MODAL_SERVER_URL", login.serverUrl);
  // A name that no profile has: nothing of the file, as it was when the SDK was loaded, applies.
  swap("MODAL_PROFILE", "\u0000none");
  try {
    return new ModalClient({
      tokenId: login.tokenId,
      tokenSecret: login.tokenSecret,
      // Throttling is shown to the person and retried by the poller, not waited for in silence.
      maxThrottleWaitSecs: 0,
      logLevel: "warn",
      logger: {
        debug: () => {},
        info: () => {},
        warn: (message: string) => onWarning(message),
        error: (message: string) => onWarning(message),
      },
    });
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}
