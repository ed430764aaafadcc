import type { ToolCall } from "./runTool.ts";

// not shown: a program
const script = `
exec 3<&0
signal=$1
shift
"$@" </dev/null 3<&- &
shown=$!
{ read -r _ <&3 || { kill -s "$signal" "$shown"; sleep 2; kill "$shown"; }; } >/dev/null 2>&1 &
watcher=$!
wait "$shown"
code=$?
kill "$watcher" 2>/dev/null
exit "$code"
`;

/**
 * What a reminder leaves on the screen must not outlive the guardian: its buttons would do nothing. So
 * the program that shows it runs below a small shell that holds the other end of a pipe from the
 * guardian. When that ends, because the guardian takes the reminder back or was killed, the program
 * gets the signal by which it takes from the screen what it shows. Exit code and output are its own.
 * The script is fixed; what it runs and says are arguments.
 */
export function heldTool({ file, args, env }: ToolCall, signal: "INT" | "TERM"): ToolCall {
  return {
    file: "/bin/sh",
    args: ["-c", script, "sh", signal, file, ...args],
    ...(env === undefined ? {} : { env }),
    isHeld: true,
  };
}
