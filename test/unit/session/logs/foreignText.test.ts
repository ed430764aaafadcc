import assert from "node:assert/strict";
import { Redactor } from "../../../../src/endpoints/redactor.ts";
import * as fc from "fast-check";
import { Failure } from "../../../../src/base/failure.ts";
import { ratesInForce } from "../../../../src/cost/rates/rates.ts";
import { LogLineAssembler } from "../../../../src/cost/reported/logLineAssembler.ts";
import { readOpenApi } from "../../../../src/endpoints/catalogue/openApi.ts";
import { CallFailure } from "../../../../src/endpoints/callTypes.ts";
import { responseFailure } from "../../../../src/endpoints/call/responseFailure.ts";
import { parseSidecar } from "../../../../src/endpoints/result/sidecar.ts";
import { openLedger } from "../../../../src/ledger/openLedger.ts";
import { LoggedCalls } from "../../../../src/session/logs/loggedCalls.ts";
import { callLines, failed, failedLines, succeeded } from "../../../../src/ui/calls/records.ts";
import { silentLog } from "../../silentLog.ts";
import { VirtualClock } from "../../virtualClock.ts";
import { line, logStartMs, ownCall, scope } from "../logSample.ts";
import { outcomeSample } from "../../ui/calls/outcomeSample.ts";

/** What programs print, in pieces that can come in any order and number. */
const words = fc.constantFrom(
  "💰",
  "💰\uFE0F",
  "\\ud83d\\udcb0",
  "\\",
  "\\u",
  "\\ud83d",
  "\uD83D",
  "\uDCB0",
  "ðŸ’°",
  "�",
  "Cost:",
  "cost",
  "COST :",
  "Time:",
  "GPU:",
  "|",
  ",",
  ";",
  ":",
  "@",
  "$",
  '"',
  "{",
  "}",
  "[",
  "\u001B",
  "\u001B[",
  "\u001B]",
  "\u0007",
  "\r",
  "\n",
  "\t",
  " ",
  "\u0000",
  "\u2028",
  "0.001083",
  "2.00s",
  "1e99s",
  "1e99",
  "-1",
  "1e-99",
  "9".repeat(400),
  "1,234.56",
  ",".repeat(50),
  "NaN",
  "Infinity",
  "∞",
  "٣",
  "0x10",
  "1e",
  ".",
  "-0",
  "2xH100",
  "H100:99999999999",
  "L40S",
  "x".repeat(3),
  "()".repeat(200),
  "__proto__",
  "constructor",
  "%s",
  "${x}",
);
const amount = fc.constantFrom("0.001083", "1e99", "1e-99", "999999999", "9e9", "1,234.56", "1e15");
const gpu = fc.constantFrom("L40S", "B300:8", "8xB300", "CPU", "x900", "H100:0");
const text = fc.oneof(
  fc.array(words, { maxLength: 40 }).map((parts) => parts.join("")),
  fc.array(words, { maxLength: 40 }).map((parts) => parts.join(" ")),
  fc.string({ unit: "binary", maxLength: 200 }),
  fc
    .tuple(fc.oneof(words, amount), fc.oneof(words, amount), fc.oneof(words, gpu))
    .map(([cost, time, type]) => `💰 Cost: ${cost} | Time: ${time}s | GPU: ${type} @ ${cost}\n`),
);
const instant = fc.oneof(
  fc.constant(null),
  fc.constantFrom(0, -1, 8.64e15, -8.64e15, logStartMs),
  fc.integer({ min: logStartMs, max: logStartMs + 1e9 }),
  fc.double({ min: 0, max: 1e13, noNaN: true }),
);
const rates = ratesInForce();

/** A document whose every part may be of a wrong kind. */
const odd = fc.jsonValue({ maxDepth: 1 });
const schema = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 2 },
    odd,
    fc.record(
      {
        type: fc.oneof(fc.constantFrom("object", "string", "integer", "array"), odd),
        properties: fc.dictionary(words, tie("any"), { maxKeys: 2 }),
        required: fc.oneof(fc.array(words), odd),
        enum: odd,
        anyOf: fc.array(tie("any"), { maxLength: 2 }),
        $ref: fc.constantFrom("#/components/schemas/A", "#/components/schemas/B", "#", "x", "#/%"),
      },
      { requiredKeys: [] },
    ),
  ),
})).any;
const openApi = fc.record({
  openapi: fc.constantFrom("3.1.0", "3.0.2", "2.0", 3),
  paths: fc.dictionary(
    fc.constantFrom("/flux", "/{id}", "/", "flux", "//x"),
    fc.dictionary(
      fc.constantFrom("get", "post", "put", "parameters"),
      fc.record(
        {
          parameters: fc.oneof(fc.array(schema, { maxLength: 2 }), odd),
          requestBody: fc.record({
            content: fc.dictionary(
              fc.constantFrom("application/json", "text/plain"),
              fc.record({ schema }),
            ),
          }),
          operationId: fc.oneof(words, odd),
        },
        { requiredKeys: [] },
      ),
    ),
  ),
  components: fc.record({ schemas: fc.record({ A: schema, B: schema }) }),
});

