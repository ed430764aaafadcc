import type { CallRecord } from "../../cost/call.ts";
import type { Endpoint } from "../../endpoints/catalogue/endpoint.ts";
import type { ResultEntry } from "../../endpoints/result/gallery.ts";
import { askedIn } from "./asked.ts";
import { parseCallInput, type CallInput } from "./callInput.ts";

/** What "Repeat" sends for a row of the results. */
export interface Repeat {
  readonly input: CallInput;
  /** This machine made that result from this input, as its ledger has it, and the row shows the same. */
  readonly isAsRecorded: boolean;
}

/**
 * What made a result: from the ledger, else from what the file beside it tells. That file comes with the
 * folder, from whoever wrote it: it is believed only where the ledger says the same of this very file.
 * @param call the call that the file beside the result names.
 */
export function repeatOf(
  {
    path,
    provenance,
  }: Pick<ResultEntry, "path"> & {
    readonly provenance: Pick<ResultEntry["provenance"], "parameters" | "prompt" | "seed">;
  },
  endpoint: Endpoint,
  call: CallRecord | undefined,
): Repeat {
  const written: CallInput = { values: provenance.parameters, files: {} };
  if (call?.source !== "editor" || call.resultPath !== path || call.endpoint !== endpoint.name)
    return { input: written, isAsRecorded: false };
  const input = parseCallInput(call.inputJson);
  if (input === undefined) return { input: written, isAsRecorded: false };
  const { prompt, seed } = askedIn(endpoint, input);
  const isAsRecorded = (prompt ?? "") === (provenance.prompt ?? "") && seed === provenance.seed;
  return { input: isAsRecorded ? input : written, isAsRecorded };
}

/** All that would be sent, as text. Nothing in it is invisible or changes the order of what is read. */
export function repeatText({ values }: CallInput): string {
  return JSON.stringify(values, null, 2).replaceAll(
    /[\p{Cf}\u2028\u2029\u3164\u115F\u1160]/gu,
    (character) =>
      Array.from({ length: character.length }, (_, at) => escaped(character.charCodeAt(at))).join(
        "",
      ),
  );
}

function escaped(codeUnit: number): string {
  return `\\u${codeUnit.toString(16).padStart(4, "0")}`;
}
