import { settingNamed, type SettingName } from "../../session/settings/shape.ts";

/** The setting that a message or a problem speaks of ("modalMeter.cliPath"); undefined: none. */
export function settingNamedIn(message: string): SettingName | undefined {
  const name = /\bmodalMeter\.(\w+)/.exec(message)?.[1];
  return name === undefined ? undefined : settingNamed(name);
}
