import assert from "node:assert/strict";
import { Failure } from "../../../src/base/failure.ts";
import { credentialFingerprint, resolveCredentials } from "../../../src/modal/credentials.ts";

const two = `
[acme]
token_id = "ak-acme"
token_secret = "as-acme"
environment = "dev"
active = true

[rival]
token_id = "ak-rival"
token_secret = "as-rival"
server_url = "https://rival.example"
`;
const noChoice = { profile: null, environment: null };

function reasonOf(
  text: string | null,
  env: Record<string, string> = {},
  choice: Parameters<typeof resolveCredentials>[2] = noChoice,
): string {
  try {
    resolveCredentials(text, env, choice);
    return "none";
  } catch (error) {
    assert.ok(error instanceof Failure);
    assert.doesNotMatch(`${error.message} ${error.evidence ?? ""} ${String(error.cause)}`, /as-/);
    return error.reason;
  }
}

describe("resolveCredentials", () => {
  it("takes the active profile", () => {
    const { tokenId, environment, profile, origin, serverUrls } = resolveCredentials(
      two,
      {},
      noChoice,
    );
    assert.deepEqual(
      { tokenId, environment, profile, origin, serverUrls },
      {
        tokenId: "ak-acme",
        environment: "dev",
        profile: "acme",
        origin: "profile",
        serverUrls: ["https://api.modal.com", "https://api.modal2.com"],
      },
    );
  });

  it("takes MODAL_PROFILE before the active one, and the setting before both", () => {
    const env = { MODAL_PROFILE: "rival" };
    const rival = resolveCredentials(two, env, noChoice);
    assert.deepEqual([rival.tokenId, rival.serverUrls], ["ak-rival", ["https://rival.example"]]);
    const setting = { profile: "acme", environment: null };
    assert.equal(resolveCredentials(two, env, setting).tokenId, "ak-acme");
  });

  it("lets variables win over any profile, as the CLI does", () => {
    const env = { MODAL_TOKEN_ID: "ak-env", MODAL_TOKEN_SECRET: "as-env", MODAL_ENVIRONMENT: "ci" };
    const found = resolveCredentials(two, env, { profile: "rival", environment: null });
    assert.deepEqual(
      [found.tokenId, found.environment, found.origin],
      ["ak-env", "ci", "variables"],
    );
    const chosen = resolveCredentials(two, env, { profile: null, environment: "staging" });
    assert.equal(chosen.environment, "staging");
  });

  it("counts a variable that is set to nothing, as the CLI does", () => {
    assert.equal(reasonOf(two, { MODAL_TOKEN_ID: "" }), "not-authenticated");
    assert.equal(resolveCredentials(two, { MODAL_ENVIRONMENT: "" }, noChoice).environment, null);
  });

  it("splits a list of servers", () => {
    const env = { MODAL_SERVER_URL: "http://127.0.0.1:1, http://127.0.0.1:2" };
    assert.deepEqual(resolveCredentials(two, env, noChoice).serverUrls, [
      "http://127.0.0.1:1",
      "http://127.0.0.1:2",
    ]);
    assert.equal(reasonOf(two, { MODAL_SERVER_URL: "not a url" }), "bad-setting");
  });

  it("says why there are none", () => {
    assert.equal(reasonOf(null), "not-authenticated");
    assert.equal(reasonOf("[acme]\nactive = true\n"), "not-authenticated");
    assert.equal(reasonOf(two, {}, { profile: "nope", environment: null }), "bad-setting");
    assert.equal(reasonOf(two, { MODAL_PROFILE: "nope" }), "bad-setting");
    assert.equal(reasonOf(two.replace("active = true", "")), "bad-setting");
    assert.equal(reasonOf(`${two}\nactive = true\n`), "bad-setting");
  });

  it("leaves to the CLI what only the CLI may understand, and quotes no secret", () => {
    assert.equal(reasonOf('[acme]\ntoken_secret = "as-secret\n'), "unsupported");
    assert.equal(reasonOf('[acme]\ntoken_secret = ["as-secret"]\n'), "unsupported");
  });
});

describe("credentialFingerprint", () => {
  const of = (text: string | null, env: Record<string, string> = {}): string =>
    credentialFingerprint(text, env, noChoice);

  it("changes with whatever changes whose money it is", () => {
    const prints = [
      of(two),
      of(two, { MODAL_PROFILE: "rival" }),
      of(two, { MODAL_ENVIRONMENT: "staging" }),
      of(two, { MODAL_SERVER_URL: "http://127.0.0.1:1" }),
      of(two, { MODAL_TOKEN_ID: "ak-x" }),
      of(two.replace("as-acme", "as-new")),
      of(null),
      of("not [ toml"),
      of("not [ toml either"),
    ];
    assert.equal(new Set(prints).size, prints.length);
  });

  it("stays with what does not, and holds no secret", () => {
    assert.equal(of(`# a comment\n${two}`), of(two));
    assert.equal(of(`${two}\n[third]\ntoken_id = "ak-3"\n`), of(two));
    assert.doesNotMatch(of(two), /acme/);
  });
});
