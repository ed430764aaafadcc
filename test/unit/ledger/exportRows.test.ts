import assert from "node:assert/strict";
import * as fc from "fast-check";
import * as z from "zod/mini";
import { cell } from "../../../src/ledger/exportRows.ts";
import type { OpenedLedger } from "../../../src/ledger/openLedger.ts";
import { tables } from "../../../src/ledger/tables/schema.ts";
import { call, container, listing, session, TemporaryLedger } from "./temporaryLedger.ts";

const jsonSchema = z.record(z.string(), z.array(z.record(z.string(), z.unknown())));

describe("the ledger's export", () => {
  const files = new TemporaryLedger();
  let ledger: OpenedLedger["ledger"];
  before(async () => {
    ledger = await files.ledger();
    ledger.upsertSession(session());
    ledger.recordListing(listing(5, [container("ta-1")]));
    const inputJson = `{"n":"${"x".repeat(900)}"}`;
    for (let index = 0; index < 300; index += 1)
      ledger.upsertCall(call({ callId: `call-${index}`, inputJson }));
    ledger.upsertCall(call({ callId: "nasty", failure: 'a "b",\r\nc', appName: "=HYPERLINK(1)" }));
  });
  after(() => files.dispose());

  const whole = async (format: "csv" | "json"): Promise<readonly string[]> => {
    const pieces: string[] = [];
    for await (const piece of ledger.exportRows(format)) pieces.push(piece);
    return pieces;
  };

  it("has every row of every table as JSON, in pieces", async () => {
    const pieces = await whole("json");
    assert.ok(pieces.length > 3);
    const value = jsonSchema.parse(JSON.parse(pieces.join("")));
    assert.deepEqual(Object.keys(value), [...tables]);
    assert.deepEqual(
      new Map(Object.entries(value).map(([table, rows]) => [table, rows.length])),
      ledger.rowCounts(),
    );
    const nasty = value["call"]?.find((row) => row["call_id"] === "nasty");
    assert.equal(nasty?.["failure"], 'a "b",\r\nc');
    assert.equal(nasty?.["reported_micro_usd"], null);
  });

  it("has every row of every table as CSV, with formulas made harmless", async () => {
    const rows = parseCsv((await whole("csv")).join(""));
    const headers = rows.filter(([first]) => first === "table");
    assert.equal(headers.length, tables.length);
    for (const [table, count] of ledger.rowCounts())
      assert.equal(rows.filter(([first]) => first === table).length, count, table);
    const header = headers.find((cells) => cells.includes("call_id")) ?? [];
    const nasty = rows.find((cells) => cells[header.indexOf("call_id")] === "nasty") ?? [];
    assert.equal(nasty[header.indexOf("failure")], 'a "b",\r\nc');
    assert.equal(nasty[header.indexOf("app_name")], "'=HYPERLINK(1)");
    assert.equal(nasty[header.indexOf("reported_micro_usd")], "");
  });

  it("is one snapshot: what is written meanwhile is not half in it", async () => {
    const before = ledger.rowCounts().get("call") ?? 0;
    let text = "";
    let written = 0;
    for await (const piece of ledger.exportRows("json")) {
      text += piece;
      written += 1;
      ledger.upsertCall(call({ callId: `meanwhile-${written}` }));
    }
    assert.ok(written > 1);
    assert.equal(jsonSchema.parse(JSON.parse(text))["call"]?.length, before);
  });

  it("ends well when it is not read to its end", async () => {
    for await (const piece of ledger.exportRows("csv")) {
      assert.notEqual(piece, "");
      break;
    }
    ledger.upsertCall(call({ callId: "after" }));
    assert.deepEqual(await ledger.checkIntegrity(), []);
  });

  it("quotes any text so that it is read back the same, and never begins a formula", () => {
    const text = fc.string({
      unit: fc.constantFrom("a", '"', ",", "\n", "\r", "=", "+", "-", "@", "'", " ", "é"),
    });
    fc.assert(
      fc.property(text, (value) => {
        const [[read = ""] = []] = parseCsv(`${cell(value)}\r\n`);
        assert.ok(!/^[=+\-@\t\r\n]/.test(read));
        assert.ok(read === value || read === `'${value}`);
      }),
    );
  });
});

/** A reader of RFC 4180, written for this test. */
function parseCsv(text: string): readonly (readonly string[])[] {
  const rows: string[][] = [[]];
  let value = "";
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const sign = text[at] ?? "";
    if (quoted) {
      if (sign !== '"') value += sign;
      else if (text[at + 1] === '"') [value, at] = [`${value}"`, at + 1];
      else quoted = false;
    } else if (sign === '"') quoted = true;
    else if (sign === "," || (sign === "\r" && text[at + 1] === "\n")) {
      rows.at(-1)?.push(value);
      value = "";
      if (sign === "\r") {
        rows.push([]);
        at += 1;
      }
    } else value += sign;
  }
  return rows;
}
