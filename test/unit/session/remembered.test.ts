import assert from "node:assert/strict";
import * as z from "zod/mini";
import { RememberedReader } from "../../../src/session/remembered.ts";
import { silentLog } from "../silentLog.ts";

const shape = z.object({ words: z.array(z.string()) });
const other = z.object({ words: z.array(z.unknown()) });
const long = (word: string, times = 100): string =>
  JSON.stringify({ words: Array.from({ length: times }, () => word) });

describe("what a ledger remembers", () => {
  it("is the same value while a long text stays the same, and read again when it changes", () => {
    const reader = new RememberedReader();
    const first = reader.read("notes", long("one"), shape);
    assert.equal(first?.words[0], "one");
    assert.equal(reader.read("notes", long("one"), shape), first);
    assert.equal(reader.read("notes", long("two"), shape)?.words[0], "two");
    assert.equal(reader.read("notes", long("one"), shape)?.words[0], "one");
    assert.notEqual(reader.read("others", long("one"), shape), first);
  });

  it("is by the shape that is asked for", () => {
    const reader = new RememberedReader();
    const text = JSON.stringify({ words: Array.from({ length: 300 }, () => 1) });
    assert.equal(reader.read("notes", text, other)?.words.length, 300);
    assert.equal(reader.read("notes", text, shape), undefined);
    assert.equal(reader.read("notes", text, other)?.words.length, 300);
  });

  it("can be changed by nobody who was given it", () => {
    const words = new RememberedReader().read("notes", long("one"), shape)?.words;
    assert.throws(() => words?.push("two"), TypeError);
  });

  it("that cannot be read is logged once, however often it is asked for", () => {
    const told: string[] = [];
    const log = { ...silentLog, warn: (text: string) => void told.push(text) };
    const reader = new RememberedReader(log);
    for (const text of [`{"words":"${"x".repeat(400)}"}`, "{", `{${" ".repeat(400)}`])
      assert.equal(reader.read("notes", text, shape), undefined);
    assert.deepEqual(told, [
      'What was remembered as "notes" cannot be read, and counts as absent.',
    ]);
  });

  it("keeps the values that were asked for last, and no more than a million characters of text", () => {
    const reader = new RememberedReader();
    const text = long("one", 30_000);
    const first = reader.read("0", text, shape);
    for (let key = 1; key <= 3; key += 1) reader.read(String(key), text, shape);
    assert.equal(reader.read("0", text, shape), first, "four texts fit");
    reader.read("4", text, shape);
    reader.read("5", text, shape);
    assert.equal(reader.read("0", text, shape), first, "it was asked for later than others");
    for (let key = 6; key <= 10; key += 1) reader.read(String(key), text, shape);
    assert.notEqual(reader.read("0", text, shape), first);
  });
});
