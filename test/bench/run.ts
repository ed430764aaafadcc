import { globSync } from "node:fs";
import { basename } from "node:path";
import { parseArgs } from "node:util";
import { calibratedTable } from "./metering/table.ts";
import { jsonOf, type Bench, type BenchOptions, type Figure } from "./figure.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: "boolean", default: false },
    world: { type: "string" },
    minutes: { type: "string" },
    part: { type: "string" },
    table: { type: "boolean", default: false },
  },
});

const { world, minutes, part } = values;
const options: BenchOptions = {
  world,
  minutes: minutes === undefined ? undefined : Number(minutes),
  part: part === undefined ? undefined : Number(part),
};

const files = globSync("*.bench.ts", { cwd: import.meta.dirname }).toSorted();
const known = files.map((file) => basename(file, ".bench.ts"));
const unknown = positionals.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  console.error(`No bench named ${unknown.join(", ")}. There are: ${known.join(", ")}.`);
  process.exit(2);
}

for (const name of positionals.length > 0 ? positionals : known) {
  const module: Bench = await load(name);
  const figures = await module.bench(options);
  if (values.table) console.log(calibratedTable(figures));
  else for (const figure of figures) print(figure);
}

async function load(name: string): Promise<Bench> {
  const module: unknown = await import(`./${name}.bench.ts`);
  if (!isBench(module)) throw new TypeError(`${name}.bench.ts exports no bench().`);
  return module;
}

function isBench(module: unknown): module is Bench {
  return (
    typeof module === "object" &&
    module !== null &&
    "bench" in module &&
    typeof module.bench === "function"
  );
}

function print(figure: Figure): void {
  if (values.json) {
    console.log(jsonOf(figure));
    return;
  }
  console.log(
    `${figure.name}: ours ${round(figure.ours)} ${figure.unit}, peer ${round(figure.peer)} ${figure.unit}, ` +
      `ratio ${round(figure.ratio)} (goal: ${figure.goal}; ${figure.runs} runs)`,
  );
}

function round(value: number): string {
  return Number(value.toPrecision(4)).toLocaleString("en-US", { maximumFractionDigits: 6 });
}
