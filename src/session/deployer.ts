/** One Modal app file to deploy. */
export interface DeployTarget {
  /** Absolute path of the Python file. */
  readonly file: string;
  /** The app's name where known (from the file or the settings). */
  readonly name: string | null;
  readonly environment: string | null;
  /** Absolute workspace folder: the working directory of the deploy. */
  readonly folder: string;
}

export interface DeployedUrl {
  readonly functionName: string;
  readonly url: string;
  readonly requiresProxyAuth: boolean;
}

export interface Deployment {
  readonly urls: readonly DeployedUrl[];
  /** "View Deployment" page, where the output named one. */
  readonly dashboardUrl: string | null;
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
