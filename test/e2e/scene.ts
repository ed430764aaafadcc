import assert from "node:assert/strict";
import type { EditorWindow } from "../host/window.ts";
import { eachTry } from "./eachTry.ts";
import { needCli, Stage, type StageOptions } from "./stage.ts";

/** A stage and a window on it, begun and ended as often as tests need a fresh one. */
export abstract class Scene implements AsyncDisposable {
  #open: { readonly stage: Stage; readonly window: EditorWindow } | undefined;

  get stage(): Stage {
    assert.ok(this.#open, "no stage is set");
    return this.#open.stage;
  }

  get window(): EditorWindow {
    assert.ok(this.#open, "no stage is set");
    return this.#open.window;
  }

  /** Sets the stage, and brings its window to where the tests begin. */
  abstract begin(): Promise<void>;

  /** Hooks of the describe around the call. */
  beginEachTry(): void {
    eachTry(
      async (context) => {
        needCli(context);
        await this.begin();
      },
      () => this[Symbol.asyncDispose](),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    await open?.stage[Symbol.asyncDispose]();
  }

  protected async open(
    options: StageOptions,
    lead: (window: EditorWindow) => Promise<void>,
  ): Promise<void> {
    const stage = await Stage.set(options);
    try {
      const window = await stage.host.open();
      this.#open = { stage, window };
      await lead(window);
    } catch (error) {
      this.#open = undefined;
      await stage[Symbol.asyncDispose]();
      throw error;
    }
  }
}
