import type { AppResources } from "../../cost/rates/resources.ts";
import type { ContainerSpan } from "../../cost/span.ts";
import type { Ledger } from "../ledgerPort.ts";
import {
  endsByContainer,
  gpuByContainer,
  gpusAmong,
  recallTerms,
  termsByContainer,
} from "../notedTerms.ts";

/** What Modal told of a container, kept beside the looks that showed it. */
export type Noted = Pick<AppResources, "notedTerms" | "functionGpu"> &
  Pick<ContainerSpan, "gpuAmong" | "endsByMs">;

/** The same of each container of an app, read once. Throws `Failure("ledger")`. */
export function notesByContainer(
  ledger: Pick<Ledger, "recall">,
  app: { readonly scope: string; readonly appId: string },
): (containerId: string) => Noted {
  const noted = recallTerms(ledger, app);
  const [termsOf, gpuOf] = [termsByContainer(noted), gpuByContainer(noted)];
  const gpusOf = gpusAmong(noted);
  const ends = endsByContainer(noted);
  return (containerId) => ({
    notedTerms: termsOf(containerId),
    functionGpu: gpuOf(containerId),
    gpuAmong: gpusOf(containerId),
    endsByMs: ends.get(containerId),
  });
}
