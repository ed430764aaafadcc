/** A sentence for people, with its values apart, so that the UI can translate it: "{0} apps run". */
export interface Message {
  readonly text: string;
  readonly args: readonly (string | number)[];
}

export function message(text: string, ...args: readonly (string | number)[]): Message {
  return { text, args };
}
