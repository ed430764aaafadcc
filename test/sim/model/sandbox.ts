import type { Container } from "./entities.ts";
import type { GpuSpec } from "./rates.ts";

/** What a sandbox is asked for with. */
export interface SandboxRequest {
  readonly appId: string;
  readonly name?: string;
  readonly gpu?: GpuSpec | null;
  readonly milliCpu?: number;
  readonly memoryMib?: number;
  /** It ends by itself after this much virtual time. */
  readonly timeoutMs?: number;
  readonly queueMs?: number;
  readonly bootMs?: number;
  /** Of the second kind, which since 1.6 a CPU sandbox may be: it is no task, and tells no times. */
  readonly isUntimed?: boolean;
}

/** A sandbox: a container that runs until it is terminated, at three times the CPU and memory rates. */
export interface Sandbox {
  readonly id: string;
  readonly appId: string;
  readonly name: string;
  readonly createdAtMs: number;
  readonly timeoutMs: number;
  readonly isUntimed: boolean;
  readonly container: Container;
}
