import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import * as z from "zod/mini";

/** A value that CPython computed, as far as it can be compared. */
export type PythonValue =
  | { readonly kind: "plain"; readonly value: string | boolean | null }
  | { readonly kind: "int" | "float"; readonly value: number }
  | { readonly kind: "list" | "tuple"; readonly items: readonly PythonValue[] }
  | { readonly kind: "other" };

const pythonValue: z.ZodMiniType<PythonValue> = z.union([
  z.object({ kind: z.literal("plain"), value: z.union([z.string(), z.boolean(), z.null()]) }),
  z.object({ kind: z.enum(["int", "float"]), value: z.number() }),
  z.object({
    kind: z.enum(["list", "tuple"]),
    items: z.array(z.lazy(() => pythonValue)),
  }),
  z.object({ kind: z.literal("other") }),
]);

const outcome = z.union([
  z.object({ raised: z.string() }),
  z.object({
    apps: z.record(
      z.string(),
      z.object({
        name: z.union([z.string(), z.null(), z.object({ kind: z.literal("other") })]),
        functions: z.record(z.string(), z.record(z.string(), pythonValue)),
      }),
    ),
  }),
]);

/** What one run of the files made. */
export type PythonOutcome = z.output<typeof outcome>;

export interface PythonRequest {
  readonly files: Readonly<Record<string, string>>;
  /** "app.py", or "-m package.module". */
  readonly deploy: string;
  readonly variables: Readonly<Record<string, string>>;
  /** One run for each: what nobody knows before falls out differently. */
  readonly seeds: readonly number[];
}

/** Which Python runs which program. */
export interface OraclePrograms {
  readonly python: string;
  readonly program: string;
}

const withFakeModal: OraclePrograms = {
  python: "python3",
  program: join(import.meta.dirname, "oracle.py"),
};

/** CPython with a `modal` that only writes down (oracle.py), or with another. */
export class PythonOracle implements AsyncDisposable {
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: Interface;
  readonly #answers: AsyncIterator<string>;

  constructor({ python, program } = withFakeModal) {
    this.#process = spawn(python, [program], { stdio: ["pipe", "pipe", "inherit"] });
    this.#lines = createInterface(this.#process.stdout);
    this.#answers = this.#lines[Symbol.asyncIterator]();
  }

  async run(request: PythonRequest): Promise<readonly PythonOutcome[]> {
    this.#process.stdin.write(`${JSON.stringify(request)}\n`);
    const answer = await this.#answers.next();
    if (answer.done === true) throw new Error(`Python ended at ${JSON.stringify(request)}`);
    return z.parse(z.array(outcome), JSON.parse(answer.value));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.stdin.end();
    if (this.#process.exitCode === null) await once(this.#process, "exit");
    this.#lines.close();
  }
}
