/** Something to run, and how long it may take. */
export interface Task {
  readonly expectedSeconds: number;
  /** It leaves the processor to others, and needs no lane. */
  readonly isIdle: boolean;
  run(): Promise<void>;
}

/** Runs the tasks in so many lanes, the longest first: so none is left alone at the end. */
export async function runInLanes(tasks: readonly Task[], lanes: number): Promise<void> {
  const idle = tasks.filter(({ isIdle }) => isIdle);
  const queue = tasks
    .filter(({ isIdle }) => !isIdle)
    .toSorted((one, other) => other.expectedSeconds - one.expectedSeconds);
  const lane = async (): Promise<void> => {
    for (let task = queue.shift(); task !== undefined; task = queue.shift()) await task.run();
  };
  await Promise.all([
    ...idle.map(async (task) => task.run()),
    ...Array.from({ length: lanes }, lane),
  ]);
}
