import * as z from "zod/mini";
import { Failure } from "../../base/failure.ts";
import { t } from "../../base/text.ts";
import { normaliseGpuType } from "../../cost/rates/gpu.ts";
import type { Gpu } from "../../cost/span.ts";
import { firstLines } from "../plainText.ts";

/** null: not told. */
export function gpuOf(configType: string, type: string, count: number): Gpu | null {
  const name = configType === "" ? type : configType;
  if (name === "") return null;
  return { type: normaliseGpuType(name), count: Math.max(1, count) };
}

/** The answer in this shape; `Failure("bad-output")` where it has another one. */
export function parseAnswer<T extends z.core.$ZodType>(
  what: string,
  shape: T,
  answer: unknown,
): z.output<T> {
  const parsed = z.safeParse(shape, answer);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new Failure(
    "bad-output",
    t(
      "Modal was asked to {0}, but its answer is not understood ({1}: {2}).",
      what,
      issue?.path.join(".") ?? "",
      issue?.message ?? "",
    ),
    { evidence: firstLines(JSON.stringify(answer) ?? String(answer)), cause: parsed.error },
  );
}
