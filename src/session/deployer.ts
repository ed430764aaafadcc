/** One Modal app file to deploy. */
export interface DeployTarget {
  /** Absolute path of the Python file. */
  readonly file: string;
  /** A part of a package is deployed as a module, from the folder that the package stands in; null: by its file. */
  readonly module: { readonly name: string; readonly folder: string } | null;
  /** The variable that holds the app; null: `app`, which the CLI takes by itself. */
  readonly variable: string | null;
  /** The name that the user set, and that the deploy is told; null: the file names its app. */
  readonly name: string | null;
  /**
   * The name that the file seems to give. For questions and labels alone: only running the file tells,
   * so a deploy is never told it. null: not plain.
   */
  readonly nameInFile: string | null;
  readonly environment: string | null;
  /** Absolute workspace folder: the working directory of a deploy by file. */
  readonly folder: string;
}

/** What a target is remembered by: its file, and its variable where it is not `app`. */
export function refOf({ file, variable }: Pick<DeployTarget, "file" | "variable">): string {
  return variable === null ? file : `${file}::${variable}`;
}

/** What the app will probably be called; null: nobody can tell before the deploy. */
export function likelyName({ name, nameInFile }: DeployTarget): string | null {
  return name ?? nameInFile;
}

export interface DeployedUrl {
  readonly functionName: string;
  readonly url: string;
  /** Modal said that it answers with a proxy token alone. */
  readonly needsToken?: boolean | undefined;
}

export interface Deployment {
  readonly urls: readonly DeployedUrl[];
  /** What was deployed is called, in Modal's own words; null: the output did not say. */
  readonly appName: string | null;
  readonly skipped: boolean;
}

export interface DeployOptions {
  /** Variables for the app file: MODAL_MODE, SCALEDOWN_WINDOW. They are the extension's contract with the user's file. */
  readonly variables: Readonly<Record<string, string>>;
  /** Every output line, for the log. */
  readonly onLine: (line: string) => void;
  readonly signal?: AbortSignal;
}

/** An ephemeral `modal serve` in progress. */
export interface ServeHandle {
  readonly appId: string;
  readonly urls: readonly DeployedUrl[];
  /** Resolves when the process has ended, however it ended. */
  readonly ended: Promise<void>;
  /** Ends it as Ctrl-C would (SIGINT, then kill); the caller then stops the app id, always. */
  end(): Promise<void>;
}

/** Deploys with the `modal` CLI. Rejects with a `Failure` ("deploy-failed", "cli-missing", …). */
export interface Deployer {
  deploy(target: DeployTarget, options: DeployOptions): Promise<Deployment>;
  serve(target: DeployTarget, options: DeployOptions): Promise<ServeHandle>;
}
