import assert from "node:assert/strict";
import { builtInEndpoints } from "../../../../src/endpoints/catalogue/catalogue.ts";
import type { Endpoint } from "../../../../src/endpoints/catalogue/endpoint.ts";
import {
  resolveUrl,
  safeUrl,
  type UrlSources,
} from "../../../../src/endpoints/catalogue/endpointUrl.ts";
import type { DeployedUrl } from "../../../../src/session/deployer.ts";

function endpoint(name: string): Endpoint {
  const found = builtInEndpoints.find((each) => each.name === name);
  assert.ok(found);
  return found;
}

function deployed(functionName: string, host: string): DeployedUrl {
  return { functionName, url: `https://${host}.modal.run` };
}

function resolve(name: string, sources: Partial<UrlSources>): string {
  return resolveUrl(endpoint(name), { perEndpoint: {}, base: () => "", deployed: [], ...sources })
    .url.href;
}

describe("endpoint URL", () => {
  const asgi = deployed("ComfyUI.fastapi_app", "acme--acme-comfyui-comfyui-fastapi-app");

  it("prefers the endpoint's setting, then the base, then the deploy", () => {
    const base = () => "https://base.example/api/";
    const perEndpoint = { flux: "https://own.example/x?y=1" };
    assert.equal(
      resolve("flux", { perEndpoint, base, deployed: [asgi] }),
      "https://own.example/x?y=1",
    );
    assert.equal(
      resolve("flux-dev", { perEndpoint, base, deployed: [asgi] }),
      "https://base.example/api/flux-dev",
    );
    assert.equal(
      resolve("wan2", { deployed: [asgi] }),
      "https://acme--acme-comfyui-comfyui-fastapi-app.modal.run/wan2",
    );
  });

  it("calls a function that is named like the route directly", () => {
    const own = deployed("Model.flux_dev", "acme--app-model-flux-dev");
    assert.equal(
      resolve("flux-dev", { deployed: [asgi, own] }),
      "https://acme--app-model-flux-dev.modal.run/",
    );
  });

  it("picks the app whose address names the route", () => {
    const apps = [
      deployed("ComfyUI.fastapi_app", "acme--acme-flux-comfyui-fastapi-app"),
      deployed("ComfyUI.fastapi_app", "acme--acme-wan2-comfyui-fastapi-app"),
    ];
    assert.equal(
      resolve("wan2", { deployed: apps }),
      "https://acme--acme-wan2-comfyui-fastapi-app.modal.run/wan2",
    );
  });

  it("asks instead of guessing between two apps", () => {
    const apps = [deployed("web_app", "acme--one-web-app"), deployed("api", "acme--two-api")];
    assert.throws(() => resolve("flux", { deployed: apps }), {
      reason: "bad-setting",
      message: /Several deployed apps.*modalMeter\.endpointUrls/,
    });
  });

  it("does not send a route to a function that serves something else", () => {
    const llm = deployed("Model.generate", "acme--llm-model-generate");
    assert.throws(() => resolve("flux", { deployed: [llm] }), { reason: "endpoint-not-found" });
    assert.throws(() => resolve("flux", {}), { reason: "endpoint-not-found" });
  });

  it("is https, or http to this machine", () => {
    for (const good of [
      "https://a.modal.run",
      "http://localhost:8000",
      "http://127.0.0.1",
      "http://[::1]:1/",
    ]) {
      assert.equal(safeUrl(good, "a setting").origin, new URL(good).origin);
    }
    for (const bad of [
      "",
      "a.modal.run",
      "http://a.modal.run",
      "http://127.0.0.1.evil.example",
      "http://localhost.evil.example",
      "file:///etc/passwd",
      "https://user:pw@a.modal.run",
    ]) {
      assert.throws(
        () => safeUrl(bad, "modalMeter.endpointUrls"),
        {
          reason: "bad-setting",
          message: /modalMeter\.endpointUrls/,
        },
        bad,
      );
    }
  });
});
