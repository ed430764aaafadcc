import { t } from "../../base/text.ts";

/** What the command that shows the page does; `hasNames`: with the names of the apps. */
export interface CheckDoors {
  readonly show: (hasNames: boolean) => Promise<void>;
  readonly copy: (hasNames: boolean) => Promise<void>;
  /** Asks beside the page; resolves to the answer, or undefined where it was turned away. */
  readonly ask: (...actions: readonly string[]) => Thenable<string | undefined>;
}

/** Shows the check of the meter without the apps' names, then offers them, and the page as Markdown. */
export async function offerCheck({ show, copy, ask }: CheckDoors): Promise<void> {
  const copyIt = t("Copy as Markdown");
  const names = t("With the names of the apps");
  await show(false);
  const answer = await ask(copyIt, names);
  if (answer === copyIt) await copy(false);
  if (answer !== names) return;
  await show(true);
  if ((await ask(copyIt)) === copyIt) await copy(true);
}
