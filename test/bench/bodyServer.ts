import { createServer } from "node:http";

/** Serves "/<bytes>": a body of that many bytes that begins like an MP4. Prints its port. */
const piece = Buffer.alloc(1024 * 1024, 0x5a);
const head = Buffer.from("\0\0\0\x18ftypmp42\0\0\0\0mp42isom", "latin1");

const server = createServer((request, response) => {
  const bytes = Number(request.url?.slice(1));
  request.resume();
  request.on("end", () => {
    response.writeHead(200, { "content-type": "video/mp4", "content-length": bytes });
    response.write(head);
    let left = bytes - head.length;
    const more = (): void => {
      while (left > 0) {
        const next = left >= piece.length ? piece : piece.subarray(0, left);
        left -= next.length;
        if (!response.write(next)) {
          response.once("drain", more);
          return;
        }
      }
      response.end();
    };
    more();
  });
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address !== null && typeof address === "object") console.log(address.port);
});
