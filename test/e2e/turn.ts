import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** The place that this process has taken. */
export interface Turn extends AsyncDisposable {
  readonly place: string;
}

/**
 * Waits until one of the places is free on this machine, and takes it. Each is a folder, which only
 * one process can make; the place of a run that was killed is free again.
 */
export async function takeTurn(places: readonly string[], waitingFor: string): Promise<Turn> {
  for (let toldAtMs = -Infinity; ;) {
    for (const place of places) {
      const folder = join(tmpdir(), `modal-meter-${place}.lock`);
      if (!(await take(folder))) continue;
      return {
        place,
        [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
      };
    }
    if (performance.now() - toldAtMs > 60_000) {
      console.log(`Waiting for ${waitingFor} to end…`);
      toldAtMs = performance.now();
    }
    await delay(500);
  }
}

async function take(folder: string): Promise<boolean> {
  try {
    await mkdir(folder);
  } catch {
    if (!(await holderLives(folder))) await rm(folder, { recursive: true, force: true });
    return false;
  }
  await writeFile(join(folder, "pid"), String(process.pid));
  return true;
}

async function holderLives(folder: string): Promise<boolean> {
  const read = (): Promise<string> => readFile(join(folder, "pid"), "utf8").catch(() => "");
  const text = await read();
  // Just made, and not written yet: give it the benefit of the doubt once.
  if (text === "") {
    await delay(1000);
    return (await read()) !== "";
  }
  try {
    process.kill(Number(text), 0);
  } catch {
    return false;
  }
  // The number of a run that was killed may belong to something else by now.
  const command = await readFile(`/proc/${text}/cmdline`, "utf8").catch(() => "mocha");
  return command.includes("mocha");
}
