import assert from "node:assert/strict";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Frame } from "playwright-core";
import * as z from "zod/mini";
import type { Notification } from "../host/window.ts";
import type { WebFault } from "../sim/admin/faults.ts";
import type { JournalEntry } from "../sim/admin/journal.ts";
import { Scene } from "./scene.ts";

/** Body of a request that Local Modal has got. */
export function bodyOf(
  entry: Pick<JournalEntry, "request"> | undefined,
): Readonly<Record<string, unknown>> {
  return z.parse(z.record(z.string(), z.unknown()), entry?.request["body"]);
}

/** A loaded machine is slow, a broken product is not. */
const patient = { withinMs: 90_000 };

/** What a result's sidecar must have. */
const sidecar = z.looseObject({
  endpoint: z.string(),
  prompt: z.nullable(z.string()),
  seed: z.nullable(z.number()),
  parameters: z.record(z.string(), z.unknown()),
  mode: z.nullable(z.string()),
  gpu: z.nullable(z.string()),
  mediaType: z.nullable(z.string()),
  cost: z.object({
    reportedMicroUsd: z.nullable(z.int()),
    meteredMicroUsd: z.nullable(z.int()),
    billedMicroUsd: z.nullable(z.int()),
  }),
});

export interface SavedResult {
  readonly name: string;
  readonly path: string;
  readonly bytes: Buffer;
  readonly sidecar: z.infer<typeof sidecar>;
}

const picture = z.object({ width: z.number(), height: z.number(), from: z.string() });

/** Virtual time until Modal hands a call over, and a little more. */
const handoverMs = 150_100;

const usual = {
  "files.simpleDialog.enable": true,
  "modalMeter.workdayEnd": "",
  "modalMeter.idleReminderMinutes": 0,
};

/** One editor with a running dev session of the sample's "flux" app, used like a person uses it. */
export class EndpointsScene extends Scene {
  #settings: Readonly<Record<string, unknown>> = usual;
  #marks = 0;

  /** For the tests of the describe around the call; each finds it without faults, questions and notifications. */
  static forTests(): EndpointsScene {
    const scene = new EndpointsScene();
    scene.beginEachTry();
    beforeEach(async () => {
      scene.quicken();
      scene.stage.modal.journal.clear();
      await scene.window.dismiss();
      await scene.window.clearNotifications();
    });
    return scene;
  }

  async begin(): Promise<void> {
    this.#settings = usual;
    await this.open({ settings: usual, size: { width: 1600, height: 1000 } }, async (window) => {
      this.quicken();
      await window.untilStatus("modalMeter.status", /nothing running/, patient);
      await window.runCommand("Modal Meter: Start Dev Session");
      const { items } = await window.untilQuickInput(/Which apps? should run/, patient);
      assert.equal(items.at(-1), "Both Apps");
      await window.pick(/^flux/);
      await window.untilNotification("flux is ready in dev mode", patient);
    });
  }

  /** Replaces what goes wrong by this alone; handlers otherwise answer within a second. */
  quicken(
    ...faults: readonly {
      readonly path?: string;
      readonly fault: WebFault;
      readonly times?: number;
      readonly method?: string;
    }[]
  ): void {
    this.stage.modal.faults.clear();
    this.stage.modal.faults.addWeb({ fault: { kind: "duration", ms: 600 } });
    for (const fault of faults) this.stage.modal.faults.addWeb(fault);
  }

