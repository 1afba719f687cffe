"""fastcore: a compiled search core.

`scan` searches trees of agent session logs (JSON Lines) and returns the best matching records. Names are imported
when they are first used.
"""

from __future__ import annotations

_EXPORTS = {
    "__version__": "fastcore._build",
    "scan": "fastcore._scan",
    "Corpus": "fastcore._corpus",
    "Changes": "fastcore._corpus",
    "CorpusStats": "fastcore._corpus",
    "adaptive_map": "fastcore._parallel",
    "adaptive_imap": "fastcore._parallel",
    "Hits": "fastcore._hits",
    "Hit": "fastcore._hits",
    "Stats": "fastcore._hits",
    "ScanError": "fastcore._hits",
    "Tail": "fastcore._hits",
    "Table": "fastcore._table",
    "top_k": "fastcore._topk",
    "TopK": "fastcore._topk",
    "RunningTopK": "fastcore._topk",
    "bpm": "fastcore._bpm",
    "bpm_many": "fastcore._bpm",
    "Tempo": "fastcore._bpm",
    "FastcoreError": "fastcore.errors",
    "QueryError": "fastcore.errors",
    "LineError": "fastcore.errors",
    "NoLogs": "fastcore.errors",
    "MidiError": "fastcore.errors",
    "MissingExtra": "fastcore.errors",
    "ExecutorError": "fastcore.errors",
    "Cancelled": "fastcore.errors",
}
_MODULES = ("aio", "errors", "midi", "parallel", "query")
__all__ = [*_EXPORTS, *_MODULES]

TYPE_CHECKING = False
if TYPE_CHECKING:
    __version__: str
    from fastcore import aio as aio
    from fastcore import errors as errors
    from fastcore import midi as midi
    from fastcore import parallel as parallel
    from fastcore import query as query
    from fastcore._bpm import Tempo as Tempo
    from fastcore._bpm import bpm as bpm
    from fastcore._bpm import bpm_many as bpm_many
    from fastcore._corpus import Changes as Changes
    from fastcore._corpus import Corpus as Corpus
    from fastcore._corpus import CorpusStats as CorpusStats
    from fastcore._hits import Hit as Hit
    from fastcore._hits import Hits as Hits
    from fastcore._hits import ScanError as ScanError
    from fastcore._hits import Stats as Stats
    from fastcore._hits import Tail as Tail
    from fastcore._parallel import adaptive_imap as adaptive_imap
    from fastcore._parallel import adaptive_map as adaptive_map
    from fastcore._scan import scan as scan
    from fastcore._table import Table as Table
    from fastcore._topk import RunningTopK as RunningTopK
    from fastcore._topk import TopK as TopK
    from fastcore._topk import top_k as top_k
    from fastcore.errors import Cancelled as Cancelled
    from fastcore.errors import ExecutorError as ExecutorError
    from fastcore.errors import FastcoreError as FastcoreError
    from fastcore.errors import LineError as LineError
    from fastcore.errors import MidiError as MidiError
    from fastcore.errors import MissingExtra as MissingExtra
    from fastcore.errors import NoLogs as NoLogs
    from fastcore.errors import QueryError as QueryError


def __getattr__(name: str) -> object:
    module = f"fastcore.{name}" if name in _MODULES else _EXPORTS.get(name)
    if module is None:
        raise AttributeError(f"module 'fastcore' has no attribute {name!r}")
    import importlib

    value = importlib.import_module(module)
    if name in _EXPORTS:
        value = getattr(value, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


def _check_compiled() -> None:
    """Say plainly when this folder is not a whole fastcore, as when another project's package lies over it."""
    import os

    folder = os.path.join(os.path.dirname(__file__), "_native")
    try:
        names = os.listdir(folder)
    except OSError:
        names = []
    if not any(name.startswith("base.") and name.endswith((".so", ".pyd")) for name in names):
        raise ImportError(
            "fastcore: the compiled part is missing. Either it was never built (install it from its folder: "
            "`pip install .`), or another package called fastcore lies over it."
        )
    if "needs_cpu.txt" in names:  # built with FASTCORE_MARCH=native
        with open(os.path.join(folder, "needs_cpu.txt"), encoding="utf-8") as file:
            _check_cpu(file.read().split())


def _check_cpu(needed: list[str]) -> None:
    """Refuse a processor that lacks what the build took for granted: it would die of an illegal instruction."""
    with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
        present = next((line.split() for line in file if line.startswith("flags")), [])
    missing = [feature for feature in needed if feature not in present]
    if missing:
        raise ImportError(
            f"fastcore: built with FASTCORE_MARCH=native on another processor; this one lacks {', '.join(missing)}. "
            "Build it here, or install the portable wheel."
        )


_check_compiled()
