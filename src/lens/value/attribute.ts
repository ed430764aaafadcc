import { t } from "../../base/text.ts";
import { spoiledBy, str, unknown } from "./plain.ts";
import { noArguments, type ClassValue, type ObjectValue, type Value } from "./value.ts";

/** `object.name` */
export function attributeOf(object: Value, name: string): Value {
  const spoiled = spoiledBy(object);
  if (spoiled !== null) return unknown(spoiled);
  switch (object.kind) {
    case "library":
      return { kind: "library", path: `${object.path}.${name}` };
    case "globals":
      return unknown(t(".{0} of globals() is not followed", name));
    case "module":
      return (
        object.module.names.get(name) ?? unknown(t("{0} has no {1}", object.module.file, name))
      );
    case "class": {
      if (name === "__name__") return str(object.name.slice(object.name.lastIndexOf(".") + 1));
      const found = attributeOfClass(object, name);
      if (found === undefined || found.kind === "factory")
        return unknown(t("{0} has no {1} of its own", object.name, name));
      return found.kind === "descriptor" ? bound(found, object) : found;
    }
    case "object":
      return ofObject(object, name);
    case "app":
      if (name === "function" || name === "cls" || name === "server")
        return { kind: "registration", app: object.app, how: name, given: noArguments };
      if (name === "name" && object.app.name.kind === "known") return str(object.app.name.value);
      // not shown: a name of Modal's
      if (ofApps.has(name)) return { kind: "library", path: `modal.App.${name}` };
      return unknown(t(".{0} of an app is not followed", name));
    default:
      return unknown(t(".{0} is not followed", name));
  }
}

function ofObject(object: ObjectValue, name: string): Value {
  if (name === "__class__" && object.class !== null) return object.class;
  const found = object.class === null ? undefined : attributeOfClass(object.class, name);
  const held = object.attributes.get(name);
  if (held !== undefined && isPlain(found)) return held;
  if (found === undefined) return unknown(t(".{0} is not followed", name));
  return bound(found, object);
}

/** What an attribute of a class is when it is got through the class or an object of it. */
function bound(found: Value, on: ObjectValue | ClassValue): Value {
  if (found.kind === "function")
    return { kind: "method", self: on, function: found, isProperty: false };
  if (found.kind !== "descriptor") return found;
  switch (found.how) {
    case "staticmethod":
      return found.function;
    case "classmethod": {
      const self = on.kind === "object" ? on.class : on;
      return { kind: "method", self: self ?? on, function: found.function, isProperty: false };
    }
    default:
      return on.kind === "class"
        ? unknown(t("it is a property"))
        : { kind: "method", self: on, function: found.function, isProperty: true };
  }
}

/** An attribute of a class or of those that it inherits from; undefined: it has none. */
export function attributeOfClass(value: ClassValue, name: string): Value | undefined {
  const held = value.attributes.get(name);
  if (held !== undefined || value.base === null) return held;
  return attributeOfClass(value.base, name);
}

/**
 * Sets an attribute of a class or an object; false: that does more than to keep the value, or it is
 * nothing that has such attributes. Names such as `__init__`, `__class__` and `_value_` change what it is.
 */
export function setAttributeOf(
  object: Value,
  name: string,
  value: Value,
  isCertain: boolean,
): boolean {
  const isSpecial = /^_\w*_$/.test(name);
  if (object.kind === "function" && isSpecial) object.unfollowed ??= t("{0} is changed", name);
  if (!isCertain) return false;
  if (object.kind === "object" && !isSpecial) {
    if (object.class !== null && !isPlain(attributeOfClass(object.class, name))) return false;
    object.attributes.set(name, value);
    return true;
  }
  if (object.kind !== "class") return false;
  object.attributes.set(name, value);
  return !isSpecial;
}

/** Whether what an object keeps under the name is read and set as it is: a property, or what is not known, may do more. */
function isPlain(ofClass: Value | undefined): boolean {
  if (ofClass === undefined) return true;
  if (ofClass.kind === "descriptor") return ofClass.how !== "property";
  return ofClass.kind !== "unknown" && (ofClass.kind !== "object" || spoiledBy(ofClass) === null);
}

/** What an app has that makes no function of a container. */
const ofApps = new Set(["local_entrypoint", "run", "deploy", "app_id", "set_description", "image"]);
