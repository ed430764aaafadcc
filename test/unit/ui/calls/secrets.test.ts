import assert from "node:assert/strict";
import { builtInEndpoints } from "../../../../src/endpoints/catalogue/catalogue.ts";
import type { Endpoint } from "../../../../src/endpoints/catalogue/endpoint.ts";
import { secretsOf } from "../../../../src/ui/calls/secrets.ts";

const [flux] = builtInEndpoints;
const common = { label: "", description: null, required: true, place: "body" } as const;
const comfy: Endpoint = {
  ...flux,
  fields: [{ ...common, kind: "jsonFile", name: "workflow", maxBytes: 1_000_000 }],
};

describe("what is secret of a picked workflow", () => {
  it("is what a person wrote, and no name of a class, a model or a device", () => {
    const workflow = {
      "3": {
        class_type: "KSampler",
        inputs: { seed: 4, sampler_name: "euler", device: "cuda", out: "out", model: ["4", 0] },
        _meta: { title: "The best of all samplers" },
      },
      "4": {
        class_type: "CheckpointLoaderSimple",
        inputs: { ckpt_name: "sd_xl_base_1.0.safetensors" },
      },
      "6": { class_type: "CLIPTextEncode", inputs: { text: "owl", clip: ["4", 1] } },
      "7": { class_type: "Note", inputs: { remark: "for the birthday of Ada", api_key: "k-123" } },
      "8": { class_type: "Other", inputs: { words: "雪の中の赤い狐" } },
    };
    assert.deepEqual(secretsOf(comfy, { workflow: { prompt: workflow } }), [
      "owl",
      "for the birthday of Ada",
      "k-123",
      "雪の中の赤い狐",
    ]);
  });
});
