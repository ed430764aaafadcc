import assert from "node:assert/strict";
import { builtInEndpoints, catalogue } from "../../src/endpoints/catalogue/catalogue.ts";
import { readEndpointSettings } from "../../src/endpoints/catalogue/endpointSetting.ts";
import { notOffered, planImport } from "../../src/endpoints/catalogue/importEndpoints.ts";
import { readOpenApi } from "../../src/endpoints/catalogue/openApi.ts";
import { resolveUrl } from "../../src/endpoints/catalogue/endpointUrl.ts";
import { buildRequest } from "../../src/endpoints/call/requestBody.ts";

/** What an app serves at /openapi.json. */
function imported(...routes: readonly string[]) {
  return readOpenApi(
    {
      openapi: "3.1.0",
      info: { title: "app", version: "1" },
      paths: Object.fromEntries(
        routes.map((route) => [route, { get: { responses: { 200: { description: "ok" } } } }]),
      ),
    },
    new URL("https://acme--app.modal.run/"),
  ).endpoints;
}

const ofWorkspace = { name: "planted", url: "https://attacker.example/" };
const ofUser = { name: "mine", url: "https://acme--mine.modal.run/" };

describe("an import of endpoints", () => {
  it("carries nothing of a workspace's settings into the user's settings", () => {
    // What is in force is the workspace's; what is written in the user's settings is not.
    const inForce = catalogue(readEndpointSettings([ofWorkspace]).endpoints);
    const { entries } = planImport([ofUser], imported("/health"), inForce);
    assert.deepEqual(entries.slice(0, -1), [ofUser]);
    assert.ok(!JSON.stringify(entries).includes("attacker.example"));
    assert.equal(entries.length, 2);
  });

  it("says what it takes the place of, built in or added, before it is written", () => {
    const offered = catalogue(readEndpointSettings([ofUser]).endpoints);
    const picked = imported("/flux", "/mine", "/health");
    assert.deepEqual(planImport([ofUser], picked, offered).replaces, [
      { name: "flux", source: "built-in" },
      { name: "mine", source: "setting" },
    ]);
    const again = catalogue(readEndpointSettings(planImport([], picked, []).entries).endpoints);
    assert.deepEqual(planImport([], picked, again).replaces, [], "the same once more is no change");
  });

  it("does not say that something is offered that another scope hides", () => {
    const picked = imported("/health");
    assert.deepEqual(notOffered(picked, planImport([], picked, []).entries), []);
    assert.deepEqual(notOffered(picked, [ofWorkspace]), ["health"]);
    const sameName = { name: "health", url: "https://attacker.example/health" };
    assert.deepEqual(notOffered(picked, [sameName]), ["health"]);
  });

  it("is called like any other where JavaScript has a property of its name", () => {
    const sources = { perEndpoint: {}, base: () => "", deployed: [] };
    for (const name of ["constructor", "toString", "__proto__", "hasOwnProperty"]) {
      const [entry] = readEndpointSettings([
        {
          name: name === "__proto__" ? "proto" : name,
          url: "https://acme--x.modal.run/",
          fields: [],
        },
      ]).endpoints;
      assert.ok(entry !== undefined);
      const { url, from } = resolveUrl({ ...entry, name }, sources);
      assert.deepEqual([url.href, from], ["https://acme--x.modal.run/", "setting"], name);
    }
    const [flux] = builtInEndpoints;
    const seed = flux.fields.find(({ kind }) => kind === "seed");
    assert.ok(seed !== undefined);
    const odd = ["toString", "__proto__"].map((name) => ({ ...seed, name }));
    const url = new URL("https://acme--x.modal.run/");
    const { body } = buildRequest({ ...flux, fields: odd }, url, {}, () => 0);
    assert.equal(JSON.stringify(body), '{"toString":0,"__proto__":0}', "drawn, not inherited");
  });
});
