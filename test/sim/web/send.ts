import type { ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { createGzip } from "node:zlib";
import type { BodyVariant } from "../admin/faults.ts";
import type { Answer } from "./routes.ts";

type Headers = Record<string, string | string[]>;

const MIB = 1024 * 1024;

/** Sends a plain text of Modal's own front, not of the app. */
export function sendText(
  response: ServerResponse,
  status: number,
  text: string,
  headers: Headers = {},
): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8", ...headers });
  response.end(text);
}

/** Sends what the app answers, spoiled in the way that a test asked for. */
export function sendAnswer(
  response: ServerResponse,
  answer: Answer,
  extra: Headers,
  fault: { readonly variant: BodyVariant; readonly megabytes?: number } | null,
): void {
  const headers: Headers = { ...answer.headers, ...extra };
  const { status, body } = answer;
  const plain = { ...headers, "content-length": String(body.length) };
  switch (fault?.variant) {
    case undefined:
      response.writeHead(status, plain);
      response.end(body);
      return;
    case "chunked":
      response.writeHead(status, headers);
      Readable.from(pieces(body)).pipe(response);
      return;
    case "too-short":
      // Says less than it sends: the rest stays on the connection, which then ends.
      response.strictContentLength = false;
      response.writeHead(status, {
        ...headers,
        "content-length": String(body.length >> 1),
        connection: "close",
      });
      response.end(body);
      return;
    case "too-long":
    case "truncated": {
      const promised = fault?.variant === "too-long" ? body.length + 1000 : body.length;
      const sent = fault?.variant === "too-long" ? body : body.subarray(0, body.length >> 1);
      response.writeHead(status, { ...headers, "content-length": String(promised) });
      response.write(sent, () => setImmediate(() => response.socket?.destroy()));
      return;
    }
    case "html":
      response.writeHead(status, { ...headers, "content-type": "text/html" });
      response.end("<!doctype html><title>Sign in</title><h1>Sign in to the network</h1>");
      return;
    case "empty":
      response.writeHead(status, { ...headers, "content-length": "0" });
      response.end();
      return;
    case "wrong-type":
      response.writeHead(status, { ...plain, "content-type": "application/octet-stream" });
      response.end(body);
      return;
    case "path-name":
      response.writeHead(status, {
        ...plain,
        "content-disposition": 'attachment; filename="../../../../.ssh/authorized_keys"',
      });
      response.end(body);
      return;
    case "base64-json": {
      const wrapped = Buffer.from(
        JSON.stringify({ image: body.toString("base64"), format: answer.headers["content-type"] }),
      );
      response.writeHead(status, {
        ...headers,
        "content-type": "application/json",
        "content-length": String(wrapped.length),
      });
      response.end(wrapped);
      return;
    }
    case "gzip-bomb":
      response.writeHead(status, { ...headers, "content-encoding": "gzip" });
      Readable.from(zeros(fault?.megabytes ?? 1024))
        .pipe(createGzip())
        .pipe(response);
      return;
    case "huge": {
      const megabytes = fault?.megabytes ?? 100;
      response.writeHead(status, {
        ...headers,
        "content-length": String(body.length + megabytes * MIB),
      });
      Readable.from(concat(body, zeros(megabytes))).pipe(response);
      return;
    }
  }
}

function* zeros(megabytes: number): Generator<Buffer> {
  const piece = Buffer.alloc(MIB);
  for (let sent = 0; sent < megabytes; sent += 1) yield piece;
}

function* pieces(body: Buffer): Generator<Buffer> {
  for (let at = 0; at < body.length; at += 4096) yield body.subarray(at, at + 4096);
}

function* concat(first: Buffer, rest: Iterable<Buffer>): Generator<Buffer> {
  yield first;
  yield* rest;
}
