import assert from "node:assert/strict";
import * as fc from "fast-check";
import { mediaOf, sniffMedia } from "../../../../src/endpoints/result/mediaType.ts";
import { resultStem, slug } from "../../../../src/endpoints/result/resultName.ts";
import { sizeText } from "../../../../src/endpoints/result/sizeText.ts";

const atMs = new Date(2026, 10, 21, 18, 45, 36).getTime();

describe("result name", () => {
  it("tells endpoint, local time and the prompt's first words", () => {
    assert.equal(
      resultStem("flux", atMs, "A café, at night!"),
      "flux-20261121-184536-a-cafe-at-night",
    );
    assert.equal(resultStem("flux", atMs, null), "flux-20261121-184536");
    assert.equal(resultStem("flux", atMs, "狐"), "flux-20261121-184536");
  });

  it("is safe on every file system, whatever the prompt", () => {
    const text = fc.oneof(
      fc.array(fc.nat(0xffff)).map((codes) => String.fromCharCode(...codes)),
      fc.constantFrom("../../x", "con", "a\0b", "C:\\x", ". .", "NUL.txt"),
    );
    fc.assert(
      fc.property(text, text, (endpoint, prompt) => {
        assert.match(resultStem(endpoint, atMs, prompt), /^[a-z0-9]+(-[a-z0-9]+)*$/);
        assert.ok(resultStem(endpoint, atMs, prompt).length <= 96);
      }),
    );
    for (const device of ["con", "NUL", "com1", "lpt9", "aux", ""]) {
      assert.match(resultStem(device, atMs, null), /^result-/);
    }
  });

  it("cuts long prompts at a word", () => {
    assert.equal(slug("one two three", 8), "one-two");
    assert.equal(slug("x".repeat(90), 48), "x".repeat(48));
  });
});

describe("media type", () => {
  const samples: readonly (readonly [string, string])[] = [
    ["\x89PNG\r\n\x1a\n", "png"],
    ["\xff\xd8\xff\xe0", "jpg"],
    ["GIF89a", "gif"],
    ["RIFF\x10\0\0\0WEBPVP8X", "webp"],
    ["RIFF\x10\0\0\0WAVEfmt ", "wav"],
    ["\0\0\0\x18ftypmp42", "mp4"],
    ["\0\0\0\x18ftypqt  ", "mov"],
    ["\0\0\0\x18ftypavif", "avif"],
    ["\x1a\x45\xdf\xa3....webm", "webm"],
    ["PK\x03\x04", "zip"],
    ["<!DOCTYPE html><p>", "html"],
  ];
  for (const [bytes, extension] of samples) {
    it(`of ${extension} is read from the first bytes, whatever the header says`, () => {
      for (const header of [undefined, "text/plain", "application/x-msdownload", "image/png"]) {
        assert.equal(mediaOf(header, Buffer.from(bytes, "latin1")).extension, extension);
      }
    });
  }

  it("falls back to the header for text, and never believes it for media", () => {
    assert.equal(mediaOf("application/json; charset=utf-8", Buffer.from("[1]")).extension, "json");
    assert.equal(mediaOf("application/problem+json", Buffer.from("{}")).extension, "json");
    assert.equal(mediaOf("text/csv", Buffer.from("a,b")).extension, "csv");
    assert.equal(mediaOf(undefined, Buffer.from(' {"a":1}')).extension, "json");
    assert.equal(mediaOf("image/png", Buffer.from([1, 2, 3])).extension, "bin");
    assert.equal(mediaOf("image/png", Buffer.from("sorry, no picture")).extension, "txt");
    assert.equal(mediaOf("application/x-sh", Buffer.from("#!/bin/sh")).extension, "txt");
    assert.equal(sniffMedia(Buffer.alloc(0)), undefined);
  });
});

describe("size", () => {
  it("is said as people say it", () => {
    assert.deepEqual([0, 999, 1000, 999_949, 999_951, 4_294_967_296].map(sizeText), [
      "0 bytes",
      "999 bytes",
      "1.0 kB",
      "999.9 kB",
      "1.0 MB",
      "4.3 GB",
    ]);
  });
});
