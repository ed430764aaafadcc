/** Whose money it is: one Modal workspace and one environment of it. A stop never reaches into another one. */
export interface Scope {
  readonly workspace: string;
  readonly environment: string;
}

/** The key under which the ledger keeps rows: "workspace/environment". */
export function scopeKey(scope: Scope): string {
  return `${scope.workspace}/${scope.environment}`;
}
