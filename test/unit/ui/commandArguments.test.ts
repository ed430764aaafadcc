import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod/mini";
import { commandArguments, parseArgument } from "../../../src/ui/commandArguments.ts";

const root = join(import.meta.dirname, "../../..");
const named = z.array(z.object({ command: z.string() }));
const manifest = z
  .object({ contributes: z.object({ commands: named, menus: z.record(z.string(), named) }) })
  .parse(JSON.parse(readFileSync(join(root, "package.json"), "utf8")));

const ids = Object.keys(commandArguments).map((id) => `modalMeter.${id}`);

describe("commandArguments", () => {
  it("has each command of package.json, and no other", () => {
    const declared = manifest.contributes.commands.map(({ command }) => command);
    assert.deepEqual(ids.toSorted(), declared.toSorted());
  });

  it("knows every command that a menu offers", () => {
    const offered = Object.values(manifest.contributes.menus).flat();
    assert.ok(offered.length > 0);
    for (const { command } of offered) assert.ok(ids.includes(command), command);
  });

  it("takes an app by its id and by its row", () => {
    assert.equal(parseArgument("stopApp", "ap-1"), "ap-1");
    assert.equal(parseArgument("stopApp", { appId: "ap-1", name: "flux-api" }), "ap-1");
  });

  it("counts what does not fit as none, so that the command asks", () => {
    for (const odd of [null, 5, {}, { appId: 5 }, ["ap-1"], undefined]) {
      assert.equal(parseArgument("stopApp", odd), undefined);
    }
    assert.equal(parseArgument("invokeWorkflow", { scheme: "http", fsPath: "/x" }), undefined);
    assert.equal(parseArgument("startDev", { anything: true }), undefined);
  });
});
