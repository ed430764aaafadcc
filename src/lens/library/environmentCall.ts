import { t } from "../../base/text.ts";
import { none, str, truthOf, unknown } from "../value/plain.ts";
import type { PythonScope } from "./pythonScope.ts";
import type { Arguments, Value } from "../value/value.ts";

/** A call that reads or sets variables of the process; undefined where it is none. */
export function ofEnvironment(
  path: string,
  args: Arguments,
  scope: PythonScope,
): Value | undefined {
  switch (path) {
    case "os.environ.get":
    case "os.getenv":
      return variable(args, scope, "get");
    case "os.environ.setdefault":
      return variable(args, scope, "setdefault");
    case "os.environ.pop":
      return variable(args, scope, "pop");
    case "os.environ.copy":
    case "os.environ.keys":
    case "os.environ.items":
    case "os.environ.values":
      return unknown(t("all variables at once are not followed"));
    case "dotenv.load_dotenv":
    case "load_dotenv": {
      const why = t("load_dotenv() may set it");
      const override = args.keywords.get("override");
      const overrides = override !== undefined && truthOf(override) !== false;
      if (overrides || args.more !== null) scope.program.environment.forget(why);
      else scope.program.environment.load(why);
      return unknown(t("load_dotenv() is not followed"));
    }
    default:
      if (!/^os\.(environb?\.|putenv|unsetenv)/.test(path)) return undefined;
      scope.program.environment.forget(t("{0}() changes the variables", path));
      return unknown(t("what {0}() gives is not followed", path));
  }
}

/** `os.environ.get("MODAL_MODE", "dev")` and its like. */
function variable(
  { positional, keywords, more }: Arguments,
  { program: { environment, undecided } }: PythonScope,
  how: "get" | "setdefault" | "pop",
): Value {
  const name = positional[0] ?? keywords.get("key");
  if (name?.kind !== "str" || more !== null)
    return unknown(t("which variable it reads is not known"));
  const fallback = positional[1] ?? keywords.get("default") ?? none;
  const value = environment.get(name.value);
  if (how === "pop")
    environment.set(name.value, undecided > 0 ? unknown(t("it may be removed")) : null);
  if (value === null) {
    if (how === "setdefault") {
      const next =
        fallback.kind === "str" ? fallback.value : unknown(t("its default is not known"));
      environment.set(name.value, undecided > 0 ? unknown(t("it may be set by the file")) : next);
    }
    return fallback;
  }
  return typeof value === "string" ? str(value) : value;
}
