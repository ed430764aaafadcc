import * as z from "zod/mini";
import { t } from "../../base/text.ts";
import { failureOf, type FailureReason } from "../../base/failure.ts";
import { regionKind } from "../../cost/terms.ts";
import type { StopAnswer } from "../../session/modalControl.ts";
import {
  sandboxKind,
  type SandboxInfo,
  type SandboxListing,
  type SandboxUse,
} from "../../session/sandboxInfo.ts";
import { gpuOf, parseAnswer as parse } from "./answer.ts";
import type { SdkCall, SdkConnection } from "./entry.ts";

type Lists = Pick<SdkConnection, "sandboxList" | "sandboxListV2">;

/** Asks once, with all that an answer of Modal's is checked for. */
type Ask = <T>(operation: (sdk: Lists, call: SdkCall) => Promise<T>) => Promise<T>;

/** So many pages of a hundred are read: where there are more sandboxes, the list says that it is cut. */
const mostPages = 20;
/** What the newer list may answer that the older one need not. */
const asksOlder: ReadonlySet<FailureReason> = new Set([
  "unsupported",
  "bad-output",
  "permission-denied",
]);

/**
 * Both kinds by `SandboxListV2`; where that is refused or not there, the first by `SandboxList`.
 * Modal's clients read page after page until an empty one comes, since no page says that it is the last.
 */
export async function listSandboxes(environmentName: string, ask: Ask): Promise<SandboxListing> {
  const read = (kinds: SandboxListing["kinds"]): Promise<Pages> =>
    readPages((beforeTimestamp) =>
      ask(async (sdk, call) => {
        const request = { environmentName, beforeTimestamp };
        return parseSandboxes(
          kinds === "both"
            ? await sdk.sandboxListV2(request, call)
            : await sdk.sandboxList(request, call),
        );
      }),
    );
  try {
    return { kinds: "both", ...(await read("both")) };
  } catch (error) {
    if (!asksOlder.has(failureOf(error)?.reason ?? "cancelled")) throw error;
    return { kinds: "first", ...(await read("first")) };
  }
}

interface Page {
  readonly live: readonly SandboxInfo[];
  /** Seconds, as the next question has them; undefined: it was empty, and the last. */
  readonly oldest: number | undefined;
}

type Pages = Pick<SandboxListing, "isCut" | "sandboxes">;

async function readPages(page: (beforeTimestamp: number) => Promise<Page>): Promise<Pages> {
  const found = new Map<string, SandboxInfo>();
  let before = 0;
  for (let pages = 0; pages < mostPages; pages += 1) {
    const { live, oldest } = await page(before);
    for (const sandbox of live) found.set(sandbox.sandboxId, sandbox);
    if (oldest === undefined || oldest === before) return { sandboxes: [...found.values()] };
    before = oldest;
  }
  return { isCut: true, sandboxes: [...found.values()] };
}

const seconds = z.number().check(z.nonnegative());
const value = z.optional(z.object({ value: z.number() }));

const sandboxList = z.object({
  sandboxes: z.array(
    z.object({
      id: z.string().check(z.minLength(1)),
      createdAt: seconds,
      appId: z.string(),
      name: z.string(),
      regions: z.array(z.string()),
      timeoutSecs: z.number(),
      taskInfo: z.optional(
        z.object({
          id: z.string(),
          enqueuedAt: seconds,
          startedAt: seconds,
          finishedAt: seconds,
          gpuType: z.string(),
          gpuConfig: z.optional(z.object({ count: z.int(), gpuType: z.string() })),
          result: z.optional(z.object({ status: z.number() })),
        }),
      ),
      resourceInfo: z.optional(
        z.object({
          memoryMb: value,
          milliCpu: value,
          gpuType: z.string(),
          ephemeralDiskMb: z.number(),
        }),
      ),
    }),
  ),
});

type ListedSandbox = z.infer<typeof sandboxList>["sandboxes"][number];

