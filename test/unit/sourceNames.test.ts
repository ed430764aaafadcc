import assert from "node:assert/strict";
import {
  exportedTwice,
  unreadMembers,
  vagueNames,
  vagueTitles,
} from "../../scripts/sourceNames.ts";

function files(...sources: readonly string[]) {
  return sources.map((source, index) => ({ path: `src/${index}.ts`, source }));
}

describe("names in the source", () => {
  it("finds what two files export, whatever it is", () => {
    const twice = exportedTwice(
      files(
        "export const a = 1;\nexport interface B {}\nconst mine = 1;",
        "export function a() {}\nexport class C {}\nexport const mine = 2;",
        "interface B {}\ntype D = B;\nexport { type D as C };",
      ),
    );
    assert.deepEqual(
      twice.map(({ name, places }) => [name, ...places]),
      [
        ["a", "src/0.ts:1", "src/1.ts:1"],
        ["C", "src/1.ts:2", "src/2.ts:3"],
      ],
    );
  });

  it("finds variables that do not say what they hold, however they are bound", () => {
    const vague = (source: string) => vagueNames(files(source)).map(({ name }) => name);
    assert.deepEqual(vague("const own = 1; const [told] = list;"), ["own", "told"]);
    assert.deepEqual(vague("apps.map((known) => known.id); function a(own: App) {}"), [
      "known",
      "own",
    ]);
    assert.deepEqual(vague("const { id: told } = app; class A { m(own: App) {} }"), [
      "told",
      "own",
    ]);
    assert.deepEqual(vague("class A { #own = 1; } function f(told = 1, ...known: App[]) {}"), [
      "own",
      "told",
      "known",
    ]);
    assert.deepEqual(vague("const { known } = cost; app.own = 1; f({ told: 2 });"), []);
  });

  it("finds titles of tests that leave out who says it, or whose it is", () => {
    const vague = (source: string) => vagueTitles(files(source)).map(({ name }) => name);
    assert.deepEqual(vague('describe("is told once", () => { it(`${name} is known`, f); });'), [
      "is told once",
      "… is known",
    ]);
    assert.deepEqual(vague('it.only("has a session of its own", f); it("their own, and", f);'), [
      "has a session of its own",
      "their own, and",
    ]);
    assert.deepEqual(vague('it("stays on its own port, unknown", f); say("is told");'), []);
  });

  it("finds members that are only written", () => {
    const unread = (...sources: readonly string[]) =>
      unreadMembers(files(...sources)).map(({ name }) => name);
    const port = "export interface Port { used(): void; unused(): void; }";
    assert.deepEqual(unread(port, "port.used();"), ["unused"]);
    assert.deepEqual(unread(port, 'port.used(); type Part = Pick<Port, "unused">;'), ["unused"]);
    assert.deepEqual(unread(port, "const { used, unused: mine } = port;"), []);
    assert.deepEqual(unread(port, 'port["used"](); if ("unused" in port) stop();'), []);
    const book = "class Book { constructor() {} pages = 1; get size() { return 1; } #own = 1; }";
    assert.deepEqual(unread(book, "const book = { pages: 1 };"), ["pages", "size"]);
  });

  it("leaves out what a parent class or another package calls", () => {
    const unread = (source: string) => unreadMembers(files(source)).map(({ name }) => name);
    assert.deepEqual(unread("class A extends B { override write() {} }"), []);
    const tree = "class A implements vscode.Tree { getChildren() {} }";
    assert.deepEqual(unread(`import * as vscode from "vscode"; ${tree}`), []);
    assert.deepEqual(unread(`import * as vscode from "./mine.ts"; ${tree}`), ["getChildren"]);
  });
});
