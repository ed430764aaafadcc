import assert from "node:assert/strict";
import * as fc from "fast-check";
import { JsonPrinter } from "../../../../src/endpoints/result/jsonPrinter.ts";

/** Prints a text that arrives in pieces of the given length, and collects what is extracted. */
function print(
  text: string | Buffer,
  piece: number,
): { text: string | undefined; files: Buffer[] } {
  const files: Buffer[][] = [];
  const printer = new JsonPrinter({
    begin(head) {
      if (!head.subarray(0, 4).equals(Buffer.from("\x89PNG", "latin1"))) return undefined;
      files.push([]);
      return `file-${files.length}.png`;
    },
    data: (bytes) => files.at(-1)?.push(bytes),
    end: () => undefined,
  });
  const bytes = Buffer.from(text);
  const out: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += piece) {
    out.push(printer.write(bytes.subarray(at, at + piece)));
  }
  const last = printer.end();
  return {
    text: last === undefined ? undefined : Buffer.concat([...out, last]).toString("utf8"),
    files: files.map((parts) => Buffer.concat(parts)),
  };
}

const png = Buffer.concat([
  Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
  Buffer.from(Array.from({ length: 9001 }, (_, index) => (index * 7) % 256)),
]);

describe("JSON printer", () => {
  it("prints as JSON.stringify does, however the text is cut", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.integer({ min: 1, max: 40 }), (value, piece) => {
        const printed = print(JSON.stringify(value), piece).text;
        assert.equal(printed, `${JSON.stringify(value, null, 2)}\n`);
      }),
    );
  });

  it("keeps numbers as they were written", () => {
    const { text } = print('{"big":12345678901234567890,"small":1.50e-07,"odd":NaN}', 3);
    assert.equal(
      text,
      '{\n  "big": 12345678901234567890,\n  "small": 1.50e-07,\n  "odd": NaN\n}\n',
    );
  });

  it("refuses what is cut short, out of order or more than one value", () => {
    for (const bad of [
      '{"a":1',
      '{"a":[1}',
      '"a',
      "",
      " ",
      "1 2",
      '{"a":1}{"b":2}',
      "[1,]",
      "{,}",
      "]",
    ]) {
      assert.equal(print(bad, 2).text, undefined, bad);
    }
  });

  it("takes base64 media out, byte by byte the same", () => {
    const base64 = png.toString("base64");
    for (const text of [
      base64,
      `data:image/png;base64,${base64}`,
      base64.replaceAll("/", "\\/"),
      base64.replaceAll(/(.{76})/g, "$1\\n"),
      base64.replaceAll("=", ""),
    ]) {
      for (const piece of [1, 7, 4096, 100_000]) {
        const printed = print(`{"images":["${text}"],"seed":7}`, piece);
        assert.deepEqual(printed.files, [png]);
        assert.equal(
          printed.text,
          `{\n  "images": [\n    "[saved as file-1.png, ${png.length} bytes]"\n  ],\n  "seed": 7\n}\n`,
        );
      }
    }
  });

  it("leaves long strings alone that are no media", () => {
    const long = "word ".repeat(3000);
    const hex = "abcdef01".repeat(3000);
    for (const text of [long, hex]) {
      const printed = print(JSON.stringify([text]), 1000);
      assert.deepEqual(printed.files, []);
      assert.equal(printed.text, `${JSON.stringify([text], null, 2)}\n`);
    }
  });

  it("calls a text unsound whose base64 goes wrong in the middle", () => {
    const base64 = png.toString("base64");
    assert.equal(print(`["${base64.slice(0, 8000)}?!${base64.slice(8000)}"]`, 500).text, undefined);
  });
});
