import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isOnSharedDisk, isSharedType } from "../../../src/ledger/sharedDisk.ts";

describe("a disk that other machines may write to", () => {
  it("is recognised by the file system's number", () => {
    const [ext4, btrfs, overlay, tmpfs] = [0xef_53, 0x91_23_68_3e, 0x79_4c_76_30, 0x01_02_19_94];
    const [nfs, cifs, wsl] = [0x69_69, 0xff_53_4d_42, 0x01_02_19_97];
    assert.deepEqual([ext4, btrfs, overlay, tmpfs].map(isSharedType), [false, false, false, false]);
    assert.deepEqual([nfs, cifs, wsl].map(isSharedType), [true, true, true]);
  });

  it("is not this machine's disk, nor one that cannot be asked", () => {
    assert.equal(isOnSharedDisk(join(tmpdir(), "ledger.db")), false);
    assert.equal(isOnSharedDisk(join(tmpdir(), "missing", "folder", "ledger.db")), false);
  });
});
