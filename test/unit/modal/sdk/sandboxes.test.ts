import assert from "node:assert/strict";
import { listSandboxes } from "../../../../src/modal/sdk/sandboxes.ts";

/** So many sandboxes, each made a second before the one above it, in pages of a hundred. */
async function listed(count: number) {
  let pages = 0;
  const sandboxListV2 = async ({ beforeTimestamp }: { readonly beforeTimestamp: number }) => {
    pages += 1;
    const newest = beforeTimestamp === 0 ? count : beforeTimestamp - 1;
    const length = Math.max(0, Math.min(100, newest));
    const sandboxes = Array.from({ length }, (_, at) => ({
      id: `sb-${newest - at}`,
      createdAt: newest - at,
      appId: "ap-1",
      name: "",
      regions: [],
      timeoutSecs: 300,
    }));
    return { sandboxes };
  };
  const lists = { sandboxListV2, sandboxList: sandboxListV2 };
  const call = { signal: new AbortController().signal };
  const { isCut, sandboxes } = await listSandboxes("main", (operation) => operation(lists, call));
  return { isCut, count: sandboxes.length, pages };
}

describe("The list of sandboxes", () => {
  it("is read page after page until an empty one comes", async () => {
    assert.deepEqual(await listed(0), { isCut: undefined, count: 0, pages: 1 });
    assert.deepEqual(await listed(250), { isCut: undefined, count: 250, pages: 4 });
  });

  it("says that it is cut where there are more than twenty pages", async () => {
    assert.deepEqual(await listed(2_500), { isCut: true, count: 2_000, pages: 20 });
  });
});
