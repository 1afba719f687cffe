"""Where facts of session logs outlive the process: one file in the user's cache folder.

It holds numbers, and names of sessions, roles and types: no text. It is only an aid: what cannot be trusted is made
again.
"""

from __future__ import annotations

import os
import stat

SIZE_MAX = 256 << 20  # more than is ever written


def place() -> str:
    """`$XDG_CACHE_HOME`, which is absolute, or `~/.cache`; in it `fastcore/facts`."""
    cache = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(cache):
        cache = os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(cache, "fastcore", "facts")


def read() -> bytes | None:
    """What was written last; None if there is nothing, or it is not a file that this user alone can read and write."""
    try:
        # Neither a link nor a FIFO that someone else put there.
        fd = os.open(place(), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    info = os.fstat(fd)
    is_own = stat.S_ISREG(info.st_mode) and info.st_uid == os.geteuid() and not info.st_mode & 0o077
    if not is_own or info.st_size > SIZE_MAX:
        os.close(fd)
        return None
    try:
        with open(fd, "rb") as file:
            return file.read()
    except OSError:  # a damaged disk
        return None


def write(kept: bytes) -> None:
    """Replace what was written, in one step: whoever reads meanwhile sees the old bytes or the new. Raises OSError."""
    path = place()
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    made = f"{path}.{os.getpid()}.{os.urandom(4).hex()}"
    fd = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        with open(fd, "wb") as file:
            file.write(kept)
        os.replace(made, path)
    except BaseException:
        os.unlink(made)
        raise
