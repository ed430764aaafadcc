import assert from "node:assert/strict";
import { offerCheck } from "../../../../src/ui/pages/offerCheck.ts";

describe("beside the page of the check of the meter", () => {
  async function done(...answers: readonly string[]): Promise<readonly string[]> {
    const left = [...answers];
    const steps: string[] = [];
    const note = (what: string) => (hasNames: boolean) => {
      steps.push(`${what} ${hasNames ? "names" : "no names"}`);
      return Promise.resolve();
    };
    await offerCheck({
      show: note("show"),
      copy: note("copy"),
      ask: (...actions) => {
        const answer = left.shift();
        assert.ok(answer === undefined || actions.includes(answer), `${answer} is no button`);
        return Promise.resolve(answer);
      },
    });
    return steps;
  }

  it("buttons copy the page that is shown, with the names of the apps only where they were asked for", async () => {
    assert.deepEqual(await done(), ["show no names"]);
    assert.deepEqual(await done("Copy as Markdown"), ["show no names", "copy no names"]);
    assert.deepEqual(await done("With the names of the apps", "Copy as Markdown"), [
      "show no names",
      "show names",
      "copy names",
    ]);
  });
});
