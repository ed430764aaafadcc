import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import * as z from "zod/mini";
import { suites } from "../../../scripts/testing/suites.ts";

const root = join(import.meta.dirname, "../../..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");

const texts = z.record(z.string(), z.string());

/** A folder may have so many files; more are hard to find one's way in. */
const mostFiles = 25;

/** Folders with files of their own, and how many, below `src` or `test`. */
function foldersOf(top: "src" | "test"): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  const exclude = (path: string): boolean => /node_modules|[\\/](out|sample)$/.test(path);
  for (const path of globSync(`${top}/**/*.ts`, { cwd: root, exclude })) {
    const folder = dirname(path).replaceAll("\\", "/");
    counts.set(folder, (counts.get(folder) ?? 0) + 1);
  }
  return counts;
}

/** The rooms that the table names: `session/start`, `stop` are session/start and session/stop. */
function namedRooms(): ReadonlySet<string> {
  const table = read("docs/architecture.md").split("## The rooms\n")[1]?.split("\n## ")[0] ?? "";
  return new Set(
    [...table.matchAll(/^\| (`[^|]+) \|/gm)].flatMap(([, cell = ""]) => {
      const [first = "", ...others] = [...cell.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);
      return [
        first,
        ...others.map((name) => (name.includes("/") ? name : join(dirname(first), name))),
      ];
    }),
  );
}

describe("The house", () => {
  it("has no folder with more files than one finds one's way in", () => {
    const large = [...foldersOf("src"), ...foldersOf("test")].filter(
      ([, files]) => files > mostFiles,
    );
    assert.deepEqual(large, []);
  });

  it("has each of its rooms in the table of docs/architecture.md, and no other", () => {
    const rooms = [...foldersOf("src").keys()].flatMap((folder) =>
      folder === "src" ? [] : [folder.slice("src/".length)],
    );
    assert.deepEqual([...namedRooms()].toSorted(), rooms.toSorted());
  });

  it("has every file that its documents name", () => {
    for (const page of globSync(["*.md", "docs/**/*.md"], { cwd: root })) {
      for (const [, path = ""] of read(page).matchAll(
        /`([\w./-]+\/[\w./-]+\.(?:ts|mjs|md|proto))\b/g,
      )) {
        const places = [path, join("src", path), join("docs", path)];
        assert.ok(
          places.some((place) => existsSync(join(root, place))),
          `${page} names ${path}`,
        );
      }
      for (const [, link = ""] of read(page).matchAll(/\]\((?!https?:)([^)#\s]+)/g))
        assert.ok(existsSync(join(root, dirname(page), link)), `${page} links ${link}`);
    }
  });

  it("has every setting and every command that its documents name", () => {
    const manifest = read("package.json");
    const titles = new Set(Object.values(texts.parse(JSON.parse(read("package.nls.json")))));
    const pages = globSync(["{README,SECURITY,SUPPORT,CONTRIBUTING}.md", "docs/**/*.md"], {
      cwd: root,
    });
    for (const page of pages) {
      for (const [id] of read(page).matchAll(/modalMeter\.\w+/g))
        assert.ok(manifest.includes(`"${id}"`), `${page} names ${id}`);
      for (const [, title = ""] of read(page).matchAll(/Modal Meter: ([\w ]+…?)/g))
        assert.ok(titles.has(title), `${page} names the command ${title}`);
    }
  });

  it("has every command and button that its documents print in bold or italics", () => {
    const shown = [
      ...Object.values(texts.parse(JSON.parse(read("package.nls.json")))),
      ...Object.keys(texts.parse(JSON.parse(read("l10n/bundle.l10n.json")))),
    ].map((text) => text.replace(/^\$\([\w~-]+\) /, ""));
    const names = new Set(shown);
    // Two words or more, the first and the last with a capital: "Stop All", "Back to Dev Now".
    const name = /\*([A-Z][\w']+(?: [\w'.]+)* [A-Z][\w'.]*…?)\*/g;
    for (const page of globSync(["README.md", "docs/**/*.md"], { cwd: root }))
      for (const [, title = ""] of read(page).matchAll(name))
        assert.ok(names.has(title), `${page} names ${title}`);
  });

  it("has the suites that CONTRIBUTING.md lists", () => {
    const [, listed = ""] = /Some suites: `([^`]+)`/.exec(read("CONTRIBUTING.md")) ?? [];
    const usual = suites.filter(({ list }) => list === "usual").map(({ name }) => name);
    const names = new Set(usual.map((name) => name.replace(/ .*/, "")));
    assert.deepEqual(listed.split(" ").toSorted(), [...names].toSorted());
  });
});
