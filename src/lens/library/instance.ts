import { boundParameters, type Parameter } from "./parameters.ts";
import { attributeOfClass, setAttributeOf } from "../value/attribute.ts";
import { equal, spoiledBy } from "../value/plain.ts";
import type { PythonScope } from "./pythonScope.ts";
import {
  noArguments,
  type Arguments,
  type ClassValue,
  type FunctionValue,
  type Making,
  type ObjectValue,
  type Value,
} from "../value/value.ts";

/** Calls a function, a method or a class of the workspace; undefined: that is not followed. */
export function callOwn(callee: Value, args: Arguments, scope: PythonScope): Value | undefined {
  switch (callee.kind) {
    case "function":
      return scope.program.call(callee, args, scope);
    case "method":
      return callee.isProperty
        ? undefined
        : callMethodOf(callee.self, callee.function, args, scope);
    case "class":
      return make(callee, args, scope);
    default:
      return undefined;
  }
}

/** What a property gives when it is read; any other value is itself. */
export function got(value: Value, scope: PythonScope): Value | undefined {
  if (value.kind !== "method" || !value.isProperty) return value;
  return callMethodOf(value.self, value.function, noArguments, scope);
}

function callMethodOf(
  self: Value,
  method: FunctionValue,
  args: Arguments,
  scope: PythonScope,
): Value | undefined {
  return scope.program.call(method, { ...args, positional: [self, ...args.positional] }, scope);
}

function make(of: ClassValue, args: Arguments, scope: PythonScope): Value | undefined {
  if (spoiledBy(of) !== null || args.more !== null) return undefined;
  const object: ObjectValue = { kind: "object", class: of, attributes: new Map(), spoiled: null };
  switch (of.objects.how) {
    case "init":
      return runIn(object, "__init__", args, scope);
    case "fields": {
      const filled = fill(object, of.objects, args, scope);
      return filled ? runIn(object, "__post_init__", noArguments, scope) : undefined;
    }
    case "members":
      return memberOf(of, args);
    default:
      return undefined;
  }
}

/** Runs the method that makes an object what it is, where there is one. */
function runIn(
  object: ObjectValue,
  name: string,
  args: Arguments,
  scope: PythonScope,
): Value | undefined {
  const method = object.class === null ? undefined : attributeOfClass(object.class, name);
  if (method === undefined)
    return args.positional.length === 0 && args.keywords.size === 0 ? object : undefined;
  if (method.kind !== "function") return undefined;
  return callMethodOf(object, method, args, scope) === undefined ? undefined : object;
}

function fill(
  object: ObjectValue,
  { fields, defaults }: Extract<Making, { readonly how: "fields" }>,
  args: Arguments,
  scope: PythonScope,
): boolean {
  const parameters = fields.map((name): Parameter => ({ name, how: "plain", default: undefined }));
  const bound = boundParameters(parameters, { defaults }, args);
  if (bound === undefined) return false;
  for (const [name, value] of bound) {
    const made = value.kind === "factory" ? fromFactory(value.callee, scope) : value;
    if (made === undefined || !setAttributeOf(object, name, made, true)) return false;
  }
  return true;
}

function fromFactory(callee: Value, scope: PythonScope): Value | undefined {
  if (callee.kind === "library" && callee.path === "builtins.list")
    return { kind: "list", items: [], spoiled: null };
  if (callee.kind === "library" && callee.path === "builtins.dict")
    return { kind: "dict", entries: [], spoiled: null };
  return callOwn(callee, noArguments, scope);
}

/** `Gpu("H100")`: the member with this value. */
function memberOf(of: ClassValue, { positional, keywords }: Arguments): Value | undefined {
  const [wanted, ...others] = positional;
  if (wanted === undefined || others.length > 0 || keywords.size > 0) return undefined;
  let isSure = true;
  for (const one of of.attributes.values()) {
    const value = one.kind === "object" ? one.attributes.get("value") : undefined;
    const same = value === undefined ? undefined : equal(value, wanted);
    if (same === true && isSure) return one;
    if (one.kind === "unknown" || (value !== undefined && same === undefined)) isSure = false;
  }
  return undefined;
}
