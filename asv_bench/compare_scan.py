"""Measure `fastcore.scan` beside ripgrep, grep, DuckDB, polars and an orjson loop: `make compare-scan`.

Makes a tree of 1 GB in 2,700 files once (FASTCORE_COMPARE_DIR, else the user's cache folder), runs the engines in turn,
warm, on two threads, and asserts each one's own count against what was planted; the orjson loop must find the very
(path, line) that fastcore finds. Prints medians, ratios pair by pair, and for each bar whether it was met; keeps the
samples of a whole run as JSON in asv_bench/results/compare/. Ends with 1 if a bar was missed.
"""

from __future__ import annotations

import argparse
import compileall
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parent))
import bars
import compare_table
import sample_logs
import sampling
import table_engines

import fastcore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

THREADS, LIMIT = 2, 50
MB = 1_000_000
FEWER_ROUNDS = {"grep": 1, "DuckDB": 3, "DuckDB, raw lines": 3, "polars": 3, "polars, raw lines": 3}
CASES = ("rare", "ascii", "common", "uncounted", "validate", "memory")
HIDDEN = frozenset("type timestamp cwd version gitBranch userType data signature toolUseResult id uuid".split())
ENDINGS = ("Id", "ID", "_id", "-id", "Uuid", "UUID", "_uuid")
Found = set[tuple[str, int]]


# The loop that people write by hand, with the project's rule of what is text.


def strings(value: Any, levels: int = 1024, hide: bool = True) -> Iterator[str]:
    """Every string of a value, but (if `hide`) those under the keys of ids and facts."""
    if isinstance(value, str):
        yield value
    elif levels and isinstance(value, dict):
        for key, child in value.items():
            if not (hide and (key in HIDDEN or key.endswith(ENDINGS))):
                yield from strings(child, levels - 1, hide)
    elif levels and isinstance(value, list):
        for child in value:
            yield from strings(child, levels - 1, hide)


def pieces(content: Any) -> Iterator[str]:
    """The texts of a message's content, or of a tool's result."""
    if isinstance(content, str):
        yield content
        return
    for block in content if isinstance(content, list) else [content]:
        kind = block.get("type") if isinstance(block, dict) else None
        if kind == "tool_result":
            yield from pieces(block.get("content"))
        elif kind == "tool_use":
            yield block["name"]
            yield from strings(block["input"], hide=False)
        elif kind in ("text", "thinking"):
            yield block[kind]
        elif kind not in ("image", "document"):
            yield from strings(block)


def text_of(record: dict[str, Any]) -> str:
    """The text of a record of the sample tree."""
    kind = record.get("type")
    if kind in ("user", "assistant"):
        return "\n".join(pieces(record["message"]["content"]))
    if kind in ("system", "summary"):
        return str(record.get({"system": "content"}.get(kind, kind), ""))
    if kind in ("attachment", "queue-operation"):
        return "\n".join(strings(record["attachment" if kind == "attachment" else "content"]))
    return "\n".join(strings(record, 3))


def orjson_loop(roots: list[Path], word: str) -> Found:
    """Parse every line, take its text, look for the word."""
    import orjson

    found = set()
    needle = word.casefold()
    for path in (path for root in roots for path in root.rglob("*.jsonl")):
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                try:
                    record = orjson.loads(line.removeprefix(sample_logs.BOM) if number == 1 else line)
                except ValueError:
                    continue
                if isinstance(record, dict) and needle in text_of(record).casefold():
                    found.add((str(path), number))
    return found


# The engines. Each returns its count.


def count_lines(command: list[str]) -> int:
    """Run an engine that prints `path:count` and add the counts up."""
    result = subprocess.run(command, capture_output=True, check=False)
    if result.returncode not in (0, 1):
        raise SystemExit(f"{command[0]} failed: {result.stderr.decode(errors='replace')}")
    return sum(int(line.rpartition(b":")[2]) for line in result.stdout.splitlines() if line)


def ripgrep(word: str, *roots: str) -> list[str]:
    """The command that counts the lines with a word as fastcore would find it, in every file."""
    options = ["-c", "-i", "-F", f"-j{THREADS}", "--hidden", "--no-ignore", "--with-filename"]
    return ["rg", *options, word, *roots]


