import { findBrowser } from "./browser.ts";
import type { EditorHost, HostOptions } from "./editorHost.ts";
import { ElectronHost, findDesktopEditor } from "./electronHost.ts";
import { installServer } from "./serverInstall.ts";
import { ServerHost } from "./serverHost.ts";

/** Installs what startEditor needs, so that no test waits for it. */
export async function prepareEditor(say: (line: string) => void): Promise<void> {
  if ((await findDesktopEditor(say)) !== undefined) return;
  await installServer(say);
  await findBrowser();
}

/** Starts a real VS Code: the desktop one where it can be had, else VS Code's server in a browser. */
export async function startEditor(options: HostOptions): Promise<EditorHost> {
  const say = (line: string) => console.error(line);
  const desktop = await findDesktopEditor(say);
  if (desktop !== undefined) return ElectronHost.start(desktop, options);
  return ServerHost.start(await installServer(say), options);
}
