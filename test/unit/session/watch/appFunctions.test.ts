import assert from "node:assert/strict";
import { Failure } from "../../../../src/base/failure.ts";
import { AppFunctions, commonGpu } from "../../../../src/session/watch/appFunctions.ts";
import type { AppFunction } from "../../../../src/session/modalControl.ts";
import { VirtualClock } from "../../virtualClock.ts";

const fn = (name: string, ...gpus: string[]): AppFunction => ({
  functionId: `fu-${name}`,
  name,
  gpus: gpus.map((type) => ({ type, count: 1 })),
});

const container = { appId: "ap-1", enqueuedAtMs: 1_000_000, startedAtMs: 1_000_000 };
const question = { scope: "acme/main", isNew: false, offsetMs: 0 };
const deployments = () => Promise.resolve([]);

describe("the GPU that an app's functions have", () => {
  it("is one only where all of them have the same, and it is named", () => {
    assert.deepEqual(commonGpu([fn("a", "L40S"), fn("b", "L40S")]), { type: "L40S", count: 1 });
    assert.equal(commonGpu([fn("a", "L40S"), fn("b", "H100")]), undefined);
    // "None" or "not told": nobody says which.
    assert.equal(commonGpu([fn("a", "L40S"), fn("health")]), undefined);
    assert.equal(commonGpu([fn("a")]), undefined);
    assert.equal(commonGpu([]), undefined);
    assert.equal(commonGpu([fn("a", "H100", "A100-80GB")]), undefined, "it may get either");
  });

  it("is asked for at the first sight of a container, and again when a newer one comes", async () => {
    const clock = new VirtualClock(1_000_000);
    let asked = 0;
    let gpu = "L40S";
    const control = {
      deployments,
      appFunctions: async () => {
        asked += 1;
        return [fn("a", gpu)];
      },
    };
    const gpus = new AppFunctions(clock);
    const typeOf = async (isNew: boolean) =>
      commonGpu(await gpus.functionsOf(control, container, { ...question, isNew }, {}))?.type;
    assert.deepEqual(await Promise.all([typeOf(true), typeOf(true)]), ["L40S", "L40S"]);
    await clock.advance(3_600_000);
    assert.equal(await typeOf(false), "L40S");
    assert.equal(asked, 1);
    gpu = "H100";
    assert.equal(await typeOf(true), "H100", "deployed again meanwhile");
    assert.equal(asked, 2);
  });

  it("is left open while Modal cannot be asked whether there was a deploy since, which is asked again each time", async () => {
    const clock = new VirtualClock(1_000_000);
    let failure: Failure | undefined = new Failure("offline", "No network.");
    let asked = 0;
    const control = {
      deployments: () => {
        asked += 1;
        return failure === undefined ? Promise.resolve([]) : Promise.reject(failure);
      },
      appFunctions: async () => [fn("a", "L40S")],
    };
    const gpus = new AppFunctions(clock);
    await clock.advance(600_000);
    const ask = () => gpus.functionsOf(control, container, question, {});
    assert.deepEqual(await ask(), []);
    failure = undefined;
    assert.equal(commonGpu(await ask())?.type, "L40S");
    await ask();
    assert.equal(asked, 2, "an answer is kept");
    failure = new Failure("unsupported", "No such command.");
    const other = { ...container, appId: "ap-2" };
    for (const _ of [1, 2])
      assert.equal((await gpus.functionsOf(control, other, question, {})).length, 1);
    assert.equal(asked, 3, "and what will never be told is not asked again");
  });

  it("is asked for once in ten minutes where Modal does not tell it", async () => {
    const clock = new VirtualClock(1_000_000);
    let asked = 0;
    const control = {
      deployments,
      appFunctions: (): Promise<readonly AppFunction[]> => {
        asked += 1;
        return Promise.reject(new Failure("cli-too-old", "No such command."));
      },
    };
    const gpus = new AppFunctions(clock);
    const ask = () => gpus.functionsOf(control, container, question, {});
    for (let minute = 0; minute < 20; minute += 1) {
      assert.deepEqual(await ask(), []);
      await clock.advance(60_000);
    }
    assert.equal(asked, 2);
  });
});
