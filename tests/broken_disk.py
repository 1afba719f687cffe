"""A mounted file whose pages cannot all be read: the least of FUSE that serves one file, for who may mount.

`python broken_disk.py FOLDER CONTENT LOST` mounts over FOLDER a file `a.jsonl` with the bytes of the file CONTENT,
prints a line when it is there, and answers every read at LOST or behind it with EIO until its input ends.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import sys
import threading

LOOKUP, GETATTR, OPEN, READ, STATFS, RELEASE, FLUSH, INIT, OPENDIR, READDIR, RELEASEDIR, ACCESS = (
    1, 3, 14, 15, 17, 18, 25, 26, 27, 28, 29, 34,
)  # fmt: skip
FORGET, BATCH_FORGET = 2, 42
ROOT, FILE = 1, 2
ASKED = struct.Struct("<IIQQIIII")
FOREVER = (3600, 3600, 0, 0)


def attributes(node: int, size: int) -> bytes:
    mode = 0o40755 if node == ROOT else 0o100644
    return struct.pack("<6Q10I", node, size, 1, 10**9, 10**9, 10**9, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)


def answer(code: int, node: int, body: bytes, content: bytes, lost: int) -> bytes | int:
    """The body of the answer, or an errno."""
    size = 0 if node == ROOT else len(content)
    if code == INIT:
        return struct.pack("<IIIIHHI9I", 7, 31, 4096, 0, 8, 6, 4096, *[0] * 9)
    if code == LOOKUP:
        if body.rstrip(b"\0") != b"a.jsonl":
            return errno.ENOENT
        return struct.pack("<QQQQII", FILE, 0, *FOREVER) + attributes(FILE, len(content))
    if code == GETATTR:
        return struct.pack("<QII", 3600, 0, 0) + attributes(node, size)
    if code in (OPEN, OPENDIR):
        return struct.pack("<QII", 1, 2 if code == OPEN else 0, 0)  # keep what the cache has
    if code == READ:
        _, offset, length = struct.unpack_from("<QQI", body)
        # What the system reads ahead must not lose what stands before.
        return errno.EIO if offset + 4096 > lost else content[offset : min(offset + length, lost)]
    if code in (FLUSH, RELEASE, RELEASEDIR, ACCESS):
        return b""
    if code == READDIR:
        return b""
    if code == STATFS:
        return bytes(80)
    return errno.ENOSYS


def serve(device: int, content: bytes, lost: int) -> None:
    while True:
        try:
            asked = os.read(device, 1 << 20)
        except OSError:
            return  # not mounted any more
        _, code, unique, node, *_ = ASKED.unpack_from(asked)
        if code in (FORGET, BATCH_FORGET):
            continue
        found = answer(code, node, asked[ASKED.size :], content, lost)
        error, body = (-found, b"") if isinstance(found, int) else (0, found)
        os.write(device, struct.pack("<IiQ", 16 + len(body), error, unique) + body)


def main() -> None:
    folder, path, lost = sys.argv[1:]
    with open(path, "rb") as file:
        content = file.read()
    device = os.open("/dev/fuse", os.O_RDWR)
    libc = ctypes.CDLL(None, use_errno=True)
    options = f"fd={device},rootmode=40000,user_id=0,group_id=0,allow_other".encode()
    if libc.mount(b"broken", folder.encode(), b"fuse", 0, options) != 0:
        print("refused:", os.strerror(ctypes.get_errno()), flush=True)
        return
    threading.Thread(target=serve, args=(device, content, int(lost)), daemon=True).start()
    print("mounted", flush=True)
    sys.stdin.read()
    libc.umount2(folder.encode(), 2)


if __name__ == "__main__":
    main()
