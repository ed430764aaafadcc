/** Windows refuses these as file names, with any extension. */
const reserved = /^(con|prn|aux|nul|com\d|lpt\d|conin\$|conout\$)$/i;

const slugLength = 48;

/**
 * The file name, without extension, of a result: endpoint, local time, the prompt's first words.
 * "flux-20261121-184536-a-cat-in-a-hat". Safe on every file system: letters, digits and hyphens
 * alone, at most 96 characters, no name that Windows keeps for devices, no dots.
 */
export function resultStem(endpoint: string, atMs: number, prompt: string | null): string {
  const name = slug(endpoint, 24);
  const first = name === "" || reserved.test(name) ? "result" : name;
  const words = slug(prompt ?? "", slugLength);
  return [first, localTime(atMs), ...(words === "" ? [] : [words])].join("-");
}

/** ASCII words of a text, joined by hyphens, cut at a word where possible. */
export function slug(text: string, length: number): string {
  const words = text
    .slice(0, 2000)
    .normalize("NFKD")
    .replaceAll(/[\u0300-\u036f]/g, "")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "");
  if (words.length <= length) return words;
  const cut = words.slice(0, length + 1).lastIndexOf("-");
  return words.slice(0, cut > 0 ? cut : length);
}

/** "20261121-184536" in the machine's time zone. */
function localTime(atMs: number): string {
  const date = new Date(atMs);
  const two = (value: number): string => String(value).padStart(2, "0");
  return (
    `${date.getFullYear()}${two(date.getMonth() + 1)}${two(date.getDate())}` +
    `-${two(date.getHours())}${two(date.getMinutes())}${two(date.getSeconds())}`
  );
}
