// npm start: Local Modal and a real VS Code with the extension, ready to be tried.
//
//   npm start                  opens VS Code and waits; Ctrl-C ends all that was started
//   npm start -- --tour        plays the main job by itself, headless, with a screenshot of each step
import { cp, mkdir, mkdtemp, realpath, writeFile } from "node:fs/promises";
import { existsSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { parseArgs } from "node:util";
import { execa } from "execa";
import { cliFolder } from "../test/e2e/stage.ts";
import { findDesktopEditor } from "../test/host/electronHost.ts";
import { quietSettings } from "../test/host/editorHost.ts";
import { root } from "../test/host/paths.ts";
import { start } from "../test/host/processes.ts";
import { ServerHost } from "../test/host/serverHost.ts";
import { installServer } from "../test/host/serverInstall.ts";
import { meteredWorld } from "../test/meteredWorld.ts";
import { startLocalModal } from "../test/sim/localModal.ts";
import { pack } from "./package.ts";
import { playTour } from "./tour.ts";

const { values: options } = parseArgs({
  options: {
    tour: { type: "boolean", default: false },
    media: { type: "boolean", default: false },
    port: { type: "string", default: "8765" },
  },
});
const say = (line: string) => console.error(line);

function setUp(...needs: readonly string[]): Promise<unknown> {
  const command = [join(root, "scripts", "setup.mjs"), ...needs];
  return execa(process.execPath, command, { stdio: "inherit" });
}

/** The user's own VS Code, when there is a screen to show it on. */
async function ownEditor(): Promise<string | undefined> {
  const display = process.env["DISPLAY"] ?? process.env["WAYLAND_DISPLAY"] ?? "";
  if (process.platform === "linux" && display === "") return undefined;
  if (process.env["MODAL_METER_TEST_HOST"] === "server") return undefined;
  const name = process.platform === "win32" ? "code.cmd" : "code";
  const onPath = (process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, name));
  return onPath.find((path) => existsSync(path)) ?? findDesktopEditor(say);
}

/** Opens the URL in the user's browser, where there is one. */
async function openInBrowser(url: string): Promise<void> {
  const openers = { darwin: "open", win32: "explorer", linux: "xdg-open" } as const;
  const { platform } = process;
  if (platform !== "darwin" && platform !== "win32" && platform !== "linux") return;
  if (platform === "linux" && (process.env["DISPLAY"] ?? "") === "") return;
  await execa(openers[platform], [url], { reject: false });
}

async function openEditor(): Promise<void> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "mm-start-")));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const workspace = join(folder, "comfy");
  await cp(join(root, "test", "sample"), workspace, { recursive: true });
  const modal = await startLocalModal({ world: meteredWorld });
  say(`Local Modal runs: ${modal.serverUrl} (control plane), ${modal.adminUrl} (admin API)`);
  const path = [cliFolder("current"), process.env["PATH"] ?? ""].join(delimiter);
  const env = { ...modal.env, PATH: path };
  const vsix = await pack();

  const desktop = await ownEditor();
  if (desktop !== undefined) {
    const userData = join(folder, "data");
    await mkdir(join(userData, "User"), { recursive: true });
    await writeFile(join(userData, "User", "settings.json"), JSON.stringify(quietSettings));
    const folders = ["--user-data-dir", userData, "--extensions-dir", join(folder, "extensions")];
    await execa(desktop, [...folders, "--install-extension", vsix, "--force"]);
    say("VS Code opens. Close its window or press Ctrl-C to end.");
    const editor = start(desktop, [...folders, "--new-window", "--wait", workspace], {
      env: { ...process.env, ...env },
      stdio: "ignore",
    });
    await new Promise<void>((resolve) => editor.once("exit", () => resolve()));
    process.exit(0);
  }
  const server = await ServerHost.start(await installServer(say), {
    workspace,
    extension: { vsix },
    env,
    port: Number(options.port),
  });
  console.log(`\nVS Code with Modal Meter is here:\n\n  ${server.url()}\n`);
  console.log("Try: F1, then Modal Meter: Start Dev Session. Ctrl-C here ends everything.");
  await openInBrowser(server.url());
}

await setUp("--python", "--editor");
if (options.tour) process.exit(await playTour({ media: options.media }));
await openEditor();
