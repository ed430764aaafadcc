import * as z from "zod/mini";
import { grpcCodes, isGrpcCode } from "../control/status.ts";
import { costHeaderVariants, type RpcFaultRule, type WebFaultRule } from "./faults.ts";

const scope = {
  times: z.exactOptional(z.number()),
  skip: z.exactOptional(z.number()),
  appId: z.exactOptional(z.string()),
};
const text = z.string();
const milliseconds = z.number();

const rpcFault = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("status"), code: text.check(z.refine(isGrpcCode)), message: text }),
  z.object({ kind: z.enum(["delay", "drip"]), ms: milliseconds }),
  z.object({ kind: z.literal("html"), status: z.number() }),
  z.object({ kind: z.enum(["hang", "close", "close-after", "ignore", "garbage"]) }),
]);

const webFault = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("delay"), ms: milliseconds }),
  z.object({ kind: z.literal("duration"), ms: milliseconds }),
  z.object({ kind: z.enum(["hang", "close"]) }),
  z.object({
    kind: z.literal("answer"),
    status: z.number(),
    headers: z.exactOptional(z.record(text, text)),
    body: z.exactOptional(text),
  }),
  z.object({ kind: z.literal("error"), message: text, type: z.exactOptional(text) }),
  z.object({ kind: z.literal("platform"), what: z.enum(["timeout", "signal", "lost"]) }),
  z.object({
    kind: z.literal("cost-headers"),
    variant: z.enum(costHeaderVariants),
  }),
  z.object({
    kind: z.literal("body"),
    variant: z.enum([
      "too-short",
      "too-long",
      "truncated",
      "html",
      "gzip-bomb",
      "huge",
      "empty",
      "chunked",
      "base64-json",
      "wrong-type",
      "path-name",
    ]),
    megabytes: z.exactOptional(z.number()),
  }),
]);

/** A rule for RPCs from JSON. Throws a ZodError that names what is wrong. */
export function rpcFaultRule(body: unknown): RpcFaultRule {
  const { fault, ...rest } = z.parse(z.object({ ...scope, rpc: text, fault: rpcFault }), body);
  if (fault.kind !== "status") return { ...rest, fault };
  if (!isGrpcCode(fault.code))
    throw new RangeError(`A code is one of ${Object.keys(grpcCodes).join(", ")}.`);
  return { ...rest, fault: { kind: "status", code: fault.code, message: fault.message } };
}

export function webFaultRule(body: unknown): WebFaultRule {
  return z.parse(
    z.object({
      ...scope,
      path: z.exactOptional(text),
      method: z.exactOptional(text),
      fault: webFault,
    }),
    body,
  );
}
