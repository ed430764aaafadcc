import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Locator, Page } from "playwright-core";
import * as z from "zod/mini";
import { outFolder } from "./paths.ts";
import { until } from "./until.ts";
import type { UntilOptions } from "./until.ts";

/** An answer that still stands after so long was refused. */
const refusedAfterMs = 5_000;

/** A notification as the user sees it. */
export interface Notification {
  readonly severity: "info" | "warning" | "error";
  readonly message: string;
  readonly buttons: readonly string[];
}

/** A notification that came up by itself. */
export interface Toast extends Notification {
  /** Some text of a toast is not on the screen. */
  readonly isCut: boolean;
}

/** An entry of the status bar as the user (or their screen reader) gets it. */
export interface StatusItem {
  readonly text: string;
  /** Names of its codicons. */
  readonly icons: readonly string[];
  readonly label: string;
  readonly kind: "plain" | "warning" | "error";
}

/** The open quick pick or input box. */
export interface QuickInput {
  readonly title: string;
  readonly placeholder: string;
  readonly value: string;
  readonly message: string;
  readonly items: readonly string[];
}

/** What a window needs from the host that opened it. */
export interface WindowPort {
  killExtensionHost(): Promise<void>;
  /** Called when the page was told to load again, before it shows anything. */
  reloaded(): Promise<void>;
  close(): Promise<void>;
  readClipboard(): Promise<string>;
}

type Match = string | RegExp;

const matches = (text: string, match: Match) =>
  typeof match === "string" ? text.includes(match) : match.test(text);

/** Whether the title, placeholder or message of an input says so. */
const asks = ({ title, placeholder, message }: QuickInput, match: Match) =>
  matches([title, placeholder, message].join(" | "), match);

const tidy = (text: string) => text.replaceAll(/[\s\u00A0]+/g, " ").trim();

const quickInput = ".quick-input-widget:visible";
const quickRow = ".quick-input-widget .monaco-list-row";
const toast = ".notifications-toasts .notification-list-item:visible";
const inCenter = ".notifications-center.visible .notification-list-item";
const dialog = ".monaco-dialog-box:visible";
const hover = ".monaco-hover:visible, .workbench-hover:visible";

let failures = 0;

/** A window of a real VS Code, used like a person uses it: keys, clicks and what is on the screen. */
export class EditorWindow {
  readonly page: Page;
  readonly #port: WindowPort;

  constructor(page: Page, port: WindowPort) {
    this.page = page;
    this.#port = port;
  }

  /** Waits; a failure shows what was on the screen and leaves a screenshot. */
  async until<T>(
    what: string,
    probe: () => Promise<T | undefined | false>,
    options: UntilOptions = {},
  ): Promise<T> {
    return until(what, probe, {
      describe: async () => {
        failures += 1;
        const path = await this.screenshot(`failure-${process.pid}-${failures}`).catch(String);
        return `On screen:\n${await this.describe()}\nScreenshot: ${path}`;
      },
      ...options,
    });
  }

