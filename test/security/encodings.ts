/** A text in each way that programs write one, by the name of the way. */
export function encodings(secret: string): ReadonlyMap<string, string> {
  const bytes = Buffer.from(secret, "utf8");
  const json = JSON.stringify(secret).slice(1, -1);
  const percent = bytes.toString("hex").replaceAll(/../g, "%$&");
  const swapped = secret.replaceAll(/./gu, (one) =>
    one === one.toUpperCase() ? one.toLowerCase() : one.toUpperCase(),
  );
  return new Map([
    ["as it is", secret],
    ["in lower case", secret.toLowerCase()],
    ["in upper case", secret.toUpperCase()],
    ["in the other case", swapped],
    ["in JSON", json],
    ["in JSON in JSON", JSON.stringify(json).slice(1, -1)],
    [
      "in ASCII JSON",
      json.replaceAll(
        /[^\0-\x7f]/g,
        (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
      ),
    ],
    ["in a URL", encodeURIComponent(secret)],
    ["in a URL twice", encodeURIComponent(encodeURIComponent(secret))],
    ["in a form", new URLSearchParams({ "": secret }).toString().slice(1)],
    ["in percent alone", percent],
    ["in base64", bytes.toString("base64")],
    ["in base64 for URLs", bytes.toString("base64url")],
    ["in base64 after one byte", Buffer.from(`x${secret}`, "utf8").toString("base64")],
    ["in base64 after two bytes", Buffer.from(`xy${secret}`, "utf8").toString("base64")],
    ["in base64 of JSON", Buffer.from(JSON.stringify({ p: secret }), "utf8").toString("base64")],
    ["in hex", bytes.toString("hex")],
    ["in HEX", bytes.toString("hex").toUpperCase()],
    ["in HTML", secret.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;")],
    ["its first half", secret.slice(0, Math.ceil(secret.length / 2))],
    ["its second half", secret.slice(Math.floor(secret.length / 2))],
  ]);
}
