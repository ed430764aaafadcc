import assert from "node:assert/strict";
import { distinctCalls } from "../../../../src/cost/reported/distinctCalls.ts";
import { call } from "../arbitraries.ts";
import { line } from "./lineSample.ts";

const own = call({ functionCallId: "fc-1" });

describe("calls that come from two sources", () => {
  it("are one where Modal's id says so, or where the line was found to be that call's", () => {
    assert.deepEqual(distinctCalls([{ ...line, functionCallId: "fc-1" }, own]), [own]);
    const found = call({ logLineId: line.callId });
    assert.deepEqual(distinctCalls([line, found]), [found]);
  });

  it("are two where only their figures and times are equal: that was decided when they were written", () => {
    assert.deepEqual(distinctCalls([line, call()]), [call(), line]);
    assert.deepEqual(distinctCalls([{ ...line, functionCallId: "fc-2" }, own]).length, 2);
  });
});
