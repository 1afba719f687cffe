"""What `progress=` means everywhere: None, True (a line a second to the log `fastcore`), or a callable."""

from __future__ import annotations

from time import perf_counter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Report = Callable[[int, int, str], object]


def check_progress(progress: bool | Report | None, what: str) -> Report | None:
    """Return what to call with (done, total, unit), None for nothing; `what` goes on is said in the log.

    >>> check_progress(None, "scan") is None
    True
    """
    if progress is True:
        return _logged(what)
    if progress is None or progress is False:
        return None
    if not callable(progress):
        raise TypeError("progress: wanted None, True or a callable")
    return progress


def _logged(what: str) -> Report:
    due = 0.0

    def log(done: int, total: int, unit: str) -> None:
        nonlocal due
        now = perf_counter()
        if now < due:
            return
        due = now + 1.0
        import logging

        logging.getLogger("fastcore").info("%s: %d of %d %s", what, done, total, unit)

    return log
