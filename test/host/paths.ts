import { join, resolve } from "node:path";

/** The repository: the folder that holds package.json. */
export const root = resolve(import.meta.dirname, "..", "..");

/** Editors and browsers to test in. Kept between runs, safe to delete. */
export const cacheFolder = join(root, ".vscode-test");

/** Screenshots, logs and results of the last run. Safe to delete. */
export const outFolder = join(root, "test", "out");
