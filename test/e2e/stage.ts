import { cp, mkdir, mkdtemp, readdir, realpath, rm, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { vsixPath } from "../../scripts/package.ts";
import { openLedger } from "../../src/ledger/openLedger.ts";
import type { Ledger } from "../../src/session/ledgerPort.ts";
import { startEditor } from "../host/editor.ts";
import type { EditorHost, HostOptions } from "../host/editorHost.ts";
import { root } from "../host/paths.ts";
import { meteredWorld } from "../meteredWorld.ts";
import { skip } from "../skip.ts";
import { startLocalModal } from "../sim/localModal.ts";
import type { LocalModal, LocalModalOptions } from "../sim/localModal.ts";

/** What is different from the usual: the current CLI, a valid token, quick cold starts. */
export interface StageOptions {
  readonly cli?: "current" | "old" | "none";
  /** In place of the token and server of Local Modal. */
  readonly env?: Readonly<Record<string, string>>;
  /** On top of the token and server. */
  readonly moreEnv?: Readonly<Record<string, string>>;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly modal?: LocalModalOptions;
  readonly size?: HostOptions["size"];
  /** Text of ~/.modal.toml. */
  readonly modalToml?: string;
}

/** Where a Modal CLI of the tests lies, whether it is installed or not. */
export function cliFolder(version: "current" | "old"): string {
  return join(root, ".venv", version, process.platform === "win32" ? "Scripts" : "bin");
}

/** Skips where the machine lacks that CLI. */
export function needCli(context: Mocha.Context, version: "current" | "old" = "current"): void {
  if (!existsSync(cliFolder(version))) {
    skip(context, "cli", `the ${version} Modal CLI is not installed (node scripts/venv.mjs)`);
  }
}

/** The machine's PATH without any modal command of its own. */
function pathWithoutModal(): readonly string[] {
  return (process.env["PATH"] ?? "")
    .split(delimiter)
    .filter((folder) => !["modal", "modal.exe"].some((name) => existsSync(join(folder, name))));
}

/** The editor of a stage that is over, for the next one: all scenes of a file share a server and a browser. */
let spare: EditorHost | undefined;

async function enterEditor(options: HostOptions): Promise<EditorHost> {
  const host = spare;
  spare = undefined;
  if (host === undefined) return startEditor(options);
  try {
    await host.enter(options);
  } catch (error) {
    await host[Symbol.asyncDispose]();
    throw error;
  }
  return host;
}

/** Called after the last test. */
export async function closeSpareEditor(): Promise<void> {
  await spare?.[Symbol.asyncDispose]();
  spare = undefined;
}

/** Local Modal, the sample workspace and a real VS Code with the packaged extension, connected. */
export class Stage implements AsyncDisposable {
  readonly modal: LocalModal;
  readonly host: EditorHost;
  /** A copy of test/sample, so that results and remembered choices leave no trace. */
  readonly workspace: string;

  private constructor(modal: LocalModal, host: EditorHost, workspace: string) {
    this.modal = modal;
    this.host = host;
    this.workspace = workspace;
  }

  static async set(options: StageOptions = {}): Promise<Stage> {
    const folder = await realpath(await mkdtemp(join(tmpdir(), "mm-stage-")));
    const workspace = join(folder, "comfy");
    await cp(join(root, "test", "sample"), workspace, {
      recursive: true,
      filter: (path) => !path.includes("__pycache__"),
    });
    const modal = await startLocalModal({
      world: meteredWorld,
      timing: { queueMs: 200, gpuColdStartMs: 2000, cpuColdStartMs: 500 },
      ...options.modal,
    });
    const { cli = "current" } = options;
    const path = [...(cli === "none" ? [] : [cliFolder(cli)]), ...pathWithoutModal()];
    try {
      const host = await enterEditor({
        workspace,
        extension: { vsix: vsixPath },
        settings: { ...options.settings },
        env: { ...(options.env ?? modal.env), ...options.moreEnv, PATH: path.join(delimiter) },
        ...(options.size === undefined ? {} : { size: options.size }),
      });
      if (options.modalToml !== undefined) {
        await writeFile(join(host.home, ".modal.toml"), options.modalToml);
      }
      return new Stage(modal, host, workspace);
    } catch (error) {
      await modal.stop();
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** Names of the files that calls have saved in the workspace. */
  async results(): Promise<readonly string[]> {
    const folder = join(this.workspace, "modal-results");
    await mkdir(folder, { recursive: true });
    return readdir(folder, { recursive: true });
  }

  /** Where all windows of this stage keep their ledger. */
  get ledgerFolder(): string {
    return join(this.host.userData, "User", "globalStorage", "modal-meter.modal-meter");
  }

  /** Works on the ledger that the windows have open, or will have, as another window would. */
  async withLedger<T>(work: (ledger: Ledger) => T): Promise<T> {
    await mkdir(this.ledgerFolder, { recursive: true });
    const { ledger } = await openLedger(join(this.ledgerFolder, "ledger.db"));
    try {
      return work(ledger);
    } finally {
      ledger.dispose();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.host.leave();
    if (spare === undefined) spare = this.host;
    else await this.host[Symbol.asyncDispose]();
    await this.modal.stop();
    await rm(join(this.workspace, ".."), { recursive: true, force: true });
  }
}
