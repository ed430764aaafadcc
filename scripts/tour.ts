import { copyFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Stage } from "../test/e2e/stage.ts";
import { root } from "../test/host/paths.ts";
import type { EditorWindow } from "../test/host/window.ts";
import { pack } from "./package.ts";

const status = "modalMeter.status";
const costs = "Modal Meter Costs";

/** Steps whose screenshots the README shows. */
const inReadme: ReadonlySet<string> = new Set(["session", "all-clear"]);

interface Scene {
  readonly stage: Stage;
  readonly window: EditorWindow;
}

interface Step {
  /** Name of the screenshot. */
  readonly name: string;
  /** What happens, for the terminal. */
  readonly tells: string;
  /** Does it as a person would, and proves that it happened. Answers what was seen. */
  run(scene: Scene): Promise<string>;
}

const steps: readonly Step[] = [
  {
    name: "glance",
    tells: "A glance at the status bar: nothing runs yet",
    run: async ({ window }) => {
      const { text } = await window.untilStatus(status, /nothing running/, { withinMs: 60_000 });
      return text;
    },
  },
  {
    name: "pick",
    tells: "Start Dev Session finds the Modal apps of the folder by itself",
    run: async ({ window }) => {
      await window.runCommand("Modal Meter: Start Dev Session");
      const { items } = await window.untilQuickInput("Which app should run?");
      return items.join(" | ");
    },
  },
  {
    name: "start",
    tells: "The app is deployed by the real Modal CLI",
    run: async ({ window, stage }) => {
      await window.pick(/^flux/);
      const ready = await window.untilNotification("is ready in dev mode", { withinMs: 90_000 });
      const live = [...stage.modal.workspace.cloud.apps.values()];
      if (!live.some(({ state }) => state === "deployed")) throw new Error("nothing was deployed");
      await window.untilStatus(status, /^dev · 1 app/);
      return ready.message;
    },
  },
  {
    name: "prompt",
    tells: "Invoke Flux Schnell asks for a prompt",
    run: async ({ window }) => {
      await window.clearNotifications();
      await window.runCommand("Modal Meter: Invoke Flux Schnell");
      await window.untilQuickInput("Prompt");
      await window.type("a red fox in the snow");
      return "a red fox in the snow";
    },
  },
  {
    name: "invoke",
    tells: "The image is saved and opened; its cost is read from the response",
    run: async ({ window, stage }) => {
      await window.accept();
      await window.until(
        "the image is open in an editor",
        async () => (await window.openEditors()).some((name) => name.includes("red-fox")),
        { withinMs: 90_000 },
      );
      if (!(await stage.results()).some((name) => name.endsWith(".jpg"))) {
        throw new Error("no image was saved");
      }
      const text = await window.untilOutput(costs, /💰 Cost: \$\d/);
      return text.split("\n").find((line) => line.includes("💰 Cost")) ?? "";
    },
  },
  {
    name: "session",
    tells: "The status bar and its tooltip show what the session has cost so far",
    run: async ({ window }) => {
      await window.untilStatus(status, /^dev · 1 app · ≈\$\d/);
      return window.statusBarTooltip(status);
    },
  },
  {
    name: "stop",
    tells: "Stop All Apps stops by id, and asks Modal again before it says so",
    run: async ({ window, stage }) => {
      await window.runCommand("Modal Meter: Stop All Apps");
      const done = await window.untilNotification("Nothing runs any more", { withinMs: 60_000 });
      stage.modal.sync();
      const live = [...stage.modal.workspace.cloud.apps.values()];
      if (live.some(({ state }) => state === "deployed")) throw new Error("an app still runs");
      return done.message;
    },
  },
  {
    name: "all-clear",
    tells: "The receipt",
    run: async ({ window }) => {
      const text = await window.untilOutput(costs, "All clear! No Modal resources running.");
      await window.untilStatus(status, /nothing running/);
      return text.split("\n").slice(-6).join("\n    ").trim();
    },
  },
];

/**
 * Plays the main job in a real VS Code, headless, and tells each step. Screenshots go to test/out/,
 * and with `media` to media/ too, where the README shows them.
 *
 * @returns the exit code: 0 only if each step happened.
 */
export async function playTour({ media }: { readonly media: boolean }): Promise<number> {
  console.log("Setting the stage: Local Modal, and VS Code with the packaged extension…");
  await pack();
  await using stage = await Stage.set();
  const window = await stage.host.open();
  for (const [index, step] of steps.entries()) {
    console.log(`\n${index + 1}/${steps.length}  ${step.tells}`);
    try {
      const seen = await step.run({ stage, window });
      const path = await window.screenshot(`tour-${step.name}`);
      console.log(`    ${seen}\n    ${path}`);
      if (media && inReadme.has(step.name)) {
        await mkdir(join(root, "media"), { recursive: true });
        await copyFile(path, join(root, "media", `tour-${step.name}.png`));
      }
    } catch (error) {
      console.error(`✖ ${error instanceof Error ? error.message : String(error)}`);
      return 1;
    }
  }
  console.log("\n✔ Each step happened.");
  return 0;
}
