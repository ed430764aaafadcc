import type { EnvironmentInfo } from "../session/modalControl.ts";
import { noDefaultEnvironment } from "./commonFailures.ts";

/** The name of the workspace's default environment, or of the only one; throws `Failure` where there is none. */
export function defaultEnvironment(environments: readonly EnvironmentInfo[]): string {
  const only = environments.length === 1 ? environments[0] : undefined;
  const standard = environments.find(({ isDefault }) => isDefault) ?? only;
  if (standard !== undefined) return standard.name;
  throw noDefaultEnvironment();
}
