"""`fastcore.midi.summarize`: what a library of analysed files holds, in numbers."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from fastcore._native.midi import KEYS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fastcore._table import Table

TEMPO_STEP, TEMPO_MOST = 10, 400  # beats a minute; up to which empty steps are told
COLUMNS = ("path", "status", "code", "warnings", "bpm", "key", "note_hash")


class Summary(NamedTuple):
    """What `summarize` tells of files.

    `files` are counted, `status` counts them by status, `codes` those that could not be read by code, `warnings` the
    damaged ones by each of their warnings. `tempi` counts by the lower end of steps of 10 beats a minute, from the
    slowest to the fastest, empty ones up to 400 included; `keys` by name, C to B major, then minor; files without
    are in `tempo_unknown` and `key_unknown`. `duplicates` are the files of equal notes: a note hash and the paths,
    those with the most paths first, of as many the one that was met first.

    Immutable; safe to share between threads; O(1); keeps the GIL.
    """

    files: int
    status: Mapping[str, int]
    codes: Mapping[str, int]
    warnings: Mapping[str, int]
    tempi: Mapping[int, int]
    tempo_unknown: int
    keys: Mapping[str, int]
    key_unknown: int
    duplicates: tuple[tuple[str, tuple[str, ...]], ...]


Summary.__module__ = "fastcore.midi"


def summarize(tables: Table | Iterable[Table]) -> Summary:
    """Count what tables of `analyze_many` hold, one or many, which need the columns of the example.

    Tables are taken one by one, so that an iterator of them keeps one in memory. KeyError for a column that lacks.
    O(rows); memory is that of the note hashes and their paths. Keeps the GIL; thread-safe.

    >>> import fastcore
    >>> table = fastcore.Table(
    ...     {"path": ["a", "b"], "status": ["ok", "ok"], "code": [None, None], "warnings": [[], []],
    ...      "bpm": [119.6, None], "key": ["F# minor", "F# minor"], "note_hash": ["01", "01"]},
    ...     types={"code": "text?", "warnings": "list[text]"},
    ... )
    >>> summary = summarize(table)
    >>> summary.tempi, summary.tempo_unknown, summary.keys, summary.duplicates
    ({110: 1}, 1, {'F# minor': 2}, (('01', ('a', 'b')),))
    """
    from fastcore._table import Table

    counts = _Counts()
    for table in [tables] if isinstance(tables, Table) else tables:
        counts.add(table)
    return counts.result()


class _Counts:
    def __init__(self) -> None:
        self.files = 0
        self.status: Counter[str] = Counter()
        self.codes: Counter[str] = Counter()
        self.warnings: Counter[str] = Counter()
        self.tempi: Counter[int | None] = Counter()
        self.keys: Counter[str | None] = Counter()
        self.paths: dict[str, str | list[str]] = {}  # by note hash; most have one

    def add(self, table: Table) -> None:
        self.files += len(table)
        rows = table[list(COLUMNS)].to_dicts()
        self.status.update(row["status"] for row in rows)
        self.codes.update(row["code"] for row in rows if row["code"] is not None)
        for row in rows:
            if row["status"] == "damaged":
                self.warnings.update(row["warnings"])
        self.tempi.update(None if (bpm := row["bpm"]) is None else int(bpm // TEMPO_STEP * TEMPO_STEP) for row in rows)
        self.keys.update(row["key"] for row in rows)
        for row in rows:
            if row["note_hash"] is not None:
                self.note(row["note_hash"], row["path"])

    def note(self, note_hash: str, path: str) -> None:
        met = self.paths.get(note_hash)
        if isinstance(met, list):
            met.append(path)
        else:
            self.paths[note_hash] = path if met is None else [met, path]

    def result(self) -> Summary:
        steps = {step for step in self.tempi if step is not None}
        if steps:
            steps.update(range(min(steps), min(max(steps), TEMPO_MOST), TEMPO_STEP))
        groups = [(name, tuple(paths)) for name, paths in self.paths.items() if isinstance(paths, list)]
        return Summary(
            self.files,
            dict(self.status.most_common()),
            dict(self.codes.most_common()),
            dict(self.warnings.most_common()),
            {step: self.tempi[step] for step in sorted(steps)},
            self.tempi[None],
            {key: self.keys[key] for key in KEYS if key in self.keys},
            self.keys[None],
            tuple(sorted(groups, key=lambda group: -len(group[1]))),
        )
