import { constants } from "node:fs";
import { access, realpath } from "node:fs/promises";
import { delimiter, isAbsolute, join, relative } from "node:path";

type Env = Readonly<Record<string, string | undefined>>;

/**
 * The absolute path of a program on PATH; undefined: there is none. Entries of PATH that are relative would
 * mean the current folder, and a program that lies in one of the folders, links followed, is not the
 * machine's: anybody can commit one. Never rejects.
 * @param notIn absolute folders: those of the workspace.
 */
export async function findProgram(
  name: string,
  env: Env,
  notIn: readonly string[],
): Promise<string | undefined> {
  const path = env["PATH"] ?? env["Path"] ?? "";
  const file = process.platform === "win32" ? `${name}.exe` : name;
  for (const folder of path.split(delimiter)) {
    const program = join(folder, file);
    if (isAbsolute(folder) && (await isProgram(program)) && !(await isInAny(notIn, program)))
      return program;
  }
  return undefined;
}

/** Whether a path is in one of the folders, by its name or by what its links lead to. */
export async function isInAny(folders: readonly string[], path: string): Promise<boolean> {
  const real = await realOf(path);
  for (const folder of folders)
    if (isIn(folder, path) || isIn(await realOf(folder), real)) return true;
  return false;
}

function isIn(folder: string, path: string): boolean {
  const inner = relative(folder, path);
  return inner !== ".." && !/^\.\.[/\\]/.test(inner) && !isAbsolute(inner);
}

async function realOf(path: string): Promise<string> {
  return realpath(path).catch(() => path);
}

export async function isProgram(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
