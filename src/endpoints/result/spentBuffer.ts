import type { IncomingMessage } from "node:http";
import { Socket } from "node:net";

/**
 * Gives a buffer's memory back at once; its bytes are gone after that. What a connection reads lies
 * outside V8's heap and does not make it collect: tens of megabytes of dead buffers pile up before
 * it does, and each new one is memory that the system has to hand out and clear first. That costs
 * more than all the rest of a download (bench call-overhead). Given back, the next read gets the
 * same memory, still in the processor's cache.
 *
 * Only for a buffer that nobody else looks at. One that is part of a larger block is left alone.
 */
export function giveBack(spent: Uint8Array): void {
  const { buffer } = spent;
  if (!(buffer instanceof ArrayBuffer) || buffer.byteLength !== spent.byteLength) return;
  buffer.transfer(0);
}

/**
 * Gives back what the connection has read, as soon as Node's parser has copied the message's body
 * out of it. Where it does not copy (nothing promises that it does), nothing is given back.
 */
export function giveBackReads(message: IncomingMessage): void {
  const { socket } = message;
  // Somebody else's stream may have plans of its own for its buffers.
  if (!(socket instanceof Socket)) return;
  let latestBody: ArrayBufferLike | undefined;
  let isCopied: boolean | undefined;
  const onBody = (chunk: Buffer): void => {
    latestBody = chunk.buffer;
  };
  // The parser listens before us, and hands its pieces of this read on before we hear of it.
  const onRead = (read: Buffer): void => {
    if (isCopied === undefined && latestBody !== undefined) {
      isCopied = latestBody !== read.buffer;
      message.off("data", onBody);
    }
    if (isCopied === true) giveBack(read);
  };
  message.on("data", onBody);
  socket.on("data", onRead);
  message.once("close", () => socket.off("data", onRead));
}
