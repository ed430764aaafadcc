import assert from "node:assert/strict";
import { Emitter } from "../../../src/base/event.ts";

describe("Emitter", () => {
  it("tells every listener until it is disposed", () => {
    const emitter = new Emitter<number>();
    const heard: number[] = [];
    const subscription = emitter.on((value) => heard.push(value));
    emitter.emit(1);
    subscription.dispose();
    emitter.emit(2);
    assert.deepEqual(heard, [1]);
  });

  it("tells the others when one listener throws", () => {
    const emitter = new Emitter<number>();
    const heard: number[] = [];
    emitter.on(() => {
      throw new Error("deaf");
    });
    emitter.on((value) => heard.push(value));
    assert.throws(() => emitter.emit(7), AggregateError);
    assert.deepEqual(heard, [7]);
  });

  it("counts the same function twice when it subscribes twice", () => {
    const emitter = new Emitter<number>();
    let heard = 0;
    const listener = (): void => void (heard += 1);
    emitter.on(listener).dispose();
    emitter.on(listener);
    emitter.emit(0);
    assert.equal(heard, 1);
  });
});
