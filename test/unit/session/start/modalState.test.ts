import assert from "node:assert/strict";
import { modalStateOf } from "../../../../src/session/start/modalState.ts";
import { VirtualClock } from "../../virtualClock.ts";
import { PortModal } from "../portModal.ts";

describe("modalStateOf", () => {
  const modal = new PortModal(new VirtualClock(0));
  modal.add("flux", { containers: ["ta-1"] });
  const text = (seconds: number | null): string =>
    modalStateOf(
      modal.listing(),
      () => true,
      () => seconds,
    ).text;

  it("tells the scaledown window that is in force in the app, not the one that was asked for", () => {
    assert.match(text(600), /^flux is deployed and 1 container runs: .* idle for 10 min\.$/);
  });

  it("names no window where it is unknown", () => {
    assert.match(text(null), /billed until it has been idle for its scaledown window\.$/);
  });
});
