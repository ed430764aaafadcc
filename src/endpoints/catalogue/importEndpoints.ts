import * as z from "zod/mini";
import { catalogue } from "./catalogue.ts";
import type { Endpoint } from "./endpoint.ts";
import { readEndpointSettings } from "./endpointSetting.ts";
import { settingOf } from "./settingOf.ts";

const named = z.object({ name: z.string() });

/** What an import would write into one scope of the settings, and what goes by that. */
export interface EndpointImport {
  /** The setting's new value in that scope: what is written there, and the imported ones. Nothing of another scope. */
  readonly entries: readonly unknown[];
  /** Names that are offered now and mean something else afterwards. */
  readonly replaces: readonly { readonly name: string; readonly source: Endpoint["source"] }[];
}

/**
 * Plans an import. `written` is what the picked scope itself has, never the effective value: that may hold
 * entries of a workspace, which would outlive it and its trust in the user's settings.
 * @param offered what is offered now, from wherever.
 */
export function planImport(
  written: readonly unknown[],
  picked: readonly Endpoint[],
  offered: readonly Endpoint[],
): EndpointImport {
  const names = new Set(picked.map(({ name }) => name));
  const others = written.filter((entry) => {
    const parsed = z.safeParse(named, entry);
    return !parsed.success || !names.has(parsed.data.name);
  });
  return {
    entries: [...others, ...picked.map(settingOf)],
    replaces: offered
      .filter((endpoint) => names.has(endpoint.name) && !isAmong(endpoint, picked))
      .map(({ name, source }) => ({ name, source })),
  };
}

/**
 * The imported ones that are not offered as they were imported, by name: another scope's setting hides them.
 * @param effective the value of the setting as it is in force.
 */
export function notOffered(
  picked: readonly Endpoint[],
  effective: readonly unknown[],
): readonly string[] {
  const offered = catalogue(readEndpointSettings(effective).endpoints);
  return picked.filter((endpoint) => !isAmong(endpoint, offered)).map(({ name }) => name);
}

function isAmong(endpoint: Endpoint, others: readonly Endpoint[]): boolean {
  const same = others.find(({ name }) => name === endpoint.name);
  return same !== undefined && asText(same) === asText(endpoint);
}

/** As it is after it was written and read. */
function asText(endpoint: Endpoint): string {
  const written = settingOf(endpoint);
  const [read] = readEndpointSettings([written]).endpoints;
  return JSON.stringify(read === undefined ? written : settingOf(read));
}
