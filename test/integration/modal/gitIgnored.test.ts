import assert from "node:assert/strict";
import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { gitIgnored } from "../../../src/modal/deploy/gitIgnored.ts";

describe("gitIgnored", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), "modal-meter-git-")));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function write(files: Readonly<Record<string, string>>): Promise<void> {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text);
    }
  }

  it("tells the folders and the files that git leaves out, also by rules further down", async () => {
    await execa("git", ["init", "--quiet"], { cwd: folder });
    await write({
      ".gitignore": "/generated/\nlocal_*.py\n!local_kept.py\n",
      "app.py": "",
      "generated/deep/app.py": "",
      "generated/other.py": "",
      "local_config.py": "",
      "local_kept.py": "",
      "tool/.gitignore": "/*\n!.gitignore\n",
      "tool/app.py": "",
      "sp ace/é/app.py": "",
      "sp ace/é/local_x.py": "",
    });
    const { folders, files } = await gitIgnored(folder, process.env);
    assert.deepEqual(folders, [join(folder, "generated")]);
    assert.deepEqual(
      new Set(files),
      new Set(
        ["local_config.py", "sp ace/é/local_x.py", "tool/app.py"].map((path) => join(folder, path)),
      ),
    );
    // A folder within the repository is asked about alone; what is committed is not ignored.
    await execa("git", ["add", "--force", "tool/app.py"], { cwd: folder });
    assert.deepEqual(await gitIgnored(join(folder, "tool"), process.env), {
      folders: [],
      files: [],
    });
  });

  it("leaves out nothing where there is no repository, no git, or the folder itself is ignored", async () => {
    await write({ "app.py": "", "inner/app.py": "" });
    const nothing = { folders: [], files: [] };
    const alone = { ...process.env, GIT_CEILING_DIRECTORIES: dirname(folder) };
    assert.deepEqual(await gitIgnored(folder, alone), nothing);
    assert.deepEqual(await gitIgnored(folder, { PATH: folder }), nothing);
    await execa("git", ["init", "--quiet"], { cwd: folder });
    await write({ ".gitignore": "/inner/\n" });
    assert.deepEqual(await gitIgnored(join(folder, "inner"), process.env), nothing);
  });
});
