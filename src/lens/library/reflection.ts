import { t } from "../../base/text.ts";
import { attributeOf, attributeOfClass, setAttributeOf } from "../value/attribute.ts";
import { got } from "./instance.ts";
import { bool, none, spoiledBy, unknown } from "../value/plain.ts";
import type { PythonScope } from "./pythonScope.ts";
import type { Arguments, ModuleNames, Value } from "../value/value.ts";

/** A call that reaches names by their texts; undefined where it is none that is followed. */
export function reflected(path: string, args: Arguments, scope: PythonScope): Value | undefined {
  switch (path) {
    case "builtins.getattr":
      return getAttribute(args, scope);
    case "builtins.hasattr":
      return hasAttribute(args, scope);
    case "builtins.type":
      return typeOf(args);
    case "builtins.setattr":
    case "builtins.delattr":
      return setAttribute(args, scope);
    case "builtins.globals":
      return { kind: "globals", module: scope.module };
    case "builtins.vars":
    case "builtins.locals":
      if (args.positional.length > 0) return undefined;
      // In a function they are its own names.
      if (!scope.isModule) return unknown(t("{0}() is not followed", path));
      return { kind: "globals", module: scope.module };
    case "builtins.exec":
    case "builtins.eval":
      scope.forget(t("{0}() may change everything", path));
      return unknown(t("what {0}() gives is not followed", path));
    default:
      return undefined;
  }
}

/** `getattr(Config, "gpu", "T4")` */
function getAttribute({ positional, more }: Arguments, scope: PythonScope): Value | undefined {
  const [object, name, byDefault] = positional;
  if (object === undefined || name?.kind !== "str" || more !== null) return undefined;
  if (byDefault !== undefined && lacks(object, name.value)) return byDefault;
  return got(attributeOf(object, name.value), scope);
}

function hasAttribute(
  { positional: [object, name], more }: Arguments,
  scope: PythonScope,
): Value | undefined {
  if (object === undefined || name?.kind !== "str" || more !== null) return undefined;
  if (lacks(object, name.value)) return bool(false);
  // A property runs.
  const held = got(attributeOf(object, name.value), scope);
  return held === undefined || held.kind === "unknown" ? undefined : bool(true);
}

/** Whether it is certain that it has no such attribute. */
function lacks(object: Value, name: string): boolean {
  if (spoiledBy(object) !== null || name.startsWith("__")) return false;
  if (object.kind === "object" && object.attributes.has(name)) return false;
  const of = object.kind === "object" ? object.class : object.kind === "class" ? object : undefined;
  if (of === undefined || of?.objects.how === "unknown") return false;
  return of === null || attributeOfClass(of, name) === undefined;
}

/** `type(settings)`, which may change its class. */
function typeOf({ positional: [value, ...others] }: Arguments): Value | undefined {
  if (others.length > 0) return undefined;
  return value?.kind === "object" && value.class !== null ? value.class : undefined;
}

/** `setattr(Config, "gpu", "T4")`, `delattr(Config, "gpu")` */
function setAttribute(
  { positional, keywords, more }: Arguments,
  scope: PythonScope,
): Value | undefined {
  const [object, name, value] = positional;
  const why = t("it is changed by setattr()");
  const isPlain = name?.kind === "str" && more === null && keywords.size === 0;
  const isCertain = isPlain && value !== undefined && scope.program.undecided === 0;
  if (object?.kind === "module" && isPlain)
    object.module.bind(name.value, isCertain ? value : unknown(why));
  else if (object?.kind === "unknown" || object?.kind === "library") {
    scope.forget(why);
    scope.program.forgetModules(why);
    scope.program.environment.forget(why);
  } else if (
    object === undefined ||
    name?.kind !== "str" ||
    value === undefined ||
    !setAttributeOf(object, name.value, value, isCertain)
  )
    return undefined;
  return none;
}

/** `globals().get("GPU")`; what changes it otherwise may change every name. */
export function ofGlobals(
  module: ModuleNames,
  method: string,
  { positional }: Arguments,
  scope: PythonScope,
): Value {
  const [key] = positional;
  const named = key?.kind === "str" ? module.names.get(key.value) : undefined;
  if (method === "get" && named !== undefined) return named;
  if (!/^(get|keys|values|items|copy)$/.test(method))
    scope.forget(t(".{0}() of globals() may change everything", method));
  return unknown(t(".{0} of globals() is not followed", method));
}
