import { createRequire } from "node:module";
import { t } from "../../base/text.ts";
import { Failure } from "../../base/failure.ts";
import type { SdkModule } from "./entry.ts";

/** Loads the SDK's bundle; asked once, when Modal is first needed. */
export type SdkLoader = () => Promise<SdkModule>;

/**
 * A loader for `dist/sdk.cjs` (a path) or for the entry itself (a function that imports it, as the
 * tests do). Rejects with `Failure("unsupported")`, so that "auto" goes on with the CLI.
 */
export function sdkLoader(source: string | (() => Promise<unknown>)): SdkLoader {
  return async () => {
    let module: unknown;
    try {
      module = typeof source === "string" ? requireAt(source) : await source();
    } catch (cause) {
      throw new Failure("unsupported", t("The Modal SDK of this extension cannot be loaded."), {
        cause,
      });
    }
    if (isSdkModule(module)) return module;
    throw new Failure("unsupported", t("The Modal SDK of this extension is incomplete."));
  };
}

function requireAt(path: string): unknown {
  const module: unknown = createRequire(path)(path);
  return module;
}

function isSdkModule(module: unknown): module is SdkModule {
  return (
    typeof module === "object" &&
    module !== null &&
    "connectSdk" in module &&
    typeof module.connectSdk === "function"
  );
}
