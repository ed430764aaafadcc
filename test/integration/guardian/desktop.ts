import { execFile, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { accessSync, constants, existsSync, mkdirSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { until } from "../../host/until.ts";

const run = promisify(execFile);
const daemon = "/usr/lib/notification-daemon/notification-daemon";
const programs = ["Xvfb", "dbus-daemon", "notify-send", "gdbus", "xdotool", "import"];

/** What this machine lacks for a desktop; undefined: nothing (scripts/desktop.sh installs it). */
export function missingForDesktop(): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const missing = programs.filter(
    (program) => !folders.some((folder) => isExecutable(join(folder, program))),
  );
  if (!isExecutable(daemon)) missing.push("notification-daemon");
  return missing.length === 0
    ? undefined
    : `No ${missing.join(", ")} (scripts/desktop.sh installs them).`;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The place of a notification on the screen, in pixels. */
export interface NotificationBox {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A screen without a monitor, with a session bus and a real notification daemon of its own. */
export class Desktop {
  /** For the programs that are to appear on it. */
  readonly env: Readonly<Record<string, string>>;
  readonly #processes: readonly ChildProcess[];

  private constructor(env: Readonly<Record<string, string>>, processes: readonly ChildProcess[]) {
    this.env = env;
    this.#processes = processes;
  }

  static async open(): Promise<Desktop> {
    const display = `:${90 + (process.pid % 400)}`;
    const screen = spawn("Xvfb", [display, "-screen", "0", "1024x768x24"], { stdio: "ignore" });
    const bus = spawn("dbus-daemon", ["--session", "--nofork", "--print-address"], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    let address = "";
    bus.stdout.setEncoding("utf8").on("data", (text: string) => (address += text));
    await until("the session bus has an address", () => address.includes("\n"));
    await until("the screen is there", () => existsSync(`/tmp/.X11-unix/X${display.slice(1)}`));
    const env = { DISPLAY: display, DBUS_SESSION_BUS_ADDRESS: address.trim() };
    const notifications = spawn(daemon, {
      stdio: "ignore",
      env: { ...process.env, ...env },
    });
    const desktop = new Desktop(env, [notifications, bus, screen]);
    await until("the notification daemon answers", async () => {
      const { stdout } = await desktop.#run("gdbus", [
        "call",
        "--session",
        "--dest=org.freedesktop.Notifications",
        "--object-path=/org/freedesktop/Notifications",
        "--method=org.freedesktop.Notifications.GetCapabilities",
      ]);
      return stdout.includes("actions");
    });
    return desktop;
  }

  /** The notification on the screen; undefined: there is none. */
  async notification(): Promise<NotificationBox | undefined> {
    const found = await this.#run("xdotool", [
      "search",
      "--onlyvisible",
      "--name",
      "^Notification$",
    ]);
    for (const id of found.stdout.split("\n").filter((line) => line !== "")) {
      const { stdout } = await this.#run("xdotool", ["getwindowgeometry", "--shell", id]);
      const value = (name: string): number =>
        Number(new RegExp(`^${name}=(-?\\d+)$`, "m").exec(stdout)?.[1]);
      const box = { x: value("X"), y: value("Y"), width: value("WIDTH"), height: value("HEIGHT") };
      if (box.width > 100) return box;
    }
    return undefined;
  }

  async click(x: number, y: number): Promise<void> {
    const at = [String(Math.round(x)), String(Math.round(y))];
    await this.#run("xdotool", ["mousemove", ...at, "click", "1"]);
  }

  async screenshot(file: string): Promise<void> {
    mkdirSync(dirname(file), { recursive: true });
    await this.#run("import", ["-window", "root", file]);
  }

  async close(): Promise<void> {
    for (const child of this.#processes) child.kill("SIGKILL");
    await until("the desktop is gone", () =>
      this.#processes.every(({ exitCode, signalCode }) => exitCode !== null || signalCode !== null),
    );
  }

  async #run(file: string, args: readonly string[]): Promise<{ readonly stdout: string }> {
    try {
      return await run(file, args, { env: { ...process.env, ...this.env } });
    } catch {
      return { stdout: "" };
    }
  }
}
