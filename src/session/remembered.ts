import * as z from "zod/mini";

/** What a remembered value must look like to be read. */
export type Shape<T> = z.ZodMiniType<T>;

/** The value of remembered JSON; undefined: it is no JSON, or not of this shape. */
export function readRemembered<T>(
  json: string,
  shape: Shape<T>,
): { readonly value: T } | undefined {
  try {
    const parsed = z.safeParse(shape, JSON.parse(json));
    return parsed.success ? { value: parsed.data } : undefined;
  } catch {
    return undefined;
  }
}
