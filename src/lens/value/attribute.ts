import { t } from "../../base/text.ts";
import { spoiledBy, str, unknown } from "./plain.ts";
import { noArguments, type Value } from "./value.ts";

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
    case "class":
      return (
        object.attributes.get(name) ?? unknown(t("{0} has no {1} of its own", object.name, name))
      );
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

/** What an app has that makes no function of a container. */
const ofApps = new Set(["local_entrypoint", "run", "deploy", "app_id", "set_description", "image"]);
