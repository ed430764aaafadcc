import { basename } from "node:path";
import { t } from "../base/text.ts";

/** The claim of telling that a file was passed over; by its name alone, because the folder may move. */
export function passingOver(file: string): string {
  return `passedOver:${basename(file)}`; // not shown: a key of the ledger
}

export function passedOverNews(passed: string, file: string): string {
  return t(
    "{0} is not a ledger of Modal Meter: it belongs to something else, or it was damaged. It was left as it is, and {1} is used.",
    passed,
    file,
  );
}

export function setAsideNews(file: string): string {
  return t(
    "The ledger of Modal Meter was damaged. It was kept as {0}, and a new one was started.",
    file,
  );
}

export function damagedLogNews(copy: string): string {
  return t("The log of Modal Meter's ledger was damaged. It was kept as {0}.", copy);
}
