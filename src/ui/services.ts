import type { Clock } from "../base/clock.ts";
import type { ModalConnection } from "../session/watch/modalConnection.ts";
import type { Deployer } from "../session/deployer.ts";
import type { Ledger } from "../session/ledgerPort.ts";
import type { AppOwners } from "../session/watch/appOwners.ts";
import type { Meter } from "../session/meter/meter.ts";
import type { Probe } from "../session/probe.ts";
import type { CostsChannel } from "./costsChannel.ts";
import type { LogChannel } from "./logChannel.ts";
import type { Pages } from "./pages/pages.ts";
import type { Project } from "./project/project.ts";
import type { ProxyTokens } from "./proxyTokens.ts";
import type { Serves } from "./start/serves.ts";
import type { SettingsSource } from "./settings/source.ts";
import type { Starts } from "./start/starts.ts";
import type { WatchedEnvironment } from "./watched.ts";

/** What commands have to work with. Built once, in app.ts. */
export interface Services {
  readonly clock: Clock;
  readonly log: LogChannel;
  readonly costs: CostsChannel;
  readonly pages: Pages;
  readonly settings: SettingsSource;
  readonly watched: WatchedEnvironment;
  readonly ledger: Ledger;
  readonly connection: ModalConnection;
  readonly meter: Meter;
  readonly owners: AppOwners;
  readonly project: Project;
  readonly tokens: ProxyTokens;
  readonly probe: Probe;
  readonly serves: Serves;
  readonly starts: Starts;
  /** The `modal` command. Rejects with `Failure("cli-missing")`. */
  readonly deployer: () => Promise<Deployer>;
  /** A new unique id for a row of the ledger. */
  readonly newId: () => string;
}
