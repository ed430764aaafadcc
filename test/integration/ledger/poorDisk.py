"""Runs a program as if its disks could do less: the kernel refuses what such a file system refuses.

poorDisk.py maps COMMAND...   no shared memory map of a file (ENODEV)
poorDisk.py locks COMMAND...  no file lock (ENOLCK)

A seccomp filter (seccomp(2)) is kept by exec and by every thread and child.
"""

import ctypes
import errno
import os
import platform
import struct
import sys

LOAD, EQUAL, BITS, RETURN = 0x20, 0x15, 0x45, 0x06
ALLOW, FAIL = 0x7FFF0000, 0x00050000
MMAP, FCNTL = {"x86_64": (9, 72), "aarch64": (222, 25)}[platform.machine()]
MAP_SHARED, MAP_ANONYMOUS, PROT_WRITE = 0x01, 0x20, 0x02
F_SETLK, F_SETLKW = 6, 7
PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 22, 38


def argument(number: int) -> int:
    return 16 + 8 * number


# Each: code, jump if true, jump if false, value. Jumps count from the next line.
NO_MAPS = [
    (LOAD, 0, 0, 0),
    (EQUAL, 0, 6, MMAP),
    (LOAD, 0, 0, argument(3)),
    (BITS, 0, 4, MAP_SHARED),
    (BITS, 3, 0, MAP_ANONYMOUS),
    (LOAD, 0, 0, argument(2)),
    (BITS, 0, 1, PROT_WRITE),
    (RETURN, 0, 0, FAIL | errno.ENODEV),
    (RETURN, 0, 0, ALLOW),
]
NO_LOCKS = [
    (LOAD, 0, 0, 0),
    (EQUAL, 0, 4, FCNTL),
    (LOAD, 0, 0, argument(1)),
    (EQUAL, 1, 0, F_SETLK),
    (EQUAL, 0, 1, F_SETLKW),
    (RETURN, 0, 0, FAIL | errno.ENOLCK),
    (RETURN, 0, 0, ALLOW),
]


class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]


lines = {"maps": NO_MAPS, "locks": NO_LOCKS}[sys.argv[1]]
code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in lines))
program = Program(len(lines), ctypes.addressof(code))
libc = ctypes.CDLL(None, use_errno=True)
if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
    sys.exit(os.strerror(ctypes.get_errno()))
if libc.prctl(PR_SET_SECCOMP, 2, ctypes.byref(program)) != 0:
    sys.exit(os.strerror(ctypes.get_errno()))
os.execvp(sys.argv[2], sys.argv[2:])
