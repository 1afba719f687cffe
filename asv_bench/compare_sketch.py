"""Measure what sketches of a corpus cost and save: `python asv_bench/compare_sketch.py`.

On a tree of 1 GB in 2,700 files, and on one of logs whose texts are source code of Python's standard library (300 MB),
it prints the size of the sketches, how many one-shot scans building them takes, how much faster a scan with them is
than a one-shot scan, and what share of the bytes is still searched for a word, by the word's length: for words of a
quarter of the library whose text is not in the logs, and for words that are in at most one block in fifty. One file in
a hundred is by a writer who spells any character as an escape; no sketch passes those by, and their share is told.

Scans alternate, each answer is held against the one-shot's. The samples are kept as JSON with --out FILE, those of a
whole run in asv_bench/results/compare.
"""

from __future__ import annotations

import argparse
import functools
import json
import math
import os
import random
import re
import statistics
import sys
import sysconfig
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parent))
import bars
import sample_logs
import sampling

import fastcore

if TYPE_CHECKING:
    from collections.abc import Callable

THREADS = 2
LENGTHS = range(4, 13)
WORDS = 60  # of each length
SESSION = 600  # pieces of source that one session looks at, which stand together
CODE_FORMAT = 2  # raised whenever the same parameters make other bytes


# Logs of source code.


def sources() -> tuple[list[str], str]:
    """The library's texts cut into numbered listings, and the text of every fourth file, which is held back."""
    rnd = random.Random("sources")
    library = Path(sysconfig.get_paths()["stdlib"])
    listings, held = [], []
    for number, path in enumerate(sorted(library.rglob("*.py"))):
        if "site-packages" in path.parts:
            continue
        text = path.read_text("utf-8", errors="replace")
        if number % 4 == 3:
            held.append(text)
            continue
        lines = [f"{i:6}\t{line}" for i, line in enumerate(text.split("\n"), 1)]
        while lines:
            size, count = min(9000.0, math.exp(rnd.gauss(6.0, 1.1))), 0
            while count < len(lines) and size > 0:
                size -= len(lines[count])
                count += 1
            listings.append("\n".join(lines[:count]))
            lines = lines[count:]
    return listings, "\n".join(held)


