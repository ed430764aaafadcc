/**
 * What an app's file says of a function's idle window: "mode", it reads SCALEDOWN_WINDOW; a number of
 * seconds, whatever the mode says; null: nobody knows.
 */
export type FileWindow = "mode" | number | null;

/** By the name that Modal gives to the function. */
export type WindowsInFile = (functionName: string) => FileWindow;

/** What a deploy's file says of its windows. */
export interface DeployedWindows {
  /**
   * The idle window, in seconds, that a deploy in this mode gets by the file. null: the file does not tell
   * it, or its functions have several; absent: the mode's.
   */
  readonly windowInFile?: number | null | undefined;
  /** The same by function, and whether it follows the mode; absent: nobody knows. */
  readonly windowsInFile?: WindowsInFile | undefined;
}

/** By function; where the mode's window is to come, each follows it. */
export function windowsToCome({
  windowInFile,
  windowsInFile = () => (windowInFile === undefined ? "mode" : null),
}: DeployedWindows): WindowsInFile {
  return windowsInFile;
}
