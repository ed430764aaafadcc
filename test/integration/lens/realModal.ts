import { join } from "node:path";
import { appsOfFile, type AppFile } from "../../../src/lens/read/appFiles.ts";
import { isAppName } from "../../../src/lens/library/refusal.ts";
import { factsOf } from "../../../src/lens/read/facts.ts";
import type { PythonOracle, PythonOutcome } from "./oracle.ts";
import { factContradictions } from "./contradictions.ts";
import { read } from "../../unit/lens/read/render.ts";

export type Files = Readonly<Record<string, string>>;

/** What is deployed, and in which environment. */
export interface Deploying {
  readonly files: Files;
  readonly deploy: string;
  readonly variables: Readonly<Record<string, string>>;
}

export const modes = [
  { MODAL_MODE: "dev", SCALEDOWN_WINDOW: "120" },
  { MODAL_MODE: "demo", SCALEDOWN_WINDOW: "600" },
  { MODAL_MODE: "prod", SCALEDOWN_WINDOW: "300" },
] as const;

/** What the real client's Python runs. */
export const realProgram = join(import.meta.dirname, "realModal.py");

/** What the reader says and the real client does, of one file in one mode. */
export interface Compared {
  /** Where the reader claims what the client shows to be otherwise; empty: nowhere. */
  readonly wrong: readonly string[];
  /** Functions with a GPU that the client made, and those of them whose GPU and window the reader knows. */
  readonly gpuFunctions: number;
  readonly priced: number;
  /** Whether the file can be deployed, and whether it is offered without a doubt. */
  readonly isDeployable: boolean;
  readonly isOffered: boolean;
}

export async function compare(oracle: PythonOracle, deploying: Deploying): Promise<Compared> {
  const [run] = await oracle.run({ ...deploying, seeds: [] });
  if (run === undefined) throw new Error("no answer");
  const found = offered(deploying);
  const wrong = [...factContradictions(read(deploying), run), ...offeredWrong(found, run)];
  return { wrong, ...counted(found, run) };
}

/** The apps that the workspace offers of the file. */
function offered({ files, deploy, variables }: Deploying): readonly AppFile[] {
  const all = new Map(Object.entries(files).map(([path, text]) => [`/w/${path}`, text]));
  const path = deploy.startsWith("-m ") ? `${deploy.slice(3).replaceAll(".", "/")}.py` : deploy;
  const environment = new Map(Object.entries(variables));
  return appsOfFile(`/w/${path}`, "/w", { text: (file) => all.get(file) }, environment);
}

/** Errors of Modal's own; any other statement of a file may fail as well. */
const ofModal = /^(InvalidError|DeprecationError)|module 'modal'|_App\.|@app\.|from 'modal'/;

function offeredWrong(found: readonly AppFile[], run: PythonOutcome): readonly string[] {
  return found.flatMap(({ variable, problem }) => {
    if ("raised" in run)
      return problem === null && ofModal.test(run.raised)
        ? [`it is offered, and ${run.raised}`]
        : [];
    const made = run.apps[variable];
    if (made === undefined) return [`${variable} is offered, and is no app`];
    if (problem === null)
      return made.name === null ? [`${variable} is offered, and has no name`] : [];
    return problem.kind === "no-name" && made.name !== problem.name
      ? [`${variable} has a name`]
      : problem.kind === "refused"
        ? [`it is not refused (${problem.why})`]
        : [];
  });
}

function counted(
  found: readonly AppFile[],
  run: PythonOutcome,
): Pick<Compared, "gpuFunctions" | "isDeployable" | "isOffered" | "priced"> {
  // What the parser does not know is offered all the same, with its line.
  const isOffered = found.some(({ problem }) => problem === null || problem.kind === "unread");
  if ("raised" in run) return { gpuFunctions: 0, priced: 0, isDeployable: false, isOffered };
  const offeredHere = new Set(found.map(({ variable }) => variable));
  // One app under two variables counts once.
  const made = Object.entries(run.apps).filter(
    ([variable]) => offeredHere.has(variable) || offeredHere.size === 0,
  );
  const withGpu = made.flatMap(([variable, app]) =>
    Object.entries(app.functions)
      .filter(([, options]) => options["gpu"] !== undefined)
      .map(([name]) => ({ variable, name })),
  );
  const priced = withGpu.filter(({ variable, name }) => {
    const app = found.find((one) => one.variable === variable)?.app;
    const facts = app === undefined ? undefined : factsOf(app).functions.get(name);
    return facts?.gpu.kind === "one" || facts?.gpu.kind === "any-of";
  });
  const isDeployable = made.some(
    ([, { name, functions }]) =>
      typeof name === "string" && isAppName(name) && Object.keys(functions).length > 0,
  );
  return { gpuFunctions: withGpu.length, priced: priced.length, isDeployable, isOffered };
}
