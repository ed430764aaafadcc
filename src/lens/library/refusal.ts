import { t } from "../../base/text.ts";
import { memberText, numberOf } from "../value/plain.ts";
import type { PythonScope } from "./pythonScope.ts";
import { childrenOf, type Node } from "../value/tree.ts";
import type { Arguments, FunctionValue, Registering, Value } from "../value/value.ts";

/**
 * What the `modal` package refuses when a file is imported (read in 1.6.4; each with what to write
 * instead). An older package may take it still, so such a file is offered, with the reason.
 */

/** Notes why importing the file fails, where that is certain. The first reason is the one that Modal tells. */
export function refuse(why: string, { program }: PythonScope): void {
  if (program.undecided === 0) program.refused ??= why;
}

/** Names that Modal has removed; "": nothing takes their place under another name. */
const removedNames: ReadonlyMap<string, string> = new Map([
  ["modal.gpu", 'gpu="A100-80GB:2"'],
  ["modal.Mount", "Image.add_local_dir"],
  ["modal.create_package_mounts", "Image.add_local_python_source"],
  ["modal.web_endpoint", "modal.fastapi_endpoint"],
  ["modal.build", "Image.run_function"],
  ["modal.SharedVolume", "modal.Volume"],
  ["modal.Conda", "Image.micromamba"],
  ["modal.Function.lookup", "modal.Function.from_name"],
  ["modal.Cls.lookup", "modal.Cls.from_name"],
  ["modal.Volume.lookup", "modal.Volume.from_name"],
  ["modal.Volume.persisted", "modal.Volume.from_name"],
  ["modal.Secret.lookup", "modal.Secret.from_name"],
  ["modal.Dict.lookup", "modal.Dict.from_name"],
  ["modal.Queue.lookup", "modal.Queue.from_name"],
  ["modal.NetworkFileSystem.persisted", "modal.NetworkFileSystem.from_name"],
  ["modal.Image.conda", "Image.micromamba"],
  ["modal.Image.from_dockerhub", "Image.from_registry"],
]);

const removedImageMethods: ReadonlyMap<string, string> = new Map([
  ["copy_local_file", "add_local_file"],
  ["copy_local_dir", "add_local_dir"],
  ["copy_mount", "add_local_dir"],
  ["conda_install", "micromamba_install"],
  ["conda_update_from_environment", "micromamba_install"],
]);

/** Notes that a name of Modal's is read that is no more. Answers what it is given. */
export function refuseRemoved(value: Value, scope: PythonScope): Value {
  if (value.kind === "library" && value.path.startsWith("modal.")) noteRemoved(value.path, scope);
  return value;
}

function noteRemoved(path: string, scope: PythonScope): void {
  const method = /^modal\.Image\.[\w.()]*\)\.(\w+)$/.exec(path)?.[1];
  const instead = removedNames.get(path) ?? removedImageMethods.get(method ?? "");
  if (instead === undefined) return;
  refuse(t("{0} was removed from Modal: write {1}", path, instead), scope);
}

const renamedArguments: ReadonlyMap<string, string> = new Map([
  ["keep_warm", "min_containers"],
  ["concurrency_limit", "max_containers"],
  ["container_idle_timeout", "scaledown_window"],
  ["allow_concurrent_inputs", "@modal.concurrent"],
]);

const ofAll = [
  "image",
  "env",
  "secrets",
  "gpu",
  "serialized",
  "volumes",
  "cpu",
  "memory",
  "ephemeral_disk",
  "min_containers",
  "max_containers",
  "buffer_containers",
  "scaledown_window",
  "proxy",
  "startup_timeout",
  "cloud",
  "nonpreemptible",
  "routing_region",
  "enable_memory_snapshot",
  "i6pn",
  "include_source",
  "experimental_options",
];
const ofFunctions = [
  "network_file_systems",
  "retries",
  "timeout",
  "region",
  "block_network",
  "restrict_modal_access",
  "single_use_containers",
  "max_inputs",
];
const ofServers = [
  "target_concurrency",
  "max_concurrency",
  "scaleup_window",
  "name",
  "port",
  "unauthenticated",
  "h2_enabled",
  "exit_grace_period",
  "compute_region",
];
const parameters: Readonly<Record<Registering, ReadonlySet<string>>> = {
  function: new Set([...ofAll, ...ofFunctions, "schedule", "name", "is_generator"]),
  cls: new Set([...ofAll, ...ofFunctions]),
  server: new Set([...ofAll, ...ofServers]),
};

