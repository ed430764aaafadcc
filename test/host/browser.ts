import { constants } from "node:fs";
import { access, mkdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, delimiter, dirname, join } from "node:path";
import { execa } from "execa";
import { chromium } from "playwright-core";
import type { BrowserContext } from "playwright-core";
import * as z from "zod/mini";
import { cacheFolder } from "./paths.ts";
import { marked } from "./processes.ts";

/** A browser that this machine can run. */
export interface Browser {
  readonly executable: string;
  /** Folder of shared libraries that the machine lacks. */
  readonly libraries?: string;
}

const linuxNames = ["google-chrome", "google-chrome-stable", "chromium", "chromium-browser"];
const fixedPaths = [
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
  "C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe",
];

async function systemBrowser(): Promise<string | undefined> {
  const named = process.env["MODAL_METER_TEST_BROWSER"];
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const onPath = folders.flatMap((folder) => linuxNames.map((name) => join(folder, name)));
  for (const path of [...(named === undefined ? [] : [named]), ...onPath, ...fixedPaths]) {
    const runnable = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (runnable) return path;
  }
  return undefined;
}

/** The package unpacks into the temporary folder; here it gets one that nobody else writes to. */
async function unpack(folder: string): Promise<void> {
  const require = createRequire(import.meta.url);
  const entry = require.resolve("@sparticuz/chromium");
  const libraries = join(dirname(dirname(entry)), "bin", "al2023.tar.br");
  const script = `
    const { default: chromium, inflate } = await import(${JSON.stringify(entry)});
    await chromium.executablePath();
    await inflate(${JSON.stringify(libraries)});`;
  await execa(process.execPath, ["--input-type=module", "--eval", script], {
    env: { TMPDIR: folder },
  });
}

async function packagedBrowser(): Promise<Browser> {
  if (process.platform !== "linux" || process.arch !== "x64") {
    throw new Error("No browser found: install Google Chrome (or set MODAL_METER_TEST_BROWSER).");
  }
  const require = createRequire(import.meta.url);
  const entry = require.resolve("@sparticuz/chromium");
  const manifest = z
    .object({ version: z.string() })
    .parse(JSON.parse(await readFile(join(dirname(dirname(entry)), "package.json"), "utf8")));
  const folder = join(cacheFolder, `chromium-${manifest.version}`);
  if (!existsSync(folder)) {
    const partial = join(cacheFolder, `.${basename(folder)}.${process.pid}`);
    await mkdir(partial, { recursive: true });
    try {
      await unpack(partial);
      await rename(partial, folder).catch((error: unknown) => {
        if (!existsSync(folder)) throw error; // Another run was faster; its result is as good.
      });
    } finally {
      await rm(partial, { recursive: true, force: true });
    }
  }
  const executable = join(folder, "chromium");
  // The package carries NSS and expat for machines without them; the machine's own are preferred.
  const { stdout } = await execa("ldd", [executable], { reject: false });
  if (!stdout.includes("not found")) return { executable };
  return { executable, libraries: join(folder, "al2023", "lib") };
}

/** A browser of this machine, else the one that comes with npm (Linux x64). */
export async function findBrowser(): Promise<Browser> {
  const executable = await systemBrowser();
  return executable === undefined ? packagedBrowser() : { executable };
}

/** Makes letters, symbols and colour emoji appear on a machine that has no fonts at all. */
async function writeFontConfig(folder: string, fontFiles: readonly string[]): Promise<string> {
  const fonts = join(folder, "fonts");
  await mkdir(fonts, { recursive: true });
  for (const file of fontFiles) {
    const link = join(fonts, basename(file));
    if (!existsSync(link)) await symlink(file, link);
  }
  const prefer = (family: string, ...fonts: readonly string[]) =>
    `<alias><family>${family}</family><prefer>${fonts
      .map((font) => `<family>${font}</family>`)
      .join("")}</prefer></alias>`;
  const file = join(folder, "fonts.conf");
  await writeFile(
    file,
    `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
<dir>${fonts}</dir><cachedir>${join(folder, "fonts-cache")}</cachedir>
${prefer("sans-serif", "DejaVu Sans", "Noto Color Emoji")}
${prefer("system-ui", "DejaVu Sans", "Noto Color Emoji")}
${prefer("monospace", "DejaVu Sans Mono", "Noto Color Emoji")}
</fontconfig>
`,
  );
  return file;
}

/** What a browser session needs. */
export interface BrowserOptions {
  /** Cookies, storage and font caches: reopening on the same folder is the same person. */
  readonly userDataFolder: string;
  readonly fontFiles: readonly string[];
  readonly size: { readonly width: number; readonly height: number };
}

/** Starts a headless browser with one persistent profile. Close the context to end it. */
export async function launchBrowser(options: BrowserOptions): Promise<BrowserContext> {
  const { executable, libraries } = await findBrowser();
  await mkdir(options.userDataFolder, { recursive: true });
  const env: Record<string, string> = { LANG: "C.UTF-8" };
  for (const name of ["PATH", "HOME", "TMPDIR"]) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  if (libraries !== undefined) env["LD_LIBRARY_PATH"] = libraries;
  if (process.platform === "linux") {
    env["FONTCONFIG_FILE"] = await writeFontConfig(options.userDataFolder, options.fontFiles);
  }
  return chromium.launchPersistentContext(join(options.userDataFolder, "profile"), {
    executablePath: executable,
    headless: true,
    chromiumSandbox: false,
    args: ["--font-render-hinting=none"],
    env: marked(env),
    viewport: { ...options.size },
    permissions: ["clipboard-read", "clipboard-write"],
    locale: "en-US",
  });
}
