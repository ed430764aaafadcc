/** Whose money it is: one Modal workspace and one environment of it. A stop never reaches into another one. */
export interface Scope {
  readonly workspace: string;
  readonly environment: string;
}

/** "workspace/environment": the key under which the ledger keeps rows, and what people read. */
export function scopeKey(scope: Scope): string {
  return `${scope.workspace}/${scope.environment}`;
}

/** The scope of a key. */
export function scopeOf(key: string): Scope {
  return { workspace: workspaceIn(key), environment: environmentIn(key) };
}

/** The workspace that a scope's key names. */
export function workspaceIn(key: string): string {
  return key.slice(0, key.indexOf("/"));
}

/** The environment that a scope's key names; empty for what belongs to none. */
export function environmentIn(key: string): string {
  return key.slice(key.indexOf("/") + 1);
}
