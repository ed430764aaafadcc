/** One thing that reached Local Modal. */
export interface JournalEntry {
  readonly sequence: number;
  readonly kind: "rpc" | "web";
  /** The RPC's name, or the HTTP method: "AppStop", "POST". */
  readonly name: string;
  /** The app concerned, as far as the request names it; else "". */
  readonly appId: string;
  /** The path of a web request below its label ("/flux"); "" for an RPC. */
  readonly path: string;
  readonly virtualMs: number;
  readonly realMs: number;
  readonly workspace: string;
  readonly tokenId: string;
  /** "python 1.6.4", "js 0.11.1", or the user agent. */
  readonly client: string;
  /** The RPC's request, or the parsed JSON body of a web request. */
  readonly request: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;
  /** gRPC status name or HTTP status; "pending" until it is answered, "aborted" when the client left. */
  outcome: string;
}

export type NewEntry = Omit<JournalEntry, "sequence" | "outcome" | "realMs">;

/** Everything that was asked, in order, so that a test can say "once for X, never for Y". */
export class Journal {
  readonly #entries: JournalEntry[] = [];
  #sequence = 0;

  add(entry: NewEntry): JournalEntry {
    this.#sequence += 1;
    const added = { ...entry, sequence: this.#sequence, realMs: Date.now(), outcome: "pending" };
    this.#entries.push(added);
    return added;
  }

  entries(
    filter: {
      readonly kind?: string;
      readonly name?: string;
      readonly appId?: string;
      readonly path?: string;
      readonly workspace?: string;
    } = {},
  ): JournalEntry[] {
    return this.#entries.filter(
      (entry) =>
        (filter.kind === undefined || entry.kind === filter.kind) &&
        (filter.name === undefined || entry.name === filter.name) &&
        (filter.appId === undefined || entry.appId === filter.appId) &&
        (filter.path === undefined || entry.path === filter.path) &&
        (filter.workspace === undefined || entry.workspace === filter.workspace),
    );
  }

  count(filter: Parameters<Journal["entries"]>[0] = {}): number {
    return this.entries(filter).length;
  }

  clear(): void {
    this.#entries.length = 0;
  }
}
