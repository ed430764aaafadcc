import assert from "node:assert/strict";
import { execa } from "execa";
import * as z from "zod/mini";
import type { AppSource } from "../../src/lens/value/value.ts";
import { constantCases, modeCases, plainCases, undecidedCases } from "../unit/lens/read/cases.ts";
import { read } from "../unit/lens/read/render.ts";
import { pythonOf } from "./modal/controlAdapters.ts";

/** Prints, for each source on standard input, the decorators that register functions, and whether it is valid. */
const program = `
import ast, json, sys
def found(source):
    try:
        tree = ast.parse(source.lstrip("\\ufeff"))
    except SyntaxError:
        return None
    calls = []
    called = {n.func.id for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
    def visit(node):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            for one in node.decorator_list:
                if isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute) and one.func.attr in ("function", "cls", "server"):
                    calls.append([one.lineno, sorted(k.arg for k in one.keywords if k.arg)])
            # What stands inside runs when it is called.
            if node.name not in called:
                return
        for child in ast.iter_child_nodes(node):
            visit(child)
    visit(tree)
    return sorted(calls)
print(json.dumps([found(s) for s in json.load(sys.stdin)]))
`;

const answer = z.array(z.nullable(z.array(z.tuple([z.number(), z.array(z.string())]))));

/** Every keyword that any of the sources gives to a decorator: what the reader is asked for. */
const asked = [
  ..."gpu cpu memory scaledown_window container_idle_timeout min_containers keep_warm".split(" "),
  ..."region name port".split(" "),
];

function readerFound(
  apps: Iterable<AppSource>,
  source: string,
): readonly (readonly [number, readonly string[]])[] {
  const functions = [...apps].flatMap((app) => app.functions);
  // A loop makes several functions of one decorator.
  const decorators = new Map(functions.map((one) => [one.offset, one]));
  return [...decorators.values()]
    .map((one): [number, readonly string[]] => [
      source.slice(0, one.offset).split("\n").length,
      asked.filter((name) => one.argument(name).kind !== "absent").toSorted(),
    ])
    .toSorted(([a], [b]) => a - b);
}

describe("the reader of app files beside CPython's own parser", () => {
  it("finds the same decorators with the same keywords in every file without unknown options", async function () {
    const python = pythonOf(this);
    const sources = [...plainCases, ...constantCases, ...modeCases, ...undecidedCases].flatMap(
      ({ source, expected, variables }) =>
        // A loop, a call or a decorator of others makes what no syntax tree tells.
        typeof source === "string" &&
        expected !== "" &&
        !/\*\*|and more|traced|raises|\.function\([^@\n]*\)\(|on_gpu/.test(source + expected)
          ? [{ source, variables }]
          : [],
    );
    assert.ok(sources.length > 60, String(sources.length));
    const { stdout } = await execa(python, ["-c", program], {
      input: JSON.stringify(sources.map(({ source }) => source)),
    });
    const wanted = answer.parse(JSON.parse(stdout));
    for (const [index, { source, variables = {} }] of sources.entries()) {
      const expected = wanted[index];
      if (expected === null || expected === undefined) continue;
      const { variables: apps } = read({ files: { "app.py": source }, variables });
      assert.deepEqual(readerFound(apps.values(), source.replace("\uFEFF", "")), expected, source);
    }
  });
});
