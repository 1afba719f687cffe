"""The process-wide runtime: instruction-set level, thread pool, costs of call sites, the exception of every status."""

from collections.abc import Callable, Sized
from typing import final

from _typeshed import ReadableBuffer

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

def check_threshold() -> None:
    """Take over FASTCORE_PARALLEL_THRESHOLD_US from the environment; ValueError if it is no number."""

@final
class Site:
    """A call site: chooses how many threads a piece of work is given, and learns what it took. Thread-safe, keeps the
    GIL, O(1), about 0.2 us a call."""

    @property
    def name(self) -> bytes: ...
    handover_ns: int
    def __new__(cls, name: bytes, handover_ns: int = 0) -> Site:
        """`handover_ns` is what a hand-over to the threads to be used costs; 0: to those of the runtime's own pool."""
    def choose(self, items: int, nbytes: int, threads: int) -> int:
        """Return how many threads, 1..threads, and count the decision. `nbytes` 0: unknown."""
    def would_choose(self, items: int, nbytes: int, threads: int, guess_ns: int = 0) -> int:
        """Return the same and change nothing; a site without experience goes by `guess_ns`, 0: no idea."""
    def begin_serial(self, items: Sized) -> int:
        """Count a serial decision and return the time in ns, if not even a second thread is worth so many items at a
        site with experience; else 0."""
    def end_serial(self, results: Sized, began_ns: int) -> None:
        """Learn what work took that `begin_serial` began."""
    def expected_ns(self, items: int, nbytes: int) -> float:
        """Return how long so much work is expected to take on one thread; 0: no idea."""
    def learn(self, items: int, nbytes: int, threads: int, took_ns: int) -> None:
        """Learn that so much work took `took_ns` on so many threads."""

def insist(step: Callable[[], bool]) -> None:
    """Call `step` until it returns False, also when it raises (though not over a hundred times in a row), and then
    raise the last exception. What signal handlers raise cannot come in between: neither here, nor, as no bytecode that
    looks for signals lies between the two, between the beginning of an `except` clause and a call of this."""

def sites() -> list[tuple[str, int, int, float, float, int, float, float, float]]:
    """Return the sites, the most recently used first: name, serial and parallel decisions, ns per item and per byte,
    measured runs, sums of predicted and measured ns of these, average error."""

def forget_sites() -> None:
    """Forget every site."""

def handover_ns() -> int:
    """Return the measured hand-over of the pool in ns; 0: not measured yet."""

@final
class Poll:
    """What a running kernel asks Python; made by the bindings alone. `unit` is of what its progress is told in."""

    def __new__(cls, unit: str | None) -> Poll: ...

@final
class Held:
    """A buffer of somebody else's that stays exported as long as this lives; made by the bindings alone."""

    def __new__(cls, source: ReadableBuffer) -> Held: ...
