import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { vsixPath } from "../../scripts/package.ts";
import { startEditor } from "../host/editor.ts";
import { extensionHosts } from "../host/processes.ts";
import type { EditorHost } from "../host/editorHost.ts";

describe("the installed package", () => {
  let workspace = "";
  let host: EditorHost | undefined;

  before(async () => {
    workspace = await mkdtemp(join(tmpdir(), "mm-workspace-"));
    await writeFile(join(workspace, "README.md"), "A folder without any Modal app.\n");
    host = await startEditor({ workspace, extension: { vsix: vsixPath } });
  });

  after(async () => {
    await host?.[Symbol.asyncDispose]();
    await rm(workspace, { recursive: true, force: true });
  });

  it("shows its status bar item, also after a reload, a close, and a killed extension host", async () => {
    assert.ok(host);
    const window = await host.open();
    const item = await window.untilStatus("modalMeter.status", /Modal/);
    assert.notEqual(item.label, "");
    await window.reload();
    await window.untilStatus("modalMeter.status", /Modal/);
    await window.close();

    const again = await host.open();
    await again.untilStatus("modalMeter.status", /Modal/);
    const killed = extensionHosts();
    await again.killExtensionHost();
    // The editor starts another one by itself, at times sooner than a look at the screen takes.
    await again.until(
      "the status bar item is gone with its extension host, or another one shows it",
      async () =>
        (await again.statusBarItem("modalMeter.status")) === undefined ||
        extensionHosts().some((pid) => !killed.includes(pid)),
    );
    await again.reload();
    await again.untilStatus("modalMeter.status", /Modal/);
    await again.screenshot("smoke");
  });
});
