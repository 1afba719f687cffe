"""The process-wide runtime: instruction-set level, thread pool, and the exception of every status code."""

__pyx_capi__: dict[str, object]

def cpu_level() -> str:
    """Return the instruction-set level in use: "base", "v3" or "v4" (the machine's best, capped by FASTCORE_CPU)."""

def cpu_detected() -> str:
    """Return the best instruction-set level of this machine."""

def fold(code_point: int) -> int:
    """Return the simple case folding of a code point (Unicode 15.0). O(1)."""

def orbit(code_point: int) -> tuple[int, ...]:
    """Return every code point that folds like this one, ascending."""

def pool_workers() -> int:
    """Return how many threads the pool has now, the callers not counted."""

def raise_for_status(code: int) -> None:
    """Raise the exception of a status code of the core, nothing for 0; IndexError for a code there is not."""
