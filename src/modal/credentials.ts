import { createHash } from "node:crypto";
import { parse as parseToml } from "smol-toml";
import * as z from "zod/mini";
import { t } from "../base/text.ts";
import { Failure, failureOf } from "../base/failure.ts";

/** Variables of the process that Modal's clients read. */
export type ProcessEnv = Readonly<Record<string, string | undefined>>;

export interface CredentialChoice {
  /** `modalMeter.profile`; null: the active profile. Same meaning as MODAL_PROFILE. */
  readonly profile: string | null;
  /** `modalMeter.environment`; null: as Modal's own order says. Same meaning as `--env`. */
  readonly environment: string | null;
}

/** Credentials as the `modal` command would choose them. */
export interface Credentials {
  readonly tokenId: string;
  readonly tokenSecret: string;
  /** In order of preference: the second one is asked when the first cannot be reached. */
  readonly serverUrls: readonly string[];
  /** null: the workspace's default environment. */
  readonly environment: string | null;
  readonly profile: string | null;
  readonly origin: "profile" | "variables";
  /** Changes whenever another workspace or environment might be meant. Holds no secret. */
  readonly fingerprint: string;
}

// py/modal/config.py: DEFAULT_SERVER_URL.
const defaultServerUrls = "https://api.modal.com,https://api.modal2.com";

const configShape = z.record(
  z.string(),
  z.looseObject({
    token_id: z.optional(z.string()),
    token_secret: z.optional(z.string()),
    server_url: z.optional(z.string()),
    environment: z.optional(z.string()),
    active: z.optional(z.unknown()),
  }),
);
type Config = z.infer<typeof configShape>;

/**
 * Chooses credentials as py/modal/config.py does: a MODAL_* variable that is set (even to nothing)
 * wins over the profile; the profile is the setting's, else MODAL_PROFILE, else the active one.
 * Throws `Failure`: "not-authenticated" (no token), "bad-setting" (profile not usable), or
 * "unsupported" where only the CLI may understand the file (not valid TOML for us).
 */
export function resolveCredentials(
  configText: string | null,
  processEnv: ProcessEnv,
  choice: CredentialChoice,
): Credentials {
  const config = configText === null ? {} : parseConfig(configText);
  const named = choice.profile ?? nonEmpty(processEnv["MODAL_PROFILE"]);
  const profile = named ?? activeProfile(config);
  const section = profile === null ? undefined : config[profile];

  const tokenId = processEnv["MODAL_TOKEN_ID"] ?? section?.token_id ?? "";
  const tokenSecret = processEnv["MODAL_TOKEN_SECRET"] ?? section?.token_secret ?? "";
  if (tokenId === "" || tokenSecret === "") {
    throw named !== null && section === undefined
      ? new Failure(
          "bad-setting",
          t(
            'There is no Modal profile "{0}". Choose another in the setting modalMeter.profile, or run "modal token set --profile {0}".',
            named,
          ),
        )
      : new Failure(
          "not-authenticated",
          t('There is no Modal token on this machine. Run "modal setup" in a terminal.'),
        );
  }
  const serverUrl = processEnv["MODAL_SERVER_URL"] ?? section?.server_url ?? defaultServerUrls;
  const environment =
    choice.environment ?? nonEmpty(processEnv["MODAL_ENVIRONMENT"] ?? section?.environment);
  return {
    tokenId,
    tokenSecret,
    serverUrls: serverUrlsOf(serverUrl),
    environment,
    profile,
    origin: processEnv["MODAL_TOKEN_ID"] === undefined ? "profile" : "variables",
    fingerprint: digest([tokenId, tokenSecret, serverUrl, environment ?? ""]),
  };
}

/**
 * A fingerprint for every state, readable or not: two equal ones mean that no other workspace or
 * environment can be meant.
 */
export function credentialFingerprint(
  configText: string | null,
  processEnv: ProcessEnv,
  choice: CredentialChoice,
): string {
  try {
    return resolveCredentials(configText, processEnv, choice).fingerprint;
  } catch (error) {
    if (failureOf(error) === undefined) throw error;
    const variables = ["TOKEN_ID", "TOKEN_SECRET", "PROFILE", "ENVIRONMENT", "SERVER_URL"];
    const values = variables.map((name) => processEnv[`MODAL_${name}`] ?? "");
    return digest([configText ?? "", choice.profile ?? "", choice.environment ?? "", ...values]);
  }
}

function parseConfig(text: string): Config {
  let toml: unknown;
  try {
    toml = parseToml(text);
  } catch (cause) {
    // The cause quotes the file, which holds secrets: it is dropped on purpose.
    const text =
      cause instanceof Error && "line" in cause
        ? t("The Modal configuration file is not valid TOML (line {0}).", String(cause.line))
        : t("The Modal configuration file is not valid TOML.");
    throw new Failure("unsupported", text);
  }
  const parsed = configShape.safeParse(toml);
  if (parsed.success) return parsed.data;
  const path = parsed.error.issues[0]?.path.join(".") ?? "";
  throw new Failure(
    "unsupported",
    t("The Modal configuration file has an unexpected entry: {0}.", path),
  );
}

/** The profile in force when none is named. null: the file names none. */
function activeProfile(config: Config): string | null {
  const names = Object.keys(config);
  const active = names.filter((name) => config[name]?.active === true);
  if (active.length > 1) {
    throw new Failure(
      "bad-setting",
      t('More than one Modal profile is active. Run "modal profile activate" to choose one.'),
    );
  }
  if (active[0] !== undefined) return active[0];
  if (names.length > 1 && !names.includes("default")) {
    throw new Failure(
      "bad-setting",
      t('No Modal profile is active. Run "modal profile activate", or set modalMeter.profile.'),
    );
  }
  return names.includes("default") ? "default" : null;
}

function serverUrlsOf(text: string): readonly string[] {
  const urls = text
    .split(",")
    .map((url) => url.trim())
    .filter((url) => url !== "");
  const wrong = urls.find((url) => !URL.canParse(url));
  if (wrong !== undefined || urls.length === 0) {
    throw new Failure("bad-setting", t("MODAL_SERVER_URL is not a list of URLs."));
  }
  return urls;
}

function nonEmpty(text: string | undefined): string | null {
  return text === undefined || text === "" ? null : text;
}

function digest(parts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}
