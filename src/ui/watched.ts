import { Emitter } from "../base/event.ts";

/** What the settings say of whose environment is watched. */
export interface WatchedSettings {
  readonly profile: string;
  /** "": the profile's own, else the workspace's default. */
  readonly environment: string;
}

/**
 * Which environment this window watches: the settings', or another one for a while. That is kept in
 * memory alone: it ends with the window, and when the settings say something else. No other window
 * hears of it, and no session starts by it.
 */
export class WatchedEnvironment {
  readonly #settings: () => WatchedSettings;
  readonly #changed = new Emitter<undefined>();
  #aside: Aside | undefined;

  /** The window speaks to another environment from now on. */
  readonly onChange = this.#changed.on;

  constructor(settings: () => WatchedSettings) {
    this.#settings = settings;
  }

  /** For Modal's own order of choices; null: it decides. */
  get choice(): string | null {
    const { environment } = this.#settings();
    return (this.aside?.environment ?? environment) || null;
  }

  /** Another environment than the settings say; undefined: theirs is watched. */
  get aside(): Aside | undefined {
    const { profile, environment } = this.#settings();
    const aside = this.#aside;
    return aside?.profile === profile && aside.setting === environment ? aside : undefined;
  }

  /** @param here the environment that is watched now */
  watch(environment: string, here: string): void {
    const settings = this.#settings();
    const home = this.aside?.home ?? here;
    this.#aside =
      environment === home
        ? undefined
        : { environment, home, profile: settings.profile, setting: settings.environment };
    this.#changed.emit(undefined);
  }

  /** Back to what the settings say. */
  end(): void {
    if (this.aside === undefined) return;
    this.#aside = undefined;
    this.#changed.emit(undefined);
  }
}

interface Aside {
  readonly environment: string;
  /** The environment of the settings, as Modal named it. */
  readonly home: string;
  readonly profile: string;
  readonly setting: string;
}
