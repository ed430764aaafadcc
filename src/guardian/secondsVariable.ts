/** What a variable of the machine says in seconds, in milliseconds; undefined: nothing that is a time. */
export function secondsVariableMs(
  env: Readonly<Record<string, string | undefined>>,
  name: string,
): number | undefined {
  const ms = Number(env[name] ?? "") * 1000;
  return ms > 0 && Number.isFinite(ms) ? ms : undefined;
}
