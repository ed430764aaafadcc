import type { EditorWindow } from "../host/window.ts";
import { patient, settings, status, type SessionScene } from "./sessionScene.ts";

/** All that a window says of what runs, in each of the places where it says so. */
export interface Places {
  readonly item: string;
  readonly tooltip: string;
  /** Texts of the rows of Running, and what stands above them. */
  readonly running: string;
  /** What Running says in place of rows, with its buttons. */
  readonly welcome: string;
  readonly buttons: readonly string[];
  readonly menu: readonly string[];
}

const pane = ".pane:has(.pane-header[aria-label^='Running'])";

/** The side bar with the two views, in place of the explorer. */
export async function showSideBar({ page }: EditorWindow): Promise<void> {
  // A click on the icon of what is shown hides it.
  if (!(await page.locator(pane).isVisible()))
    await page.locator(".activitybar .action-label[aria-label^='Modal Meter']").click();
  await page.locator(pane).waitFor();
}

/** As the side bar above, in the dark theme: most pictures of other tests are in the light one. */
export async function showDarkSideBar({ stage, window }: SessionScene): Promise<void> {
  await stage.host.writeSettings({ ...settings, "workbench.colorTheme": "Default Dark Modern" });
  await showSideBar(window);
}

/** What Running says in place of rows; "" where it has rows. */
async function welcomeText(window: EditorWindow): Promise<string> {
  return textOf(window, `${pane} .welcome-view:visible`);
}

export async function untilWelcome(window: EditorWindow, match: RegExp): Promise<void> {
  await window.until(
    `Running says ${String(match)}`,
    async () => match.test(await welcomeText(window)),
    patient,
  );
}

/** Texts of the rows of Running, and what stands above them. */
export async function runningText(window: EditorWindow): Promise<string> {
  return textOf(window, `${pane} .message, ${pane} .monaco-list-row`);
}

/** The countdown on a row of Running, in seconds: "warm for 9 min", "warm for 1 min 52 s". */
function warmSeconds(row: string): number | undefined {
  const [, min, sec] = /warm for (?:(\d+) min)? ?(?:(\d+) s)?/.exec(row) ?? [];
  return min === undefined && sec === undefined
    ? undefined
    : Number(min ?? 0) * 60 + Number(sec ?? 0);
}

/** The countdown on a row of Running, once it is what `fits` says. */
export async function untilWarm(
  window: EditorWindow,
  what: string,
  fits: (seconds: number) => boolean,
): Promise<number> {
  return window.until(
    what,
    async () => {
      const seconds = warmSeconds(await runningText(window));
      return seconds !== undefined && fits(seconds) ? seconds : undefined;
    },
    { ...patient, describe: async () => runningText(window) },
  );
}

export async function readPlaces(window: EditorWindow): Promise<Places> {
  const item = await window.untilStatus(status, /\S/, patient);
  const tooltip = await window.until("the whole tooltip", async () => {
    const text = tidy(await window.statusBarTooltip(status));
    return text.includes("Refresh") ? text : undefined;
  });
  await window.page.mouse.move(640, 300);
  await window.clickStatusBarItem(status);
  const menu = (await window.untilQuickInput("Modal Meter")).items;
  await window.dismiss();
  const buttons = window.page.locator(`${pane} .welcome-view:visible .monaco-button`);
  return {
    item: item.text,
    tooltip,
    running: await runningText(window),
    welcome: await welcomeText(window),
    buttons: (await buttons.allInnerTexts()).map(tidy),
    menu: menu.map((entry) => entry.replace(/^\S+ /, "").replace(/,.*/, "")),
  };
}

async function textOf({ page }: EditorWindow, selector: string): Promise<string> {
  return tidy((await page.locator(selector).allInnerTexts()).join(" "));
}

function tidy(text: string): string {
  return text.replaceAll(/[\s\u00A0]+/g, " ").trim();
}
