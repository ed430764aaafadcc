import assert from "node:assert/strict";
import { keyedManifest } from "../../scripts/manifestTexts.ts";

const command = { command: "modalMeter.stopApp", title: "Stop App…", icon: "$(debug-stop)" };

describe("the texts of package.json", () => {
  it("move to keys that say what they are for, and nothing else does", () => {
    const { manifest, texts, problems } = keyedManifest(
      {
        displayName: "Modal Meter",
        scripts: { title: "no text of the product" },
        contributes: {
          commands: [{ ...command, category: "Modal Meter" }],
          configuration: {
            title: "Modal Meter",
            properties: {
              "modalMeter.title": { default: "as it is", enumDescriptions: ["First.", "Second."] },
            },
          },
          views: { modalMeter: [{ id: "modalMeter.apps", name: "Running" }] },
        },
      },
      {},
    );
    assert.deepEqual(texts, {
      "commands.stopApp.title": "Stop App…",
      "configuration.title.enumDescriptions.0": "First.",
      "configuration.title.enumDescriptions.1": "Second.",
      "views.modalMeter.apps.name": "Running",
    });
    assert.equal(problems.length, 4);
    assert.deepEqual(manifest, {
      displayName: "Modal Meter",
      scripts: { title: "no text of the product" },
      contributes: {
        commands: [{ ...command, title: "%commands.stopApp.title%", category: "Modal Meter" }],
        configuration: {
          title: "Modal Meter",
          properties: {
            "modalMeter.title": {
              default: "as it is",
              enumDescriptions: [
                "%configuration.title.enumDescriptions.0%",
                "%configuration.title.enumDescriptions.1%",
              ],
            },
          },
        },
        views: { modalMeter: [{ id: "modalMeter.apps", name: "%views.modalMeter.apps.name%" }] },
      },
    });
  });

  it("keep the keys that they have, and a key that nothing names is dropped", () => {
    const manifest = {
      contributes: { commands: [{ command: "modalMeter.a", title: "%a%" }] },
    };
    const keyed = keyedManifest(manifest, { a: "Start", old: "Gone" });
    assert.deepEqual(keyed, { manifest, texts: { a: "Start" }, problems: [] });
  });

  it("never share a key with another text", () => {
    const { texts } = keyedManifest(
      {
        contributes: {
          viewsWelcome: [
            { view: "modalMeter.apps", contents: "New." },
            { view: "modalMeter.apps", contents: "%viewsWelcome.apps.contents%" },
          ],
        },
      },
      { "viewsWelcome.apps.contents": "Old." },
    );
    assert.deepEqual(texts, {
      "viewsWelcome.apps.contents.2": "New.",
      "viewsWelcome.apps.contents": "Old.",
    });
  });

  it("are missed when the key has none, because VS Code would show the key", () => {
    const { problems } = keyedManifest({ description: "%about%" }, {});
    assert.deepEqual(problems, ['package.nls.json has no "about"']);
  });
});
