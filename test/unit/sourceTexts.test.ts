import assert from "node:assert/strict";
import { sourceTexts } from "../../scripts/sourceTexts.ts";

/** What the rule says about these lines, as they would stand in a function. */
function problems(...lines: readonly string[]): readonly string[] {
  return sourceTexts("src/a.ts", `function a() {\n${lines.join("\n")}\n}`).problems.map(
    ({ line, message }) => `${line - 1} ${message}`,
  );
}

describe("the rule for texts", () => {
  it("collects what t and plural say, also over several lines, for the bundle", () => {
    const { texts, problems } = sourceTexts(
      "src/a.ts",
      'const a = () => [t("Stopped {0}." + " Done.", name), plural(n, { one: "{0} app", other: "{0} apps" })];',
    );
    assert.deepEqual(texts, [
      ["Stopped {0}. Done.", "Stopped {0}. Done."],
      ["{0} apps/one", "{0} app"],
      ["{0} apps/other", "{0} apps"],
    ]);
    assert.deepEqual(problems, []);
  });

  for (const [where, line] of [
    ["a notification", 'void sayInfo("It is done.");'],
    ["a template", "void sayInfo(`${name} runs`);"],
    ["a failure", 'throw new Failure("offline", "Modal is away.");'],
    ["a value on its way to somewhere", 'const reason = quiet ? "nobody works" : other;'],
    ["a label of one word", 'return { label: "Retry" };'],
    ["a default of a parameter", 'function b(what = "the call") { return what; }'],
    ["a part of a text that is added to another", 'return t("Done.") + " It was late.";'],
    ["a value that fills a placeholder", 'return t("{0}.", "not asked for");'],
    ["a function that is handed to a log", 'log.info("x y", () => sayInfo("It is done."));'],
    ["a value with a type", 'return "not asked for" satisfies string;'],
  ] as const)
    it(`finds ${where}`, () => {
      assert.equal(problems(line).length, 1);
      assert.match(problems(line)[0] ?? "", /^1 does not go through text\.ts/);
    });

  for (const [where, line] of [
    ["a log line", "this.#log.warn(`${name} is away.`);"],
    ["a bug's message", 'throw new TypeError("No such column.");'],
    ["raw evidence", 'throw new Failure("offline", message, { evidence: "HTTP 500 from it" });'],
    ["SQL", 'connection.run("delete from spans");'],
    ["what is compared or looked for", 'return text === "Not Found" || text.includes("is not a");'],
    ["a key or an identifier", 'return { "a b": `${a}:${b}`, kind: "not-found" };'],
    ["a name, an icon and a value", "return `$(sync~spin) Modal Meter: ${a}`;"],
    ["what is the same everywhere", 'return "Flux Schnell"; // not translated: a name'],
    ["a type", 'const a: "x y" | "z y" = b;'],
    ["what a comment takes out below", "// not shown: a key of the ledger\nconst a = `away ${b}`;"],
    ["what a comment takes out beside", 'const a = "a b"; // not shown: a program\'s argument'],
  ] as const)
    it(`lets ${where} pass`, () => {
      assert.deepEqual(problems(line), []);
    });

  it("takes a file out only with a reason", () => {
    const line = 'const a = "some words";';
    assert.equal(
      sourceTexts("a.ts", `// nothing here is shown: a script\n${line}`).problems.length,
      0,
    );
    assert.equal(sourceTexts("a.ts", `// nothing here is shown:\n${line}`).problems.length, 1);
  });

  it("refuses calls that cannot be translated", () => {
    assert.match(problems("t(name);")[0] ?? "", /needs its English as a literal/);
    assert.match(problems("t(`Stopped ${name}.`);")[0] ?? "", /needs its English as a literal/);
    assert.match(problems('t("{0} in {1}", name);')[0] ?? "", /2 placeholders and 1 values/);
    assert.match(problems('t("{1}", name);')[0] ?? "", /\{0\} to \{1\} are not all used/);
    assert.match(problems("plural(n, { one: a, other: b });")[0] ?? "", /as literals/);
    assert.match(problems("plural(n, forms);")[0] ?? "", /as literals/);
    assert.match(problems('plural(n, { one: "{1}", other: "{0}" }, a);')[0] ?? "", /2 values/);
    const early = sourceTexts("a.ts", 'const label = t("Stop All");').problems;
    assert.match(early[0]?.message ?? "", /before the language is known/);
  });
});
