import * as z from "zod/mini";
import type { FailureReason } from "../../base/failure.ts";
import { t } from "../../base/text.ts";
import { askText } from "../ask.ts";
import type { ProxyTokenPair } from "../proxyTokens.ts";
import type { Services } from "../services.ts";
import type { Prepared } from "./plan.ts";
import { needsTokenByFile, printedAt } from "./tokenInFile.ts";

/** Asks for the two parts of a proxy token. undefined: turned away, or one was left empty. */
export async function askToken(origin: string): Promise<ProxyTokenPair | undefined> {
  const key = await askKey(origin, t("Modal-Key (begins with wk-)"));
  return key === undefined || key === "" ? undefined : withSecret(origin, key);
}

function askKey(origin: string, prompt: string): Promise<string | undefined> {
  return askText({
    title: tokenTitle(origin),
    prompt,
    check: (text) => (text === "" || text.startsWith("wk-") ? undefined : t("It begins with wk-")),
  });
}

async function withSecret(origin: string, key: string): Promise<ProxyTokenPair | undefined> {
  const secret = await askText({
    title: tokenTitle(origin),
    prompt: t("Modal-Secret (begins with ws-)"),
    password: true,
    check: (text) => (text === "" || text.startsWith("ws-") ? undefined : t("It begins with ws-")),
  });
  return secret === undefined || secret === "" ? undefined : { key, secret };
}

function tokenTitle(origin: string): string {
  return t("Proxy Auth Token for {0}", origin);
}

/**
 * Asks for the proxy token before anything else is, where the deploy printed that the address wants
 * one, or, of an address that no deploy here printed, the app's file says so; or a call without one was
 * refused there. False: turned away, so nothing is sent.
 */
export async function askTokenFirst(
  { tokens, ledger, project }: Pick<Services, "ledger" | "project" | "tokens">,
  { url, session, app }: Pick<Prepared, "app" | "session" | "url">,
): Promise<boolean> {
  const { origin } = url;
  if ((await tokens.get(origin)) !== undefined) return true;
  const printed = printedAt(session?.apps ?? [], origin);
  const facts = app === null ? undefined : project.factsInFile(app.appName);
  const isAsked =
    printed.length > 0
      ? printed.some(({ needsToken }) => needsToken === true)
      : facts !== undefined && needsTokenByFile(facts, url);
  if (!isAsked && !wasRefused(ledger, origin)) return true;
  const key = await askKey(
    origin,
    t("It asks for a proxy token: Modal-Key (begins with wk-). Empty: call without one"),
  );
  if (key === undefined) return false;
  // What was deployed anew meanwhile may want none any more.
  if (key === "") return true;
  const token = await withSecret(origin, key);
  if (token === undefined) return false;
  await tokens.save(origin, token);
  return true;
}

/** Keeps whether an address refuses a call without a token: the next one is then asked for it first. */
export async function noteAnswer(
  { tokens, ledger }: Pick<Services, "ledger" | "tokens">,
  { origin }: URL,
  answer: FailureReason | "success",
): Promise<void> {
  const isRefused = answer === "missing-proxy-auth";
  if (!isRefused && (answer !== "success" || !wasRefused(ledger, origin))) return;
  // A call that got through with a token does not tell that none is needed.
  if (!isRefused && (await tokens.get(origin)) !== undefined) return;
  ledger.remember(refusalKey(origin), JSON.stringify(isRefused));
}

function wasRefused(ledger: Pick<Services["ledger"], "recall">, origin: string): boolean {
  return ledger.recall(refusalKey(origin), z.boolean()) ?? false;
}

function refusalKey(origin: string): string {
  return `refusedWithoutToken ${origin}`; // not shown: a key of the ledger
}
