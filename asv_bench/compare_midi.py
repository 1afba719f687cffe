"""Measure `fastcore.midi` beside symusic, mido, pretty_midi and miditoolkit: `make compare-midi`.

Files are the songs of POP909 (FASTCORE_DATA/pop909, else tests/data/pop909) and those of sample_midi.py, which are made
once (FASTCORE_COMPARE_DIR, else the user's cache folder). First every file, odd ones of midi-odd too, is held against
mido: the same note-ons, at the same times within 0.1 ms. Then the engines read paths to notes with seconds in turn, on
one thread, each one's count asserted against what was written; `analyze_many` fills all columns, its notes, tempi and
statuses asserted; two threads of it run beside two processes; 100,000 files are analysed in one process, whose memory
must stay flat.

Prints medians, ratios round by round, and for each bar whether it was met: those in files/s are meant for a core
that has nothing else to do. Keeps the samples as JSON in asv_bench/results/compare/. Ends with 1 if a bar was missed.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import statistics
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
import bars
import compare_table
import data_sets
import midi_engines
import sample_midi
import sampling
import side_by_side

from fastcore import midi

if TYPE_CHECKING:
    from collections.abc import Callable

CACHE = Path(os.environ.get("FASTCORE_COMPARE_DIR") or os.path.expanduser("~/.cache/fastcore-compare"))
CASES = ("onsets", "parse", "columns", "threads", "memory")
FEW, FEW_BYTES = 40, 60_000  # files, and bytes in all, that the slow engines get
SLOW = ("mido", "pretty_midi", "miditoolkit")
ENOUGH_S = 0.05  # a sample lasts at least so long
APART_S = 1e-4
LEFT_OUT = ("chord_count", "note_hash", "shape_hash", "swing")  # of the columns, to show what they cost
THREADS_FILES = 200
MEMORY_FILES, MEMORY_BATCH, MEMORY_MB = 100_000, 1000, 4.0  # 40 bytes a file would be a leak


class Files(NamedTuple):
    """Paths, the notes of each, and the written tempo of each, None where it is not to be told."""

    paths: list[str]
    notes: list[int]
    bpm: list[float | None]

    def first(self, count: int) -> Files:
        return Files(self.paths[:count], self.notes[:count], self.bpm[:count])

    def few(self) -> Files:
        """As many as have so many bytes."""
        size = os.path.getsize(self.paths[0])
        return self.first(max(2, min(FEW, FEW_BYTES // size)))


def songs_of(name: str) -> list[str]:
    return sorted(map(str, data_sets.folder_of(name).rglob("*.mid")))


def sets_of(made: dict[str, Any], folder: Path) -> dict[str, Files]:
    sets = {}
    for name, files in made["files"].items():
        names, notes, bpm = map(list, zip(*files, strict=True))
        sets[name] = Files([str(folder / file) for file in names], notes, bpm)
    usable, free = sets["17 KB"], sets.pop("free")
    mixed = Files([], [], [])
    for block in range(len(free.paths) // 3):  # of 20 files the last three are free
        for files, place in ((usable, slice(17 * block, 17 * block + 17)), (free, slice(3 * block, 3 * block + 3))):
            mixed.paths.extend(files.paths[place])
            mixed.notes.extend(files.notes[place])
            mixed.bpm.extend(files.bpm[place])
    sets["15 % free"] = mixed
    paths = songs_of("pop909")
    return {"songs": Files(paths, [len(midi.read(path).notes) for path in paths], [None] * len(paths)), **sets}


# What they read.


def hold_against_mido(sets: dict[str, Files]) -> dict[str, Any]:
    """End the run unless note-ons and their times are mido's, for every file that both read."""
    counts: dict[str, Any] = {}
    for name, paths in {"odd": songs_of("midi-odd"), **{name: files.paths for name, files in sets.items()}}.items():
        compared, worst = 0, 0.0
        for path in paths:
            theirs = midi_engines.mido_onsets(path)
            if theirs is None:
                continue
            ours = np.sort(midi.read(path).notes["start_s"])
            if len(ours) != theirs[0]:
                raise SystemExit(f"{path}: {len(ours)} notes, mido finds {theirs[0]}")
            if theirs[1] is not None and len(ours):
                worst = max(worst, float(np.abs(ours - np.sort(theirs[1])).max()))
                if worst > APART_S:
                    raise SystemExit(f"{path}: onsets are {worst} s from mido's")
            compared += 1
        counts[name] = {"files": len(paths), "compared": compared, "worst": worst}
        apart = f"onsets at most {worst * 1e6:.3f} us apart"
        print(f"  {name:10} {compared:5} of {len(paths):5} files are read by both, {apart}", flush=True)
    return counts


