import { constants } from "node:fs";
import { open } from "node:fs/promises";

/** A pipe that nobody writes into would be opened for ever. */
const flags =
  process.platform === "win32" ? constants.O_RDONLY : constants.O_RDONLY | constants.O_NONBLOCK;

/**
 * Reads a file of a folder that anybody may have filled. Rejects where it is larger, or no file: a
 * link to a device such as /dev/zero has the size 0 and no end.
 */
export async function readRegular(path: string, maxBytes: number): Promise<Buffer> {
  const file = await open(path, flags);
  try {
    const found = await file.stat();
    if (!found.isFile() || found.size > maxBytes)
      throw new RangeError(`${path} is no file of at most ${maxBytes} bytes.`);
    return await file.readFile();
  } finally {
    await file.close();
  }
}