class Case:
    """One word over some roots: engines that are timed in turn, each with the count that it must find."""

    def __init__(
        self,
        name: str,
        title: str,
        roots: list[Path],
        word: str,
        made: dict[str, Any],
        mended: list[Path] | None = None,  # the same without damage, for who cannot read it
    ) -> None:
        self.mended = mended
        self.name, self.title, self.roots, self.word, self.made = name, title, roots, word, made
        self.planted: dict[str, Any] = made["planted"][word]
        self.samples: dict[str, list[float]] = {}

    def scan(self, **options: Any) -> fastcore.Hits:
        return fastcore.scan(list(map(str, self.roots)), self.word, **{"threads": THREADS, "limit": LIMIT, **options})

    def every_line(self) -> int:
        """Scan with validate="all"; every line's fate is known."""
        stats = self.scan(validate="all").stats
        ours = (stats.lines, stats.records, stats.errors, stats.blank, stats.tail, stats.skipped)
        known = tuple(self.made[name] for name in ("lines", "records", "broken", "blank", "tails"))
        if ours != (*known, 0):
            raise SystemExit(f"{self.title}: lines, records, errors, blank, tail are {ours}, planted are {known}")
        return stats.matches or 0

    def uncounted(self) -> int:
        """Scan with count=False; the hits are those of the last scan that counted."""
        hits = self.scan(count=False)
        if list(hits) != list(self.exact) or hits.stats.matches is not None:
            raise SystemExit(f"{self.title}: other hits than those of the scan that counts")
        return len(hits)

    def exactly(self) -> int:
        self.exact = self.scan()
        return self.exact.stats.matches or 0

    def command(self) -> int:
        line = [
            str(Path(sys.executable).parent / "fastcore"),
            "scan",
            f"-j{THREADS}",
            f"-n{LIMIT}",
            "--format",
            "jsonl",
        ]
        result = subprocess.run([*line, self.word, *map(str, self.roots)], capture_output=True, check=True)
        return int(json.loads(result.stdout.splitlines()[-1])["stats"]["matches"])

    def engines(self) -> dict[str, tuple[Callable[[], int], int]]:
        records, lines, roots = self.planted["records"], self.planted["lines"], list(map(str, self.roots))
        found: dict[str, tuple[Callable[[], int], int]] = {
            "fastcore": (self.exactly, records),
        }
        if self.name == "uncounted":
            return found | {"fastcore, count=False": (self.uncounted, LIMIT)}
        if self.name == "validate":
            found["fastcore, every line"] = (self.every_line, records)
        else:
            found["fastcore command"] = (self.command, records)
        if shutil.which("rg"):
            rg = ripgrep(self.word, *roots)
            found["rg"] = (lambda: count_lines(rg), lines)
        if self.name != "validate":
            grep = ["grep", "-r", "-c", "-i", "-F", "-a", "-H", self.word, *roots]
            found["grep"] = (lambda: count_lines(grep), lines)
        if self.mended:
            mended, duckdb, polars = self.mended, table_engines.DuckDB(), table_engines.Polars()
            found["DuckDB"] = (lambda: duckdb.records(self.roots, self.word), records)
            found["DuckDB, raw lines"] = (lambda: duckdb.lines(self.roots, self.word), lines)
            found["polars"] = (lambda: polars.records(mended, self.word), records)
            found["polars, raw lines"] = (lambda: polars.lines(mended, self.word), lines)
        return found

    def measure(self, rounds: int) -> None:
        engines = self.engines()
        for number in range(-2, rounds):  # two throw-away rounds
            for name, (engine, expected) in engines.items():
                if number >= FEWER_ROUNDS.get(name, rounds):
                    continue
                began = time.perf_counter()
                count = engine()
                took = time.perf_counter() - began
                if count != expected:
                    raise SystemExit(f"{self.title}: {name} found {count}, planted are {expected}")
                if number >= 0:
                    self.samples.setdefault(name, []).append(took)

    def by_hand(self) -> None:
        """Time the orjson loop once, and hold its answer and what is planted against fastcore's."""
        began = time.perf_counter()
        found = orjson_loop(self.roots, self.word)
        self.samples["orjson loop"] = [time.perf_counter() - began]
        hits = self.scan(limit=None)
        if found != {(hit.path, hit.line) for hit in hits}:
            different = sorted(found ^ {(hit.path, hit.line) for hit in hits})
            raise SystemExit(f"{self.title}: {len(different)} differ from the orjson loop, as {different[:3]}")
        if self.planted["newest"]:
            root = self.roots[0]
            tree = root if (root / "planted.json").exists() else root.parent
            newest = [(str(tree / name), line) for _, name, line in self.planted["newest"]]
            if newest != [(hit.path, hit.line) for hit in hits]:
                raise SystemExit(f"{self.title}: the newest records are not those that were planted")

    def median(self, engine: str) -> float:
        return statistics.median(self.samples[engine])

    def ratio(self, engine: str, other: str) -> float | None:
        """As the README's table has it; None if one of them did not run."""
        if not (self.samples.get(engine) and self.samples.get(other)):
            return None
        return compare_table.ratio(self.samples, engine, other)

    def show(self) -> None:
        print(
            f"\n{self.title}: {self.word!r}, {self.planted['records']:,} records, {self.planted['lines']:,} raw lines"
        )
        for name in self.samples:
            ratio = self.ratio(name, "rg")
            print(f"  {name:22} {self.median(name) * 1e3:9.1f} ms" + (f" {ratio:8.2f} x rg" if ratio else ""))


