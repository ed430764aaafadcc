import * as vscode from "vscode";
import { DisposableStore, type Disposable } from "../base/disposable.ts";
import type { Log } from "../base/log.ts";
import {
  parseArgument,
  type CommandArgument,
  type CommandId,
  type CommandInput,
} from "./commandArguments.ts";
import { showFailure } from "./failures.ts";

/** One entry of the command palette: the services that it needs and what it does. Errors are handled in one place. */
export interface Command<Needs> {
  readonly id: CommandId;
  run(services: Needs, given: unknown): Promise<unknown>;
}

/** A command whose argument has the type that `commandArguments` gives it. */
export function command<Id extends CommandId, Needs>(
  id: Id,
  run: (services: Needs, argument: CommandArgument<Id>) => Promise<unknown>,
): Command<Needs> {
  return { id, run: (services, given) => run(services, parseArgument(id, given)) };
}

/** Runs a command of this extension, as the palette would. */
export async function runCommand<Id extends CommandId>(
  id: Id,
  ...given: undefined extends CommandInput<Id> ? [] : [CommandInput<Id>?]
): Promise<void> {
  await vscode.commands.executeCommand(`modalMeter.${id}`, ...given);
}

/** Registers commands; what one of them throws is shown once, with what to do about it. */
export function registerCommands<Services>(
  commands: readonly Command<Services>[],
  services: () => Promise<Services>,
  log: Log,
): Disposable {
  const store = new DisposableStore();
  for (const each of commands) {
    const { id } = each;
    store.add(
      vscode.commands.registerCommand(`modalMeter.${id}`, async (given: unknown) => {
        log.debug(`Command ${id}`);
        try {
          return await each.run(await services(), given);
        } catch (error) {
          await showFailure(log, id, error);
          return undefined;
        }
      }),
    );
  }
  return store;
}
