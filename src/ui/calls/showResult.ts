import * as vscode from "vscode";
import { plural, t } from "../../base/text.ts";
import type { Clock } from "../../base/clock.ts";
import { DisposableStore, type Disposable } from "../../base/disposable.ts";
import { formatReported } from "../../cost/format.ts";
import { sumUsd, type MicroUsd } from "../../cost/money.ts";
import type { CallRecord } from "../../cost/call.ts";
import type { CallOutcome } from "../../endpoints/callTypes.ts";
import { sayInfo } from "../say.ts";
import { Typing } from "./typing.ts";

/** A result that waits for somebody to have time for it. */
interface Ready {
  readonly title: string;
  readonly path: string;
  readonly cost: MicroUsd | null;
}

/** Results that are ready within this time are told of in one toast. */
const gatherMs = 1000;

/**
 * Shows results as calls bring them. The editor is taken by one at most of all calls that run at the
 * same time, and by none while somebody types: the others are offered, and opened when it suits.
 */
export class ResultShow implements Disposable {
  readonly #clock: Clock;
  readonly #store = new DisposableStore();
  readonly #typing: Typing;
  /** When a result last took the editor by itself. */
  #takenAtMs = Number.NEGATIVE_INFINITY;
  #waiting: Ready[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#typing = this.#store.add(new Typing(clock));
  }

  /** Resolves when it is open, or when it waits to be offered. */
  async show(title: string, call: CallRecord, outcome: CallOutcome): Promise<void> {
    const path = fileOf(outcome);
    if (path === null) return;
    if (!this.#typing.since(call.startedAtMs) && this.#takenAtMs < call.startedAtMs) {
      this.#takenAtMs = this.#clock.nowMs();
      await open(path);
      return;
    }
    this.#waiting.push({ title, path, cost: call.reportedMicroUsd });
    if (this.#waiting.length > 1) return;
    this.#store.add(
      this.#clock.after(gatherMs, () => {
        const ready = this.#waiting;
        this.#waiting = [];
        // Not awaited: the calls are over, however long this stands there.
        void offer(ready);
      }),
    );
  }

  dispose(): void {
    this.#store.dispose();
  }
}

/** Where a result is: the first of the media that were inside of it, else itself; null: it has no file. */
function fileOf(outcome: CallOutcome): string | null {
  return outcome.extractedPaths[0] ?? outcome.resultPath;
}

/** In the editor area, without the focus. */
async function open(path: string): Promise<void> {
  await vscode.commands.executeCommand("vscode.open", vscode.Uri.file(path), {
    preview: false,
    preserveFocus: true,
  });
}

async function offer(ready: readonly Ready[]): Promise<void> {
  const label = t("Open");
  if ((await sayInfo(readyText(ready), label)) !== label) return;
  for (const { path } of ready) await open(path);
}

/** "Flux Schnell is ready · $0.051", "3 results are ready · $0.15". */
function readyText(ready: readonly Ready[]): string {
  const [first] = ready;
  const costs = ready.flatMap(({ cost }) => cost ?? []);
  const cost = costs.length < ready.length ? t("cost unknown") : formatReported(sumUsd(costs));
  return ready.length === 1
    ? t("{0} is ready · {1}", first?.title ?? "", cost)
    : plural(
        ready.length,
        { one: "{0} result is ready · {1}", other: "{0} results are ready · {1}" },
        cost,
      );
}
