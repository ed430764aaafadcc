import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { builtInEndpoints } from "../../../../src/endpoints/catalogue/catalogue.ts";
import {
  readImage,
  readJsonFile,
  shownParameters,
} from "../../../../src/endpoints/call/fileField.ts";
import { listResults } from "../../../../src/endpoints/result/gallery.ts";
import {
  amendSidecar,
  readSidecar,
  sidecarPath,
  writeSidecar,
  type Provenance,
} from "../../../../src/endpoints/result/sidecar.ts";

function facts(more: Partial<Provenance>): Omit<Provenance, "modalMeter" | "file"> {
  return {
    callId: "call-1",
    endpoint: "flux",
    url: "https://acme--app.modal.run/flux",
    prompt: "A red fox",
    seed: 7,
    parameters: { prompt: "A red fox", seed: 7, steps: 4 },
    mode: "dev",
    app: { id: "ap-1", name: "acme-app" },
    gpu: "L40S",
    startedAt: "2026-11-21T12:00:00.000Z",
    endedAt: "2026-11-21T12:00:05.000Z",
    executionSeconds: 2,
    wallSeconds: 5,
    cost: { reportedMicroUsd: 1388, meteredMicroUsd: 2000, billedMicroUsd: null },
    commit: null,
    mediaType: "image/png",
    bytes: 3,
    extracted: [],
    ...more,
  };
}

describe("results in a folder", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "modal-meter-test-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  async function result(name: string, more: Partial<Provenance> = {}): Promise<string> {
    const path = join(folder, name);
    writeFileSync(path, "abc");
    await writeSidecar(path, facts(more));
    return path;
  }

  it("are unknown where the folder is a file, and the setting is named", async () => {
    const file = join(folder, "file");
    writeFileSync(file, "");
    await assert.rejects(listResults(file), {
      reason: "bad-setting",
      message: `${file} cannot be read (ENOTDIR). Check "modalMeter.resultsFolder".`,
    });
  });

  it("say where they come from, newest first", async () => {
    await result("a.png", { startedAt: "2026-11-21T12:00:00.000Z" });
    await result("b.json", { startedAt: "2026-11-21T13:00:00.000Z" });
    const results = await listResults(folder);
    assert.deepEqual(
      results.map(({ provenance }) => provenance.file),
      ["b.json", "a.png"],
    );
    assert.equal(results[1]?.bytes, 3);
    assert.deepEqual(readdirSync(folder).toSorted(), [
      "a.png",
      "a.png.json",
      "b.json",
      "b.json.json",
    ]);
  });

  it("are not hurt by broken or strange neighbours", async () => {
    await result("good.png");
    const foreign = JSON.stringify({ ...facts({}), modalMeter: 1, file: "../../secret.png" });
    for (const [name, text] of Object.entries({
      cut: '{"modalMeter":1',
      empty: "",
      other: '{"a":1}',
      foreign,
      list: "[]",
    })) {
      writeFileSync(join(folder, `${name}.png`), "x");
      writeFileSync(join(folder, `${name}.png.json`), text);
    }
    writeFileSync(join(folder, "alone.png.json"), JSON.stringify(facts({})));
    writeFileSync(join(folder, "now.part"), "x");
    mkdirSync(join(folder, "dir.json"));
    const results = await listResults(folder);
    assert.deepEqual(
      results.map(({ provenance }) => provenance.file),
      ["good.png"],
    );
  });

  it("are found by the prompt's words and by cost; unknown cost is within no bound", async () => {
    await result("a.png", {
      prompt: "A red fox in snow",
      cost: { reportedMicroUsd: 1000, meteredMicroUsd: null, billedMicroUsd: null },
    });
    await result("b.png", {
      prompt: "A blue fox",
      cost: { reportedMicroUsd: 9000, meteredMicroUsd: null, billedMicroUsd: null },
    });
    await result("c.png", {
      prompt: null,
      endpoint: "wan2",
      cost: { reportedMicroUsd: null, meteredMicroUsd: null, billedMicroUsd: null },
    });
    const names = async (filter: Parameters<typeof listResults>[1]): Promise<string> =>
      (await listResults(folder, filter))
        .map(({ provenance }) => provenance.file)
        .toSorted()
        .join();
    assert.equal(await names({}), "a.png,b.png,c.png");
    assert.equal(await names({ prompt: "FOX snow" }), "a.png");
    assert.equal(await names({ prompt: "fox" }), "a.png,b.png");
    assert.equal(await names({ maxMicroUsd: 5000 }), "a.png");
    assert.equal(await names({ minMicroUsd: 5000 }), "b.png");
    assert.equal(await names({ minMicroUsd: 0 }), "a.png,b.png");
    assert.equal(await names({ endpoint: "wan2" }), "c.png");
  });

  it("learn their bill later, and keep what a newer version wrote", async () => {
    const path = await result("a.png");
    const written = readFileSync(sidecarPath(path), "utf8");
    writeFileSync(sidecarPath(path), written.replace("{", '{"rating": 5,'));
    const cost = { reportedMicroUsd: 1388, meteredMicroUsd: 2000, billedMicroUsd: 2100 };
    await amendSidecar(path, (before) => ({ cost: { ...before.cost, ...cost } }));
    const amended = await readSidecar(path);
    assert.deepEqual(amended?.cost, cost);
    assert.equal(amended?.prompt, "A red fox");
    assert.match(readFileSync(sidecarPath(path), "utf8"), /"rating": 5/);
    await amendSidecar(path, () => undefined);
    await amendSidecar(join(folder, "none.png"), () => ({ cost }));
    assert.deepEqual(readdirSync(folder).toSorted(), ["a.png", "a.png.json"]);
  });

  it("of a folder that is not there are none", async () => {
    assert.deepEqual(await listResults(join(folder, "none")), []);
  });
});

