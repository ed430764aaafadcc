import { basename } from "node:path";
import * as vscode from "vscode";
import * as z from "zod/mini";
import { ownValue } from "../../base/ownValue.ts";
import { t } from "../../base/text.ts";
import { failureOf } from "../../base/failure.ts";
import { promptField, type Endpoint, type Field } from "../../endpoints/catalogue/endpoint.ts";
import type { Json } from "../../endpoints/json.ts";
import { readImage, readJsonFile } from "../../endpoints/call/fileField.ts";
import { checked, type FieldValues } from "../../endpoints/call/requestBody.ts";
import { askText, pickOne, type Choice } from "../ask.ts";
import type { CallInput } from "./callInput.ts";

/**
 * Asks for the prompt and for what is required and not known yet; everything else keeps its last or
 * its default value. undefined: turned away.
 */
export async function askShort(
  endpoint: Endpoint,
  last: CallInput,
): Promise<CallInput | undefined> {
  let input = last;
  const prompt = promptField(endpoint);
  for (const field of endpoint.fields) {
    const isPrompt = field === prompt && field.required;
    if (!isPrompt && !(field.required && !isKnown(field, input))) continue;
    const changed = await askField(endpoint, field, input);
    if (changed === undefined) return undefined;
    input = changed;
  }
  return input;
}

/** Shows every value of the endpoint, each of which can be changed, until it is sent. undefined: turned away. */
export async function askAll(endpoint: Endpoint, last: CallInput): Promise<CallInput | undefined> {
  let input = await askShort(endpoint, last);
  while (input !== undefined) {
    const current = input;
    const send: Choice<Field | "send"> = {
      label: `$(send) ${t("Send")}`,
      detail: `${endpoint.method} ${endpoint.route}`,
      value: "send",
    };
    const fields = endpoint.fields.map((field): Choice<Field | "send"> => ({
      label: field.label,
      description: shown(field, current),
      ...(field.description === null ? {} : { detail: field.description }),
      value: field,
    }));
    const picked = await pickOne(
      t("Invoke {0}", endpoint.title),
      t("Send, or pick a value to change"),
      [send, ...fields],
    );
    if (picked === undefined) return undefined;
    if (picked === "send") return current;
    input = (await askField(endpoint, picked, current)) ?? current;
  }
  return undefined;
}

/** The values of a call with its files read. Throws a `Failure` when a file cannot be used. */
export async function withFiles(
  endpoint: Endpoint,
  input: CallInput,
): Promise<{
  readonly values: FieldValues;
  readonly shownFiles: Readonly<Record<string, string>>;
}> {
  const values: Record<string, Json | undefined> = { ...input.values };
  const shownFiles: Record<string, string> = {};
  for (const field of endpoint.fields) {
    const path = ownValue(input.files, field.name);
    if (path === undefined) continue;
    if (field.kind !== "image" && field.kind !== "jsonFile") continue;
    const file = await (field.kind === "image"
      ? readImage(field, path)
      : readJsonFile(field, path));
    values[field.name] = file.value;
    shownFiles[field.name] = file.shown;
  }
  return { values, shownFiles };
}

async function askField(
  endpoint: Endpoint,
  field: Field,
  input: CallInput,
): Promise<CallInput | undefined> {
  switch (field.kind) {
    case "image":
    case "jsonFile":
      return askFile(endpoint, field.name, field.label, field.kind, input);
    case "boolean":
      return picked(endpoint, field, input, [true, false]);
    case "choice":
      return picked(endpoint, field, input, field.choices);
    default: {
      const text = await askText({
        title: t("Invoke {0}", endpoint.title),
        prompt: field.description === null ? field.label : `${field.label}. ${field.description}`,
        value: textOf(field, ownValue(input.values, field.name)),
        check: (entered) => problemOf(field, entered),
      });
      if (text === undefined) return undefined;
      return withValue(input, field.name, valueOf(field, text));
    }
  }
}

async function picked(
  endpoint: Endpoint,
  field: Field,
  input: CallInput,
  choices: readonly (string | number | boolean)[],
): Promise<CallInput | undefined> {
  const value = await pickOne(
    t("Invoke {0}", endpoint.title),
    field.label,
    choices.map((choice) => ({ label: String(choice), value: choice })),
  );
  return value === undefined ? undefined : withValue(input, field.name, value);
}

async function askFile(
  endpoint: Endpoint,
  name: string,
  label: string,
  kind: "image" | "jsonFile",
  input: CallInput,
): Promise<CallInput | undefined> {
  const filters: Record<string, string[]> =
    kind === "image" ? { Images: ["png", "jpg", "jpeg", "webp", "gif"] } : { JSON: ["json"] };
  const [file] =
    (await vscode.window.showOpenDialog({
      title: t("{0} for {1}", label, endpoint.title),
      openLabel: t("Use"),
      canSelectMany: false,
      filters,
    })) ?? [];
  if (file === undefined) return undefined;
  return { ...input, files: { ...input.files, [name]: file.fsPath } };
}

function isKnown(field: Field, input: CallInput): boolean {
  if (ownValue(input.files, field.name) !== undefined) return true;
  try {
    return checked(field, ownValue(input.values, field.name)) !== undefined;
  } catch {
    return false;
  }
}

function withValue(input: CallInput, name: string, value: Json | undefined): CallInput {
  const { [name]: _before, ...rest } = input.values;
  return { ...input, values: value === undefined ? rest : { ...input.values, [name]: value } };
}

/** What is wrong with an entered text, in words; undefined: it is fine. */
function problemOf(field: Field, text: string): string | undefined {
  try {
    checked(field, valueOf(field, text));
    return undefined;
  } catch (error) {
    return failureOf(error)?.message ?? String(error);
  }
}

function valueOf(field: Field, text: string): Json | undefined {
  if (text.trim() === "") return undefined;
  switch (field.kind) {
    case "number":
    case "integer":
    case "seed": {
      const value = Number(text);
      return Number.isFinite(value) ? value : text;
    }
    case "json": {
      const parsed = z.safeParse(z.json(), parseJson(text));
      return parsed.success ? parsed.data : text;
    }
    default:
      return text;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function textOf(field: Field, value: Json | undefined): string {
  const initial = value ?? defaultOf(field);
  if (initial === undefined || initial === null) return "";
  return typeof initial === "string" ? initial : JSON.stringify(initial);
}

function defaultOf(field: Field): Json | undefined {
  return "default" in field ? (field.default ?? undefined) : undefined;
}

function shown(field: Field, input: CallInput): string {
  const path = ownValue(input.files, field.name);
  if (path !== undefined) return basename(path);
  const text = textOf(field, ownValue(input.values, field.name));
  if (text === "") return field.kind === "seed" ? t("random") : "";
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
