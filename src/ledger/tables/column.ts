import * as z from "zod/mini";
import { microUsd } from "../../cost/money.ts";
import type { MicroUsd } from "../../cost/money.ts";

/** Column types as they come out of SQLite. */
export const text = z.string();
export const maybeText = z.nullable(text);
export const whole = z.number();
export const maybeWhole = z.nullable(whole);
/** An instant of this product's time: a broken row's must not make a page count the hours of an aeon. */
export const instant = z.number().check(z.gte(0), z.lt(Date.UTC(2100, 0)));
export const maybeInstant = z.nullable(instant);
export const maybeReal = z.nullable(z.number());

/** Instants are stored in whole milliseconds; Modal's own carry fractions. */
export function wholeMs(atMs: number): number {
  return Math.round(atMs);
}

export function maybeWholeMs(atMs: number | null): number | null {
  return atMs === null ? null : Math.round(atMs);
}

export function maybeMicroUsd(value: number | null): MicroUsd | null {
  return value === null ? null : microUsd(value);
}

/** A JSON column, parsed by its schema. */
export function fromJson<T extends z.ZodMiniType>(schema: T, json: string): z.output<T> {
  const value: unknown = JSON.parse(json);
  return schema.parse(value);
}