describe("picked files", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "modal-meter-test-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function write(name: string, content: string | Buffer): string {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  }

  const instantId = builtInEndpoints.find(({ name }) => name === "flux-instantid");
  const image = instantId?.fields.find((field) => field.kind === "image");
  const workflow = builtInEndpoints
    .find(({ name }) => name === "workflow")
    ?.fields.find((field) => field.kind === "jsonFile");

  it("become a data URL by what they are, not by their name", async () => {
    assert.ok(image);
    const bytes = Buffer.from("\x89PNG\r\n\x1a\nrest", "latin1");
    const path = write("face.jpg", bytes);
    const picked = await readImage(image, path);
    assert.equal(picked.value, `data:image/png;base64,${bytes.toString("base64")}`);
    assert.equal(
      (await readImage({ ...image, encoding: "base64" }, path)).value,
      bytes.toString("base64"),
    );
    assert.ok(instantId);
    const shown = shownParameters(
      instantId,
      { prompt: "x", reference_image: picked.value },
      { reference_image: picked.shown },
    );
    assert.deepEqual(shown, { prompt: "x", reference_image: "face.jpg (12 bytes)" });
  });

  it("that are no image, too large or not there are refused", async () => {
    assert.ok(image);
    await assert.rejects(readImage(image, write("a.png", "text")), {
      reason: "invalid-argument",
      message: /not an image/,
    });
    await assert.rejects(readImage({ ...image, maxBytes: 3 }, write("b.png", "text")), {
      reason: "invalid-argument",
      message: /too large/,
    });
    await assert.rejects(readImage(image, join(folder, "none.png")), { reason: "disk" });
  });

  it("with a workflow are read in API format only", async () => {
    assert.ok(workflow);
    const api = { "3": { class_type: "KSampler", inputs: {} } };
    assert.deepEqual(
      (await readJsonFile(workflow, write("w.json", `\uFEFF${JSON.stringify(api)}`))).value,
      api,
    );
    await assert.rejects(readJsonFile(workflow, write("e.json", '{"nodes":[],"links":[]}')), {
      message: /Export \(API\)/,
    });
    await assert.rejects(readJsonFile(workflow, write("l.json", "[1]")), {
      reason: "invalid-argument",
    });
    await assert.rejects(readJsonFile(workflow, write("x.json", "{")), {
      reason: "invalid-argument",
    });
  });
});
