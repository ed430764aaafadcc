import assert from "node:assert/strict";
import { builtInEndpoints, catalogue } from "../../../../src/endpoints/catalogue/catalogue.ts";
import type { Endpoint } from "../../../../src/endpoints/catalogue/endpoint.ts";
import {
  readEndpointSettings,
  wrongEndpoint,
} from "../../../../src/endpoints/catalogue/endpointSetting.ts";
import { buildRequest, type FieldValues } from "../../../../src/endpoints/call/requestBody.ts";

function endpoint(name: string): Endpoint {
  const found = builtInEndpoints.find((each) => each.name === name);
  assert.ok(found);
  return found;
}

const url = new URL("https://a.modal.run/x");
const half = (): number => 0.5;

function body(name: string, values: FieldValues): unknown {
  return buildRequest(endpoint(name), url, values, half).body;
}

describe("request body", () => {
  it("of the six routes is what their app reads", () => {
    const prompt = "a fox";
    const picture = { prompt, negative_prompt: "", width: 1024, height: 1024, cfg: 1, seed: 9 };
    assert.deepEqual(body("flux", { prompt, seed: 9 }), { ...picture, steps: 4 });
    assert.deepEqual(body("flux-dev", { prompt, seed: 9 }), { ...picture, steps: 20 });
    const reference_image = "data:image/png;base64,AAAA";
    assert.deepEqual(body("flux-instantid", { prompt, seed: 9, reference_image }), {
      ...picture,
      steps: 20,
      reference_image,
      instantid_strength: 0.8,
      controlnet_strength: 0.8,
      face_provider: "CPU",
    });
    assert.deepEqual(body("flux-lora", { prompt, seed: 9, lora_id: "ink", trigger_word: "inky" }), {
      ...picture,
      steps: 20,
      lora_id: "ink",
      lora_strength: 1,
      trigger_word: "inky",
    });
    assert.deepEqual(body("wan2", { prompt, seed: 9 }), {
      prompt,
      negative_prompt: "",
      width: 832,
      height: 480,
      length: 33,
      steps: 30,
      cfg: 6,
      fps: 16,
      seed: 9,
    });
    const workflow = { "1": { class_type: "KSampler" } };
    assert.deepEqual(body("workflow", { workflow }), { workflow });
  });

  it("draws a seed and tells it, so that the result can be made again", () => {
    const request = buildRequest(endpoint("flux"), url, { prompt: "a fox" }, half);
    assert.equal(request.seed, 2_147_483_648);
    assert.equal(request.body?.["seed"], 2_147_483_648);
    assert.equal(request.sent["seed"], 2_147_483_648);
    assert.equal(request.prompt, "a fox");
    const largest = buildRequest(endpoint("flux"), url, { prompt: "x" }, () => 1 - 2 ** -53);
    assert.equal(largest.seed, 4_294_967_295);
  });

  it("is refused with the field's name before it costs anything", () => {
    const cases: readonly (readonly [string, FieldValues, RegExp])[] = [
      ["flux", {}, /prompt.*must not be empty/],
      ["flux", { prompt: "" }, /prompt.*must not be empty/],
      ["flux", { prompt: 5 }, /prompt.*must be a text/],
      ["flux", { prompt: "x".repeat(10_001) }, /prompt.*at most 10000/],
      ["flux", { prompt: "x", width: 1001 }, /width.*multiple of 8/],
      ["flux", { prompt: "x", width: 8 }, /width.*64 or more/],
      ["flux", { prompt: "x", steps: 4.5 }, /steps.*whole number/],
      ["flux", { prompt: "x", steps: "4" }, /steps.*must be a number/],
      ["flux", { prompt: "x", seed: -1 }, /seed.*0 or more/],
      ["flux-instantid", { prompt: "x" }, /reference_image.*must not be empty/],
      ["flux-lora", { prompt: "x" }, /lora_id.*must not be empty/],
      ["workflow", { workflow: "x" }, /workflow.*JSON object/],
    ];
    for (const [name, values, message] of cases) {
      assert.throws(() => body(name, values), { reason: "invalid-argument", message });
    }
  });

  it("of a GET endpoint is its query", () => {
    const { endpoints } = readEndpointSettings([
      {
        name: "search",
        method: "GET",
        fields: [
          { kind: "text", name: "prompt" },
          { kind: "boolean", name: "raw" },
        ],
      },
    ]);
    const [own] = endpoints;
    assert.ok(own);
    const request = buildRequest(own, url, { prompt: "a & b", raw: false }, half);
    assert.equal(request.body, null);
    assert.equal(request.url.search, "?prompt=a+%26+b&raw=false");
  });
});

describe("endpoint settings", () => {
  it("make a full endpoint of a name alone", () => {
    const [own] = readEndpointSettings([{ name: "my-model" }]).endpoints;
    assert.equal(own?.route, "/my-model");
    assert.equal(own?.method, "POST");
    assert.deepEqual(
      own?.fields.map(({ name, required }) => [name, required]),
      [["prompt", true]],
    );
  });

  it("replace a built-in endpoint of the same name", () => {
    const own = readEndpointSettings([{ name: "flux", route: "/v2/flux" }]).endpoints;
    const all = catalogue(own);
    assert.equal(all.length, 6);
    assert.equal(all.find(({ name }) => name === "flux")?.route, "/v2/flux");
  });

  it("that are wrong are named down to the key", () => {
    const cases: readonly (readonly [unknown, RegExp])[] = [
      [{}, /modalMeter\.endpoints\[0\]\["name"\]/],
      [{ name: "a b" }, /\["name"\] is wrong: must look like/],
      [{ name: "a", route: "x" }, /\["route"\] is wrong: must begin/],
      [{ name: "a", url: "http://a.example" }, /\["url"\].*https/],
      [{ name: "a", colour: 1 }, /colour/],
      [{ name: "a", fields: [{ kind: "text" }] }, /\["fields"\]\[0\]\["name"\]/],
      [{ name: "a", fields: [{ kind: "txt", name: "x" }] }, /\["fields"\]\[0\]/],
      [
        {
          name: "a",
          fields: [
            { kind: "text", name: "x" },
            { kind: "text", name: "x" },
          ],
        },
        /"x" occurs twice/,
      ],
      [{ name: "a", typicalSeconds: [5, 1] }, /typicalSeconds/],
      ["flux", /modalMeter\.endpoints\[0\]/],
    ];
    for (const [value, message] of cases) {
      const { endpoints, wrong } = readEndpointSettings([value]);
      assert.deepEqual(endpoints, []);
      const [entry] = wrong;
      assert.ok(entry);
      const failure = wrongEndpoint(entry);
      assert.equal(failure.reason, "bad-setting");
      assert.match(failure.message, message);
    }
    const twice = readEndpointSettings([{ name: "a" }, { name: "a" }]);
    assert.deepEqual(twice.wrong, [
      { name: "a", path: '[1]["name"]', message: '"a" occurs twice' },
    ]);
  });

  it("that are wrong do no harm to the others", () => {
    const { endpoints, wrong } = readEndpointSettings([
      { name: "good" },
      { name: "flux", method: "PUT" },
      { title: "nameless" },
    ]);
    assert.deepEqual(
      endpoints.map(({ name }) => name),
      ["good"],
    );
    assert.deepEqual(
      wrong.map(({ name, path }) => [name, path]),
      [
        ["flux", '[1]["method"]'],
        [null, '[2]["name"]'],
      ],
    );
  });
});
