import type { IncomingMessage } from "node:http";

const overlong = new WeakSet<IncomingMessage>();

/** Notes that the server went on after the bytes that it had announced. */
export function markOverlong(message: IncomingMessage): void {
  overlong.add(message);
}

/** True when the server sent more bytes than its Content-Length announced, as far as is known yet. */
export function isOverlong(message: IncomingMessage): boolean {
  return overlong.has(message);
}
