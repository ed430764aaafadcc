import type { Container } from "../model/entities.ts";

/** What a container really used of CPU and memory for a while, whatever it asked for. */
interface Use {
  readonly forMs: number;
  readonly milliCpu: number;
  readonly memoryMib: number;
}

/** The use of a container since its boot, within [fromMs, toMs). */
export function usesOf(
  { phases, spec, finishedAtMs }: Container,
  range: { readonly fromMs: number; readonly toMs: number },
): readonly Use[] {
  const endMs = Math.min(finishedAtMs ?? range.toMs, range.toMs);
  return phases.flatMap(({ phase, fromMs }, index) => {
    const since = Math.max(fromMs, range.fromMs);
    const until = Math.min(phases[index + 1]?.fromMs ?? endMs, endMs);
    if (phase === "queue" || until <= since) return [];
    const isBusy = phase === "busy";
    return [
      {
        forMs: until - since,
        milliCpu: isBusy ? spec.usedMilliCpu : spec.idleUsedMilliCpu,
        memoryMib: isBusy ? spec.usedMemoryMib : spec.idleUsedMemoryMib,
      },
    ];
  });
}
