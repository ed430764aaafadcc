import * as vscode from "vscode";
import { DisposableStore, type Disposable } from "../base/disposable.ts";
import type { Log } from "../base/log.ts";
import { showFailure } from "./failures.ts";

/** One entry of the command palette: what it needs and what it does. Errors are handled in one place. */
export interface Command<Services> {
  /** "modalMeter.stopAll". The title is in package.json. */
  readonly id: string;
  run(services: Services, ...args: readonly unknown[]): Promise<unknown>;
}

/** Registers commands; what one of them throws is shown once, with what to do about it. */
export function registerCommands<Services>(
  commands: readonly Command<Services>[],
  services: () => Promise<Services>,
  log: Log,
): Disposable {
  const store = new DisposableStore();
  for (const command of commands) {
    store.add(
      vscode.commands.registerCommand(command.id, async (...args: readonly unknown[]) => {
        log.debug(`Command ${command.id}`);
        try {
          return await command.run(await services(), ...args);
        } catch (error) {
          await showFailure(log, command.id.replace("modalMeter.", ""), error);
          return undefined;
        }
      }),
    );
  }
  return store;
}