# What they take.


def passes(call: Callable[[], object]) -> float:
    """Seconds a call, of as many as take a while."""
    calls, began = 0, time.perf_counter()
    while (took := time.perf_counter() - began) < ENOUGH_S or not calls:
        call()
        calls += 1
    return took / calls


def in_turn(calls: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Samples of calls that run in turn, each after each other, after a throw-away round."""
    names = list(calls)
    samples: dict[str, list[float]] = {name: [] for name in names}
    for number in range(-1, rounds):
        for name in names[number % len(names) :] + names[: number % len(names)]:
            took = passes(calls[name])
            if number >= 0:
                samples[name].append(took)
    return samples


def read_all(name: str, read: midi_engines.Reader, files: Files) -> None:
    found = [read(path) for path in files.paths]
    if found != files.notes:
        at = next(i for i, (n, right) in enumerate(zip(found, files.notes, strict=True)) if n != right)
        raise SystemExit(f"{files.paths[at]}: {name} reads {found[at]} notes, wanted {files.notes[at]}")


def parse(sets: dict[str, Files], rounds: int, judged: bars.Bars) -> dict[str, Any]:
    engines = midi_engines.installed()
    kept = {}
    for name, files in sets.items():
        few = files.few()
        calls: dict[str, Callable[[], object]] = {}
        for engine, read in engines.items():
            calls[engine] = partial(read_all, engine, read, few if engine in SLOW else files)
        calls["fastcore, few"] = partial(read_all, "fastcore", midi_engines.fastcore, few)
        samples = in_turn(calls, rounds)
        kept[name] = {"files": len(files.paths), "few": len(few.paths), "samples": samples}
        each = statistics.median(samples["fastcore"]) / len(files.paths)
        line = f"  {name:10} {1 / each:9,.0f} files/s, {each * 1e6:6.1f} us each; times as fast as"
        for engine in engines:
            if engine != "fastcore":
                value = compare_table.ratio(samples, engine, "fastcore, few" if engine in SLOW else "fastcore")
                line += f" {engine} {value:.1f}"
                if engine in ("symusic", "mido"):
                    judged.at_least(f"parse, {name}", value, 2.5 if engine == "symusic" else 300, f"x {engine}")
        print(line, flush=True)
    return kept


# All columns.


def analyze(files: Files, columns: list[str] | None = None) -> Any:
    """A table of the files, by one thread; ends the run unless notes, statuses and written tempi are right."""
    table = midi.analyze_many(files.paths, threads=1, columns=columns)
    if table["notes"].tolist() != files.notes or set(table["status"]) != {"ok"}:
        raise SystemExit("analyze_many: other notes than were written")
    for told, source, written in zip(table["bpm"].tolist(), table["bpm_source"], files.bpm, strict=True):
        if written is not None and (source != "written" or abs(told / written - 1) > 1e-9):
            raise SystemExit(f"analyze_many: {told} beats a minute ({source}), written are {written}")
    return table


def every_column(sets: dict[str, Files], rounds: int, judged: bars.Bars) -> dict[str, Any]:
    every = analyze(sets["17 KB"]).columns
    fewer = [name for name in every if name not in LEFT_OUT]
    if len(every) - len(fewer) != len(LEFT_OUT):
        raise SystemExit(f"analyze_many: some of {LEFT_OUT} are not among the columns {every}")
    for name, files in sets.items():
        sources = analyze(files)["bpm_source"]
        print(f"  {name:10} {len(files.paths):5} files, tempo written in {sum(s == 'written' for s in sources)}")
    wanted: dict[str, tuple[Files, list[str] | None, int | None]] = {
        "17 KB": (sets["17 KB"], None, 12_000),
        "17 KB, without some": (sets["17 KB"], fewer, 18_000),
        "15 % free": (sets["15 % free"], None, 5_000),
        "loops": (sets["loops"], None, 60_000),
        **{name: (sets[name], None, None) for name in ("songs", "2 KB", "64 KB")},
    }
    calls: dict[str, Callable[[], object]] = {
        name: partial(midi.analyze_many, files.paths, threads=1, columns=columns)
        for name, (files, columns, _) in wanted.items()
    }
    symusic = midi_engines.installed().get("symusic")
    if symusic is not None:  # it only parses: says how much the machine has to give
        calls["symusic, 17 KB"] = partial(read_all, "symusic", symusic, sets["17 KB"])
    samples = in_turn(calls, rounds)
    if symusic is not None:
        value = compare_table.ratio(samples, "17 KB", "symusic, 17 KB")
        print(f"  all columns of 17 KB take {value:.2f} x what symusic's parse takes")
    for name, (files, _, bar) in wanted.items():
        speed = [len(files.paths) / took for took in samples[name]]
        print(f"  {name:20} {statistics.median(speed):9,.0f} files/s, at best {max(speed):9,.0f}")
        if bar is not None:
            judged.at_least(f"all columns, {name}", statistics.median(speed), bar, "files/s")
    return {"columns": every, "left out": LEFT_OUT, "samples": samples}


def two_threads(files: Files, judged: bars.Bars) -> Any:
    setup = f"from fastcore import midi; paths = {files.first(THREADS_FILES).paths!r}"
    value, samples = side_by_side.ratio(setup, "midi.analyze_many(paths)", 9, 1.0)
    print(f"  two threads do {value:.2f} x what two processes do")
    judged.at_least("two threads, 17 KB", value, 0.9, "x 2 processes")
    return samples


# Memory.

RESIDENT = """
import sys
from fastcore import midi
paths = sys.stdin.read().splitlines()
count, batch = int(sys.argv[1]), int(sys.argv[2])
paths = (paths * (batch // len(paths) + 1))[:batch]

def resident():
    line = next(line for line in open("/proc/self/status") if line.startswith("VmRSS"))
    return int(line.split()[1]) * 1024

def many():
    return sum(midi.analyze_many(paths)["notes"])

def one():
    return sum(len(midi.analyze(path).notes) for path in paths)

for name, call in (("analyze_many", many), ("analyze", one)):
    notes = {call()}
    for done in range(batch, count + 1, batch):
        notes.add(call())
        if done % (count // 10) == 0:
            print(name, done, resident(), flush=True)
    assert len(notes) == 1, notes
"""


def memory(files: Files, count: int, judged: bars.Bars) -> dict[str, list[int]]:
    """Resident bytes of a process that analyses so many files, after each tenth of them."""
    command = [sys.executable, "-c", RESIDENT, str(count), str(MEMORY_BATCH)]
    done = subprocess.run(command, input="\n".join(files.paths), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"memory: {done.stderr}")
    found: dict[str, list[int]] = {}
    for line in done.stdout.splitlines():
        name, _, size = line.split()
        found.setdefault(name, []).append(int(size))
    for name, sizes in found.items():
        print(f"  {name:12} MB after each tenth of {count:,} files: " + " ".join(f"{s / 1e6:.1f}" for s in sizes))
        # The first fifth is what allocators and caches settle in.
        judged.at_most(f"memory, {name}, {count:,} files", (sizes[-1] - sizes[1]) / 1e6, MEMORY_MB, "MB more")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--case", choices=CASES, action="append", help="only this one; may be given again")
    parser.add_argument("--memory-files", type=int, default=MEMORY_FILES, help="a multiple of 10,000")
    parser.add_argument("--out", type=Path, help="where the samples go (of a whole run: into results/compare)")
    args = parser.parse_args()
    if args.memory_files < 1 or args.memory_files % (10 * MEMORY_BATCH):
        parser.error(f"--memory-files: wanted a multiple of {10 * MEMORY_BATCH}")
    folder = CACHE / "midi"
    sets = sets_of(sample_midi.build(folder), folder)
    cases, judged = args.case or CASES, bars.Bars()
    engines = [name for name in midi_engines.installed() if name != "fastcore"]
    versions = {name: importlib.metadata.version(name) for name in engines}
    kept: dict[str, Any] = {"machine": bars.machine() | {"numpy": np.__version__} | versions}
    print(f"{len(sets['songs'].paths)} songs; peers: {', '.join(f'{name} {v}' for name, v in versions.items())}")
    if "onsets" in cases:
        print("\nnotes and their times beside mido's")
        kept["onsets"] = hold_against_mido(sets)
    if "parse" in cases:
        print("\npaths to notes with seconds, one thread")
        kept["parse"] = parse(sets, args.rounds, judged)
    if "columns" in cases:
        print("\nanalyze_many, one thread")
        kept["columns"] = every_column(sets, args.rounds, judged)
    if "threads" in cases:
        print("\nanalyze_many, two threads")
        kept["threads"] = two_threads(sets["17 KB"], judged)
    if "memory" in cases:
        print("\nresident memory")
        kept["memory"] = memory(sets["15 % free"], args.memory_files, judged)
    met = judged.show()
    kept["bars"] = judged.rows
    sampling.keep("midi", kept, args.out, not args.case)
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
