import type { Clock } from "../../../src/base/clock.ts";
import { Failure } from "../../../src/base/failure.ts";
import {
  parseApps,
  parseBilling,
  parseContainers,
  parseRates,
} from "../../../src/modal/cli/rows.ts";
import { parseAppList, parseTaskInfo, parseTaskList } from "../../../src/modal/sdk/rows.ts";
import type { ModalControl } from "../../../src/session/modalControl.ts";
import { scopeKey } from "../../../src/session/scope.ts";
import { reportAt, type Fetch } from "../../oracle/bill.ts";
import {
  appsIn,
  lookAt,
  taskInfoAt,
  type Adapter,
  type Look,
  type TaskInfo,
} from "../../oracle/observed.ts";
import {
  cliApps,
  cliBill,
  cliContainers,
  ratesAt,
  sdkAppList,
  sdkTaskInfo,
  sdkTaskList,
} from "../../oracle/words.ts";
import type { World } from "../../oracle/world.ts";
import type { Question } from "./plan.ts";
import { controlThatOnly } from "../../unit/session/controlThatOnly.ts";

/** Modal as the two adapters see it in a world at the clock's instant, and what it was seen to answer. */
export class OracleModal {
  readonly looks: Look[] = [];
  readonly infos: TaskInfo[] = [];
  readonly fetches: Fetch[] = [];
  readonly pricesAskedAtMs = new Map<string, number[]>();
  readonly #world: World;
  readonly #clock: Pick<Clock, "nowMs">;
  readonly #offsetMs: number;

  /** `clock` is the machine's: Modal's own is `offsetMs` behind it. */
  constructor(world: World, clock: Pick<Clock, "nowMs">, offsetMs: number) {
    this.#world = world;
    this.#clock = clock;
    this.#offsetMs = offsetMs;
  }

  /** @param fails a question that gets no answer. */
  control(environment: string, adapter: Adapter, fails?: Question): ModalControl {
    const world = this.#world;
    const apps = appsIn(world, environment);
    const now = (): Look => lookAt(world, adapter, this.#nowMs(), environment);
    const isSdk = adapter === "sdk";
    return controlThatOnly({
      adapter,
      whoami: async () => ({ scope: scopeIn(environment), username: "me" }),
      listApps: async () => {
        if (fails === "apps") throw noAnswer();
        return isSdk
          ? parseAppList(sdkAppList(apps, now()))
          : parseApps(cliApps(world, apps, now()));
      },
      listContainers: async () => {
        if (fails === "containers") throw noAnswer();
        const look = now();
        if (fails !== "apps") this.looks.push(look);
        return isSdk
          ? parseTaskList(sdkTaskList(world, look))
          : parseContainers(cliContainers(world, look));
      },
      containerDetails: async (containerId) => {
        if (isSdk && fails === "details") throw noAnswer();
        const info = isSdk ? taskInfoAt(world, containerId, this.#nowMs()) : undefined;
        if (info === undefined) throw new Failure("unsupported", "The CLI does not tell.");
        this.infos.push(info);
        return parseTaskInfo(containerId, sdkTaskInfo(info));
      },
      rates: async () => {
        const asked = this.pricesAskedAtMs.get(environment) ?? [];
        this.pricesAskedAtMs.set(environment, [...asked, this.#clock.nowMs()]);
        return parseRates(ratesAt(world, this.#nowMs()));
      },
      billingReport: async ({ startMs, endMs }) => {
        const rows = reportAt(world, this.#nowMs(), startMs, endMs);
        const atMs = this.#clock.nowMs();
        this.fetches.push({ atMs, rows, fromMs: startMs, toMs: endMs });
        return parseBilling(cliBill(rows));
      },
    });
  }

  #nowMs(): number {
    return this.#clock.nowMs() - this.#offsetMs;
  }
}

function noAnswer(): Failure {
  return new Failure("timed-out", "Modal did not answer.");
}

export const workspace = "acme";

function scopeIn(environment: string) {
  return { workspace, environment };
}

export function scopeOf(environment: string): string {
  return scopeKey(scopeIn(environment));
}
