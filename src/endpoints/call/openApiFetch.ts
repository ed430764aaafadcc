import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { callEndpoint } from "./call.ts";
import type { CallOptions } from "../callTypes.ts";
import { baseOfDocument, readOpenApi, type OpenApiCatalogue } from "../catalogue/openApi.ts";

const maxDocumentBytes = 20_000_000;

/**
 * Fetches an app's OpenAPI document and reads its endpoints. The request reaches the app: it may
 * start a container and cost money, so ask before.
 *
 * @throws CallFailure, or Failure "bad-output" when the answer is no OpenAPI document.
 */
export async function fetchOpenApi(url: URL, options: CallOptions): Promise<OpenApiCatalogue> {
  const folder = await mkdtemp(join(tmpdir(), "modal-meter-"));
  try {
    const { resultPath } = await callEndpoint(
      {
        callId: "openapi",
        endpoint: "openapi",
        expects: "json",
        folder,
        prompt: null,
        method: "GET",
        url,
        body: null,
      },
      { ...options, limits: { maxResultBytes: maxDocumentBytes, ...options.limits } },
    );
    return readOpenApi(
      resultPath === null ? undefined : parseJson(await readFile(resultPath, "utf8")),
      baseOfDocument(url),
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
