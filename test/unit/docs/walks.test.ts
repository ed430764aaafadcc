import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "../../..");
const page = readFileSync(join(root, "docs/architecture.md"), "utf8");

/** A stop of a walk: a function of src, or a port with the methods by which it is reached and left. */
type Stop =
  | { readonly kind: "port"; readonly methods: readonly string[] }
  | {
      readonly kind: "function";
      readonly place: string;
      /** Where an event or a store connects it with the stop before. */
      readonly connectedIn: string | undefined;
    };

interface Walk {
  readonly title: string;
  readonly steps: number;
  readonly mostSteps: number;
  readonly stops: readonly Stop[];
}

function walksOf(text: string): readonly Walk[] {
  const section = text.split("## Four walks\n")[1]?.split("\n## ")[0] ?? "";
  return section
    .split("\n### ")
    .slice(1)
    .map((walk) => {
      const [heading = "", ...lines] = walk.split("\n");
      const [, title = "", steps, mostSteps] =
        /^(.*): (\d+) steps of at most (\d+)$/.exec(heading) ?? [];
      return {
        title,
        steps: Number(steps),
        mostSteps: Number(mostSteps),
        stops: lines.filter((line) => /^\d+\. /.test(line)).map(stopOf),
      };
    });
}

function stopOf(line: string): Stop {
  const [first = "", ...rest] = [...line.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code);
  return first.includes("#")
    ? { kind: "function", place: first, connectedIn: rest[0] }
    : { kind: "port", methods: [first, ...rest] };
}

function partsOf(place: string): { readonly file: string; readonly owner: string; name: string } {
  const [file = "", ...fragments] = place.split("#");
  const path = fragments.join("#");
  const dot = path.indexOf(".");
  return { file, owner: path.slice(0, Math.max(dot, 0)), name: path.slice(dot + 1) };
}

/** The source of a function or a method, by the indentation that the formatter gives it. */
function sourceOf(place: string): string {
  const { file, owner, name } = partsOf(place);
  const lines = readFileSync(join(root, "src", file), "utf8").split("\n");
  const whole = owner === "" ? lines : blockAt(lines, new RegExp(`^(export )?class ${owner}\\b`));
  const opening =
    owner === ""
      ? new RegExp(`^(export )?((async )?function|const) ${name}\\b`)
      : new RegExp(`^  (async )?${name}\\(`);
  const found = blockAt(whole, opening);
  assert.ok(found.length > 0, `${place} is not in the source`);
  return found.join("\n");
}

function blockAt(lines: readonly string[], opening: RegExp): readonly string[] {
  const from = lines.findIndex((line) => opening.test(line));
  if (from === -1) return [];
  const indent = /^ */.exec(lines[from] ?? "")?.[0] ?? "";
  const closing = new RegExp(`^${indent}(\\}|\\)|\\]);?$`);
  const isOneLine = lines[from]?.endsWith(";") === true;
  const length = isOneLine ? 0 : lines.slice(from).findIndex((line) => closing.test(line));
  return lines.slice(from, from + length + 1);
}

/** Whether the source has a step between two stops: one calls the other, or both use the same port. */
function isStep(from: Stop, to: Stop): boolean {
  if (from.kind === "port") return to.kind === "function" && uses(to.place, from.methods.at(-1));
  if (to.kind === "port") return uses(from.place, to.methods[0]);
  const target = partsOf(to.place);
  if (to.connectedIn !== undefined) {
    const source = sourceOf(to.connectedIn);
    const owner = target.owner === "" ? target.name : target.owner;
    return source.toLowerCase().includes(owner.toLowerCase());
  }
  return uses(from.place, target.name) || uses(to.place, partsOf(from.place).name);
}

/** Whether the function's body calls something of that name. */
function uses(place: string, name: string | undefined): boolean {
  const [signature = "", ...body] = sourceOf(place).split("\n");
  const calls = new RegExp(`(?<![\\w#])${name}\\(`);
  return calls.test(body.length === 0 ? signature : body.join("\n"));
}

describe("The four walks of docs/architecture.md", () => {
  const walks = walksOf(page);

  it("are four", () => {
    assert.equal(walks.length, 4);
  });

  for (const { title, steps, mostSteps, stops } of walks) {
    it(`${title}: each step is in the source, and they are no more than allowed`, () => {
      assert.equal(stops.length - 1, steps);
      assert.ok(steps <= mostSteps, `${steps} steps, at most ${mostSteps}`);
      for (const [index, to] of stops.entries()) {
        const from = stops[index - 1];
        if (from !== undefined)
          assert.ok(isStep(from, to), `no step: ${JSON.stringify({ from, to })}`);
      }
    });
  }

  it("notice a step that is not there", () => {
    const at = (place: string): Stop => ({ kind: "function", place, connectedIn: undefined });
    assert.equal(isStep(at("app.ts#App.close"), at("ui/costsChannel.ts#CostsChannel.line")), false);
  });
});
