// The program of the thread that writes to the ledger for a window (threadWriter.ts).
import { parentPort, workerData } from "node:worker_threads";
import * as z from "zod/mini";
import { useTexts } from "../../base/text.ts";
import { systemClock } from "../../base/systemClock.ts";
import { LedgerWriter } from "./ledgerWriter.ts";
import { answerCell } from "./threadMessage.ts";
import type { FromWriter, ToWriter } from "./threadMessage.ts";

const port = parentPort;
if (port === null) throw new Error("This is the program of a thread.");
const tell = (message: FromWriter): void => port.postMessage(message);

const { texts, ...options } = z.parse(
  z.object({
    path: z.string(),
    busyTimeoutMs: z.number(),
    texts: z.optional(z.object({ language: z.string(), bundle: z.record(z.string(), z.string()) })),
  }),
  workerData,
);
useTexts(texts);

const writer = new LedgerWriter({
  ...options,
  clock: systemClock,
  events: {
    opened: (file, news) => tell({ kind: "opened", file, news }),
    failed: (message, file) => tell({ kind: "failed", message, file }),
    written: (number) => tell({ kind: "written", number }),
    refused: (error) => tell({ kind: "refused", text: textOf(error) }),
  },
});

port.on("message", (message: ToWriter) => {
  switch (message.kind) {
    case "write":
      writer.write(message.batch);
      break;
    case "ask":
      answerCell(message.cell, (isWanted) => writer.ask(message.question, isWanted));
      break;
    case "reopen":
      writer.reopen();
      break;
    case "close":
      void writer.close(message.last).finally(() => port.close());
      break;
  }
});

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
