import assert from "node:assert/strict";
import { Settings } from "../../../../src/session/settings/settings.ts";
import { paidResultTerms, resultTerms, whileHeld } from "../../../../src/ui/calls/resultTerms.ts";

function parts(raw: Record<string, unknown>) {
  return {
    settings: {
      current: Settings.parse({ maxResultGibibytes: 2, resultsFolder: "out", ...raw }),
      isOfFolder: () => false,
    },
    folder: "/project",
    open: [],
    fallbackFolder: "/ours",
  };
}

describe("where a call's result goes", () => {
  it("is as the settings say", () => {
    const terms = resultTerms(parts({}));
    assert.equal(terms.place.folder, "/project/out");
    assert.deepEqual(terms.limits, { maxResultBytes: 2 * 1024 ** 3 });
    assert.deepEqual(paidResultTerms(parts({})), terms);
  });

  for (const wrong of ["resultsFolder", "maxResultGibibytes"])
    it(`stops a call that is not sent where ${wrong} is wrong, and none that is paid for`, () => {
      const bad = parts({ [wrong]: {} });
      assert.throws(() => resultTerms(bad), { reason: "bad-setting" });
      const { place, remarks } = paidResultTerms(bad);
      assert.equal(place.folder, wrong === "resultsFolder" ? "/ours/results" : "/project/out");
      assert.equal(place.spareFolder, "/ours/results");
      assert.equal(remarks.length, 1);
      assert.match(remarks[0] ?? "", new RegExp(wrong));
    });
});

describe("what is held while a call runs", () => {
  it("is given back also where the call throws before it begins", async () => {
    let given = 0;
    const held = { dispose: () => void (given += 1) };
    const work = (): Promise<never> => {
      throw new Error("at once");
    };
    await assert.rejects(whileHeld([held, held], work), /at once/);
    assert.equal(given, 2);
    assert.equal(await whileHeld([held], async () => 7), 7);
    assert.equal(given, 3);
  });
});
