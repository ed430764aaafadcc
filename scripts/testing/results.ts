import * as z from "zod/mini";

/** What came of one process, or of a suite. */
export interface Results {
  readonly passed: number;
  readonly failed: readonly { readonly title: string; readonly error: string }[];
  readonly skipped: readonly { readonly title: string; readonly reason: string }[];
  /** First tries that failed; the second one counts. */
  readonly retried?: readonly { readonly title: string; readonly error: string }[];
}

/** As test/resultReporter.ts writes it. */
export const resultsShape = z.object({
  passed: z.number(),
  failed: z.array(z.object({ title: z.string(), error: z.string() })),
  skipped: z.array(z.object({ title: z.string(), reason: z.string() })),
  retried: z.array(z.object({ title: z.string(), error: z.string() })),
});

export const nothing: Results = { passed: 0, failed: [], skipped: [] };

export function failure(title: string, error: string): Results {
  return { ...nothing, failed: [{ title, error }] };
}

export function sumOf(all: readonly Results[]): Results {
  return {
    passed: all.reduce((sum, { passed }) => sum + passed, 0),
    failed: all.flatMap(({ failed }) => failed),
    skipped: all.flatMap(({ skipped }) => skipped),
    retried: all.flatMap(({ retried = [] }) => retried),
  };
}

/** "3 passed, 0 failed, 1 skipped". */
export function countsText({ passed, failed, skipped }: Results): string {
  return `${passed} passed, ${failed.length} failed, ${skipped.length} skipped`;
}
