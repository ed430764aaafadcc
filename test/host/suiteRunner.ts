// Runs inside the extension host: the entry point that VS Code is given as its tests.
import { resolve } from "node:path";
import Mocha from "mocha";
import ResultReporter from "../resultReporter.ts";

/** Called by VS Code. Rejects when a test failed, which VS Code reports as exit code 1. */
export async function run(): Promise<void> {
  const files = (process.env["MODAL_METER_SUITE_FILES"] ?? "").split("\n").filter(Boolean);
  const mocha = new Mocha({
    ui: "bdd",
    forbidOnly: true,
    timeout: 30_000,
    color: false,
    reporter: ResultReporter,
  });
  console.log("Suites in the extension host"); // runSuites.ts prints from here on.
  for (const file of files) mocha.addFile(resolve(__dirname, file));
  const failures = await new Promise<number>((done) => mocha.run(done));
  if (failures > 0) throw new Error(`${failures} failed`);
}
