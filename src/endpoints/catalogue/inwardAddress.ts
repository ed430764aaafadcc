/**
 * Whether a host, as `URL` writes it, is this machine, or one that only machines near it reach: private,
 * link-local (where clouds keep their metadata) and shared addresses, and those that hold one inside.
 * `URL` itself has turned hexadecimal, octal and short spellings of IPv4 into four numbers.
 * Sources: the IANA registries of special-purpose IPv4 and IPv6 addresses (RFC 6890), RFC 6761 (names).
 */
export function isInward(hostname: string): boolean {
  const host = hostname.toLowerCase().replace(/\.+$/, "");
  if (host.startsWith("[")) return isInwardV6(host.slice(1, -1));
  if (/^\d+(\.\d+){3}$/.test(host)) return isInwardV4(host.split(".").map(Number));
  // A name without a dot is one of this network.
  return (
    !host.includes(".") || /(^|\.)(localhost|local|internal|intranet|lan|home\.arpa)$/.test(host)
  );
}

function isInwardV4([a = 0, b = 0, c = 0]: readonly number[]): boolean {
  return (
    a === 0 ||
    a === 10 ||
    a === 127 ||
    (a === 100 && b >= 64 && b < 128) ||
    (a === 169 && b === 254) ||
    (a === 172 && b >= 16 && b < 32) ||
    (a === 192 && b === 168) ||
    (a === 192 && b === 0 && (c === 0 || c === 2)) ||
    (a === 198 && (b === 18 || b === 19)) ||
    a >= 224
  );
}

function isInwardV6(text: string): boolean {
  const groups = groupsOf(text);
  const [first = 0, second = 0, third = 0] = groups;
  const v4At = (at: number): boolean => {
    const [high = 0, low = 0] = groups.slice(at, at + 2);
    return isInwardV4([high >> 8, high & 255, low >> 8, low & 255]);
  };
  const isZero = (to: number): boolean => groups.slice(0, to).every((group) => group === 0);
  // ::, ::1, and the old and the new way to hold an IPv4 address.
  if (isZero(6) || (isZero(5) && groups[5] === 0xffff)) return isZero(7) || v4At(6);
  // Translated IPv4 (NAT64, its local range too) and 6to4.
  if (isZero(4) && groups[4] === 0xffff && groups[5] === 0) return v4At(6);
  if (first === 0x64 && second === 0xff9b) return third !== 0 || v4At(6);
  if (first === 0x2002) return v4At(1);
  // Unique local, link-local, site-local, multicast.
  return (first & 0xfe00) === 0xfc00 || (first & 0xff80) === 0xfe80 || first >= 0xff00;
}

/** The eight numbers of an address as `URL` writes it. */
function groupsOf(text: string): readonly number[] {
  const [head = "", tail] = text.split("::");
  const numbers = (part: string): readonly number[] =>
    part === "" ? [] : part.split(":").map((group) => Number.parseInt(group, 16));
  const [before, after] = [numbers(head), tail === undefined ? [] : numbers(tail)];
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => 0);
  return [...before, ...(tail === undefined ? [] : zeros), ...after];
}
