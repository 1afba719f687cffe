"""Measure `fastcore.Corpus` beside `fastcore.scan`, ripgrep, DuckDB's own table and SQLite FTS5: `make compare-corpus`.

The tree is that of `make compare-scan`: 1 GB in 2,700 files (FASTCORE_COMPARE_DIR, else the user's cache folder). All
run in turn, warm, on two threads, and each one's own count is asserted. Prints medians, ratios round by round, and for
each bar whether it was met; keeps the samples of a whole run as JSON in asv_bench/results/compare/. Ends with 1 if a
bar was missed.
"""

from __future__ import annotations

import argparse
import gc
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import time
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parent))
import bars
import compare_scan
import compare_table
import sample_logs
import sampling
import table_engines

import fastcore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

THREADS, LIMIT = 2, 50
DUCKDB = "DuckDB's table"
CASES = ("open", "rare", "sketch", "newest", "band", "follow", "typing", "memory", "tables")
RARE, COMMON = sample_logs.RARE, sample_logs.COMMON
# Words that the tree does not hold, of the letters and shapes of its own: what a sketch must tell from them.
ABSENT = {
    4: ("quep", "bolt", "tern", "zeal"),
    5: ("quern", "bolts", "terns", "ocean"),
    6: ("quench", "bolted", "tendon", "fabric"),
    8: ("quenched", "botanist", "fabulous", "parserxy"),
    12: ("quenchedness", "tendentious", "fabrications", "parse_thread"),
}
Samples = dict[str, list[float]]


