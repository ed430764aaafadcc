import assert from "node:assert/strict";
import * as vscode from "vscode";
import * as z from "zod/mini";

const manifestShape = z.object({
  contributes: z.object({
    commands: z.array(z.object({ command: z.string() })),
    configuration: z.union([
      z.object({ properties: z.record(z.string(), z.object({ default: z.unknown() })) }),
      z.array(z.object({ properties: z.record(z.string(), z.object({ default: z.unknown() })) })),
    ]),
  }),
});

const id = "modal-meter.modal-meter";

describe("contributions", () => {
  const extension = vscode.extensions.getExtension(id);
  const manifest = manifestShape.parse(extension?.packageJSON);

  before(async () => {
    await extension?.activate();
  });

  it("activates", () => {
    assert.equal(extension?.isActive, true);
  });

  it("registers each command of package.json, and no other", async () => {
    const declared = manifest.contributes.commands.map(({ command }) => command);
    const all = await vscode.commands.getCommands(true);
    // VS Code itself adds commands for contributed views, named after the view.
    const registered = all.filter((command) => /^modalMeter\.[^.]+$/.test(command));
    assert.deepEqual(registered.toSorted(), [...declared].toSorted());
  });

  it("declares each setting with a default that VS Code gives back", () => {
    const parts = [manifest.contributes.configuration].flat();
    const settings = parts.flatMap(({ properties }) => Object.entries(properties));
    assert.ok(settings.length > 0);
    for (const [name, { default: wanted }] of settings) {
      assert.match(name, /^modalMeter\./);
      assert.notEqual(wanted, undefined, `${name} has a default`);
      assert.deepEqual(vscode.workspace.getConfiguration().inspect(name)?.defaultValue, wanted);
    }
  });
});
