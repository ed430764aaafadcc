import { t } from "../../base/text.ts";
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

const seed = (): SeedField => ({
  kind: "seed",
  name: "seed",
  label: t("Seed"),
  description: t("Empty: a random seed is drawn and kept with the result."),
  required: false,
  place: "body",
  minimum: 0,
  // NumPy and ComfyUI nodes share this range; larger seeds are refused by some samplers.
  maximum: 4_294_967_295,
});

const referenceImage = (): ImageField => ({
  kind: "image",
  name: "reference_image",
  label: t("Reference image of the face"),
  description: t("PNG, JPEG or WebP."),
  required: true,
  place: "body",
  encoding: "dataUrl",
  maxBytes: 20 * mebibyte,
});

const loraId = (): LoraField => ({
  kind: "lora",
  name: "lora_id",
  label: t("LoRA id"),
  description: t("As the app knows it, without the file's path."),
  required: true,
  place: "body",
  default: null,
});

const workflowFile = (): JsonFileField => ({
  kind: "jsonFile",
  name: "workflow",
  label: t("ComfyUI workflow (API format)"),
  description: t("In ComfyUI: Workflow, Export (API)."),
  required: true,
  place: "body",
  maxBytes: 20 * mebibyte,
});

const prompt = (): TextField => text("prompt", t("Prompt"), { required: true, isPrompt: true });
const negativePrompt = (): TextField =>
  text("negative_prompt", t("Negative prompt"), { default: "" });

function picture(steps: number, cfg: number): readonly Field[] {
  return [
    prompt(),
    negativePrompt(),
    number("integer", "width", t("Width in pixels"), 1024, [64, 4096], 8),
    number("integer", "height", t("Height in pixels"), 1024, [64, 4096], 8),
    number("integer", "steps", t("Steps"), steps, [1, 200]),
    number("number", "cfg", t("CFG scale"), cfg, [0, 30]),
    seed(),
  ];
}

interface Entry<Command extends string> extends Pick<Endpoint, "name" | "model" | "expects"> {
  readonly title: () => string;
  readonly fields: () => readonly Field[];
  /** The command of the palette that calls it, without "modalMeter."; its title is in package.json. */
  readonly command: Command;
  /** Stated handler time, warm, from and to; null where nobody said. */
  readonly seconds: readonly [number, number] | null;
  readonly fixed?: Endpoint["fixed"];
}

/** An endpoint that has a command of its own. */
export type BuiltInEndpoint<Command extends string = string> = Endpoint & {
  readonly command: Command;
};

function builtIn<Command extends string>({
  seconds,
  fixed = {},
  title,
  fields,
  ...entry
}: Entry<Command>): BuiltInEndpoint<Command> {
  let made: readonly Field[] | undefined;
  return {
    ...entry,
    // Asked for at the first use: the language is known later than this module.
    get title() {
      return title();
    },
    // The same each time: a field is known again by its identity.
    get fields() {
      made ??= fields();
      return made;
    },
    fixed,
    description: null,
    route: `/${entry.name}`,
    method: "POST",
    typicalSeconds: seconds === null ? null : { low: seconds[0], high: seconds[1] },
    source: "built-in",
    url: null,
  };
}

/**
 * The six routes of a ComfyUI app on Modal, with the bodies that the public app of this layout
 * reads and its stated handler times (warm, without cold start). Money is not here: it is seconds
 * times the rate in force, then the user's own history. An entry here, and its command's title in
 * package.json, is all that a new one needs.
 */
export const builtInEndpoints = [
  builtIn({
    command: "invokeFlux",
    name: "flux",
    title: () => t("Flux Schnell"),
    model: "Flux Schnell", // not translated: a name
    expects: "image",
    seconds: [3, 5],
    fields: () => picture(4, 1),
  }),
  builtIn({
    command: "invokeFluxDev",
    name: "flux-dev",
    title: () => t("Flux Dev"),
    model: "Flux Dev", // not translated: a name
    expects: "image",
    seconds: [10, 20],
    fields: () => picture(20, 1),
  }),
  builtIn({
    command: "invokeFluxInstantId",
    name: "flux-instantid",
    title: () => t("Flux Dev with InstantID"),
    model: "Flux Dev + InstantID", // not translated: a name
    expects: "image",
    seconds: [15, 25],
    fields: () => [
      ...picture(20, 1),
      referenceImage(),
      number("number", "instantid_strength", t("InstantID strength"), 0.8, [0, 2]),
      number("number", "controlnet_strength", t("ControlNet strength"), 0.8, [0, 2]),
    ],
    fixed: { face_provider: "CPU" },
  }),
  builtIn({
    command: "invokeFluxLora",
    name: "flux-lora",
    title: () => t("Flux Dev with LoRA"),
    model: "Flux Dev + LoRA", // not translated: a name
    expects: "image",
    seconds: [12, 18],
    fields: () => [
      ...picture(20, 1),
      loraId(),
      number("number", "lora_strength", t("LoRA strength"), 1, [-5, 5]),
      text("trigger_word", t("Trigger word")),
    ],
  }),
  builtIn({
    command: "invokeWan2",
    name: "wan2",
    title: () => t("Wan 2.1"),
    model: "Wan 2.1", // not translated: a name
    expects: "video",
    seconds: [60, 120],
    fields: () => [
      prompt(),
      negativePrompt(),
      number("integer", "width", t("Width in pixels"), 832, [64, 4096], 8),
      number("integer", "height", t("Height in pixels"), 480, [64, 4096], 8),
      number("integer", "length", t("Frames"), 33, [1, 1000]),
      number("integer", "steps", t("Steps"), 30, [1, 200]),
      number("number", "cfg", t("CFG scale"), 6, [0, 30]),
      number("integer", "fps", t("Frames per second"), 16, [1, 120]),
      seed(),
    ],
  }),
  builtIn({
    command: "invokeWorkflow",
    name: "workflow",
    title: () => t("Custom ComfyUI workflow"),
    model: "Custom workflow", // not translated: a name
    expects: "any",
    seconds: null,
    fields: () => [workflowFile(), { ...prompt(), required: false }],
  }),
] as const;

/** The commands of the palette that call one endpoint each. */
export type EndpointCommand = (typeof builtInEndpoints)[number]["command"];

/** Built-in endpoints and the user's own; one of the user's replaces a built-in one of the same name. */
export function catalogue(fromSettings: readonly Endpoint[]): readonly Endpoint[] {
  const names = new Set(fromSettings.map((endpoint) => endpoint.name));
  return [...builtInEndpoints.filter((endpoint) => !names.has(endpoint.name)), ...fromSettings];
}
