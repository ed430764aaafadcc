import * as vscode from "vscode";
import * as z from "zod/mini";
import { t } from "../../base/text.ts";
import { builtInEndpoints } from "../../endpoints/catalogue/catalogue.ts";
import { promptField, type Endpoint } from "../../endpoints/catalogue/endpoint.ts";
import { pickOne } from "../ask.ts";
import { estimateOf, estimateText, mayCost } from "../calls/estimate.ts";
import { callInput, emptyInput, type CallInput } from "../calls/callInput.ts";
import { askAll, askShort } from "../calls/input.ts";
import { inputKey } from "../calls/calls.ts";
import { endpointsOf } from "../calls/plan.ts";
import { askTokenFirst } from "../calls/token.ts";
import { command, type Command } from "../command.ts";
import type { AppServices } from "./appServices.ts";
import { sayInfo } from "../say.ts";
import { maySpend } from "../trust.ts";

/** What the functions here work with. */
type InvokeServices = Pick<
  AppServices,
  | "budgets"
  | "calls"
  | "clock"
  | "connection"
  | "ledger"
  | "meter"
  | "project"
  | "settings"
  | "tokens"
>;

export const invokeCommands: readonly Command<AppServices>[] = [
  ...builtInEndpoints.map(({ command: id, name }) =>
    command(id, (services: InvokeServices, file) =>
      invoke(services, services.calls.endpoint(name), "short", file),
    ),
  ),
  command("invokeEndpoint", async (services: InvokeServices) => {
    const endpoint = await pickEndpoint(services);
    if (endpoint !== undefined) await invoke(services, endpoint, "all");
  }),
  command("invokeWithSelection", async (services: InvokeServices) => {
    const editor = vscode.window.activeTextEditor;
    const text = editor?.document.getText(editor.selection).trim() ?? "";
    if (text === "") {
      await sayInfo(t("Select the text of a prompt in an editor first."));
      return;
    }
    const endpoint = await pickEndpoint(services, (one) => promptField(one) !== undefined);
    if (endpoint !== undefined) await invokeWith(services, endpoint, text);
  }),
  command("repeatLastCall", async (services: InvokeServices) => {
    const name = services.ledger.recall("lastEndpoint", z.string());
    if (name === undefined) {
      await sayInfo(t("No call has been made yet."));
      return;
    }
    const endpoint = services.calls.endpoint(name);
    if (await isReady(services, endpoint))
      await send(services, endpoint, lastInput(services, endpoint));
  }),
];

async function pickEndpoint(
  services: InvokeServices,
  fits: (endpoint: Endpoint) => boolean = () => true,
): Promise<Endpoint | undefined> {
  return pickOne(
    t("Invoke an Endpoint"),
    t("Which one?"),
    endpointsOf(services)
      .filter(fits)
      .map((endpoint) => ({
        label: endpoint.title,
        description: endpoint.route,
        detail: estimateText(estimateOf(services, endpoint).estimate),
        value: endpoint,
      })),
  );
}

async function invoke(
  services: InvokeServices,
  endpoint: Endpoint,
  how: "short" | "all",
  /** Absolute path of a file for the endpoint's field that takes one. */
  file?: string,
): Promise<void> {
  if (!(await isReady(services, endpoint))) return;
  let last = lastInput(services, endpoint);
  if (file !== undefined) {
    const field = endpoint.fields.find(({ kind }) => kind === "jsonFile");
    if (field !== undefined) last = { ...last, files: { ...last.files, [field.name]: file } };
  }
  const input = await (how === "short" ? askShort(endpoint, last) : askAll(endpoint, last));
  if (input !== undefined) await send(services, endpoint, input);
}

async function invokeWith(
  services: InvokeServices,
  endpoint: Endpoint,
  prompt: string,
): Promise<void> {
  if (!(await isReady(services, endpoint))) return;
  const field = promptField(endpoint);
  const last = lastInput(services, endpoint);
  const values = field === undefined ? last.values : { ...last.values, [field.name]: prompt };
  const missing = await askShort(
    { ...endpoint, fields: endpoint.fields.filter((one) => one !== field) },
    { ...last, values },
  );
  if (missing !== undefined) await send(services, endpoint, missing);
}

/** Says what is missing before anything is typed: an address, a token. False: turned away. */
async function isReady(services: InvokeServices, endpoint: Endpoint): Promise<boolean> {
  return (await maySpend()) && (await askTokenFirst(services, await services.calls.plan(endpoint)));
}

async function send(services: InvokeServices, endpoint: Endpoint, input: CallInput): Promise<void> {
  // First of all, so that a call that cannot be made yet is not typed twice.
  services.ledger.remember(inputKey(endpoint.name), JSON.stringify(input));
  services.ledger.remember("lastEndpoint", JSON.stringify(endpoint.name));
  const prepared = await services.calls.plan(endpoint);
  if (!(await mayCost(services, endpoint, prepared))) return;
  await services.calls.run(prepared, input);
}

function lastInput(services: Pick<AppServices, "ledger">, endpoint: Endpoint): CallInput {
  return services.ledger.recall(inputKey(endpoint.name), callInput) ?? emptyInput;
}
