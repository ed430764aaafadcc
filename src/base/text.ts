import { config, t as translate } from "@vscode/l10n";
import * as z from "zod/mini";

/*
 * The one way for texts that a person can see, in every process. The English is the key: a process
 * that was given no texts speaks English. Texts for the log do not pass here; they stay English.
 */

/** What a placeholder of a text can be filled with. */
export type TextValue = string | number;

/** The English forms of a text that counts. `{0}` is the count. */
export interface PluralForms {
  readonly one: string;
  readonly other: string;
}

/** The texts of a language, by their English. */
export type TextBundle = Readonly<Record<string, string>>;

export interface Texts {
  /** BCP 47, "pl", "pt-br". */
  readonly language: string;
  readonly bundle: TextBundle;
}

const entry = z.union([z.string(), z.object({ message: z.string() })]);
const bundleShape = z.record(z.string(), entry);

let texts: TextBundle = {};
/** undefined: English, whose rule is short; `Intl` would cost the guardian 1.5 MB. */
let rules: Intl.PluralRules | undefined;

/**
 * Says in which language this process speaks; undefined: English. Called once, before the first
 * text: `t` at the top of a module would run too early, and scripts/texts.ts refuses it.
 */
export function useTexts(chosen: Texts | undefined): void {
  texts = chosen?.bundle ?? {};
  rules = chosen === undefined ? undefined : pluralRules(chosen.language);
  config({ contents: { ...texts } });
}

/**
 * The texts in a bundle file of VS Code (`l10n/bundle.l10n.<language>.json`); undefined when this is
 * none. https://code.visualstudio.com/api/references/vscode-api#l10n
 */
export function parseBundle(json: string): TextBundle | undefined {
  let raw: unknown;
  try {
    raw = JSON.parse(json);
  } catch {
    return undefined;
  }
  const parsed = z.safeParse(bundleShape, raw);
  if (!parsed.success) return undefined;
  return Object.fromEntries(
    Object.entries(parsed.data).map(([key, value]) => [
      key,
      typeof value === "string" ? value : value.message,
    ]),
  );
}

/** The text in the person's language, `{0}`, `{1}`, … filled with `values`. */
export function t(english: string, ...values: readonly TextValue[]): string {
  return translate(english, ...values);
}

/**
 * A text that counts, in the form that the language has for this number: "1 app", "2 apps". `{0}` is
 * the count, `{1}` the first of `values`. A bundle's keys are the `other` form, a slash and the
 * language's category ("{0} apps/few"), as scripts/texts.ts writes them.
 */
export function plural(count: number, forms: PluralForms, ...values: readonly TextValue[]): string {
  const args = [count, ...values];
  const comment = rules?.select(count);
  if (comment !== undefined && Object.hasOwn(texts, `${forms.other}/${comment}`))
    return translate({ message: forms.other, comment, args });
  const message = Math.abs(count) === 1 ? forms.one : forms.other;
  return translate({ message, comment: "english", args });
}

/** Sentences in a row; an empty one leaves no gap. */
export function sentences(...texts: readonly string[]): string {
  return texts.filter((text) => text !== "").join(" ");
}

/** A language tag of somebody else's making never throws: an unknown one counts as English does. */
function pluralRules(language: string): Intl.PluralRules {
  try {
    return new Intl.PluralRules([language, "en"]);
  } catch {
    return new Intl.PluralRules("en");
  }
}