  /** Changes settings as a person does in settings.json (undefined takes one away), until they are in force. */
  async setting(changes: Readonly<Record<string, unknown>>): Promise<void> {
    this.#settings = { ...this.#settings, ...changes };
    this.#marks += 1;
    const title = `Settings number ${this.#marks}`;
    const mark = { name: "settings-mark", title, url: "https://127.0.0.1:9/" };
    const own = z.safeParse(z.array(z.unknown()), this.#settings["modalMeter.endpoints"]);
    await this.stage.host.writeSettings({
      ...this.#settings,
      "modalMeter.endpoints": [...(own.success ? own.data : []), mark],
    });
    await this.untilOffered(new RegExp(`^${title}`));
  }

  /** Waits until "Invoke Endpoint…" lists an endpoint. */
  async untilOffered(match: RegExp): Promise<void> {
    await this.window.until(
      `"Invoke Endpoint…" offers ${String(match)}`,
      async () => {
        await this.window.runCommand("Modal Meter: Invoke Endpoint…");
        const { items } = await this.window.untilQuickInput("Which one?", patient);
        await this.window.dismiss();
        return items.some((item) => match.test(item));
      },
      patient,
    );
  }

  async invoke(command: string, prompt: string): Promise<void> {
    await this.window.runCommand(`Modal Meter: ${command}`);
    await this.window.untilQuickInput("Prompt", patient);
    await this.window.type(prompt);
    await this.window.accept();
  }

  async repeat(): Promise<void> {
    await this.window.runCommand("Modal Meter: Repeat Last Call");
  }

  /** What reached Local Modal, which no claim of the extension can change. */
  requests(method: "GET" | "POST", path: string): readonly JournalEntry[] {
    return this.stage.modal.journal
      .entries({ kind: "web", name: method, path })
      .filter(({ client }) => client === "modal-meter");
  }

  posts(path = "/flux"): readonly JournalEntry[] {
    return this.requests("POST", path);
  }

  /** The request that waits for its answer, once there are at least so many requests. */
  async untilPending(path: string, requests: number): Promise<JournalEntry> {
    return this.window.until(
      `request ${requests} to ${path} waits for its answer`,
      async () => {
        const all = this.stage.modal.journal.entries({ kind: "web", path });
        const last = all.at(-1);
        return all.length >= requests && last?.outcome === "pending" ? last : undefined;
      },
      patient,
    );
  }

  /** Lets Modal hand the waiting call over: its 150 seconds pass at once. */
  handOver(): void {
    this.stage.modal.advance(handoverMs);
  }

  /** The files in the results folder. */
  async files(): Promise<readonly string[]> {
    const folder = join(this.stage.workspace, "modal-results");
    await mkdir(folder, { recursive: true });
    return readdir(folder);
  }

  /** The results by name: each file that a sidecar lies beside. */
  async results(): Promise<readonly string[]> {
    const names = await this.files();
    return names.filter((name) => names.includes(`${name}.json`));
  }

  /** The result whose name has these words in it, once it and its sidecar are whole. */
  async untilResult(words: string): Promise<SavedResult> {
    const folder = join(this.stage.workspace, "modal-results");
    return this.window.until(
      `a result with "${words}" in its name`,
      async () => {
        const name = (await this.results()).find((one) => one.includes(words));
        if (name === undefined) return undefined;
        const path = join(folder, name);
        const text = await readFile(`${path}.json`, "utf8");
        return {
          name,
          path,
          bytes: await readFile(path),
          sidecar: z.parse(sidecar, JSON.parse(text)),
        };
      },
      { ...patient, describe: async () => this.#story() },
    );
  }

  /**
   * A result that an earlier test made; made here on the fresh stage that follows a try that failed.
   * @param words of its name
   */
  async #resultOf(words: string, make: () => Promise<void>): Promise<SavedResult> {
    if (!(await this.files()).some((name) => name.includes(words))) {
      await make();
      // It takes the focus when it opens: nothing may be typed before.
      await this.untilPicture(words);
      this.quicken();
      this.stage.modal.journal.clear();
    }
    return this.untilResult(words);
  }

  /** A picture with a cost. */
  async redFox(): Promise<SavedResult> {
    return this.#resultOf("a-red-fox", async () =>
      this.invoke("Invoke Flux Schnell", "a red fox in the snow"),
    );
  }

