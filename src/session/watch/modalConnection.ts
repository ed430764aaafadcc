import { t } from "../../base/text.ts";
import { Failure } from "../../base/failure.ts";
import type { Log } from "../../base/log.ts";
import type { ModalControl } from "../modalControl.ts";
import { scopeKey, type Scope } from "../scope.ts";

/** A control plane that is known to answer, and whose money it speaks of. */
export interface Connected {
  readonly control: ModalControl;
  readonly scope: Scope;
  /** "workspace/environment". */
  readonly scopeKey: string;
  readonly username: string | null;
}

/**
 * The one way to Modal. Builds the control plane from the settings and asks it once who it speaks
 * for; every later question goes to the same workspace and environment until `reset` (settings or
 * credentials changed). A failed attempt is not remembered: the next one tries again.
 */
export class ModalConnection {
  readonly #create: () => Promise<ModalControl>;
  readonly #log: Log;
  #generation = 0;
  #pending: Promise<Connected> | undefined;
  #last: Connected | undefined;

  constructor(create: () => Promise<ModalControl>, log: Log) {
    this.#create = create;
    this.#log = log;
  }

  /** The connection, made when first asked for. Rejects with a `Failure`. */
  open(): Promise<Connected> {
    if (this.#pending !== undefined) return this.#pending;
    const generation = this.#generation;
    const attempt = this.#connect().then(
      (connected) => {
        if (generation !== this.#generation) {
          throw new Failure(
            "cancelled",
            t("The settings changed while Modal was asked. Try again."),
          );
        }
        this.#last = connected;
        return connected;
      },
      (error: unknown) => {
        if (generation === this.#generation) this.#pending = undefined;
        throw error;
      },
    );
    this.#pending = attempt;
    return attempt;
  }

  /** The last connection that worked, while nothing has reset it. */
  get last(): Connected | undefined {
    return this.#last;
  }

  /** Forgets the connection: the next `open` builds a new one. */
  reset(): void {
    this.#generation += 1;
    this.#pending = undefined;
    this.#last = undefined;
  }

  async #connect(): Promise<Connected> {
    const control = await this.#create();
    const { scope, username } = await control.whoami();
    this.#log.info(`Connected to ${scopeKey(scope)} through the ${control.adapter} adapter.`);
    return { control, scope, scopeKey: scopeKey(scope), username };
  }
}
