import { LinuxNotifier } from "./linuxNotifier.ts";
import { MacNotifier } from "./macNotifier.ts";
import type { Notifier } from "./notifier.ts";
import { runTool } from "./runTool.ts";
import { WindowsNotifier } from "./windowsNotifier.ts";

/** The notifier of this operating system. */
export function systemNotifier(platform: NodeJS.Platform): Notifier {
  if (platform === "win32")
    return new WindowsNotifier(runTool, process.env["SystemRoot"] ?? "C:\\Windows");
  if (platform === "darwin") return new MacNotifier(runTool);
  return new LinuxNotifier(runTool);
}
