import assert from "node:assert/strict";
import { builtInEndpoints } from "../../../../src/endpoints/catalogue/catalogue.ts";
import { readEndpointSettings } from "../../../../src/endpoints/catalogue/endpointSetting.ts";
import { settingOf } from "../../../../src/endpoints/catalogue/settingOf.ts";

describe("settingOf", () => {
  for (const { command: _, ...endpoint } of builtInEndpoints) {
    it(`writes ${endpoint.name} so that it is read back as it was`, () => {
      const written: unknown = JSON.parse(JSON.stringify(settingOf(endpoint)));
      assert.deepEqual(readEndpointSettings([written]).endpoints, [
        { ...endpoint, source: "setting" },
      ]);
    });
  }
});