  /** Resolves when the workbench and its extension host are up. */
  async ready(): Promise<void> {
    await this.until(
      "the workbench is open",
      async () => (await this.#count(".monaco-workbench .part.statusbar")) > 0,
      { withinMs: 90_000 },
    );
    await this.until(
      "extensions are activated",
      async () => !(await this.#texts(".statusbar-item")).some((text) => /Activating/.test(text)),
      { withinMs: 60_000 },
    );
  }

  /** Runs a command by its title, as shown in the command palette ("Modal Meter: Stop All Apps"). */
  async runCommand(title: string): Promise<void> {
    const wanted = (row: string) => row === title || row.startsWith(`${title},`);
    await this.until(
      `the command palette offers "${title}"`,
      async () => {
        const open = await this.quickInput();
        if (open?.placeholder !== "Type the name of a command to run.") {
          await this.page.keyboard.press("F1");
          return false;
        }
        if (open.value !== `>${title}`) {
          await this.#input().fill(`>${title}`, { timeout: 1000 });
          return false;
        }
        return this.#clickRow(wanted);
      },
      { everyMs: 100 },
    );
  }

  /** The open quick pick or input box; undefined when none is open. */
  async quickInput(): Promise<QuickInput | undefined> {
    if ((await this.#count(quickInput)) === 0) return undefined;
    const input = this.#input();
    return {
      title: (await this.#texts(`${quickInput} .quick-input-title`)).join(""),
      placeholder: (await input.getAttribute("placeholder", { timeout: 1000 })) ?? "",
      value: await input.inputValue({ timeout: 1000 }),
      message: (await this.#texts(`${quickInput} .quick-input-message`)).join(" "),
      items: await this.#rows(),
    };
  }

  /** Waits for a quick pick or input box whose title, placeholder or message says so. */
  async untilQuickInput(match: Match, options: UntilOptions = {}): Promise<QuickInput> {
    return this.until(
      `a quick input that says ${String(match)}`,
      async () => {
        const open = await this.quickInput();
        if (open === undefined || !asks(open, match)) return undefined;
        await this.#painted();
        return JSON.stringify(await this.quickInput()) === JSON.stringify(open) ? open : undefined;
      },
      options,
    );
  }

  /** Writes into the open input box or filter, in place of what is there. */
  async type(text: string): Promise<void> {
    await this.#input().fill(text);
  }

  /**
   * Presses Enter, and waits until the quick input is gone or says something else: an answer is first
   * checked by the extension, and lost when another input is opened meanwhile. One that is refused stays.
   */
  async accept(): Promise<void> {
    const asked = await this.#question();
    await this.page.keyboard.press("Enter");
    const endMs = performance.now() + refusedAfterMs;
    while ((await this.#question()) === asked && performance.now() < endMs)
      await this.page.waitForTimeout(50);
  }

  /**
   * Answers the editor's file dialog whose title says so. It looks at the path while it is typed, and
   * takes Enter when it is done.
   */
  async enterPath(match: Match, path: string, options: UntilOptions = {}): Promise<void> {
    await this.untilQuickInput(match, options);
    await this.type(path);
    await this.until(
      `the dialog has taken ${path}`,
      async () => {
        const open = await this.quickInput();
        if (open === undefined || !asks(open, match)) return true;
        if (open.value === path) await this.accept();
        else await this.type(path);
        return false;
      },
      { everyMs: 500, ...options },
    );
  }

  /** What the open quick input asks; undefined: none is open. */
  async #question(): Promise<string | undefined> {
    try {
      const open = await this.quickInput();
      return open === undefined ? undefined : JSON.stringify([open.title, open.message]);
    } catch {
      return undefined; // It closes just now.
    }
  }

  /** Presses Escape. */
  async dismiss(): Promise<void> {
    await this.page.keyboard.press("Escape");
  }

  /** Chooses the entry of the open quick pick whose text contains `match`. */
  async pick(match: Match, options: UntilOptions = {}): Promise<void> {
    await this.until(
      `a quick pick with "${String(match)}"`,
      () => this.#clickRow((row) => matches(row, match)),
      options,
    );
  }

  /** Ticks entries of the open quick pick that takes several, and goes on. */
  async pickSeveral(wanted: readonly Match[], options: UntilOptions = {}): Promise<void> {
    for (const match of wanted) await this.pick(match, options);
    await this.accept();
  }

  /** Notifications on the screen: toasts, else those in the open notification centre. */
  async notifications(): Promise<readonly Notification[]> {
    const toasts = await this.#notifications(toast);
    return toasts.length > 0 ? toasts : this.#notifications(inCenter);
  }

  /**
   * Waits for a notification. A toast goes away by itself after some seconds, so a test that came
   * late finds it where a person would: in the notification centre.
   */
  async untilNotification(match: Match, options: UntilOptions = {}): Promise<Notification> {
    const fromMs = performance.now();
    return this.until(
      `a notification that says ${String(match)}`,
      async () => {
        const found = (await this.notifications()).find(({ message }) => matches(message, match));
        // An error's toast stays, and would hide for ever what has gone to the centre.
        const overToasts = performance.now() - fromMs > 20_000;
        if (found === undefined) await this.#openCenterIfHidden({ overToasts });
        return found;
      },
      options,
    );
  }

  /** Waits for a notification that comes up by itself, as a person at the screen sees it. */
  async untilToast(match: Match, options: UntilOptions = {}): Promise<Toast> {
    return this.until(
      `a toast that says ${String(match)}`,
      async () => {
        const found = (await this.#notifications(toast)).find(({ message }) =>
          matches(message, match),
        );
        if (found === undefined) return undefined;
        const isCut = z.boolean().parse(
          await this.page.evaluate(
            `[...document.querySelectorAll(".notifications-toasts .notification-list-item-message")]
              .some((e) => e.scrollWidth > e.clientWidth || e.scrollHeight > e.clientHeight)`,
          ),
        );
        return { ...found, isCut };
      },
      options,
    );
  }

  async pressNotificationButton(message: Match, button: string): Promise<void> {
    await this.untilNotification(message);
    await this.#notification(message).hover();
    await this.#notification(message)
      .locator(".notification-list-item-buttons-container a, .monaco-button")
      .filter({ hasText: button })
      .first()
      .click({ timeout: 10_000 });
  }

  /** Clears all notifications. */
  async clearNotifications(): Promise<void> {
    await this.runCommand("Notifications: Clear All Notifications");
  }

  /** Text and buttons of the open modal dialog; undefined when none is open. */
  async dialog(): Promise<{ message: string; buttons: readonly string[] } | undefined> {
    if ((await this.#count(dialog)) === 0) return undefined;
    return {
      message: (await this.#texts(`${dialog} .dialog-message-container`)).join(" "),
      buttons: await this.#texts(`${dialog} .dialog-buttons .monaco-button`),
    };
  }

  async pressDialogButton(button: string, options: UntilOptions = {}): Promise<void> {
    await this.until(
      `a dialog with the button "${button}"`,
      async () => (await this.dialog())?.buttons.includes(button) === true,
      options,
    );
    await this.page
      .locator(`${dialog} .dialog-buttons .monaco-button`)
      .filter({ hasText: button })
      .first()
      .click();
  }

  /** The status bar entry whose id contains `id`; undefined when it is not visible. */
  async statusBarItem(id: string): Promise<StatusItem | undefined> {
    const item = this.#statusItem(id);
    if ((await item.count()) === 0) return undefined;
    const classes = (await item.getAttribute("class", { timeout: 1000 })) ?? "";
    return {
      text: tidy(await item.innerText({ timeout: 1000 })),
      icons: await this.#iconsIn(item),
      label: (await item.getAttribute("aria-label", { timeout: 1000 })) ?? "",
      kind: classes.includes("error-kind")
        ? "error"
        : classes.includes("warning-kind")
          ? "warning"
          : "plain",
    };
  }

  async untilStatus(id: string, match: Match, options: UntilOptions = {}): Promise<StatusItem> {
    return this.until(
      `the status bar item ${id} says ${String(match)}`,
      async () => {
        const item = await this.statusBarItem(id);
        if (item === undefined || !matches(item.text, match)) return undefined;
        await this.#painted();
        const still = await this.statusBarItem(id);
        return JSON.stringify(still) === JSON.stringify(item) ? item : undefined;
      },
      options,
    );
  }

  /** Rests the pointer on the status bar entry and reads the hover. */
  async statusBarTooltip(id: string): Promise<string> {
    // A pointer that is there already causes no hover.
    await this.page.mouse.move(5, 5);
    return this.until(`a tooltip on the status bar item ${id}`, async () => {
      await this.#statusItem(id).hover({ timeout: 2000 });
      const texts = await this.#texts(hover);
      return texts.length > 0 ? texts.join("\n") : undefined;
    });
  }

  async clickStatusBarItem(id: string): Promise<void> {
    await this.until(
      `the status bar item ${id} is visible`,
      async () => (await this.#statusItem(id).count()) > 0,
    );
    await this.#statusItem(id).click();
  }

  /** Chooses an entry of the context menu that a row opens. */
  async chooseInMenu(row: Locator, entry: string): Promise<void> {
    await row.click({ button: "right", timeout: 30_000 });
    const action = this.page.locator(`.monaco-menu .action-label[aria-label="${entry}"]`);
    await action.waitFor();
    // A click in the menu's first moments is taken for the end of the one that opened it.
    await this.until(`"${entry}" is chosen`, async () => {
      if ((await action.count()) === 0) return true;
      await action.click({ timeout: 1000 });
      return false;
    });
  }

  /** What is on the clipboard. */
  async clipboard(): Promise<string> {
    return this.#port.readClipboard();
  }

  /** Shows an output channel and reads all of it, by selecting and copying as a person would. */
  async outputChannel(name: string): Promise<string> {
    await this.showOutputChannel(name);
    await this.runCommand("Output: Focus on Output View");
    await this.until(
      "the output view has the focus",
      async () => (await this.#count(".output-view .monaco-editor.focused")) > 0,
    );
    await this.page.keyboard.press("ControlOrMeta+a");
    await this.page.keyboard.press("ControlOrMeta+c");
    const text = await this.#port.readClipboard();
    // Back to the end, with nothing selected: as a person would leave it.
    await this.page.keyboard.press("ControlOrMeta+End");
    return text;
  }

  async showOutputChannel(name: string): Promise<void> {
    await this.runCommand("Output: Show Output Channels...");
    await this.pick(new RegExp(`^${name}$`));
    await this.until(
      `the output channel ${name} is shown`,
      async () => (await this.#count(".output-view .view-lines:visible")) > 0,
    );
  }

  /** Waits until the output channel says so, and gives all of its text. */
  async untilOutput(name: string, match: Match, options: UntilOptions = {}): Promise<string> {
    return this.until(
      `the output channel ${name} says ${String(match)}`,
      async () => {
        const text = await this.outputChannel(name);
        return matches(text, match) ? text : undefined;
      },
      { everyMs: 500, ...options },
    );
  }

  /** Titles of the open editor tabs. */
  async openEditors(): Promise<readonly string[]> {
    return this.#texts(".tabs-container .tab .label-name");
  }

  /** Waits until a page in the editor area (a preview, a webview) says so, and gives all of its text. */
  async untilPage(match: Match, options: UntilOptions = {}): Promise<string> {
    return this.until(
      `a page that says ${String(match)}`,
      async () => {
        for (const frame of this.page.frames()) {
          if (frame === this.page.mainFrame()) continue;
          const text = tidy(
            await frame
              .locator("body")
              .innerText({ timeout: 1000 })
              // It went away, or is not there yet.
              .catch(() => ""),
          );
          if (text !== "" && matches(text, match)) return text;
        }
        return undefined;
      },
      options,
    );
  }

  /** Writes a picture into test/out/ and gives its path. */
  async screenshot(name: string): Promise<string> {
    await mkdir(outFolder, { recursive: true });
    const path = join(outFolder, `${name}.png`);
    await this.#calm();
    await this.page.screenshot({ path, timeout: 8_000 });
    return path;
  }

  /** What fades in or out has done so, or a second is over: half of a toast shows nothing. */
  async #calm(): Promise<void> {
    await this.page
      .evaluate(
        `Promise.race([
          new Promise((resolve) => setTimeout(resolve, 1000)),
          Promise.allSettled(
            document.getAnimations()
              .filter((one) => Number.isFinite(one.effect?.getComputedTiming().endTime))
              .map((one) => one.finished),
          ),
        ])`,
      )
      // The page is gone: then there is no picture either.
      .catch(() => undefined);
  }

  /** Loads the window again, as the command "Developer: Reload Window" does. */
  async reload(): Promise<void> {
    await this.page.reload();
    await this.#port.reloaded();
    await this.ready();
  }

  /** Closes the window as a person would: the extension is told and has five seconds. */
  async close(): Promise<void> {
    await this.#port.close();
  }

  /** Kills the process that runs the extension, with no warning to it. */
  async killExtensionHost(): Promise<void> {
    await this.#port.killExtensionHost();
  }

  /** All that a person would see in words. Used in the message of a failed wait. */
  async describe(): Promise<string> {
    const part = async (name: string, read: () => Promise<unknown>) => {
      try {
        const value = await read();
        const text = typeof value === "string" ? value : JSON.stringify(value);
        return `  ${name}: ${text ?? "none"}`;
      } catch (error) {
        return `  ${name}: ? ${String(error).split("\n")[0] ?? ""}`;
      }
    };
    const parts = [
      await part("quick input", () => this.quickInput()),
      await part("notifications", () => this.notifications()),
      await part("dialog", () => this.dialog()),
      await part("status bar", () => this.#texts(".statusbar-item")),
      await part("editors", () => this.openEditors()),
      await part("panel", () => this.#texts(".part.panel")),
    ];
    return parts.join("\n");
  }

  #input(): Locator {
    return this.page.locator(`${quickInput} input:is([type="text"], [type="password"])`).first();
  }

  #statusItem(id: string): Locator {
    return this.page.locator(`.statusbar-item[id*="${id}"]:visible`).first();
  }

  async #iconsIn(item: Locator): Promise<readonly string[]> {
    const icons = await item.locator(".codicon").all();
    const classes = await Promise.all(
      icons.map((icon) => icon.getAttribute("class", { timeout: 1000 })),
    );
    return classes.flatMap((names) => /codicon-([a-z-]+)/.exec(names ?? "")?.[1] ?? []);
  }

  #notification(message: Match): Locator {
    return this.page.locator(`${toast}, ${inCenter}`).filter({ hasText: message }).first();
  }

  async #notifications(selector: string): Promise<readonly Notification[]> {
    const found: Notification[] = [];
    for (const item of await this.page.locator(selector).all()) {
      const text = () =>
        item
          .locator(".notification-list-item-message")
          .first()
          .innerText({ timeout: 500 })
          .catch(() => undefined);
      const message = await text();
      const icon =
        (await item
          .locator(".notification-list-item-icon")
          .first()
          .getAttribute("class", { timeout: 500 })
          .catch(() => undefined)) ?? "";
      const severity = /codicon-(error|warning|info)\b/.exec(icon)?.[1];
      // It went away while we read it, is not all there yet, or its row was taken by another one.
      if (message === undefined || severity === undefined || (await text()) !== message) continue;
      const buttons = await item
        .locator(".notification-list-item-buttons-container .monaco-button")
        .allInnerTexts();
      found.push({
        severity: severity === "error" ? "error" : severity === "warning" ? "warning" : "info",
        message: tidy(message),
        buttons: buttons.map(tidy).filter((text) => text !== ""),
      });
    }
    return found;
  }

  /** Only when nothing is in the way: opening it would close a quick pick. */
  /** Parts of one thing are painted one after another: it is what it is when two frames show the same. */
  async #painted(): Promise<void> {
    await this.page.evaluate(
      "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))",
    );
  }

  async #openCenterIfHidden({ overToasts }: { readonly overToasts: boolean }): Promise<void> {
    const shown = ".notifications-center.visible";
    if ((await this.#count(overToasts ? shown : `${toast}, ${shown}`)) > 0) return;
    if ((await this.#count(`${quickInput}, ${dialog}`)) > 0) return;
    await this.page
      .locator('.statusbar-item[id="status.notifications"]')
      .click({ timeout: 1000 })
      .catch(() => undefined);
  }

  /** False: there is no such row. By its label, not by its place: a row can come above it before the click. */
  async #clickRow(wanted: (row: string) => boolean): Promise<boolean> {
    const label = (await this.#labels()).find((row) => wanted(tidy(row)));
    if (label === undefined) return false;
    const row = this.page.locator(`${quickRow}[aria-label=${JSON.stringify(label)}]`);
    // Long enough: a click that was made and is then said to be too late would be made once more.
    await row.first().click({ timeout: 8_000 });
    return true;
  }

  async #rows(): Promise<readonly string[]> {
    return (await this.#labels()).map(tidy);
  }

  /** Of the rows, for screen readers, which has their parts apart: "flux, flux_app.py". */
  async #labels(): Promise<readonly string[]> {
    const labels = z
      .array(z.nullable(z.string()))
      .parse(
        await this.page.evaluate(
          `[...document.querySelectorAll("${quickRow}")].map(r => r.ariaLabel)`,
        ),
      );
    return labels.map((label) => label ?? "");
  }

  async #count(selector: string): Promise<number> {
    return this.page.locator(selector).count();
  }

  async #texts(selector: string): Promise<readonly string[]> {
    const texts = await this.page.locator(selector).allInnerTexts();
    return texts.map(tidy).filter((text) => text !== "");
  }
}
