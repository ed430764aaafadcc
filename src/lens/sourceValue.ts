/** A value in the source: a literal, what a variable would replace, or something computed. */
export type SourceValue =
  | { readonly kind: "literal"; readonly value: string | number | boolean | null }
  | { readonly kind: "list"; readonly values: readonly string[] }
  /** `(1.0, 4.0)`: a request and its limit. */
  | { readonly kind: "tuple"; readonly values: readonly SourceValue[] }
  /** `os.environ.get("SCALEDOWN_WINDOW", 300)`: the variable and the default, where there is one. */
  | {
      readonly kind: "variable";
      readonly name: string;
      readonly fallback: string | number | boolean | null;
    }
  | { readonly kind: "computed" };

export function sameValue(a: SourceValue, b: SourceValue): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
