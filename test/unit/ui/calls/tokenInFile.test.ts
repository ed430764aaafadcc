import assert from "node:assert/strict";
import { factsOf } from "../../../../src/lens/read/facts.ts";
import { needsTokenByFile, printedAt } from "../../../../src/ui/calls/tokenInFile.ts";
import { read } from "../../lens/read/render.ts";

function needs(host: string, functions: string): boolean {
  const source = `import modal\napp = modal.App("flux")\n${functions}`;
  const app = read({ files: { "app.py": source } }).variables.get("app");
  assert.ok(app);
  return needsTokenByFile(factsOf(app), new URL(`https://${host}/flux`));
}

const locked = "@app.function()\n@modal.asgi_app(requires_proxy_auth=True)\ndef web(): ...\n";
const open = "@app.function()\n@modal.fastapi_endpoint()\ndef open_door(): ...\n";
const job = "@app.function()\ndef job(): ...\n";

describe("a proxy token, by the app's file", () => {
  it("is needed where the function that the host names wants one", () => {
    assert.equal(needs("acme--flux-web.modal.run", locked + open + job), true);
    assert.equal(needs("acme--flux-open-door.modal.run", locked + open + job), false);
  });

  it("is not asked of what a deploy printed that is no address, and the call goes on", () => {
    const [bad, good] = ["https://acme--flux…", "https://acme--flux.modal.run/x"].map((url) => ({
      functionName: "flux",
      url,
      needsToken: true,
    }));
    assert.ok(bad && good && !URL.canParse("https://"));
    const apps = [{ urls: [{ ...bad, url: "https://" }, good] }];
    assert.deepEqual(printedAt(apps, "https://acme--flux.modal.run"), [good]);
  });

  it("is needed at another host where every web address of the app wants one", () => {
    assert.equal(needs("images.acme.com", locked + job), true);
    assert.equal(needs("images.acme.com", locked + open), false);
    assert.equal(needs("images.acme.com", job), false);
  });
});
