import { basename } from "node:path";
import { ownValue } from "../../base/ownValue.ts";
import { promptField, type Endpoint } from "../../endpoints/catalogue/endpoint.ts";
import type { JsonObject } from "../../endpoints/json.ts";
import type { BuiltRequest } from "../../endpoints/call/requestBody.ts";
import type { CallInput } from "./callInput.ts";

/** What was asked, for the file's name and its provenance. */
export interface Asked {
  readonly prompt: string | null;
  readonly seed: number | null;
  readonly parameters: JsonObject;
}

/** What was asked, from the ledger's row of a call. */
export function askedIn(endpoint: Endpoint, { values, files }: CallInput): Asked {
  const field = promptField(endpoint);
  const prompt = field === undefined ? undefined : ownValue(values, field.name);
  const seedField = endpoint.fields.find(({ kind }) => kind === "seed");
  const seed = seedField === undefined ? undefined : ownValue(values, seedField.name);
  return {
    prompt: typeof prompt === "string" ? prompt : null,
    seed: typeof seed === "number" ? seed : null,
    parameters: {
      ...values,
      ...Object.fromEntries(Object.entries(files).map(([name, path]) => [name, basename(path)])),
    },
  };
}

/** All that was sent, with the drawn seed and every default: "Repeat" makes the same result again. Files stay paths. */
export function sentInput({ files }: CallInput, { sent }: BuiltRequest): CallInput {
  const values = Object.entries(sent).filter(([name]) => ownValue(files, name) === undefined);
  return { values: Object.fromEntries(values), files };
}
