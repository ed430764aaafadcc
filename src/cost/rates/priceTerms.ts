import { t } from "../../base/text.ts";
import type { ContainerSpan } from "../span.ts";
import type { RegionKind, Terms } from "../terms.ts";
import { billedAmount, exactly, type Within } from "./billedAmount.ts";
import { minimumCores, minimumGib } from "./rates.ts";

/** What multiplies the prices of a container. */
export interface Factors {
  /** Of everything. */
  readonly region: Within;
  /** Of CPU and memory. */
  readonly preemption: Within;
}

/** What a region costs: since September 2026; a broad one cost 1.5 before (modal.com/docs/guide/region-selection). */
const regionFactors: Readonly<Record<RegionKind, number>> = { any: 1, broad: 1.15, narrow: 1.75 };
/** What CPU and memory that are not preempted cost (modal.com/docs/guide/preemption). */
const nonPreemptibleFactor = 3;
/** GiB of disk that are billed as one of memory, where that is more than the memory itself (modal.com/docs/guide/resources). */
const diskGibPerGib = 20;
/** As much CPU may be in use above the request by default (same page). */
const coresAbove = 16;
/** Memory in use has no limit by default; real apps are known to hold up to so much. */
const mostGib = 100;
/** The largest disk that can be asked for, 3 TiB (modal.com/docs/guide/resources). */
const mostDiskGib = 3072;

type Held = Pick<ContainerSpan, "appName" | "gpu" | "gpuSource" | "cpuCores" | "memoryGib">;

/** Nobody pays for not being preempted who has a GPU, and no sandbox does: there is no such sandbox. */
function mayBeKept({ gpu, gpuSource }: Held, { isSandbox }: Terms): boolean {
  return gpu === null && gpuSource !== "unknown" && isSandbox !== true;
}

export function factorsOf(held: Held, terms: Terms): Factors {
  const { region, nonPreemptible } = terms;
  const kept = mayBeKept(held, terms);
  return {
    region:
      region === null
        ? { least: 1, likely: 1, most: regionFactors.narrow }
        : exactly(regionFactors[region]),
    preemption:
      kept && nonPreemptible === null
        ? { least: 1, likely: 1, most: nonPreemptibleFactor }
        : exactly(kept && nonPreemptible === true ? nonPreemptibleFactor : 1),
  };
}

/** Cores and GiB that are billed. */
export function amountsOf(
  { cpuCores, memoryGib }: Held,
  terms: Terms,
): { readonly cores: Within; readonly gib: Within } {
  const cores = asked(terms.cores ?? cpuCores, minimumCores, minimumCores + coresAbove);
  const memory = asked(terms.gib ?? memoryGib, minimumGib, mostGib);
  const gib = largerOf(memory, diskAsMemory(terms.diskGib));
  return {
    cores:
      terms.coresInUse === null
        ? { ...cores, most: Math.max(cores.most, cores.likely + coresAbove) }
        : billedAmount(cores, terms.coresInUse, "cores"),
    gib:
      terms.gibInUse === null
        ? { ...gib, most: Math.max(gib.most, mostGib) }
        : billedAmount(gib, terms.gibInUse, "memory"),
  };
}

function asked(request: number | null, least: number, most: number): Within {
  return request === null ? { least, likely: least, most } : exactly(Math.max(request, least));
}

function diskAsMemory(diskGib: number | null): Within {
  return diskGib === null
    ? { least: 0, likely: 0, most: mostDiskGib / diskGibPerGib }
    : exactly(diskGib / diskGibPerGib);
}

function largerOf(a: Within, b: Within): Within {
  return {
    least: Math.max(a.least, b.least),
    likely: Math.max(a.likely, b.likely),
    most: Math.max(a.most, b.most),
  };
}

/** What is not known of a container's terms, in sentences. */
export function doubtsOf(held: Held, terms: Terms): readonly string[] {
  const { appName: name } = held;
  const { coresInUse, gibInUse, region, diskGib, nonPreemptible, isSandbox } = terms;
  const doubts: string[] = [];
  if ((terms.cores ?? held.cpuCores) === null || (terms.gib ?? held.memoryGib) === null)
    doubts.push(t("{0}: how much CPU and memory it asks for.", name));
  if (coresInUse === null || gibInUse === null)
    doubts.push(t("{0}: what it uses above the CPU and memory that it asks for.", name));
  if (region === null)
    doubts.push(t("{0}: whether it asks for a region (up to 1.75 × the price).", name));
  if (diskGib === null)
    doubts.push(t("{0}: how much disk it asks for (20 GiB count as 1 GiB of memory).", name));
  if (nonPreemptible === null && mayBeKept(held, terms))
    doubts.push(t("{0}: whether it may be preempted (else CPU and memory cost 3 ×).", name));
  if (isSandbox === null)
    doubts.push(t("{0}: whether it is a sandbox (CPU and memory cost 3 ×).", name));
  return doubts;
}
