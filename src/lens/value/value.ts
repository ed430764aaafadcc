import type { Node, Tree } from "./tree.ts";

/**
 * What a Python expression is worth when the module is imported. Lists, dictionaries and classes can be
 * changed through any name that holds them, so they are objects with an identity: what changes in a way
 * that is not followed is `spoiled`, for everybody who reads it later.
 */
export type Value =
  | { readonly kind: "none" }
  | { readonly kind: "bool"; readonly value: boolean }
  | { readonly kind: "int"; readonly value: number }
  | { readonly kind: "float"; readonly value: number }
  | { readonly kind: "str"; readonly value: string }
  | { readonly kind: "tuple"; readonly items: readonly Value[] }
  | ListValue
  | DictValue
  | ClassValue
  | ObjectValue
  | FunctionValue
  /** A method or a property, got through the object (or the class) that it is of. */
  | {
      readonly kind: "method";
      readonly self: Value;
      readonly function: FunctionValue;
      readonly isProperty: boolean;
    }
  /** What a decorator of Python makes of a method, as it stands in its class. */
  | {
      readonly kind: "descriptor";
      readonly how: "property" | "staticmethod" | "classmethod";
      readonly function: FunctionValue;
    }
  /** `field(default_factory=…)` of a dataclass: called for each object. */
  | { readonly kind: "factory"; readonly callee: Value }
  | { readonly kind: "app"; readonly app: AppSource }
  /** `app.function`, not called yet; `given`: what `functools.partial` has given it before. */
  | {
      readonly kind: "registration";
      readonly app: AppSource;
      readonly how: Registering;
      readonly given: Arguments;
    }
  /** `app.function(gpu="T4")`: decorates whatever it is called with. */
  | {
      readonly kind: "decorator";
      readonly app: AppSource;
      readonly how: Registering;
      readonly given: Arguments;
      readonly offset: number;
    }
  /** A module of the workspace. */
  | { readonly kind: "module"; readonly module: ModuleNames }
  /** What `globals()` gives: the names of a module as a dictionary. */
  | { readonly kind: "globals"; readonly module: ModuleNames }
  /** `zip(…)`, `CONFIG.items()`: gone through where it stands, it gives these; undefined: that is not known any more. */
  | { readonly kind: "passing"; readonly items: () => readonly Value[] | undefined }
  /** Something of a library, by its full name: "modal.App", "os.environ". */
  | { readonly kind: "library"; readonly path: string }
  | Unknown;

export interface Unknown {
  readonly kind: "unknown";
  /** Why, for a person: "it depends on torch.cuda.is_available()". */
  readonly why: string;
}

/** The names of a module of the workspace, as they are now. */
export interface ModuleNames {
  /** Absolute path. */
  readonly file: string;
  readonly names: ReadonlyMap<string, Value>;
  bind(name: string, value: Value): void;
  /** Code that is not followed may have bound any name to anything. */
  forget(why: string): void;
  /** The variables of the process that runs it, and the apps that were made. */
  readonly program: {
    readonly environment: { forget(why: string): void };
    readonly apps: readonly AppSource[];
  };
}

/** What the body of a function or a class sees around it. */
export interface Enclosing {
  readonly module: ModuleNames;
  read(name: string): Value;
  /** undefined: it is bound nowhere. */
  lookUp(name: string): Value | undefined;
  /** Code that is not followed may have bound any name to anything. */
  forget(why: string): void;
}

export interface ListValue {
  readonly kind: "list";
  items: Value[];
  spoiled: string | null;
}

export interface DictValue {
  readonly kind: "dict";
  entries: (readonly [key: Value, value: Value])[];
  spoiled: string | null;
}

export interface ClassValue {
  readonly kind: "class";
  readonly name: string;
  readonly definition: Node;
  readonly tree: Tree;
  readonly attributes: Map<string, Value>;
  /** The class of the workspace that it inherits from; null: none. */
  readonly base: ClassValue | null;
  objects: Making;
  /** Whose names its body sees. */
  readonly enclosing: Enclosing;
  spoiled: string | null;
}

/** How a class makes its objects. */
export type Making =
  | { readonly how: "init" }
  /** A dataclass or a named tuple: its annotated names, in their order. */
  | {
      readonly how: "fields";
      readonly fields: readonly string[];
      /** As they were when the class was made. */
      readonly defaults: ReadonlyMap<string, Value>;
    }
  /** An enumeration: its objects are its members, which are made with it; `isText`: each is its text, too. */
  | { readonly how: "members"; readonly isText: boolean }
  | { readonly how: "unknown"; readonly why: string };

