export interface ReworkedJson {
  readonly path: string;
  readonly extracted: readonly string[];
  readonly remark: string | null;
}

export function reworkJson(
  path: string,
  _folder: string,
  _stem: string,
  _signal: AbortSignal,
): Promise<ReworkedJson> {
  return Promise.resolve({ path, extracted: [], remark: null });
}