function parseSandboxes(answer: unknown): Page {
  const { sandboxes } = parse(t("list the sandboxes"), sandboxList, answer);
  return {
    live: sandboxes.filter((listed) => !isOver(listed)).map(sandboxOf),
    oldest: sandboxes.at(-1)?.createdAt,
  };
}

/** Only those that run are asked for; one may end meanwhile. */
function isOver({ taskInfo }: ListedSandbox): boolean {
  return (taskInfo?.finishedAt ?? 0) > 0 || (taskInfo?.result?.status ?? 0) > 0;
}

function sandboxOf(listed: ListedSandbox): SandboxInfo {
  const { taskInfo: task, resourceInfo: asked } = listed;
  const createdAtMs = instantMs(listed.createdAt);
  const isSecond = sandboxKind(listed.id) === "second";
  const containerId = task === undefined || task.id === "" || isSecond ? null : task.id;
  return {
    sandboxId: listed.id,
    appId: listed.appId,
    name: listed.name,
    createdAtMs,
    containerId,
    enqueuedAtMs: containerId === null ? null : instantMs(task?.enqueuedAt ?? 0),
    startedAtMs: containerId === null ? null : instantMs(task?.startedAt ?? 0),
    gpu: gpuIn(listed) ?? (isSecond ? "none" : null),
    terms: {
      cores: asked?.milliCpu === undefined ? null : asked.milliCpu.value / 1000,
      gib: asked?.memoryMb === undefined ? null : asked.memoryMb.value / 1024,
      diskGib: asked === undefined ? null : asked.ephemeralDiskMb / 1024,
      region: regionKind(listed.regions),
    },
    endsByMs:
      createdAtMs === null || listed.timeoutSecs === 0
        ? null
        : createdAtMs + listed.timeoutSecs * 1000,
  };
}

/** "H100:2" is how programs ask for two; the task's own answer is exact. */
function gpuIn({ taskInfo, resourceInfo }: ListedSandbox) {
  const task = gpuOf(
    taskInfo?.gpuConfig?.gpuType ?? "",
    taskInfo?.gpuType ?? "",
    taskInfo?.gpuConfig?.count ?? 0,
  );
  const [type = "", count = "1"] = (resourceInfo?.gpuType ?? "").split(":");
  return task ?? gpuOf(type, "", Number.parseInt(count, 10) || 1);
}

const usage = z.object({
  cpuCoreNanosecs: z.number(),
  memGibNanosecs: z.number(),
  gpuNanosecs: z.number(),
  gpuType: z.optional(z.string()),
});

/** All zero is how an empty answer reads: nothing is told. */
export function parseSandboxUse(answer: unknown): SandboxUse | null {
  const used = parse(t("read what a sandbox has used"), usage, answer);
  const { cpuCoreNanosecs, memGibNanosecs, gpuNanosecs, gpuType = "" } = used;
  if (cpuCoreNanosecs === 0 && memGibNanosecs === 0 && gpuNanosecs === 0) return null;
  return {
    coreSeconds: cpuCoreNanosecs / 1e9,
    gibSeconds: memGibNanosecs / 1e9,
    gpuSeconds: gpuNanosecs / 1e9,
    gpuType: gpuType === "" ? null : gpuType,
  };
}

/** Ends a sandbox, each kind by its own RPC. A result that was there before says that it had ended. */
export async function stopSandbox(
  sdk: SdkConnection,
  sandboxId: string,
  call: SdkCall,
): Promise<StopAnswer> {
  const answer = await (sandboxKind(sandboxId) === "second"
    ? sdk.sandboxTerminateV2(sandboxId, call)
    : sdk.sandboxTerminate(sandboxId, call));
  const shape = z.object({ existingResult: z.optional(z.object({ status: z.number() })) });
  const status = parse(t("stop the sandbox"), shape, answer).existingResult?.status ?? 0;
  return status > 0 ? "already-stopped" : "stopped";
}

function instantMs(atSeconds: number): number | null {
  return atSeconds === 0 ? null : Math.round(atSeconds * 1000);
}
