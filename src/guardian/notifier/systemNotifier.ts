import { systemClock } from "../../base/systemClock.ts";
import { LinuxNotifier } from "./linuxNotifier.ts";
import { MacNotifier } from "./macNotifier.ts";
import type { Notifier } from "./notifier.ts";
import { runTool } from "./runTool.ts";
import { WindowsNotifier } from "./windowsNotifier.ts";
import type { ToastPlace } from "./windowsToast.ts";

/** The notifier of this operating system. */
export function systemNotifier(
  platform: NodeJS.Platform,
  place: Omit<ToastPlace, "systemRoot">,
): Notifier {
  if (platform === "win32") {
    const systemRoot = process.env["SystemRoot"] ?? "C:\\Windows";
    return new WindowsNotifier({
      run: runTool,
      clock: systemClock,
      place: { ...place, systemRoot },
    });
  }
  if (platform === "darwin") return new MacNotifier(runTool);
  return new LinuxNotifier(runTool);
}
