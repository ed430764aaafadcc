/** What a table of names that others chose has under a name: never what every object inherits ("constructor"). */
export function ownValue<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}
