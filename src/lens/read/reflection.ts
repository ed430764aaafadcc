import { t } from "../../base/text.ts";
import { attributeOf } from "../value/attribute.ts";
import { none, unknown } from "../value/plain.ts";
import type { PythonScope } from "./pythonScope.ts";
import type { Arguments, ModuleNames, Value } from "../value/value.ts";

/** A call that reaches names by their texts; undefined where it is none that is followed. */
export function reflected(path: string, args: Arguments, scope: PythonScope): Value | undefined {
  switch (path) {
    case "builtins.getattr":
      return getAttribute(args);
    case "builtins.setattr":
    case "builtins.delattr":
      return setAttribute(args, scope);
    case "builtins.globals":
      return { kind: "globals", module: scope.module };
    case "builtins.vars":
    case "builtins.locals":
      return args.positional.length === 0 ? { kind: "globals", module: scope.module } : undefined;
    case "builtins.exec":
    case "builtins.eval":
      scope.forget(t("{0}() may change everything", path));
      return unknown(t("what {0}() gives is not followed", path));
    default:
      return undefined;
  }
}

/** `getattr(Config, "gpu", "T4")` */
function getAttribute({ positional, more }: Arguments): Value | undefined {
  const [object, name] = positional;
  if (object === undefined || name?.kind !== "str" || more !== null) return undefined;
  // Whether there is none, so that a third argument is taken, is never told.
  return attributeOf(object, name.value);
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
  if (object?.kind === "class" && isCertain) object.attributes.set(name.value, value);
  else if (object?.kind === "module" && isPlain)
    object.module.bind(name.value, isCertain ? value : unknown(why));
  else if (object?.kind === "unknown" || object?.kind === "library") scope.forget(why);
  else return undefined;
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
