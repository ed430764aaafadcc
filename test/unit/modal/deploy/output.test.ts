import assert from "node:assert/strict";
import { DeployOutput } from "../../../../src/modal/deploy/output.ts";

function read(text: string): DeployOutput {
  const output = new DeployOutput();
  for (const line of text.split("\n")) output.add(line);
  return output;
}

describe("DeployOutput", () => {
  it("learns the URLs from a client of 1.6", () => {
    const { deployment } = read(`✓ Created objects.
├── ✓ Uploaded /comfy/flux_app.py
├── ✓ Created Function web
│   ├── https://acme--flux-web.modal.run (unauthenticated)
│   └── Custom domain: https://flux.example.com
├── ✓ Created Function hook
│   └── https://acme--flux-hook.modal.run 🔑
├── ✓ Created Cls Model.
│   ├── Model.infer -> https://acme--model-infer.modal.run 🔑
│   └──             -> https://infer.example.com 🔑
└── ✓ Created Function nightly.
✓ App deployed in 0.505s! 🎉

View Deployment: https://modal.com/apps/acme/main/deployed/flux`);
    assert.deepEqual(deployment, {
      urls: [
        {
          functionName: "web",
          url: "https://acme--flux-web.modal.run",
        },
        { functionName: "web", url: "https://flux.example.com" },
        {
          functionName: "hook",
          url: "https://acme--flux-hook.modal.run",
          needsToken: true,
        },
        {
          functionName: "Model.infer",
          url: "https://acme--model-infer.modal.run",
          needsToken: true,
        },
        { functionName: "Model.infer", url: "https://infer.example.com", needsToken: true },
      ],
      appName: "flux",
      skipped: false,
    });
  });

  it("learns the URLs from older clients", () => {
    const { deployment } = read(`├── 🔨 Created function nightly.
├── 🔨 Created web function web => https://acme--flux-web.modal.run
├── 🔨 Created web endpoint for Model.infer => https://acme--model-infer.modal.run 🔑
View Deployment: https://modal.com/apps/acme/main/deployed/flux`);
    assert.deepEqual(
      deployment.urls.map(({ functionName, url, needsToken }) => [functionName, url, needsToken]),
      [
        ["web", "https://acme--flux-web.modal.run", undefined],
        ["Model.infer", "https://acme--model-infer.modal.run", true],
      ],
    );
  });

  it("takes no URL for a web URL that belongs to no function", () => {
    const { deployment } = read("https://modal.com/notice\nCreated objects.");
    assert.deepEqual(deployment.urls, []);
  });
});
