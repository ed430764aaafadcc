/** Called at each step that a test makes. */
type Listener = () => void;

let listener: Listener | undefined;

/** A wait of the running test was answered, or a process that it started has ended. */
export function noteProgress(): void {
  listener?.();
}

/** The reporter listens, and gives the running test its time again. */
export function onProgress(call: Listener): void {
  listener = call;
}
