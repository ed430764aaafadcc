import assert from "node:assert/strict";
import { appAtUrl, type AppAtUrlFacts } from "../../../src/session/appAtUrl.ts";
import { sessionApp } from "./sessionSample.ts";

const listed = (...names: readonly string[]): AppAtUrlFacts["listed"] =>
  names.map((name, index) => ({ appId: `ap-${index + 1}`, name, state: "deployed" }));
const scope = { workspace: "acme", environment: "main" };

function at(url: string, facts: Partial<AppAtUrlFacts> = {}): string | null {
  const some = { scope, sessions: [], listed: listed("flux_api", "wan2"), ...facts };
  return appAtUrl(new URL(url), some)?.appId ?? null;
}

describe("the app at an address", () => {
  it("is the one that the host's name says", () => {
    assert.equal(at("https://acme--flux-api-run.modal.run/flux"), "ap-1");
    assert.equal(at("https://acme--wan2-model-infer-dev.modal.run"), "ap-2");
    assert.equal(at("https://acme--wan2.modal.run"), "ap-2");
    const staging = { scope: { ...scope, environment: "staging" } };
    assert.equal(at("https://acme-staging--wan2-run.modal.run", staging), "ap-2");
  });

  it("is nobody's where two apps could be meant, or another workspace, environment or domain is", () => {
    assert.equal(
      at("https://acme--flux-api-run.modal.run", { listed: listed("flux", "flux_api") }),
      null,
    );
    assert.equal(at("https://other--wan2-run.modal.run"), null);
    assert.equal(at("https://acme-staging--wan2-run.modal.run"), null);
    const staging = { scope: { ...scope, environment: "staging" } };
    assert.equal(at("https://acme--wan2-run.modal.run", staging), null);
    assert.equal(at("https://acme--wan2x-run.modal.run"), null);
    assert.equal(at("https://wan2.example.com"), null);
    const [app] = listed("wan2");
    assert.equal(
      at("https://acme--wan2-run.modal.run", { listed: app ? [{ ...app, state: "stopped" }] : [] }),
      null,
    );
  });

  it("is the one whose deploy printed it, under the id that it has now", () => {
    const printed = {
      ...sessionApp({ appId: "ap-9", name: "comfy" }),
      urls: [{ functionName: "fastapi_app", url: "https://my.domain.dev/api" }],
    };
    const facts = { sessions: [{ apps: [printed] }], listed: listed("comfy", "wan2") };
    assert.equal(at("https://my.domain.dev/api/flux", facts), "ap-1");
    assert.equal(at("https://my.domain.dev/apix", facts), null);
    assert.equal(at("https://my.domain.dev/api", { ...facts, listed: listed("wan2") }), null);
  });
});
