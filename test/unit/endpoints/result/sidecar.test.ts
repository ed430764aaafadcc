import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { keepSidecar, readSidecar, sidecarPath } from "../../../../src/endpoints/result/sidecar.ts";

const facts = {
  callId: "own-1",
  endpoint: "flux",
  url: null,
  prompt: "a fox",
  seed: 7,
  parameters: {},
  mode: null,
  app: null,
  gpu: null,
  startedAt: "2026-11-26T12:00:00.000Z",
  endedAt: null,
  executionSeconds: null,
  wallSeconds: null,
  cost: { reportedMicroUsd: 1083, meteredMicroUsd: null, billedMicroUsd: null },
  commit: null,
  mediaType: "image/png",
  bytes: 1,
  extracted: [],
};

describe("what made a result", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "sidecar-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("is kept beside it", async () => {
    const result = join(folder, "a-fox.png");
    assert.equal(await keepSidecar(result, facts), null);
    assert.equal((await readSidecar(result))?.prompt, "a fox");
  });

  it("can be read again where media were extracted from the result", async () => {
    const result = join(folder, "a-fox.json");
    const extracted = [join(folder, "a-fox_1.jpg"), join(folder, "a-fox_2.jpg")];
    assert.equal(await keepSidecar(result, { ...facts, extracted }), null);
    assert.deepEqual((await readSidecar(result))?.extracted, ["a-fox_1.jpg", "a-fox_2.jpg"]);
  });

  it("is missed in a remark where it cannot be written: the result is paid for, and is shown", async () => {
    const result = join(folder, "a-fox.png");
    mkdirSync(sidecarPath(result));
    assert.match(
      (await keepSidecar(result, facts)) ?? "",
      /^What made a-fox\.png could not be written beside it \([A-Z]+\)\.$/,
    );
    const gone = join(folder, "no-folder", "a-fox.png");
    assert.match((await keepSidecar(gone, facts)) ?? "", /\(ENOENT\)/);
    assert.equal(existsSync(sidecarPath(gone)), false);
  });
});
