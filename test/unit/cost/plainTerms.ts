import { unknownTerms, type Terms } from "../../../src/cost/terms.ts";

/** All is known: no region, no disk, no sandbox, and nothing in use above what is asked for. */
export const plainTerms: Terms = {
  ...unknownTerms,
  diskGib: 0,
  region: "any",
  nonPreemptible: false,
  isSandbox: false,
  coresInUse: [0, 0, 0],
  gibInUse: [0, 0, 0],
};
