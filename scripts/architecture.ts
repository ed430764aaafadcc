// Draws docs/architecture.svg from the imports in src: node scripts/architecture.ts [--check]
import { globSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { dirname, join, posix } from "node:path";
import { root } from "../test/host/paths.ts";

const target = join(root, "docs", "architecture.svg");

/** The flow, from the left to the right: what stands in a column takes from those before it. */
const columns: readonly (readonly [title: string, layers: readonly string[]])[] = [
  ["observe", ["modal", "endpoints"]],
  ["record", ["ledger"]],
  ["derive", ["base", "cost", "lens", "session"]],
  ["show", ["guardian", "app", "ui"]],
];
const roomHeight = 22;
const layerWidth = 210;
const columnGap = 90;
const layerGap = 18;
const top = 64;
const left = 150;

interface Layer {
  readonly name: string;
  readonly rooms: readonly (readonly [name: string, files: number])[];
  readonly x: number;
  readonly y: number;
  readonly height: number;
}

const paths = globSync("src/**/*.ts", { cwd: root })
  .map((path) => path.replaceAll("\\", "/"))
  .toSorted();
const sources = new Map(
  await Promise.all(
    paths.map(async (path) => [path, await readFile(join(root, path), "utf8")] as const),
  ),
);

/** "cost" of "src/cost/rates/gpu.ts"; "app" of the two roots as well. */
function layerOf(path: string): string {
  const [, first = "", second] = path.split("/");
  return second === undefined ? "app" : first;
}

function roomsOf(layer: string): readonly (readonly [string, number])[] {
  const rooms = new Map<string, number>();
  for (const path of paths) {
    if (layerOf(path) !== layer) continue;
    const room = dirname(path).split("/").slice(2).join("/");
    rooms.set(room, (rooms.get(room) ?? 0) + 1);
  }
  return [...rooms].toSorted(([a], [b]) => (a < b ? -1 : 1));
}

/** How many imports lead from one layer to another. */
function arrows(): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const [path, source] of sources) {
    for (const [, imported = ""] of source.matchAll(/(?:from|import\()\s*"(\.[^"]+)"/g)) {
      const [from, to] = [layerOf(path), layerOf(posix.join(posix.dirname(path), imported))];
      if (from !== to) counts.set(`${from} ${to}`, (counts.get(`${from} ${to}`) ?? 0) + 1);
    }
  }
  return counts;
}

function placed(): readonly Layer[] {
  return columns.flatMap(([, layers], column) => {
    let y = top;
    return layers.map((name): Layer => {
      const rooms = roomsOf(name);
      const height = 34 + rooms.length * roomHeight;
      const layer = { name, rooms, x: left + column * (layerWidth + columnGap), y, height };
      y += height + layerGap;
      return layer;
    });
  });
}

function draw(): string {
  const layers = placed();
  const byName = new Map(layers.map((layer) => [layer.name, layer]));
  const height = Math.max(...layers.map(({ y, height: own }) => y + own)) + 46;
  const width = left + columns.length * (layerWidth + columnGap) - columnGap + 90;
  const lines = [...arrows()]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([pair, count]) => {
      const [from, to] = pair.split(" ").map((name) => byName.get(name));
      // Everything stands on base.
      return from === undefined || to === undefined || to.name === "base"
        ? []
        : [arrow(from, to, count)];
    });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="13">
<title>Modal to the screen: observe, record, derive, show</title>
<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerUnits="userSpaceOnUse" markerWidth="10" markerHeight="10" orient="auto"><path d="M0 0 8 4 0 8z" fill="#6b7280"/></marker></defs>
<rect width="${width}" height="${height}" fill="#ffffff"/>
<rect x="20" y="${top}" width="90" height="60" rx="8" fill="#7fee64" stroke="#3f7f2f"/>
<text x="65" y="${top + 35}" text-anchor="middle" font-weight="600">Modal</text>
<path d="M110 ${top + 30}H${left - 4}" stroke="#3f7f2f" stroke-width="2" fill="none" marker-end="url(#tip)"/>
${columns.map(([title], column) => `<text x="${left + column * (layerWidth + columnGap)}" y="40" font-size="18" font-weight="600" fill="#374151">${title}</text>`).join("\n")}
${lines.join("\n")}
${layers.map(box).join("\n")}
<text x="${left}" y="${height - 16}" fill="#6b7280">An arrow leads from who imports to what is imported; its number counts the imports. What all stand on (base) has no arrows.</text>
</svg>
`;
}

function box({ name, rooms, x, y, height }: Layer): string {
  const rows = rooms.map(
    ([room, files], index) =>
      `<text x="${x + 14}" y="${y + 46 + index * roomHeight}" fill="#374151">${room === "" ? "(its root)" : room}</text><text x="${x + layerWidth - 14}" y="${y + 46 + index * roomHeight}" text-anchor="end" fill="#6b7280">${files}</text>`,
  );
  return `<rect x="${x}" y="${y}" width="${layerWidth}" height="${height}" rx="8" fill="#f9fafb" stroke="#9ca3af"/>
<text x="${x + 14}" y="${y + 22}" font-weight="600">src/${name}/</text>
${rows.join("\n")}`;
}

function arrow(from: Layer, to: Layer, count: number): string {
  const [a, b] = [from.y + from.height / 2, to.y + to.height / 2];
  const isLeft = from.x > to.x;
  const startX = isLeft ? from.x : from.x + layerWidth;
  const endX = isLeft ? to.x + layerWidth + 4 : from.x === to.x ? to.x + layerWidth + 4 : to.x - 4;
  const bend = from.x === to.x ? startX + 46 : (startX + endX) / 2;
  const width = Math.min(4, 1 + Math.log10(count));
  const labelY = a + (b - a) * 0.5 - 4;
  return `<path d="M${startX} ${a}C${bend} ${a} ${bend} ${b} ${endX} ${b}" stroke="#6b7280" stroke-width="${width.toFixed(1)}" stroke-opacity="0.55" fill="none" marker-end="url(#tip)"/>
<text x="${bend}" y="${labelY}" text-anchor="middle" font-size="11" fill="#6b7280">${count}</text>`;
}

const picture = draw();
if (process.argv.includes("--check")) {
  const known = await readFile(target, "utf8").catch(() => "");
  if (known !== picture) {
    console.error("docs/architecture.svg is out of date: run node scripts/architecture.ts");
    process.exitCode = 1;
  }
} else await writeFile(target, picture);
