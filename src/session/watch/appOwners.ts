import type { Clock } from "../../base/clock.ts";
import { Emitter } from "../../base/event.ts";
import type { Log } from "../../base/log.ts";
import { appAuthors } from "../appAuthors.ts";
import type { Listing } from "../ledgerPort.ts";
import { liveApps, type LiveApp } from "../liveApp.ts";
import type { ModalControl } from "../modalControl.ts";
import { isPersonal, unknownAuthorship, type AppAuthor, type Authorship } from "../owner.ts";
import type { Scope } from "../scope.ts";

/** What Modal is asked through, and whose word counts. */
export interface OwnerSource {
  readonly control: Pick<ModalControl, "deployments">;
  readonly scope: Scope;
  /** "workspace/environment". */
  readonly scopeKey: string;
  readonly username: string | null;
}

/** Each is one request; the CLI takes a second of CPU for it. */
const asksPerLook = { sdk: 8, cli: 1 } as const;
/** A teammate may deploy an app anew: one that costs is asked about again after this. */
const askedAgainMs = 600_000;

interface Asked {
  readonly author: AppAuthor | undefined;
  readonly atMs: number;
}

/**
 * Who deployed the apps that are seen, by Modal's own word. Asked for little by little, those with
 * containers first; a stop asks anew for itself. In a personal workspace there is nothing to ask.
 */
export class AppOwners {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #changed = new Emitter<undefined>();
  readonly #asked = new Map<string, Asked>();
  #scopeKey: string | undefined;
  #authorship: Authorship = unknownAuthorship;
  #isAsking = false;

  /** Something new is known. */
  readonly onChange = this.#changed.on;

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  /** What is known of this scope; nothing of any other. */
  authorshipOf(scopeKey: string): Authorship {
    return scopeKey === this.#scopeKey ? this.#authorship : unknownAuthorship;
  }

  /** Asks about some of the apps of a look. Never rejects. */
  async update(source: OwnerSource, listing: Listing): Promise<void> {
    const { scopeKey, username, scope, control } = source;
    if (scopeKey !== this.#scopeKey || username !== this.#authorship.username) {
      this.#scopeKey = scopeKey;
      this.#asked.clear();
      this.#tell(username);
    }
    if (username === null || isPersonal(scope.workspace, username) || this.#isAsking) return;
    const due = this.#due(listing).slice(0, asksPerLook[listing.adapter]);
    if (due.length === 0) return;
    this.#isAsking = true;
    try {
      const authors = await appAuthors(control, due, this.#log);
      if (scopeKey !== this.#scopeKey) return;
      const atMs = this.#clock.nowMs();
      for (const { appId } of due) this.#asked.set(appId, { author: authors.get(appId), atMs });
      this.#tell(username);
    } finally {
      this.#isAsking = false;
    }
  }

  #due(listing: Listing): readonly LiveApp[] {
    const nowMs = this.#clock.nowMs();
    return liveApps(listing)
      .filter(({ state }) => state === "deployed" || state === "disabled")
      .filter(({ appId, containerCount }) => {
        const asked = this.#asked.get(appId);
        if (asked === undefined) return true;
        return containerCount > 0 && nowMs - asked.atMs >= askedAgainMs;
      })
      .toSorted((a, b) => b.containerCount - a.containerCount);
  }

  #tell(username: string | null): void {
    const authors = [...this.#asked].flatMap(([appId, { author }]) =>
      author === undefined ? [] : [[appId, author] as const],
    );
    this.#authorship = { username, authors: new Map(authors) };
    this.#changed.emit(undefined);
  }
}