describe("what somebody else wrote", () => {
  it("in a log throws nowhere on its way into the ledger, and hides no cost line after it", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(text, instant), { maxLength: 8 }), async (pieces) => {
        const clock = new VirtualClock(logStartMs);
        const { ledger } = await openLedger(":memory:", { clock });
        const app = { scope, appId: "ap-1", appName: "flux" };
        const errors: unknown[] = [];
        const log = { ...silentLog, error: (...what: unknown[]) => errors.push(what) };
        const calls = new LoggedCalls(app, {
          ledger,
          clock,
          log,
          rates: () => rates,
          onCall: () => {},
        });
        const lines = new LogLineAssembler("ap-1");
        for (const [n, [some, atMs]] of pieces.entries()) {
          calls.add(
            lines.add({
              text: some,
              containerId: "ta-1",
              functionCallId: null,
              atMs,
              entryId: `${n}`,
            }),
          );
        }
        const last = {
          text: `\n${line("0.007777")}`,
          containerId: "ta-1",
          functionCallId: null,
          atMs: logStartMs + 5,
        };
        calls.add(lines.add({ ...last, entryId: "last" }));
        const rows = ledger.calls({ scope });
        assert.ok(rows.some(({ reportedMicroUsd }) => reportedMicroUsd === 7777));
        assert.deepEqual(errors, []);
        ledger.dispose();
      }),
      { numRuns: 150 },
    );
  });

  it("in headers throws nowhere on its way into the ledger and the channel", async () => {
    const clock = new VirtualClock(logStartMs);
    const { ledger } = await openLedger(":memory:", { clock });
    const running = ownCall({ status: "running", endedAtMs: null, reportedMicroUsd: null });
    const names = ["x-cost-usd", "x-execution-time-sec", "x-gpu-type"] as const;
    const headers = fc
      .tuple(fc.tuple(text, text, text), fc.dictionary(text, text))
      .map(([three, others]) => ({
        ...others,
        ...Object.fromEntries(names.map((name, index) => [name, three[index] ?? ""])),
      }));
    const basis = { containerGpu: "L40S", rates };
    fc.assert(
      fc.property(headers, (sent) => {
        const ended = succeeded(running, outcomeSample(logStartMs, sent), basis);
        ledger.upsertCall(ended.call);
        callLines(ended, [], undefined);
        const failure = new CallFailure("endpoint-failed", "It broke.", { headers: sent });
        const broken = failed(running, failure, logStartMs, basis);
        ledger.upsertCall(broken);
        failedLines(broken, failure);
      }),
      { numRuns: 200 },
    );
    ledger.dispose();
  });

  it("in JSON throws nowhere but as a failure that names it", () => {
    const json = fc.oneof(
      text,
      fc.json({ maxDepth: 3 }),
      fc
        .dictionary(
          fc.constantFrom("error", "detail", "details", "type", "path", "paths", "openapi", "$ref"),
          fc.jsonValue({ maxDepth: 4 }),
        )
        .map((value) => JSON.stringify(value)),
      openApi.map((value) => JSON.stringify(value)),
    );
    fc.assert(
      fc.property(json, fc.integer({ min: 200, max: 599 }), text, (body, status, contentType) => {
        const failure = responseFailure({
          endpoint: "flux",
          url: new URL("https://acme--flux.modal.run/flux"),
          status,
          headers: { "content-type": contentType, "retry-after": contentType },
          body,
          redactor: new Redactor(["a fox"]),
        });
        assert.ok(failure instanceof CallFailure);
        parseSidecar(body);
        const document = parsed(body);
        try {
          readOpenApi(document, new URL("https://acme--flux.modal.run"));
        } catch (error) {
          assert.ok(error instanceof Failure, String(error));
        }
      }),
      { numRuns: 300 },
    );
  });
});

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}
