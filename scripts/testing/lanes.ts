/** Something to run, and how long it may take. */
export interface Task {
  readonly expectedSeconds: number;
  /** It leaves the processor to others, and needs no lane. */
  readonly isIdle: boolean;
  /** It drives a window of an editor, which is the most that a test works. */
  readonly hasWindow: boolean;
  run(): Promise<void>;
}

/**
 * Runs the tasks in so many lanes, the longest first: so none is left alone at the end. Of those with a
 * window at most `windows` run at once; beside them are tests that wait more than they work.
 */
export async function runInLanes(
  tasks: readonly Task[],
  { lanes, windows }: { readonly lanes: number; readonly windows: number },
): Promise<void> {
  const idle = tasks.filter(({ isIdle }) => isIdle);
  const queue = tasks
    .filter(({ isIdle }) => !isIdle)
    .toSorted((one, other) => other.expectedSeconds - one.expectedSeconds);
  let open = 0;
  const next = (): Task | undefined => {
    const at = queue.findIndex(({ hasWindow }) => !hasWindow || open < windows);
    return at === -1 ? undefined : queue.splice(at, 1)[0];
  };
  // One that finds only windows that have to wait ends: those who drive the others go on with them.
  const lane = async (): Promise<void> => {
    for (let task = next(); task !== undefined; task = next()) {
      open += task.hasWindow ? 1 : 0;
      await task.run();
      open -= task.hasWindow ? 1 : 0;
    }
  };
  await Promise.all([
    ...idle.map(async (task) => task.run()),
    ...Array.from({ length: lanes }, lane),
  ]);
}
