import assert from "node:assert/strict";
import { DisposableStore } from "../../../src/base/disposable.ts";

describe("DisposableStore", () => {
  it("lets go in reverse order, once", () => {
    const order: number[] = [];
    const store = new DisposableStore();
    store.add({ dispose: () => order.push(1) });
    store.add({ dispose: () => order.push(2) });
    store.dispose();
    store.dispose();
    assert.deepEqual(order, [2, 1]);
  });

  it("disposes at once what comes late", () => {
    const store = new DisposableStore();
    store.dispose();
    let disposed = 0;
    store.add({ dispose: () => (disposed += 1) });
    assert.equal(disposed, 1);
  });

  it("lets go of the others when one of them throws, and says so", () => {
    let disposed = 0;
    const store = new DisposableStore();
    store.add({ dispose: () => (disposed += 1) });
    store.add({
      dispose: () => {
        throw new Error("stuck");
      },
    });
    assert.throws(() => store.dispose(), AggregateError);
    assert.equal(disposed, 1);
  });
});
