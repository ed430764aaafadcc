// Makes sure that there is an editor to test in. Run by scripts/setup.mjs.
import { prepareEditor } from "./editor.ts";

const say = (line: string) => console.error(`set-up: ${line}`);
try {
  await prepareEditor(say);
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
