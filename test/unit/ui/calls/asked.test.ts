import assert from "node:assert/strict";
import { emptyCall } from "../../../../src/cost/call.ts";
import type { Endpoint } from "../../../../src/endpoints/catalogue/endpoint.ts";
import { builtInEndpoints } from "../../../../src/endpoints/catalogue/catalogue.ts";
import { askedIn } from "../../../../src/ui/calls/asked.ts";
import { repeatOf } from "../../../../src/ui/calls/repeat.ts";

const [flux] = builtInEndpoints;
/** An app that calls its seed by another name, as many do. */
function seededBy(name: string): Endpoint {
  const common = { label: "", description: null, required: false, place: "body" } as const;
  const seed = { ...common, kind: "seed", name, minimum: 0, maximum: 2 ** 32 } as const;
  const others = flux.fields.filter(({ kind }) => kind !== "seed");
  return { ...flux, fields: [...others, seed] };
}

describe("what was asked", () => {
  for (const name of ["seed", "noise_seed", "random_seed"])
    it(`has the seed by the name of its field, ${name}, and is recognised as this machine's`, () => {
      const endpoint = seededBy(name);
      const input = { values: { prompt: "a fox", [name]: 42 }, files: {} };
      assert.equal(askedIn(endpoint, input).seed, 42);
      const call = {
        ...emptyCall({
          callId: "c-1",
          scope: "acme/main",
          source: "editor",
          startedAtMs: 0,
          status: "succeeded",
        }),
        endpoint: endpoint.name,
        resultPath: "/r/fox.png",
        inputJson: JSON.stringify(input),
      };
      const provenance = { prompt: "a fox", seed: 42, parameters: {} };
      const row = { path: "/r/fox.png", provenance };
      assert.deepEqual(repeatOf(row, endpoint, call), { input, isAsRecorded: true });
    });
});
