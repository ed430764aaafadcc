import { link, open, rename, unlink } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Gives a finished, flushed file its name. Never replaces a file that is there: rejects with code
 * EEXIST instead. The name appears with the whole file behind it, or not at all.
 */
export async function publish(partPath: string, finalPath: string): Promise<void> {
  try {
    await link(partPath, finalPath);
    await unlink(partPath);
  } catch (error) {
    if (isCode(error, "EEXIST")) throw error;
    // No hard links here (FAT, some network shares): hold the name, then put the file in its place.
    const holder = await open(finalPath, "wx");
    await holder.close();
    await rename(partPath, finalPath);
  }
  await flushFolder(dirname(finalPath));
}

/** Writes a small text file whole or not at all; replaces an older one. */
export async function writeWhole(path: string, text: string): Promise<void> {
  const part = `${path}.${process.pid}.part`;
  // What is there was left by one that was killed, or is a link of somebody's: never written to.
  await removeQuietly(part);
  try {
    const file = await open(part, "wx");
    try {
      await file.writeFile(text, "utf8");
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(part, path);
  } catch (error) {
    await removeQuietly(part);
    throw error;
  }
  await flushFolder(dirname(path));
}

/** The new name itself survives a power cut only when the folder is flushed. Windows cannot, and need not. */
async function flushFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  try {
    const handle = await open(folder, "r");
    await handle.sync().finally(() => handle.close());
  } catch {
    // Some network file systems refuse; the file's own bytes are flushed already.
  }
}

/** Deletes a file of ours if it can be deleted; one that is left over does no harm. */
export async function removeQuietly(path: string): Promise<void> {
  await unlink(path).catch(() => undefined);
}

export function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
