import type { DatabaseSync } from "node:sqlite";
import { t } from "../base/text.ts";
import { Failure } from "../base/failure.ts";

export interface Sqlite {
  readonly DatabaseSync: typeof DatabaseSync;
}

/** SQLite, which not every runtime has. */
export async function loadSqlite(): Promise<Sqlite> {
  try {
    return await import("node:sqlite");
  } catch (error) {
    throw new Failure(
      "ledger",
      t(
        "This editor's runtime has no SQLite, which the cost ledger needs. Update the editor (VS Code 1.101 or later).",
      ),
      { cause: error },
    );
  }
}
