// npm run test:hour: an hour of two windows in real processes and real time, against a Local Modal that
// keeps time with them, whose containers come and go. Measured every 30 s; what grows is told by its slope
// with the 95 % interval. `--minutes 10` for a shorter one.
import { fork, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { messageSchema, type Order, type Sample, type WindowOptions } from "./hour/sample.ts";
import { slopeOf } from "./hour/slope.ts";
import { startLocalModal } from "./sim/localModal.ts";

const { values: options } = parseArgs({
  options: {
    minutes: { type: "string", default: "60" },
    out: { type: "string", default: join(tmpdir(), "modal-meter-hour.json") },
  },
});
const minutes = Number(options.minutes);
/** Not of the slope: the code is compiled, the caches fill. */
const warmUpMinutes = minutes / 6;
const callEveryMs = 90_000;
const sampleEveryMs = 30_000;
const focusEveryMs = 5 * 60_000;

const rows = [
  ["heapMb", "MB"],
  ["rssMb", "MB"],
  ["handles", ""],
  ["files", ""],
  ["cpuPercent", "% of a processor"],
  ["ledgerKb", "KB"],
  ["walKb", "KB"],
  ["logLines", "lines in 30 s"],
  ["turnMs", "ms"],
] as const satisfies readonly (readonly [keyof Sample, string])[];

/** A window in a process of its own, and what it told. */
class HourWindow {
  readonly samples: Sample[] = [];
  readonly log: string[] = [];
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;

  constructor(own: WindowOptions) {
    const program = join(import.meta.dirname, "hour/hourWindow.ts");
    this.#child = fork(program, [JSON.stringify(own)]);
    this.#ended = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.on("message", (raw) => {
      const message = messageSchema.parse(raw);
      if (message.kind === "sample") this.samples.push(message.sample);
      if (message.kind !== "log") return;
      this.log.push(`${message.level}: ${message.text}`);
      console.log(`${new Date().toISOString()} ${own.name} ${message.level}: ${message.text}`);
    });
  }

  get isGone(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  tell(order: Order): void {
    this.#child.send(order);
  }

  async close(): Promise<void> {
    this.tell({ kind: "close" });
    await this.#ended;
  }
}

const folder = mkdtempSync(join(tmpdir(), "modal-meter-hour-"));
const local = await startLocalModal({ speed: 1 });
const gpu = { type: "L40S", count: 1 };
const web = { method: "", kind: 1, httpMethod: "GET", requiresProxyAuth: false } as const;
for (const name of ["flux", "flux-dev"])
  local.seedApp(
    {
      name,
      functions: [
        {
          name: "web",
          gpu,
          scaledownMs: 45_000,
          queueMs: 500,
          coldStartMs: 10_000,
          web: [{ ...web, label: `acme--${name}` }],
        },
      ],
    },
    0,
  );

const windows = ["window-1", "window-2"].map(
  (name) => new HourWindow({ name, ledgerFile: join(folder, "ledger.db"), env: local.env }),
);
const [first] = windows;
const timers = [
  setInterval(() => {
    first?.tell({ kind: "call", url: `${local.webUrl}/acme--flux/flux` });
  }, callEveryMs),
  // Somebody else's, that the windows see in the list and in the log.
  setInterval(() => void callOfAnother(), 2 * callEveryMs),
  setInterval(() => {
    for (const window of windows) window.tell({ kind: "sample" });
  }, sampleEveryMs),
];
let focused = 0;
const turnFocus = (): void => {
  for (const [index, window] of windows.entries())
    window.tell({ kind: "focus", isFocused: index === focused % windows.length });
  focused += 1;
};
turnFocus();
timers.push(setInterval(turnFocus, focusEveryMs));

for (let passed = 0; passed < minutes; passed += 1) {
  await wait(60_000);
  if (windows.some(({ isGone }) => isGone)) throw new Error("A window has ended by itself.");
}
for (const timer of timers) clearInterval(timer);
for (const window of windows) await window.close();
await local.stop();
rmSync(folder, { recursive: true, force: true });
report();

async function callOfAnother(): Promise<void> {
  const answer = await fetch(`${local.webUrl}/acme--flux-dev/flux`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ prompt: "a lighthouse", width: 64, height: 64 }),
  }).catch(() => undefined);
  await answer?.arrayBuffer();
}

function report(): void {
  writeFileSync(options.out, JSON.stringify(windows.map(({ samples, log }) => ({ samples, log }))));
  for (const [index, { samples, log }] of windows.entries()) {
    const warm = samples.filter((sample) => sample.minutes > warmUpMinutes);
    const lookCount = samples.reduce((sum, { looks }) => sum + looks, 0);
    console.log(
      `window ${index + 1}: ${samples.length} samples, ${warm.length} after the first ` +
        `${Math.round(warmUpMinutes)} minutes, ${lookCount} looks, ${log.length} log lines`,
    );
    for (const [name, unit] of rows) {
      const values = warm.map((sample) => sample[name]);
      const { perHour, plusMinus } = slopeOf(warm.map((one) => [one.minutes, one[name]] as const));
      console.log(
        `  ${name.padEnd(10)} first ${text(values.at(0))}, last ${text(values.at(-1))}, most ${text(Math.max(...values))} ${unit}; ` +
          `slope ${text(perHour)} ± ${text(plusMinus)} ${unit} per hour`,
      );
    }
  }
}

function text(value: number | undefined): string {
  return value === undefined ? "none" : String(Number(value.toPrecision(3)));
}
