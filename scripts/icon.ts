import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { launchBrowser } from "../test/host/browser.ts";
import { root } from "../test/host/paths.ts";

// Draws media/icon.png, which the marketplace wants as a PNG, from media/icon.svg.
const size = { width: 256, height: 256 };
const folder = await mkdtemp(join(tmpdir(), "mm-icon-"));
const context = await launchBrowser({ userDataFolder: join(folder, "user"), fontFiles: [], size });
try {
  const page = await context.newPage();
  await page.setViewportSize(size);
  const svg = await readFile(join(root, "media", "icon.svg"), "utf8");
  await page.setContent(`<body style="margin:0;background:transparent">${svg}</body>`);
  await page.screenshot({ path: join(root, "media", "icon.png"), omitBackground: true });
} finally {
  await context.close();
  await rm(folder, { recursive: true, force: true });
}
