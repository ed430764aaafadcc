import type {
  Endpoint,
  Field,
  ImageField,
  JsonFileField,
  LoraField,
  NumberField,
  SeedField,
  TextField,
} from "./endpoint.ts";
import type { ResultKind } from "../resultKind.ts";

const mebibyte = 1024 * 1024;

function text(name: string, label: string, extra: Partial<TextField> = {}): TextField {
  return {
    kind: "text",
    name,
    label,
    description: null,
    required: false,
    place: "body",
    default: null,
    maxLength: 10_000,
    isPrompt: false,
    ...extra,
  };
}

function number(
  kind: "number" | "integer",
  name: string,
  label: string,
  value: number,
  [minimum, maximum]: readonly [number, number],
  multipleOf: number | null = null,
): NumberField {
  return {
    kind,
    name,
    label,
    description: null,
    required: false,
    place: "body",
    default: value,
    minimum,
    maximum,
    multipleOf,
  };
}

const seed: SeedField = {
  kind: "seed",
  name: "seed",
  label: "Seed",
  description: "Empty: a random seed is drawn and kept with the result.",
  required: false,
  place: "body",
  minimum: 0,
  // NumPy and ComfyUI nodes share this range; larger seeds are refused by some samplers.
  maximum: 4_294_967_295,
};

const referenceImage: ImageField = {
  kind: "image",
  name: "reference_image",
  label: "Reference image of the face",
  description: "PNG, JPEG or WebP.",
  required: true,
  place: "body",
  encoding: "dataUrl",
  maxBytes: 20 * mebibyte,
};

const loraId: LoraField = {
  kind: "lora",
  name: "lora_id",
  label: "LoRA id",
  description: "As the app knows it, without the file's path.",
  required: true,
  place: "body",
  default: null,
};

const workflowFile: JsonFileField = {
  kind: "jsonFile",
  name: "workflow",
  label: "ComfyUI workflow (API format)",
  description: "In ComfyUI: Workflow, Export (API).",
  required: true,
  place: "body",
  maxBytes: 20 * mebibyte,
};

const prompt = text("prompt", "Prompt", { required: true, isPrompt: true });
const negativePrompt = text("negative_prompt", "Negative prompt", { default: "" });

function picture(steps: number, cfg: number): readonly Field[] {
  return [
    prompt,
    negativePrompt,
    number("integer", "width", "Width in pixels", 1024, [64, 4096], 8),
    number("integer", "height", "Height in pixels", 1024, [64, 4096], 8),
    number("integer", "steps", "Steps", steps, [1, 200]),
    number("number", "cfg", "CFG scale", cfg, [0, 30]),
    seed,
  ];
}

function builtIn(
  name: string,
  title: string,
  expects: ResultKind,
  seconds: readonly [number, number] | null,
  fields: readonly Field[],
  fixed: Endpoint["fixed"] = {},
): Endpoint {
  return {
    name,
    title,
    description: null,
    route: `/${name}`,
    method: "POST",
    fields,
    fixed,
    expects,
    typicalSeconds: seconds === null ? null : { low: seconds[0], high: seconds[1] },
    source: "built-in",
    url: null,
  };
}

/**
 * The six routes of a ComfyUI app on Modal, with the bodies that the public app of this layout
 * reads and its stated handler times (warm, without cold start). Money is not here: it is seconds
 * times the rate in force, then the user's own history.
 */
export const builtInEndpoints: readonly Endpoint[] = [
  builtIn("flux", "Flux Schnell", "image", [3, 5], picture(4, 1)),
  builtIn("flux-dev", "Flux Dev", "image", [10, 20], picture(20, 1)),
  builtIn(
    "flux-instantid",
    "Flux Dev with InstantID",
    "image",
    [15, 25],
    [
      ...picture(20, 1),
      referenceImage,
      number("number", "instantid_strength", "InstantID strength", 0.8, [0, 2]),
      number("number", "controlnet_strength", "ControlNet strength", 0.8, [0, 2]),
    ],
    { face_provider: "CPU" },
  ),
  builtIn(
    "flux-lora",
    "Flux Dev with LoRA",
    "image",
    [12, 18],
    [
      ...picture(20, 1),
      loraId,
      number("number", "lora_strength", "LoRA strength", 1, [-5, 5]),
      text("trigger_word", "Trigger word"),
    ],
  ),
  builtIn(
    "wan2",
    "Wan 2.1 text to video",
    "video",
    [60, 120],
    [
      prompt,
      negativePrompt,
      number("integer", "width", "Width in pixels", 832, [64, 4096], 8),
      number("integer", "height", "Height in pixels", 480, [64, 4096], 8),
      number("integer", "length", "Frames", 33, [1, 1000]),
      number("integer", "steps", "Steps", 30, [1, 200]),
      number("number", "cfg", "CFG scale", 6, [0, 30]),
      number("integer", "fps", "Frames per second", 16, [1, 120]),
      seed,
    ],
  ),
  builtIn("workflow", "Custom ComfyUI workflow", "any", null, [
    workflowFile,
    { ...prompt, required: false },
  ]),
];

/** Built-in endpoints and the user's own; one of the user's replaces a built-in one of the same name. */
export function catalogue(own: readonly Endpoint[]): readonly Endpoint[] {
  const names = new Set(own.map((endpoint) => endpoint.name));
  return [...builtInEndpoints.filter((endpoint) => !names.has(endpoint.name)), ...own];
}
