import type { AppStateName, FunctionSpec } from "./entities.ts";
import type { FunctionRequest } from "./functionSpec.ts";

/** A deploy as a test asks for it. */
export interface DeployRequest {
  readonly name: string;
  readonly environment?: string;
  readonly functions: readonly FunctionRequest[];
  readonly by?: string;
  readonly tag?: string;
  /** "recreate" ends the containers of the version before at once. */
  readonly strategy?: "rolling" | "recreate";
}

/** A new version of an app, as the client's deploy says it at its end. */
export interface PublishRequest {
  readonly state: AppStateName;
  readonly name?: string;
  readonly by?: string;
  readonly tag?: string;
  readonly clientVersion?: string;
  readonly rollbackVersion?: number;
  readonly commit?: {
    readonly hash: string;
    readonly branch: string;
    readonly dirty: boolean;
  } | null;
  readonly functions: ReadonlyMap<string, FunctionSpec>;
  readonly classIds?: ReadonlyMap<string, string>;
}
