/** gRPC's status numbers, by the names that Modal's clients print and act on. */
export const grpcCodes = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;
export type GrpcCode = keyof typeof grpcCodes;

export function isGrpcCode(text: string): text is GrpcCode {
  return Object.hasOwn(grpcCodes, text);
}

/** An RPC that ends with a status other than OK. */
export class RpcError extends Error {
  readonly code: GrpcCode;
  /** When the client may try again; the real clients wait for that long by themselves. */
  readonly retryAfterSeconds: number | null;

  constructor(
    code: GrpcCode,
    message: string,
    options: { readonly retryAfterSeconds?: number } = {},
  ) {
    super(message);
    this.name = "RpcError";
    this.code = code;
    this.retryAfterSeconds = options.retryAfterSeconds ?? null;
  }
}
