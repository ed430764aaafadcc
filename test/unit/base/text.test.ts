import assert from "node:assert/strict";
import { parseBundle, plural, t, useTexts } from "../../../src/base/text.ts";

const apps = { one: "{0} app in {1}", other: "{0} apps in {1}" };

describe("texts", () => {
  afterEach(() => useTexts(undefined));

  it("are English until a language is chosen, with their values filled in", () => {
    assert.equal(t("Stopped {0} in {1}.", "comfy", "main"), "Stopped comfy in main.");
    assert.equal(t("Nothing runs."), "Nothing runs.");
  });

  it("take a value as it is, also one that looks like a placeholder", () => {
    assert.equal(t("{0} and {1}", "{1}", "$&"), "{1} and $&");
  });

  it("come from the language's bundle, and in English where it has none", () => {
    useTexts({ language: "de", bundle: { "Nothing runs in {0}.": "In {0} läuft nichts." } });
    assert.equal(t("Nothing runs in {0}.", "main"), "In main läuft nichts.");
    assert.equal(t("Stop All"), "Stop All");
  });

  it("count in English: one, and all others", () => {
    assert.deepEqual(
      [0, 1, 2, 1.5].map((count) => plural(count, apps, "main")),
      ["0 apps in main", "1 app in main", "2 apps in main", "1.5 apps in main"],
    );
  });

  it("count as the language does", () => {
    useTexts({
      language: "pl",
      bundle: {
        "{0} apps in {1}/one": "{0} aplikacja w {1}",
        "{0} apps in {1}/few": "{0} aplikacje w {1}",
        "{0} apps in {1}/many": "{0} aplikacji w {1}",
      },
    });
    assert.deepEqual(
      [1, 2, 5, 22].map((count) => plural(count, apps, "main")),
      ["1 aplikacja w main", "2 aplikacje w main", "5 aplikacji w main", "22 aplikacje w main"],
    );
  });

  it("count in English where the language lacks the text, whatever its rules are", () => {
    // In French 0 is singular: "0 app" would be no English.
    useTexts({ language: "fr", bundle: {} });
    assert.equal(plural(0, apps, "main"), "0 apps in main");
  });

  it("never fail at a language tag or a bundle that somebody else wrote", () => {
    for (const language of ["", "not a tag", "x", "qps-ploc"]) {
      useTexts({ language, bundle: {} });
      assert.equal(plural(1, apps, "main"), "1 app in main");
    }
    for (const json of ["", "[", "[]", '{"a":1}', "null"])
      assert.equal(parseBundle(json), undefined);
    assert.deepEqual(parseBundle('{"a":"b","c/few":{"message":"d","comment":["few"]}}'), {
      a: "b",
      "c/few": "d",
    });
    useTexts({ language: "de", bundle: { "Stop {0}": "Beende {7}" } });
    assert.equal(t("Stop {0}", "comfy"), "Beende {7}");
  });
});
