import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import * as fc from "fast-check";
import { BatchedFile } from "../../../../src/endpoints/result/batchedFile.ts";
import { giveBack } from "../../../../src/endpoints/result/spentBuffer.ts";
import { skip } from "../../../skip.ts";

/** A block of memory of its own, as what a connection reads is. */
function block(bytes: number, seed: number): Buffer {
  const own = Buffer.from(new ArrayBuffer(bytes));
  for (let at = 0; at < bytes; at += 1) own[at] = (at * 31 + seed) & 0xff;
  return own;
}

describe("a batched file", () => {
  let folder = "";
  let path = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "mm-batched-"));
    path = join(folder, "result.part");
    writeFileSync(path, "");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("holds exactly what was written, in pieces of any size", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(fc.nat(300), fc.integer({ min: 60_000, max: 400_000 })), {
          maxLength: 12,
        }),
        fc.boolean(),
        async (sizes, ownsPieces) => {
          writeFileSync(path, "");
          const pieces = sizes.map((bytes, seed) => block(bytes, seed));
          const expected = Buffer.concat(pieces);
          const file = new BatchedFile(await open(path, "r+"), { ownsPieces });
          await pipeline(Readable.from(pieces, { objectMode: true }), file);
          assert.ok(readFileSync(path).equals(expected));
          const left = pieces.filter(({ length }) => length > 0).length;
          assert.equal(left, ownsPieces ? 0 : sizes.filter((bytes) => bytes > 0).length);
        },
      ),
      { numRuns: 15 },
    );
  });

  it("takes thousands of small pieces", async () => {
    const pieces = Array.from({ length: 5000 }, (_, at) => Buffer.from(`${at};`));
    const file = new BatchedFile(await open(path, "r+"), { ownsPieces: true });
    await pipeline(Readable.from(pieces), file);
    assert.equal(
      readFileSync(path, "utf8"),
      Array.from({ length: 5000 }, (_, at) => `${at};`).join(""),
    );
  });

  it("holds all of what is flushed while more is written", async () => {
    const piece = block(1024 * 1024, 3);
    const file = new BatchedFile(await open(path, "r+"), { ownsPieces: false });
    await pipeline(Readable.from(Array.from({ length: 70 }, () => piece)), file);
    const written = readFileSync(path);
    assert.equal(written.length, 70 * piece.length);
    for (const at of [0, 31, 32, 33, 69]) {
      assert.ok(written.subarray(at * piece.length, (at + 1) * piece.length).equals(piece));
    }
  });

  it("makes the sender wait for the disk", async () => {
    const file = new BatchedFile(await open(path, "r+"), { ownsPieces: false });
    let taken = 0;
    const piece = block(256 * 1024, 1);
    // Nothing is awaited here, so that not one write can end.
    while (taken < 100 && file.write(piece)) taken += 1;
    assert.ok(taken < 14, `${taken} pieces were taken`);
    await new Promise((resolve) => {
      file.end(resolve);
    });
    assert.equal(readFileSync(path).length, (taken + 1) * piece.length);
  });

  it("keeps what had arrived when the sender breaks off", async () => {
    const file = new BatchedFile(await open(path, "r+"), { ownsPieces: true });
    const broken = async function* (): AsyncGenerator<Buffer> {
      yield block(1_500_000, 1);
      yield block(1000, 2);
      throw new Error("cut");
    };
    await assert.rejects(pipeline(broken(), file), /cut/);
    await file.whenClosed();
    assert.ok(readFileSync(path).equals(Buffer.concat([block(1_500_000, 1), block(1000, 2)])));
  });

  it("fails with the system's code when the disk is full", async function () {
    if (!existsSync("/dev/full")) skip(this, "posix", "there is no disk that is always full");
    const file = new BatchedFile(await open("/dev/full", "r+"), { ownsPieces: true });
    await assert.rejects(pipeline(Readable.from([block(3_000_000, 1)]), file), { code: "ENOSPC" });
    await file.whenClosed();
  });
});

describe("giving a buffer back", () => {
  it("empties a whole block, and leaves a part of a larger one alone", () => {
    const whole = block(1000, 1);
    giveBack(whole);
    assert.equal(whole.length, 0);
    const shared = block(1000, 1);
    giveBack(shared.subarray(0, 500));
    assert.equal(shared.length, 1000);
    const pooled = Buffer.from("small ones share a block");
    giveBack(pooled);
    assert.equal(pooled.toString(), "small ones share a block");
  });
});
