/** An environment without Modal's credentials: for programs that have no use for them (git, a notifier, a version). */
export function tokenFree<Value>(
  env: Readonly<Record<string, Value>>,
): Readonly<Record<string, Value>> {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !/^MODAL_(TOKEN|PROXY)_/i.test(name)),
  );
}
