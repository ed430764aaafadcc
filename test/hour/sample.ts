import * as z from "zod/mini";

/** What a window holds at one moment of the hour. */
export const sampleSchema = z.object({
  minutes: z.number(),
  /** After two collections. */
  heapMb: z.number(),
  rssMb: z.number(),
  handles: z.number(),
  /** Open files, by /proc; 0 where there is none. */
  files: z.number(),
  /** Processor time since the last moment, all threads, as a share of one processor. */
  cpuPercent: z.number(),
  /** The longest turn of the loop since the last moment: its own work, without the waits of a busy machine. */
  turnMs: z.number(),
  ledgerKb: z.number(),
  walKb: z.number(),
  /** Since the last moment. */
  logLines: z.number(),
  looks: z.number(),
});
export type Sample = z.output<typeof sampleSchema>;

export const messageSchema = z.union([
  z.object({ kind: z.literal("open") }),
  z.object({ kind: z.literal("sample"), sample: sampleSchema }),
  z.object({ kind: z.literal("log"), level: z.string(), text: z.string() }),
  z.object({ kind: z.literal("closed") }),
]);
export type Message = z.output<typeof messageSchema>;

/** What the parent asks of a window. */
export const orderSchema = z.union([
  z.object({ kind: z.literal("sample") }),
  z.object({ kind: z.literal("call"), url: z.string() }),
  z.object({ kind: z.literal("focus"), isFocused: z.boolean() }),
  z.object({ kind: z.literal("close") }),
]);
export type Order = z.output<typeof orderSchema>;

export const windowOptionsSchema = z.object({
  name: z.string(),
  ledgerFile: z.string(),
  env: z.record(z.string(), z.string()),
});
export type WindowOptions = z.output<typeof windowOptionsSchema>;
