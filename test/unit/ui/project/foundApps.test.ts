import assert from "node:assert/strict";
import { findDeployTargets, readWorkspace } from "../../../../src/modal/deploy/targets.ts";
import { deployVariables, modesOf } from "../../../../src/session/mode.ts";
import { FoundApps } from "../../../../src/ui/project/foundApps.ts";

const modes = modesOf({});

const flux = (gpu: string): string =>
  `import modal, os\napp = modal.App("flux")\nG = "${gpu}" if os.environ["MODAL_MODE"] == "dev" else "H100"\n@app.function(gpu=G)\ndef f(): ...\n`;

async function read(folder: string, source: string, mode: string) {
  const text = await readWorkspace(folder, {
    listPythonFiles: async () => ({ files: [`${folder}/app.py`], ignored: new Set() }),
    read: async () => Buffer.from(source),
    realPath: async (file) => file,
  });
  const variables = Object.entries(deployVariables(modes.named(mode)));
  return findDeployTargets(text, new Map(variables)).candidates;
}

async function found(gpus: Readonly<Record<string, string>>): Promise<FoundApps> {
  const apps = new FoundApps();
  for (const [folder, gpu] of Object.entries(gpus))
    for (const mode of ["dev", "demo"])
      apps.replaceIn(folder, mode, await read(folder, flux(gpu), mode));
  return apps;
}

describe("the apps found in the open folders", () => {
  it("tell of an app what the file and the mode of its last deploy say, else what all agree on", async () => {
    const apps = await found({ "/a": "T4", "/b": "L4" });
    const gpuAfter = (file: string, mode: string) => apps.factsOf("flux", { file, mode })?.gpu;
    assert.equal(gpuAfter("/a/app.py", "dev"), "T4");
    assert.equal(gpuAfter("/b/app.py", "demo"), "H100");
    assert.equal(gpuAfter("/gone/app.py", "dev"), undefined, "the files contradict each other");
    assert.equal(apps.factsOf("flux", undefined)?.gpu, undefined);
    assert.equal(apps.factsOf("wan2", undefined), undefined);
    assert.equal(apps.factsInMode({ file: "/b/app.py", variable: null }, "dev")?.gpu, "L4");
  });

  it("are replaced where a folder is read again in one mode; all else stays", async () => {
    const apps = await found({ "/a": "T4", "/b": "L4" });
    apps.replaceIn("/a", "dev", await read("/a", flux("A10G"), "dev"));
    const gpus = apps.all.map(({ target, mode, facts }) => [target.file, mode, facts.gpu]);
    assert.deepEqual(
      gpus.toSorted((one, other) => one.join(" ").localeCompare(other.join(" "))),
      [
        ["/a/app.py", "demo", "H100"],
        ["/a/app.py", "dev", "A10G"],
        ["/b/app.py", "demo", "H100"],
        ["/b/app.py", "dev", "L4"],
      ],
    );
    const [only, ...others] = apps.inFolder("/b");
    assert.deepEqual([only?.target.file, others], ["/b/app.py", []], "each app once, not per mode");
    assert.ok(only);
    assert.equal(apps.candidateOf(only.target)?.target.file, "/b/app.py");
  });
});