/** An object of a class of the workspace; `class` is null for a `SimpleNamespace`. */
export interface ObjectValue {
  readonly kind: "object";
  readonly class: ClassValue | null;
  readonly attributes: Map<string, Value>;
  spoiled: string | null;
}

export interface FunctionValue {
  readonly kind: "function";
  readonly name: string;
  readonly definition: Node;
  readonly tree: Tree;
  /** Whose names its body sees. */
  readonly enclosing: Enclosing;
  /** Computed when the function was made, by the names of its parameters. */
  readonly defaults: ReadonlyMap<string, Value>;
  /** Why a call of it is not followed; null: it is. */
  unfollowed: string | null;
  /** `@functools.cache`: what it gave is given again. undefined: it is called each time. */
  readonly kept?: { value: Value | undefined };
}

/** What registers a function or a class with an app. */
export type Registering = "function" | "cls" | "server";

/** The arguments of a call, as far as they can be told. */
export interface Arguments {
  readonly positional: readonly Value[];
  readonly keywords: ReadonlyMap<string, Value>;
  /** Why there may be more than these (`**options`); null: these are all. */
  readonly more: string | null;
}

export const noArguments: Arguments = { positional: [], keywords: new Map(), more: null };

/** What a place in the source says: a value, nothing, or something that cannot be told from the source. */
export type Reading<T> =
  | { readonly kind: "known"; readonly value: T }
  | { readonly kind: "absent" }
  | { readonly kind: "unknown"; readonly why: string };

/** A function, class or server that runs in containers of its own. */
export interface FunctionSource {
  /** As Modal names it: "flux"; for a class "Model.*". */
  readonly name: Reading<string>;
  /** An argument of the decorator, under any of the names that Modal has given it. */
  argument(...names: readonly string[]): Reading<Value>;
  /** False where it depends on something that cannot be told whether it is registered at all. */
  readonly isSure: boolean;
  readonly webEndpoints: readonly WebEndpoint[];
  /** Absolute path. */
  readonly file: string;
  /** Of the decorator in the file. */
  readonly offset: number;
}

export interface WebEndpoint {
  /** "flux", or "Model.infer". */
  readonly name: string;
  /** "asgi_app", "wsgi_app", "web_server", "fastapi_endpoint" (and its old name, web_endpoint). */
  readonly kind: string;
  /** Modal refuses a request without a proxy token (`requires_proxy_auth`). undefined: it cannot be told. */
  readonly needsToken: boolean | undefined;
}

/** One `modal.App(…)`. */
export class AppSource {
  readonly name: Reading<string>;
  /** "Stub" was removed from Modal: such a file cannot be deployed. */
  readonly constructedBy: "App" | "Stub";
  /** Absolute path. */
  readonly file: string;
  /** Of the call in the file. */
  readonly offset: number;
  readonly #functions: FunctionSource[] = [];
  readonly #candidates: AppSource[] = [];
  readonly #incomplete = new Set<string>();

  constructor(made: Pick<AppSource, "name" | "constructedBy" | "file" | "offset">) {
    this.name = made.name;
    this.constructedBy = made.constructedBy;
    this.file = made.file;
    this.offset = made.offset;
  }

  /** Its functions, those of included apps as well, in the order in which they were added. */
  get functions(): readonly FunctionSource[] {
    return [...new Set([...this.#all(), this].flatMap((app) => app.#functions))];
  }

  /** Why it may have more functions than these; empty: these are all. */
  get incomplete(): readonly string[] {
    return [...new Set([this, ...this.#all()].flatMap((app) => [...app.#incomplete]))];
  }

  add(source: FunctionSource): void {
    this.#functions.push(source);
  }

  /** `app.include(other)`: the functions that the other one has by now. */
  include(other: AppSource): void {
    if (other === this) return;
    for (const source of other.functions) this.add(source);
    for (const why of other.incomplete) this.mayHaveMore(why);
  }

  /** The same app as the other one, or as another: whatever that one has, now or later. */
  mayBe(other: AppSource): void {
    if (other !== this) this.#candidates.push(other);
  }

  mayHaveMore(why: string): void {
    this.#incomplete.add(why);
  }

  #all(found = new Set<AppSource>()): ReadonlySet<AppSource> {
    for (const app of this.#candidates) {
      if (found.has(app)) continue;
      found.add(app);
      app.#all(found);
    }
    return found;
  }
}