def timed(call: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    value = call()
    return time.perf_counter() - began, value


def ms(seconds: float) -> float:
    return seconds * 1e3


class Comparison:
    def __init__(self, folder: Path, tree: Path, made: dict[str, Any], rounds: int) -> None:
        self.folder, self.tree, self.made, self.rounds = folder, tree, made, rounds
        self.samples: dict[str, Samples] = {}
        self.figures: dict[str, Any] = {}
        self.bars = bars.Bars()

    def corpus(self, **options: Any) -> fastcore.Corpus:
        return fastcore.Corpus(self.tree, **options)

    def ask(self, corpus: fastcore.Corpus | None, word: str, **options: Any) -> fastcore.Hits:
        """Scan by the corpus, or once by the tree, and hold the count against what was planted."""
        options = {"threads": THREADS, "limit": LIMIT, **options}
        hits = corpus.scan(word, **options) if corpus is not None else fastcore.scan(self.tree, word, **options)
        planted = self.made["planted"].get(word)
        if planted and hits.stats.matches not in (None, planted["records"]) and "since" not in options:
            raise SystemExit(f"{word!r}: found {hits.stats.matches}, planted are {planted['records']}")
        return hits

    def keep(self, case: str, samples: Samples) -> None:
        self.samples[case] = samples
        print(f"\n{case}")
        for name, taken in samples.items():
            print(
                f"  {name:42} {ms(statistics.median(taken)):9.2f} ms   {ms(min(taken)):9.2f} to {ms(max(taken)):9.2f}"
            )

    def note(self, what: str, value: Any) -> None:
        self.figures[what] = value
        print(f"  {what:42} {value if isinstance(value, str) else f'{value:,.3f}'}")

    def ratio(self, case: str, engine: str, other: str) -> float | None:
        samples = self.samples[case]
        return compare_table.ratio(samples, engine, other) if other in samples else None

    # The cases, in the order of the table of bars.

    def open(self) -> None:
        def opened() -> None:
            self.corpus().close()

        self.keep("open", sampling.alternate({"open and close": opened}, self.rounds))
        self.bars.at_most("opening", ms(statistics.median(self.samples["open"]["open and close"])), 60, "ms")

    def rare(self) -> None:
        rg = compare_scan.ripgrep(RARE, str(self.tree))
        with self.corpus(sketch=False) as corpus:
            calls: dict[str, Callable[[], Any]] = {
                "opened": lambda: self.ask(corpus, RARE),
                "one-shot": lambda: self.ask(None, RARE),
            }
            if shutil.which("rg"):
                calls["rg"] = lambda: compare_scan.count_lines(rg)
            self.keep("rare", sampling.alternate(calls, self.rounds))
        self.bars.at_most("opened, rare word", self.ratio("rare", "opened", "rg"), 0.45, "x rg")
        self.bars.at_least("one-shot, rare word", self.ratio("rare", "one-shot", "opened"), 1.8, "x opened")

    def sketch(self) -> None:
        with self.corpus(sketch=True) as corpus:
            before = corpus.nbytes
            took, _ = timed(corpus.build_sketch)
            bytes_of_all = corpus.stats.bytes
            calls = {"opened, sketch": lambda: self.ask(corpus, RARE), "one-shot": lambda: self.ask(None, RARE)}
            self.keep("sketch", sampling.alternate(calls, self.rounds))
            self.note("sketch, MB", (corpus.nbytes - before) / 1e6)
            self.note("sketch, share of the files", (corpus.nbytes - before) / bytes_of_all)
            for letters, words in ABSENT.items():
                looked = [self.ask(corpus, word, limit=0).stats.bytes / bytes_of_all for word in words]
                self.note(f"blocks passed on, words of {letters} letters", statistics.mean(looked))
        one_shot = statistics.median(self.samples["sketch"]["one-shot"])
        self.bars.at_least("one-shot, rare word", self.ratio("sketch", "one-shot", "opened, sketch"), 15, "x sketch")
        self.bars.at_most("building the sketch", took / one_shot, 5, "x one-shot")

    def newest(self) -> None:
        since = (sample_logs.END - timedelta(days=7)).isoformat()
        cold = []
        with self.corpus(sketch=False) as corpus:
            self.ask(corpus, RARE)
            for _ in range(3):
                with self.corpus(sketch=False) as fresh:
                    self.ask(fresh, RARE)  # its pages are mapped, its facts are not known
                    took, _ = timed(partial(self.ask, fresh, COMMON, count=False))
                    cold.append(took)
            took, _ = timed(corpus.build_facts)
            calls = {
                "opened, rare word": lambda: self.ask(corpus, RARE),
                "opened, facts, top 50": lambda: self.ask(corpus, COMMON, count=False),
                "opened, facts, 7 days": lambda: self.ask(corpus, COMMON, since=since),
                "opened, facts, exact": lambda: self.ask(corpus, COMMON),
                "one-shot, top 50": lambda: self.ask(None, COMMON, count=False),
                "one-shot, exact": lambda: self.ask(None, COMMON),
                "one-shot, 7 days": lambda: self.ask(None, COMMON, since=since),
            }
            expected = list(self.ask(None, COMMON))
            for name in ("opened, facts, top 50", "one-shot, top 50"):
                if list(calls[name]()) != expected:
                    raise SystemExit(f"{name}: other hits than with every match counted")
            week, alone = calls["opened, facts, 7 days"](), calls["one-shot, 7 days"]()
            if not week or week != alone or week.stats.matches != alone.stats.matches:
                raise SystemExit("7 days: other hits than the one-shot scan has")
            self.keep("newest", {**sampling.alternate(calls, self.rounds), "opened, facts cold, top 50": cold})
            self.note("bytes looked at, top 50", calls["opened, facts, top 50"]().stats.bytes)
            self.note("bytes looked at, 7 days", week.stats.bytes)
            self.note("memory of the corpus, MB", corpus.nbytes / 1e6)
        rare = "opened, rare word"
        self.bars.at_most(
            "facts, common word, top 50", self.ratio("newest", "opened, facts, top 50", rare), 0.1, "x rare"
        )
        medians = {name: statistics.median(taken) for name, taken in self.samples["newest"].items()}
        self.bars.at_most("facts cold", medians["opened, facts cold, top 50"] / medians[rare], 3.5, "x rare")
        ratio = self.ratio("newest", "one-shot, top 50", "one-shot, exact")
        self.bars.at_most("one-shot, count=False", ratio, 0.85, "x exact")
        ratio = self.ratio("newest", "opened, facts, 7 days", "opened, facts, exact")
        self.bars.at_most("7 days", ratio, 0.05, "x all time")
        self.bars.at_most("building the facts", took / medians["one-shot, exact"], 4, "x one-shot")

    def band(self) -> None:
        """One thread over the biggest file, beside a loop that sums its 64-bit words."""
        import numpy as np

        path = max(self.tree.rglob("*.jsonl"), key=lambda path: path.stat().st_size)
        words = np.memmap(path, dtype=np.uint64, mode="r", shape=(path.stat().st_size // 8,))
        with fastcore.Corpus(path, sketch=False) as corpus:
            calls: dict[str, Callable[[], Any]] = {
                "opened, one thread": lambda: corpus.scan("zyxwvut", threads=1, limit=0),
                "summing": lambda: int(words.sum()),
            }
            self.keep("band", sampling.alternate(calls, self.rounds))
        self.note("GB/s of the sum", words.nbytes / statistics.median(self.samples["band"]["summing"]) / 1e9)
        ratio = self.ratio("band", "summing", "opened, one thread")
        self.bars.at_least("one thread, search and escape search", ratio, 0.8, "x the sum")

    def follow(self) -> None:
        path = min(self.tree.rglob("*.jsonl"))
        record = b'{"type":"user","message":{"role":"user","content":"qwvxz"},"timestamp":"2027-01-01T00:00:00Z"}\n'
        size = path.stat().st_size
        unchanged, found = [], []
        with self.corpus() as corpus:
            self.ask(corpus, RARE)
            time.sleep(2.1)  # the tree may have been made just now
            corpus.refresh()
            for number in range(self.rounds + 2):
                took, changes = timed(corpus.refresh)
                if any(changes.to_dict().values()):
                    raise SystemExit(f"an unchanged tree has changed: {changes}")
                with path.open("r+b") as file:
                    file.seek(0, os.SEEK_END)
                    file.write(record)
                try:
                    took_2, changes = timed(corpus.refresh)
                    took_3, hits = timed(lambda: self.appended(corpus))
                    if changes.grown != 1 or len(hits) != 1:
                        raise SystemExit(f"one record was appended: {changes}, {len(hits)} hits")
                finally:
                    os.truncate(path, size)
                    corpus.refresh()
                if number >= 2:
                    unchanged.append(took)
                    found.append(took_2 + took_3)
        self.keep("follow", {"refresh, unchanged": unchanged, "refresh, and find what was appended": found})
        median = statistics.median(unchanged)
        self.bars.at_most("refresh, unchanged", ms(median), 15, "ms")
        self.bars.at_most("an appended record beyond a refresh", ms(statistics.median(found) - median), 5, "ms")

    def appended(self, corpus: fastcore.Corpus) -> fastcore.Hits:
        """Newest first, since a moment behind all others: what facts are for."""
        return corpus.scan("qwvxz", since="2026-12-31", count=False, threads=THREADS)

    def typing(self) -> None:
        """A word typed letter by letter, each time as far as nine letters."""
        taken: list[float] = []
        with self.corpus() as corpus:
            for _ in range(self.rounds):
                self.ask(corpus, COMMON)  # something else
                corpus.scan(RARE[:3], threads=THREADS, slot="box")
                for end in range(4, len(RARE) + 1):
                    took, hits = timed(partial(corpus.scan, RARE[:end], threads=THREADS, slot="box"))
                    if hits != fastcore.scan(self.tree, RARE[:end], threads=THREADS):
                        raise SystemExit(f"{RARE[:end]!r}: other hits than a scan has")
                    taken.append(took)
        self.keep("typing", {"one more letter": taken})
        self.bars.at_most("one more letter", ms(statistics.median(taken)), 30, "ms")

    def memory(self) -> None:
        code = """
import sys, fastcore
corpus = fastcore.Corpus(sys.argv[1])
for word in sys.argv[2:]:
    corpus.scan(word, threads=2)
anon = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("RssAnon"))
print(anon * 1024, corpus.nbytes)
"""
        command = [sys.executable, "-c", code, str(self.tree), RARE, COMMON, RARE]
        anon, own = map(int, subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())
        print("\nmemory")
        self.note("RssAnon, MB", anon / 1e6)
        self.note("of that the corpus's own, MB", own / 1e6)
        self.bars.at_most("RssAnon beside what the corpus takes", (anon - own) / 1e6, 64, "MB")

    def tables(self) -> None:
        """Word queries again and again: the records in DuckDB's own table, their texts in SQLite's index."""
        words = [RARE, COMMON, "timeout", "mutex", "percentile", "heap", "deploy", "barrier", "cookie", "socket"]
        database, duck = self.sqlite(), self.duckdb()
        taken: Samples = {}
        missed: dict[str, int] = {}

        def is_right(name: str, count: int, planted: int) -> bool:
            """DuckDB's columns hold the JSON of contents as it is: a word spelled with an escape there is not found."""
            return count == planted or (name == DUCKDB and 0.85 * planted <= count < planted)

        with self.corpus(sketch=True) as corpus:
            corpus.build_sketch()
            corpus.build_facts()
            engines: dict[str, Callable[[str], int | None]] = {
                "opened, exact count": lambda word: self.ask(corpus, word).stats.matches,
                "opened, newest 50": lambda word: self.ask(corpus, word, count=False).stats.matches,
                DUCKDB: duck,
                "SQLite FTS5 (whole words)": database,
            }
            for number in range(-1, self.rounds):
                for word in words:
                    for name, engine in engines.items():
                        took, count = timed(partial(engine, word))
                        planted = self.made["planted"].get(word)
                        missed[name] = max(missed.get(name, 0), planted["records"] - count if planted and count else 0)
                        if planted and count is not None and not is_right(name, count, planted["records"]):
                            raise SystemExit(f"{name}: {word!r} in {count} records, planted are {planted['records']}")
                        if number >= 0:
                            taken.setdefault(name, []).append(took)
        self.keep("tables", taken)
        self.note("records that DuckDB misses, of a word spelled with escapes", missed[DUCKDB])
        for name, samples in taken.items():
            ordered = sorted(samples)
            at_99 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
            self.note(f"{name}, p50 and p99", f"{ms(statistics.median(samples)):.2f} ms, {ms(at_99):.2f} ms")

    def duckdb(self) -> Callable[[str], int]:
        engine = table_engines.DuckDB()
        columns = ", ".join(f"{name}: 'VARCHAR'" for name in table_engines.TEXT)
        source = f"read_json($files, format='newline_delimited', ignore_errors=true, columns={{{columns}}})"
        mended = table_engines.mended(self.tree, self.folder / f"mended-{self.tree.name.removeprefix('tree-')}")
        values = {"files": [table_engines.glob_of(mended)]}
        took, _ = timed(lambda: engine.connection.execute(f"CREATE TABLE records AS SELECT * FROM {source}", values))
        self.note("loading DuckDB's table, s", took)
        matches = " OR ".join(f"regexp_matches({text}, $word)" for text in table_engines.TEXT)

        def count(word: str) -> int:
            found = engine.connection.execute(f"SELECT count(*) FROM records WHERE {matches}", {"word": f"(?i){word}"})
            return int(found.fetchall()[0][0])

        return count

    def sqlite(self) -> Callable[[str], int]:
        path = self.folder / "fts5.db"
        path.unlink(missing_ok=True)
        database = sqlite3.connect(path)
        for setting in ("journal_mode=off", "synchronous=off", "cache_size=-500000", "mmap_size=4000000000"):
            database.execute(f"PRAGMA {setting}")
        database.execute("CREATE VIRTUAL TABLE records USING fts5(text, content='', detail=none)")

        def load() -> None:
            database.executemany("INSERT INTO records(text) VALUES (?)", ((text,) for text in self.texts()))
            database.execute("INSERT INTO records(records) VALUES ('optimize')")
            database.commit()

        took, _ = timed(load)
        self.note("loading SQLite's index, s", took)
        self.note("SQLite's index, MB", path.stat().st_size / 1e6)
        query = "SELECT count(*) FROM records WHERE records MATCH ?"
        return lambda word: int(database.execute(query, (word,)).fetchone()[0])

    def texts(self) -> Iterator[str]:
        import orjson

        for path in self.tree.rglob("*.jsonl"):
            with path.open("rb") as file:
                for line in file:
                    try:
                        record = orjson.loads(line.removeprefix(sample_logs.BOM))
                    except ValueError:
                        continue
                    if isinstance(record, dict):
                        yield compare_scan.text_of(record).encode("utf-8", "replace").decode()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--bytes", type=sample_logs.byte_count, default=sample_logs.byte_count("1GB"))
    parser.add_argument("--files", type=int, default=2700)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--case", choices=CASES, action="append", help="only this one; may be given again")
    parser.add_argument("--out", type=Path, help="where the samples go (of a whole run: into results/compare)")
    args = parser.parse_args()
    folder = Path(os.environ.get("FASTCORE_COMPARE_DIR") or os.path.expanduser("~/.cache/fastcore-compare"))
    tree = folder / f"tree-{args.bytes}-{args.files}"
    compared = Comparison(folder, tree, sample_logs.build(tree, args.bytes, args.files), args.rounds)
    for case in args.case or CASES:
        getattr(compared, case)()
        gc.collect()
    met = compared.bars.show()
    whole = not args.case and args.bytes == parser.get_default("bytes") and args.files == parser.get_default("files")
    kept = {"machine": bars.machine("rg"), "tree": compared.made["parameters"], "threads": THREADS}
    kept |= {"cases": compared.samples, "figures": compared.figures, "bars": compared.bars.rows}
    sampling.keep("corpus", kept, args.out, whole)
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
