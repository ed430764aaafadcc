import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { skip } from "../skip.ts";
import { listResults } from "../../src/endpoints/result/gallery.ts";
import { builtInEndpoints } from "../../src/endpoints/catalogue/catalogue.ts";
import { parseSidecar, readSidecar } from "../../src/endpoints/result/sidecar.ts";
import { repeatOf, repeatText } from "../../src/ui/calls/repeat.ts";
import { call } from "../unit/cost/arbitraries.ts";

const path = "/clone/modal-results/fox.png";
const [flux] = builtInEndpoints;

/** A file beside a picture, as anybody can commit it. */
function sidecar(change: Readonly<Record<string, unknown>>) {
  const provenance = parseSidecar(
    JSON.stringify({
      modalMeter: 1,
      file: "fox.png",
      callId: "call-1",
      endpoint: "flux",
      url: null,
      prompt: "A red fox",
      seed: 7,
      parameters: { prompt: "A red fox", seed: 7, steps: 4 },
      mode: null,
      app: null,
      gpu: null,
      startedAt: "2026-11-21T12:00:00.000Z",
      endedAt: null,
      executionSeconds: null,
      wallSeconds: null,
      cost: { reportedMicroUsd: null, meteredMicroUsd: null, billedMicroUsd: null },
      commit: null,
      mediaType: null,
      bytes: null,
      ...change,
    }),
  );
  assert.ok(provenance !== undefined);
  return { path, provenance };
}

const input = { values: { prompt: "A red fox", seed: 7, steps: 4 }, files: {} };
const made = call({ endpoint: "flux", resultPath: path, inputJson: JSON.stringify(input) });

describe("a file beside a result", () => {
  it("that is a link to a device, or a pipe, holds up no list and no amendment", async function () {
    if (process.platform === "win32") skip(this, "posix", "devices are POSIX's");
    const folder = mkdtempSync(join(tmpdir(), "mm-forged-"));
    try {
      for (const name of ["zero", "pipe", "sound"]) writeFileSync(join(folder, `${name}.png`), "x");
      symlinkSync("/dev/zero", join(folder, "zero.png.json"));
      execFileSync("mkfifo", [join(folder, "pipe.png.json")]);
      const { provenance } = sidecar({ file: "sound.png" });
      writeFileSync(join(folder, "sound.png.json"), JSON.stringify(provenance));
      const rows = await listResults(folder);
      assert.deepEqual(
        rows.map((row) => basename(row.path)),
        ["sound.png"],
      );
      for (const name of ["zero", "pipe"])
        assert.equal(await readSidecar(join(folder, `${name}.png`)), undefined, name);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("that this machine wrote is repeated from the ledger without a question", () => {
    assert.deepEqual(repeatOf(sidecar({}), flux, made), { input, isAsRecorded: true });
  });

  it("with parameters that its row does not show is asked about, in full", () => {
    const parameters = { prompt: "A red fox", seed: 7, steps: 200, width: 4096, height: 4096 };
    const repeat = repeatOf(sidecar({ parameters, callId: "forged" }), flux, undefined);
    assert.equal(repeat.isAsRecorded, false);
    assert.deepEqual(repeat.input, { values: parameters, files: {} });
    for (const shown of ['"steps": 200', '"width": 4096', '"height": 4096', '"seed": 7'])
      assert.ok(repeatText(repeat.input).includes(shown), shown);
  });

  it("that names a call of mine does not have it sent again under another picture", () => {
    for (const [what, row, of] of [
      ["another file", { ...sidecar({}), path: "/clone/modal-results/owl.png" }, made],
      ["another prompt in the row", sidecar({ prompt: "A cheap owl" }), made],
      ["another seed in the row", sidecar({ seed: 8 }), made],
      ["a call that a log told", sidecar({}), call({ ...made, source: "log" })],
      ["a call of another endpoint", sidecar({}), call({ ...made, endpoint: "wan2" })],
      ["a call whose input was not kept", sidecar({}), call({ ...made, inputJson: null })],
    ] as const)
      assert.equal(repeatOf(row, flux, of).isAsRecorded, false, what);
  });

  it("hides nothing from the question by invisible or turning characters", () => {
    const values = { prompt: "fox\u202Exof\u200B\u{E0041}\u2066", steps: 4 };
    const text = repeatText({ values, files: {} });
    assert.doesNotMatch(text, /[\p{Cf}]/u);
    assert.deepEqual(JSON.parse(text), values, "and it is what would be sent");
  });
});