# Memory.

PEAK = """
import sys
import fastcore
hits = fastcore.scan(sys.argv[2:], sys.argv[1], threads=2, limit=50)
peak = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(hits.stats.matches, peak * 1024, sum(len(hit.raw) for hit in hits))
"""


def peak(roots: list[Path], word: str) -> tuple[int, int, int]:
    """Matches, peak resident bytes of a fresh process (its own VmHWM: ru_maxrss may be the parent's), bytes kept."""
    command = [sys.executable, "-c", PEAK, word, *map(str, roots)]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    matches, at_peak, kept = map(int, result.stdout.split())
    return matches, at_peak, kept


def made_once(path: Path, lines: Iterator[bytes]) -> Path:
    if not path.exists():
        unfinished = path.with_suffix(".part")
        with unfinished.open("wb") as file:
            file.writelines(lines)
        unfinished.rename(path)
    return path


def big_lines(total: int) -> Iterator[bytes]:
    """Lines of 200 bytes to 1 MB, no time in any, a needle in every seventh."""
    number = written = 0
    while written < total:
        size, word = (200, 2_000, 30_000, 999_900)[number % 4], b"needle" if number % 7 == 0 else b"straw"
        line = b'{"type":"user","message":{"content":"%s %s"}}\n' % (b"y" * size, word)
        written += len(line)
        number += 1
        yield line


def memory(folder: Path, roots: list[Path], made: dict[str, Any]) -> list[dict[str, Any]]:
    """Peaks for the tree, for one file of 400 MB, and for one line of 64 MiB."""
    line = b'{"type":"user","message":{"content":"needle %s"}}' % (b"y" * ((64 << 20) - 47))
    big = made_once(folder / "memory-lines.jsonl", big_lines(400 * MB))
    long = made_once(folder / "memory-line.jsonl", iter([line + b"\n"]))
    needles = sum(b"needle" in line for line in big_lines(400 * MB))
    rare, common = sample_logs.RARE, sample_logs.COMMON
    found = []
    for name, where, word, matches in (
        ("tree, rare word", roots, rare, made["planted"][rare]["records"]),
        ("tree, common word", roots, common, made["planted"][common]["records"]),
        ("400 MB file", [big], "needle", needles),
        ("64 MiB line", [long], "needle", 1),
    ):
        count, at_peak, kept = peak(where, word)
        if count != matches:
            raise SystemExit(f"{name}: found {count}, planted are {matches}")
        # Each thread keeps up to `limit` lines before they are merged.
        allowed = 8 * len(line) if name == "64 MiB line" else 64 * MB + THREADS * kept
        found.append({"name": name, "peak": at_peak, "kept": kept, "allowed": allowed})
    return found


