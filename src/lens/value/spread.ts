import { t } from "../../base/text.ts";
import { itemsIn } from "./items.ts";
import { spoiledBy } from "./plain.ts";
import type { Value } from "./value.ts";

/** Takes in `*items` or `**options`; answers why it cannot, or null. */
export function spread(
  stars: "*" | "**",
  inner: Value,
  positional: Value[],
  keywords: Map<string, Value>,
  text: string,
): string | null {
  const spoiled = spoiledBy(inner);
  if (spoiled !== null) return t("what {0} holds is not known: {1}", text, spoiled);
  const items = stars === "*" ? itemsIn(inner) : undefined;
  if (items !== undefined) {
    positional.push(...items);
    return null;
  }
  if (stars === "**" && inner.kind === "dict") {
    for (const [key, value] of inner.entries) {
      if (key.kind !== "str") return t("not all keys of {0} are known", text);
      keywords.set(key.value, value);
    }
    return null;
  }
  return t("what {0} holds is not known", text);
}
