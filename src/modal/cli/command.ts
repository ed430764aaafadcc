/** Where a `modal` command was found. */
export type CliOrigin = "setting" | "virtual-environment" | "uv" | "python-extension" | "path";

/** How to start the `modal` command: `command prefixArgs… app list`. Never a shell line. */
export interface CliCommand {
  readonly command: string;
  /** Arguments before Modal's own: `["run", "--project", "/x", "--no-sync", "modal"]` for uv. */
  readonly prefixArgs: readonly string[];
  readonly origin: CliOrigin;
  /** "1.5.4"; null: not asked yet, or the answer was not readable. */
  readonly version: string | null;
}

/** "1.5.4" → [1, 5, 4]; undefined when it does not begin with three numbers ("1.5.4.dev2" does). */
function numbersOf(version: string): readonly number[] | undefined {
  const match = /^(\d+)\.(\d+)\.(\d+)/.exec(version);
  return match?.slice(1).map(Number);
}

/** True when `version` is known and is `wanted` or newer; undefined when it is not known. */
export function isAtLeast(version: string | null, wanted: string): boolean | undefined {
  const have = version === null ? undefined : numbersOf(version);
  const want = numbersOf(wanted);
  if (have === undefined || want === undefined) return undefined;
  for (const [index, number] of want.entries()) {
    const part = have[index] ?? 0;
    if (part !== number) return part > number;
  }
  return true;
}

/** Reads `modal --version`: "modal client version: 1.5.4". */
export function parseCliVersion(stdout: string): string | null {
  return /modal client version:\s*(\d+\.\d+\.\d+\S*)/.exec(stdout)?.[1] ?? null;
}