# The table of bars.


def startup(rounds: int) -> float:
    """Seconds of a Python that imports what a command line needs."""
    took = []
    for _ in range(rounds + 2):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", "import argparse, json, re"], check=True)
        took.append(time.perf_counter() - began)
    return statistics.median(took[2:])


def judge(cases: dict[str, Case], floor: float, peaks: list[dict[str, Any]]) -> bars.Bars:
    found = bars.Bars()
    for name, bar in (("rare", 0.9), ("ascii", 0.9), ("common", 1.5)):
        if name in cases:
            found.at_most(cases[name].title, cases[name].ratio("fastcore", "rg"), bar, "x rg")
    if "uncounted" in cases:
        case = cases["uncounted"]
        found.at_most(case.title, case.ratio("fastcore, count=False", "fastcore"), 0.85, "x exact")
    if "rare" in cases:
        case = cases["rare"]
        allowed = 0.9 * case.median("rg") + floor + 0.015 if "rg" in case.samples else 0.0
        command = case.median("fastcore command") if allowed else None
        found.at_most("the command", command and command * 1e3, allowed * 1e3, "ms")
        found.at_least("the orjson loop", case.ratio("orjson loop", "fastcore"), 20, "x fastcore")
        for engine in ("DuckDB", "polars"):
            found.at_least(f"{engine}, rare word", case.ratio(engine, "fastcore"), 8, "x fastcore")
    for one in peaks:
        found.at_most(f"peak memory, {one['name']}", one["peak"] / MB, one["allowed"] / MB, "MB")
    return found


def machine() -> dict[str, Any]:
    import duckdb
    import orjson
    import polars

    versions = {module.__name__: module.__version__ for module in (duckdb, orjson, polars)}
    return bars.machine("rg", "grep") | versions


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--bytes", type=sample_logs.byte_count, default=sample_logs.byte_count("1GB"))
    parser.add_argument("--files", type=int, default=2700)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--case", choices=CASES, action="append", help="only this one; may be given again")
    parser.add_argument("--out", type=Path, help="where the samples go (of a whole run: into results/compare)")
    args = parser.parse_args()
    # As an installed wheel has it; where the environment forbids bytecode, the command would compile itself each time.
    compileall.compile_dir(Path(fastcore.__file__).parent, quiet=1)
    folder = Path(os.environ.get("FASTCORE_COMPARE_DIR") or os.path.expanduser("~/.cache/fastcore-compare"))
    tree = folder / f"tree-{args.bytes}-{args.files}"
    made = sample_logs.build(tree, args.bytes, args.files)
    roots, half = [tree], [tree / "ascii"]
    mended = table_engines.mended(tree, folder / f"mended-{args.bytes}-{args.files}")
    rare, common = sample_logs.RARE, sample_logs.COMMON
    known = (
        Case("rare", "rare word, whole tree", roots, rare, made, [mended]),
        Case("ascii", "rare word, ASCII-only half", half, rare, made["halves"]["ascii"], [mended / "ascii"]),
        Case("common", "common word, exact count, top 50", roots, common, made),
        Case("uncounted", "common word, count=False, top 50", roots, common, made),
        Case("validate", "common word, validate=all", roots, common, made),
    )
    cases = {case.name: case for case in known if case.name in (args.case or CASES)}
    for case in cases.values():
        case.measure(args.rounds)
        if case.name not in ("uncounted", "validate"):
            case.by_hand()
        case.show()
    floor = startup(args.rounds)
    print(f"\npython -c 'import argparse, json, re': {floor * 1e3:.1f} ms")
    peaks = memory(folder, roots, made) if "memory" in (args.case or CASES) else []
    judged = judge(cases, floor, peaks)
    met = judged.show()

    whole = not args.case and args.bytes == parser.get_default("bytes") and args.files == parser.get_default("files")
    kept = {"machine": machine(), "tree": made["parameters"], "threads": THREADS, "limit": LIMIT, "startup": floor}
    kept |= {"cases": {name: case.samples for name, case in cases.items()}, "memory": peaks, "bars": judged.rows}
    sampling.keep("scan", kept, args.out, whole)
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
