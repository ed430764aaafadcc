import assert from "node:assert/strict";
import { builtInEndpoints } from "../../../../src/endpoints/catalogue/catalogue.ts";
import { promptField } from "../../../../src/endpoints/catalogue/endpoint.ts";

describe("the built-in endpoints", () => {
  it("have the same fields each time: who asks for the prompt knows it again among them", () => {
    for (const endpoint of builtInEndpoints) {
      const prompt = promptField(endpoint);
      if (prompt !== undefined) assert.ok(endpoint.fields.includes(prompt), endpoint.name);
    }
    assert.ok(builtInEndpoints.some((endpoint) => promptField(endpoint)?.required === true));
  });
});
