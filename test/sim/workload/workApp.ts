import type { Cloud } from "../model/cloud.ts";
import type { FunctionSpec, Input } from "../model/entities.ts";
import type { Random } from "../model/random.ts";
import type { Sleep } from "./laptop.ts";

/** What the file of an app says of one of its functions. */
export type FileFacts = Pick<
  FunctionSpec,
  | "name"
  | "gpu"
  | "milliCpu"
  | "memoryMib"
  | "scaledownMs"
  | "minContainers"
  | "region"
  | "ephemeralDiskMib"
  | "nonpreemptible"
>;

/** An app in use. */
export interface WorkApp {
  readonly appId: string;
  readonly name: string;
  readonly environment: string;
  /** Who deployed it. */
  readonly by: string;
  /** "run": one `modal run`, an ephemeral app that ends with its job. */
  readonly kind: "deployed" | "run";
  /** Whether its calls come from this person's editor; else from scripts and teammates. */
  readonly isCalledFromEditor: boolean;
  /** Empty: its file is not in the folders that are open. */
  readonly file: readonly FileFacts[];
  /** The calls, in the order in which they were made; more come as time passes. */
  readonly inputs: Input[];
  /** When this person stopped it from the editor, on Modal's clock. */
  readonly stoppedAtMs: number[];
}

/** What the planners of single lives are given. */
export interface Plan {
  readonly cloud: Cloud;
  /** A generator of its own for each purpose, so that a switch changes what it is about and nothing else. */
  readonly randomFor: (purpose: string) => Random;
  readonly sleeps: readonly Sleep[];
  readonly fromMs: number;
  readonly toMs: number;
  /** Grows as jobs begin. */
  readonly apps: WorkApp[];
}

/** What a file says of functions, where it says what was deployed. */
export function factsOf(specs: Iterable<FunctionSpec>): readonly FileFacts[] {
  return [...specs].map((spec) => ({
    name: spec.name,
    gpu: spec.gpu,
    milliCpu: spec.milliCpu,
    memoryMib: spec.memoryMib,
    scaledownMs: spec.scaledownMs,
    minContainers: spec.minContainers,
    region: spec.region,
    ephemeralDiskMib: spec.ephemeralDiskMib,
    nonpreemptible: spec.nonpreemptible,
  }));
}
