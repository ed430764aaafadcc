import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

const folder = join(tmpdir(), "modal-meter-e2e.lock");

/**
 * Waits until no other end-to-end run is under way on this machine, and takes its place: two
 * editors at once on two cores make every deadline a guess.
 */
export async function takeTurn(): Promise<void> {
  for (let told = false; ;) {
    try {
      await mkdir(folder);
      await writeFile(join(folder, "pid"), String(process.pid));
      return;
    } catch {
      if (!(await holderLives())) await rm(folder, { recursive: true, force: true });
      if (!told) console.log("Another end-to-end run is under way: waiting for it to end…");
      told = true;
      await delay(500);
    }
  }
}

export async function endTurn(): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}

async function holderLives(): Promise<boolean> {
  const text = await readFile(join(folder, "pid"), "utf8").catch(() => "");
  // Just made, and not written yet: give it the benefit of the doubt once.
  if (text === "") {
    await delay(1000);
    return (await readFile(join(folder, "pid"), "utf8").catch(() => "")) !== "";
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
