import { t } from "../../base/text.ts";
import { Failure } from "../../base/failure.ts";
import { pickOne } from "../ask.ts";
import { command, type Command } from "../command.ts";
import { sayInfo } from "../say.ts";
import type { AppServices } from "./appServices.ts";
import { elsewhereText } from "../../session/runsElsewhere.ts";
import { stopElsewhere } from "./stop.ts";

type ElsewhereServices = Pick<AppServices, "connection" | "meter" | "starts" | "watched">;

/** This window, and no other, watches another environment of the workspace until it closes. */
const watchEnvironment = command("watchEnvironment", async (services: ElsewhereServices, given) => {
  const { connection, starts, watched } = services;
  const name = given ?? (await pickEnvironment(services));
  if (name === undefined) return;
  if (starts.count > 0)
    throw new Failure(
      "invalid-argument",
      t("A start is under way in this window. Watch another environment when it is done."),
    );
  const { scope } = await connection.open();
  watched.watch(name, scope.environment);
  const { aside } = watched;
  if (aside === undefined) {
    await sayInfo(t("This window watches {0} again.", name));
    return;
  }
  const back = t("Undo");
  const pressed = await sayInfo(
    t(
      "This window watches {0} until it closes. The settings, and where sessions start, stay with {1}.",
      name,
      aside.home,
    ),
    back,
  );
  if (pressed === back && watched.aside === aside) watched.end();
});

/** Asks what to stop there; what this window watches stays. */
const stopInOther = command(
  "stopElsewhere",
  async (services: Parameters<typeof stopElsewhere>[0], given) => {
    const name = given ?? (await pickEnvironment(services));
    if (name !== undefined) await stopElsewhere(services, name);
  },
);

async function pickEnvironment({
  connection,
  meter,
}: Pick<ElsewhereServices, "connection" | "meter">): Promise<string | undefined> {
  const { control, scope } = await connection.open();
  const all = await control.listEnvironments();
  const running = new Map(
    (meter.state().elsewhere ?? []).map((one) => [one.environment, elsewhereText(one)]),
  );
  return pickOne(
    t("Environments of {0}", scope.workspace),
    t("Which one?"),
    all
      .filter(({ name }) => name !== scope.environment)
      .map(({ name }) => ({
        label: name,
        description: running.get(name) ?? "",
        detail: "",
        value: name,
      })),
  );
}

export const elsewhereCommands: readonly Command<AppServices>[] = [watchEnvironment, stopInOther];