def build_code(folder: Path, total: int, files: int, listings: list[str]) -> None:
    """Write the tree once. One text in six is the sample generator's."""
    marker = folder / "made.json"
    parameters = {"bytes": total, "files": files, "format": CODE_FORMAT, "python": sys.version}
    if marker.exists() and json.loads(marker.read_text("utf-8")) == parameters:
        return
    pools = sample_logs.Pools(1)
    insides = {
        "plain": [json.dumps(text, ensure_ascii=False)[1:-1] for text in listings],
        "ascii": [json.dumps(text)[1:-1] for text in listings],
        "hostile": [json.dumps(text[:300], ensure_ascii=False)[1:-1] for text in listings],
    }
    kinds = sample_logs.kinds_of(files, "mixed")
    for number, size in enumerate(sample_logs.sizes_of(total, files, random.Random("sizes"))):
        rnd, kind = random.Random(f"code {number}"), kinds[number]
        writer = sample_logs.Writer(pools, kind, rnd, size, f"{number:08x}", "/src", side=False)
        begin = rnd.randrange(len(listings))
        # The first file, the big one, is of many sessions.
        own = insides[kind] if number == 0 else insides[kind][begin : begin + SESSION]
        writer.pool = own + pools.insides[kind][: len(own) // 5]
        path = folder / kind / f"{number}.jsonl"
        sample_logs.write_file(path, path.name, writer, size, number, sample_logs.Part(), [])
    marker.write_text(json.dumps(parameters), "utf-8")


def words_of(listings: list[str], held: str) -> tuple[list[str], list[str]]:
    """Words of the held text that are nowhere in the listings, and words of the listings."""
    rnd = random.Random("words")
    text = "\n".join(listings).lower()
    there = sorted(set(re.findall(r"[a-z]{4,12}", text)))
    others = sorted(word for word in set(re.findall(r"[a-z]{4,12}", held.lower())) - set(there) if word not in text)
    rnd.shuffle(there)
    rnd.shuffle(others)
    return others, there


# Measures.


def timed(call: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    answer = call()
    return time.perf_counter() - began, answer


def found(hits: fastcore.Hits) -> list[tuple[str, int, int]]:
    return [(hit.path, hit.line or 0, hit.offset) for hit in hits]


class Tree:
    """One folder: its sketches, and scans with and without."""

    def __init__(self, title: str, folder: Path, rounds: int) -> None:
        self.title, self.folder, self.rounds = title, folder, rounds
        self.samples: dict[str, list[float]] = {}

    def scan(self, word: str) -> fastcore.Hits:
        return fastcore.scan(self.folder, word, threads=THREADS)

    def build(self) -> None:
        """Open, and make the sketches of what nobody has read in this corpus, beside one-shot scans."""
        for _ in range(2):
            self.scan(sample_logs.RARE)
        for _ in range(self.rounds):
            self.samples.setdefault("one-shot", []).append(timed(lambda: self.scan(sample_logs.RARE))[0])
            with fastcore.Corpus(self.folder) as corpus:
                took, _ = timed(functools.partial(corpus.build_sketch, threads=THREADS))
                self.samples.setdefault("build", []).append(took)
                self.stats = corpus.stats

    def ask(self, words: list[str]) -> dict[str, dict[str, list[float]]]:
        """Each word by a one-shot scan, an opened corpus without sketches, and one with."""
        asked = {}
        with (
            fastcore.Corpus(self.folder, sketch=False) as opened,
            fastcore.Corpus(self.folder, sketch=True) as sketched,
        ):
            sketched.build_sketch(threads=THREADS)
            for word in words:
                engines = {
                    "one-shot": self.scan,
                    "opened": lambda word: opened.scan(word, threads=THREADS),
                    "sketched": lambda word: sketched.scan(word, threads=THREADS),
                }
                samples: dict[str, list[float]] = {name: [] for name in engines}
                for _ in range(self.rounds + 2):
                    answers = {}
                    for name, engine in engines.items():
                        took, answers[name] = timed(functools.partial(engine, word))
                        samples[name].append(took)
                    if not found(answers["one-shot"]) == found(answers["opened"]) == found(answers["sketched"]):
                        raise SystemExit(f"{self.title}: {word!r} is answered differently")
                asked[word] = {name: took[2:] for name, took in samples.items()}
                asked[word]["share"] = [answers["sketched"].stats.bytes / self.stats.bytes]
        return asked

    def shares(self, others: list[str], there: list[str]) -> dict[str, dict[int, float]]:
        """The mean share of the bytes that is searched, by the words' length."""
        means: dict[str, dict[int, float]] = {"absent": {}, "rare": {}}
        with (
            fastcore.Corpus(self.folder, sketch=False) as opened,
            fastcore.Corpus(self.folder, sketch=True) as sketched,
        ):
            sketched.build_sketch(threads=THREADS)

            def share(word: str) -> float:
                return sketched.scan(word, limit=0, threads=THREADS).stats.bytes / self.stats.bytes

            def is_rare(word: str) -> bool:
                hits = opened.scan(word, limit=None, threads=THREADS)
                return 0 < len({(hit.path, hit.offset >> 18) for hit in hits}) <= self.stats.blocks / 50

            for length in LENGTHS:
                words = [word for word in others if len(word) == length][:WORDS]
                means["absent"][length] = statistics.mean(map(share, words))
                rare = [word for word in [w for w in there if len(w) == length][: 2 * WORDS] if is_rare(word)][:WORDS]
                means["rare"][length] = statistics.mean(map(share, rare))
        return means

    def times(self, asked: dict[str, list[float]], engine: str) -> float:
        """How many times as fast as the one-shot scan, as the median of the rounds."""
        return statistics.median(a / b for a, b in zip(asked["one-shot"], asked[engine], strict=True))

    def show(self, asked: dict[str, dict[str, list[float]]]) -> tuple[float, float]:
        stats = self.stats
        part = stats.bytes / stats.sketch_bytes
        scans = statistics.median(self.samples["build"]) / statistics.median(self.samples["one-shot"])
        print(f"\n{self.title}: {stats.bytes:,} bytes in {stats.files:,} files, {stats.blocks:,} blocks")
        print(
            f"  sketches: {stats.sketch_bytes:,} bytes, 1/{part:.1f} of the size; built in {scans:.2f} one-shot scans"
        )
        for word, samples in asked.items():
            share = samples["share"][0]
            speeds = (
                f"opened {self.times(samples, 'opened'):5.2f} x, with sketches {self.times(samples, 'sketched'):6.1f} x"
            )
            print(f"  {word:16} {share:7.2%} of the bytes searched; as fast as one-shot: {speeds}")
        return part, scans


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--bytes", type=sample_logs.byte_count, default=sample_logs.byte_count("1GB"))
    parser.add_argument("--files", type=int, default=2700)
    parser.add_argument("--code-bytes", type=sample_logs.byte_count, default=sample_logs.byte_count("300MB"))
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--out", type=Path, help="where the samples go (of a whole run: into results/compare)")
    args = parser.parse_args()
    cache = Path(os.environ.get("FASTCORE_COMPARE_DIR") or os.path.expanduser("~/.cache/fastcore-compare"))
    logs = Tree("sample logs", cache / f"tree-{args.bytes}-{args.files}", args.rounds)
    sample_logs.build(logs.folder, args.bytes, args.files)
    listings, held = sources()
    code = Tree("logs of source code", cache / f"code-{args.code_bytes}", args.rounds)
    build_code(code.folder, args.code_bytes, args.files * 3 // 10, listings)
    others, there = words_of(listings, held)

    judged = bars.Bars()
    kept: dict[str, Any] = {"machine": bars.machine(), "threads": THREADS, "trees": {}}
    for tree, words in (
        (logs, [sample_logs.RARE, "opalescent", "marble", "xylophone"]),
        (code, [next(word for word in others if len(word) == length) for length in (6, 8, 10)]),
    ):
        tree.build()
        asked = tree.ask(words)
        part, scans = tree.show(asked)
        judged.at_most(f"{tree.title}: building", scans, 5, "one-shot scans")
        judged.at_least(f"{tree.title}: size", part, 30, "th of the bytes")
        if tree is logs:
            slowest = min(tree.times(samples, "sketched") for samples in asked.values())
            judged.at_least(f"{tree.title}: the slowest word", slowest, 15, "x one-shot")
        kept["trees"][tree.title] = {"samples": tree.samples, "words": asked, "sketch_bytes": tree.stats.sketch_bytes}
    shares = code.shares(others, there)
    hostile = sum(path.stat().st_size for path in (code.folder / "hostile").iterdir()) / code.stats.bytes
    print(f"\nshare of the bytes searched on source code, {hostile:.1%} of it by the writer who escapes anything")
    for length in LENGTHS:
        print(f"  {length:2} letters: absent {shares['absent'][length]:6.1%}   rare {shares['rare'][length]:6.1%}")
    met = judged.show()

    whole = all(getattr(args, name) == parser.get_default(name) for name in ("bytes", "files", "code_bytes"))
    kept |= {"shares": shares, "hostile": hostile, "bars": judged.rows}
    sampling.keep("sketch", kept, args.out, whole)
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
