"""A `ProcessPoolExecutor` whose worker is killed while it sends a result waits for the rest of it for ever.

Its own thread, which would notice the death, is the one that reads: nobody who waits for a result would hear of it.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from concurrent.futures import Executor


def has_dead_worker(executor: Executor) -> bool:
    """Say whether this is a pool of processes of which one died: it can give no more results. O(workers)."""
    module = sys.modules.get("concurrent.futures.process")
    if module is None or not isinstance(executor, module.ProcessPoolExecutor):
        return False
    processes = getattr(executor, "_processes", None) or {}
    return any(process.exitcode not in (None, 0) for process in list(processes.values()))


def give_up_on(executor: Executor) -> None:
    """Close every end that a result could still come from, so that such a pool finds that it is broken.

    It then fails what was submitted, as it does when a worker dies at any other moment.
    """
    for process in list((getattr(executor, "_processes", None) or {}).values()):
        process.kill()
    writer = getattr(getattr(executor, "_result_queue", None), "_writer", None)
    if writer is not None and not writer.closed:
        writer.close()
