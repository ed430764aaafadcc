import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "../../src/base/clock.ts";
import type { Disposable } from "../../src/base/disposable.ts";
import { openLedger } from "../../src/ledger/openLedger.ts";
import type { ModalControl } from "../../src/session/modalControl.ts";
import type { Connected } from "../../src/session/watch/modalConnection.ts";
import { Poller } from "../../src/session/watch/poller.ts";
import { connect } from "./benchControl.ts";
import { median, type Figure } from "./figure.ts";
import { cliPath, cpuSecondsOf, ownCpuMs, startSim } from "./simProcess.ts";

const runs = 10;
const hourMs = 3_600_000;

/**
 * CPU time that polling takes in one hour with nothing running and the window unfocused: every
 * tick, lease renewal, look and ledger write of that hour, in virtual time against a real Local
 * Modal and a real ledger. The peer makes as many looks with the CLI.
 */
export async function bench(): Promise<readonly Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), "modal-meter-idle-hour-"));
  await using sim = await startSim();
  try {
    const connected = await connect(sim, "sdk");
    await idleHour(connected, join(folder, "warm-up.db"));
    const ours: number[] = [];
    const looks: number[] = [];
    const cli: number[] = [];
    const commands = [`'${cliPath}' app list --json`, `'${cliPath}' container list --json`];
    for (let run = 0; run < runs; run += 1) {
      const hour = await idleHour(connected, join(folder, `ledger-${run}.db`));
      ours.push(hour.cpuSeconds);
      looks.push(hour.looks);
      cli.push((await cpuSecondsOf(commands, sim.env)) * hour.looks);
    }
    if (median(looks) < 6) throw new Error(`Only ${median(looks)} looks in an hour.`);
    return [
      {
        name: `idle-hour (${median(looks)} looks)`,
        ours: median(ours),
        peer: median(cli),
        ratio: median(cli) / median(ours),
        unit: "s CPU",
        goal: "less than 1 s through the SDK",
        runs,
      },
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function idleHour(
  connected: Connected,
  path: string,
): Promise<{ readonly cpuSeconds: number; readonly looks: number }> {
  const { ledger } = await openLedger(path);
  const clock = new SkippingClock(Date.now());
  const questions = new OpenQuestions(connected.control);
  const poller = new Poller({
    open: async () => ({ ...connected, control: questions.control }),
    ledger,
    clock,
    log: { debug() {}, info() {}, warn: console.error, error: console.error },
    holder: "bench",
    pid: process.pid,
    random: () => 0.5,
  });
  let looks = 0;
  poller.onSeen(() => void (looks += 1));
  poller.onFailed((failure) => {
    throw failure;
  });
  poller.start();
  poller.setFocused(false);
  const beforeMs = ownCpuMs();
  while (clock.skip(hourMs)) await questions.answered();
  const cpuSeconds = (ownCpuMs() - beforeMs) / 1000;
  poller.dispose();
  ledger.dispose();
  return { cpuSeconds, looks };
}

/** A control plane that knows which of its questions are not answered yet: in real time, by another process. */
class OpenQuestions {
  readonly control: ModalControl;
  #open = 0;

  constructor(control: ModalControl) {
    this.control = new Proxy(control, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== "function") return value;
        return this.#counted((...args): unknown => Reflect.apply(value, target, args));
      },
    });
  }

  /** Lets a look that is under way end. */
  async answered(): Promise<void> {
    do await new Promise((resolve) => setImmediate(resolve));
    while (this.#open > 0);
  }

  #counted(ask: (...args: readonly unknown[]) => unknown) {
    return (...args: readonly unknown[]): unknown => {
      const answer = ask(...args);
      if (!(answer instanceof Promise)) return answer;
      this.#open += 1;
      return answer.finally(() => (this.#open -= 1));
    };
  }
}

/** A clock that skips from timer to timer, for one hour. */
class SkippingClock implements Clock {
  readonly #startMs: number;
  #nowMs: number;
  readonly #timers = new Set<{ readonly atMs: number; readonly callback: () => void }>();

  constructor(startMs: number) {
    this.#startMs = startMs;
    this.#nowMs = startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, callback: () => void): Disposable {
    const timer = { atMs: this.#nowMs + delayMs, callback };
    this.#timers.add(timer);
    return { dispose: () => void this.#timers.delete(timer) };
  }

  /** Fires the next timer; false once the time is over. */
  skip(totalMs: number): boolean {
    const [first] = [...this.#timers].toSorted((a, b) => a.atMs - b.atMs);
    if (first === undefined || first.atMs > this.#startMs + totalMs) return false;
    this.#timers.delete(first);
    this.#nowMs = Math.max(this.#nowMs, first.atMs);
    first.callback();
    return true;
  }
}