/** Notes what a decorator is given that Modal refuses. */
export function refuseArguments(how: Registering, given: Arguments, scope: PythonScope): void {
  const decorator = `app.${how}`; // not shown: Python
  if (given.positional.length > 0)
    refuse(t("{0} takes its arguments by name only", decorator), scope);
  for (const [name, value] of given.keywords) {
    const renamed = renamedArguments.get(name);
    if (renamed !== undefined) refuse(t("{0} was renamed: write {1}", name, renamed), scope);
    else if (!parameters[how].has(name) && !name.startsWith("_experimental"))
      refuse(t("{0} has no parameter {1}", decorator, name), scope);
    const why = valueRefused(name, value);
    if (why !== undefined) refuse(why, scope);
  }
}

function valueRefused(name: string, value: Value): string | undefined {
  const number = numberOf(value);
  switch (name) {
    case "scaledown_window":
      return number === undefined || (number >= 2 && number <= 3600)
        ? undefined
        : t("{0} must be from 2 to 3600", name);
    case "gpu":
      return gpuRefused(value);
    case "timeout":
      return value.kind === "none" ? t("{0} must be a number of seconds", name) : undefined;
    case "min_containers":
      return value.kind === "float" ? t("{0} must be a whole number", name) : undefined;
    default:
      return undefined;
  }
}

function gpuRefused(value: Value): string | undefined {
  if (value.kind === "list") return value.items.map(gpuRefused).find((why) => why !== undefined);
  const isObject = value.kind === "object" && memberText(value) === undefined;
  if (value.kind === "tuple" || isObject || numberOf(value) !== undefined)
    return t("{0} must be a text or a list of texts", "gpu");
  const count = value.kind === "str" ? /:(.*)$/.exec(value.value)?.[1] : undefined;
  return count === undefined || /^\s*[+-]?\d+\s*$/.test(count)
    ? undefined
    : t("the number of GPUs must be a whole number");
}

/** Notes that a decorator cannot decorate what stands below it. */
export function refuseTarget(how: Registering, definition: Node, scope: PythonScope): void {
  const isClass = definition.name === "ClassDefinition";
  if (how === "function" && isClass)
    refuse(t("{0} decorates a class: write {1}", "@app.function", "@app.cls"), scope);
  else if (how !== "function" && !isClass)
    refuse(t("{0} decorates a function: write {1}", `@app.${how}`, "@app.function"), scope);
}

/** Notes that a function is registered inside another one. */
export function refuseLocal(how: Registering, given: Arguments, scope: PythonScope): void {
  if (how === "function" && !given.keywords.has("serialized") && given.more === null)
    refuse(t("{0} decorates a function inside a function", "@app.function"), scope);
}

/** Notes that a function is registered where it is not global: in a class, or in a function that is called. */
export function refuseInner(
  statements: readonly Node[],
  scope: PythonScope,
  isClass: boolean,
): void {
  for (const statement of statements) {
    if (statement.name !== "DecoratedStatement") continue;
    for (const decorator of statement.getChildren("Decorator")) {
      const names = childrenOf(decorator)
        .filter(({ name }) => name === "VariableName" || name === "PropertyName")
        .map((part) => scope.tree.textOf(part));
      const [head = "", method, ...rest] = names;
      if (method !== "function" || rest.length > 0) continue;
      if (scope.lookUp(head)?.kind !== "app") continue;
      if (isClass || !/\bserialized\b|\*\*/.test(scope.tree.textOf(decorator)))
        refuse(
          isClass
            ? t("{0} decorates a method: write {1} above the class", "@app.function", "@app.cls")
            : t("{0} decorates a function inside a function", "@app.function"),
          scope,
        );
    }
  }
}

/** What a called function registers in its own body. */
export function refuseInCalled({ definition, tree }: FunctionValue, scope: PythonScope): void {
  if (tree !== scope.tree) return;
  refuseInner(childrenOf(definition.getChild("Body")), scope, false);
}

/** Whether Modal takes the name of an app (`is_valid_object_name` of its package). */
export function isAppName(name: string): boolean {
  return /^[a-zA-Z0-9\-_.]{1,64}$/.test(name) && !/^ap-[a-zA-Z0-9]{22}$/.test(name);
}
