import { chmod, lstat, mkdir } from "node:fs/promises";

/**
 * Makes a folder that this user alone can read, or makes one that is there so. Rejects where it is
 * another user's, or a link.
 */
export async function ownFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  const found = await lstat(path);
  const uid = process.getuid?.();
  if (!found.isDirectory() || (uid !== undefined && found.uid !== uid))
    throw new Error(`${path} is not a folder of this user.`);
  await chmod(path, 0o700);
}