  /** A picture without one. */
  async silentFox(): Promise<SavedResult> {
    return this.#resultOf("a-silent-fox", async () => {
      this.quicken({ path: "/flux", fault: { kind: "cost-headers", variant: "none" } });
      await this.invoke("Invoke Flux Schnell", "a silent fox");
    });
  }

  /** Writes a file into the workspace, and opens it as a person does. */
  async openText(name: string, text: string): Promise<void> {
    const { window } = this;
    const [stem = name] = name.split(".");
    await writeFile(join(this.stage.workspace, name), text);
    await window.until(
      `${name} is open`,
      async () => {
        const open = await window.quickInput();
        if ((await window.openEditors()).includes(stem)) {
          if (open !== undefined) await window.dismiss();
          return true;
        }
        if (open === undefined) {
          await window.page.keyboard.press("ControlOrMeta+p");
          await window.type(name);
        } else if (open.items.some((item) => item.startsWith(name))) {
          await window.accept();
        } else if (open.items.some((item) => item.startsWith("No matching"))) {
          // The search began before the editor had seen the file, and its answer stays.
          await window.dismiss();
        }
        return false;
      },
      { ...patient, everyMs: 500 },
    );
  }

  /** What a failed wait has to be explained with. */
  async #story(): Promise<string> {
    const shot = await this.window.screenshot(`endpoints-failure-${Date.now()}`);
    const requests = this.stage.modal.journal
      .entries({ kind: "web" })
      .map(({ name, path, outcome }) => `${name} ${path} → ${outcome}`);
    return [
      await this.window.describe(),
      `Screenshot: ${shot}`,
      `Requests: ${requests.join(", ")}`,
      `Results: ${(await this.files()).join(" ")}`,
      ...(await this.logs()),
    ].join("\n");
  }

  /** What the extension has written into its two output channels. */
  async logs(): Promise<readonly string[]> {
    return this.#logFiles(/Modal Meter( Costs)?\.log$/);
  }

  /** What the extension has written for diagnosis, in all its lives. */
  async diagnostics(): Promise<string> {
    return (await this.#logFiles(/Modal Meter\.log$/)).join("\n");
  }

  /** What the costs channel has told, in all its lives. */
  async costLines(): Promise<readonly string[]> {
    return (await this.#logFiles(/Modal Meter Costs\.log$/)).join("\n").split("\n");
  }

  async #logFiles(named: RegExp): Promise<readonly string[]> {
    const folder = join(this.stage.host.userData, "logs");
    const names = await readdir(folder, { recursive: true });
    const own = names.filter((name) => named.test(name));
    return Promise.all(own.map(async (name) => readFile(join(folder, name), "utf8")));
  }

  /** Chooses an entry of a file's context menu in the explorer. */
  async explorerMenu(file: string, entry: string): Promise<void> {
    await this.window.runCommand("View: Show Explorer");
    const row = this.window.page
      .locator(".explorer-folders-view .monaco-list-row")
      .filter({ hasText: file });
    await this.window.chooseInMenu(row.first(), entry);
  }

  /** The picture that is open in VS Code's own image preview, as the browser has decoded it. */
  async untilPicture(
    words: string,
  ): Promise<{ readonly frame: Frame; readonly width: number; readonly height: number }> {
    return this.window.until(
      `a picture of "${words}" is visible in the editor`,
      async () => {
        for (const frame of this.window.page.frames()) {
          const found = z.safeParse(
            picture,
            await frame
              .evaluate(
                `(() => {
                  const image = document.querySelector("img");
                  if (image === null || !image.complete || image.naturalWidth === 0) return null;
                  if (image.getBoundingClientRect().width < 10) return null;
                  return { width: image.naturalWidth, height: image.naturalHeight, from: decodeURIComponent(image.src) };
                })()`,
              )
              .catch(() => null),
          );
          if (found.success && found.data.from.includes(words)) return { frame, ...found.data };
        }
        return undefined;
      },
      patient,
    );
  }

  /** Waits for an error in words, and looks that it was told as one. */
  async untilError(match: RegExp): Promise<Notification> {
    const notification = await this.window.untilNotification(match, patient);
    assert.equal(notification.severity, "error", notification.message);
    return notification;
  }
}
