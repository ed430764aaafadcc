import { statfsSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Linux's numbers of the file systems that several machines may write to at once, or that hand files
 * on to another system (statfs(2), linux/magic.h): a write-ahead log needs shared memory, which ends
 * at one machine.
 */
const sharedTypes: ReadonlySet<number> = new Set([
  0x69_69, // NFS
  0x51_7b, // SMB
  0xff_53_4d_42, // CIFS
  0xfe_53_4d_42, // SMB2
  0x01_02_19_97, // 9p: a Windows disk in WSL
  0x65_73_55_46, // FUSE: sshfs, virtiofs, a container's share of its host's disk
  0x53_46_41_4f, // AFS
  0x00_c3_64_00, // Ceph
  0x0b_d0_0b_d0, // Lustre
  0x47_50_46_53, // GPFS
  0x78_6f_43_11, // VirtualBox
  0xba_ca_ca_bc, // VMware
]);

/** Whether the file lies where another machine may write to it, too. Where the system does not tell, it is taken for a local one. */
export function isOnSharedDisk(path: string): boolean {
  if (process.platform === "win32") return /^[/\\]{2}[^?.]/.test(path);
  if (process.platform !== "linux") return false;
  try {
    return isSharedType(statfsSync(dirname(path)).type);
  } catch {
    // The folder is missing: the opening says so.
    return false;
  }
}

export function isSharedType(type: number): boolean {
  return sharedTypes.has(type);
}
