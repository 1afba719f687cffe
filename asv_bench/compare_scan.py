"""Measure `fastcore.scan` beside ripgrep, grep and an orjson loop: `make compare-scan`.

Makes a tree of 1 GB in 2,700 files once (FASTCORE_COMPARE_DIR, else the user's cache folder), runs the engines in turn,
warm, on two threads, and asserts each one's own count against what was planted. Prints medians and ratios pair by pair,
and keeps every sample as JSON in asv_bench/results/compare/.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parent))
import sample_logs

import fastcore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

RESULTS = Path(__file__).parent / "results" / "compare"
HIDDEN = {
    "type",
    "timestamp",
    "cwd",
    "version",
    "gitBranch",
    "userType",
    "data",
    "signature",
    "toolUseResult",
    "id",
    "uuid",
}
ENDINGS = ("Id", "ID", "_id", "-id", "Uuid", "UUID", "_uuid")


def strings(value: Any, levels: int = 1000, hide: bool = True) -> Iterator[str]:
    """Every string of a value, but those under the keys of ids and facts."""
    if isinstance(value, str):
        yield value
    elif levels and isinstance(value, (list, dict)):
        for key, child in value.items() if isinstance(value, dict) else enumerate(value):
            if not (hide and isinstance(key, str) and (key in HIDDEN or key.endswith(ENDINGS))):
                yield from strings(child, levels - 1, hide)


def text_of(record: dict[str, Any]) -> str:
    """The text of a record of the sample tree, by the project's rules."""
    kind = record.get("type")
    if kind in ("user", "assistant"):
        content = record["message"]["content"]
        if isinstance(content, str):
            return content
        parts: list[str] = []
        for block in content:
            if block["type"] == "tool_use":
                parts += [block["name"], *strings(block["input"], hide=False)]
            else:
                parts.append(block[{"tool_result": "content"}.get(block["type"], block["type"])])
        return "\n".join(parts)
    if kind in ("system", "queue-operation"):
        return str(record["content"])
    if kind == "summary":
        return str(record["summary"])
    return "\n".join(strings(record["attachment"]) if kind == "attachment" else strings(record, 3))


def orjson_loop(root: Path, word: str) -> set[tuple[str, int]]:
    """What people write by hand: parse every line, take its text, look for the word."""
    import orjson

    found = set()
    needle = word.casefold()
    for path in root.rglob("*.jsonl"):
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                try:
                    record = orjson.loads(line.removeprefix(b"\xef\xbb\xbf"))
                except ValueError:
                    continue
                if isinstance(record, dict) and needle in text_of(record).casefold():
                    found.add((str(path), number))
    return found


def count_lines(command: list[str]) -> int:
    """Run an engine that prints `path:count` and add the counts up."""
    result = subprocess.run(command, capture_output=True, check=False)
    return sum(int(line.rpartition(b":")[2]) for line in result.stdout.splitlines() if line)


class Case:
    """One word over one root: engines that are timed in turn, each with the count that it must find."""

    def __init__(self, name: str, roots: list[Path], word: str, planted: dict[str, int]) -> None:
        self.name, self.roots, self.word, self.planted = name, list(map(str, roots)), word, planted
        self.samples: dict[str, list[float]] = {}

    def engines(self) -> dict[str, tuple[Callable[[], int], int]]:
        roots, word = self.roots, self.word
        command = [
            str(Path(sys.executable).parent / "fastcore"),
            "scan",
            word,
            *roots,
            "-j2",
            "-n50",
            "--format",
            "jsonl",
        ]

        def scan() -> int:
            return fastcore.scan(roots, word, threads=2, limit=50).stats.matches

        def run_command() -> int:
            last = subprocess.run(command, capture_output=True, check=True).stdout.splitlines()[-1]
            return int(json.loads(last)["stats"]["matches"])

        found: dict[str, tuple[Callable[[], int], int]] = {"fastcore": (scan, self.planted["records"])}
        found["fastcore command"] = (run_command, self.planted["records"])
        if shutil.which("rg"):
            rg = ["rg", "-c", "-i", "-F", "-j2", "--hidden", "--no-ignore", "--with-filename", word, *roots]
            found["rg"] = (lambda: count_lines(rg), self.planted["lines"])
        grep = ["grep", "-r", "-c", "-i", "-F", "-a", "-H", word, *roots]
        found["grep"] = (lambda: count_lines(grep), self.planted["lines"])
        return found

    def measure(self, rounds: int) -> None:
        engines = self.engines()
        for number in range(-2, rounds):  # two throw-away rounds
            for name, (engine, expected) in engines.items():
                if name == "grep" and number not in (-1, 0):
                    continue  # one thread, and slow: once is enough
                began = time.perf_counter()
                count = engine()
                took = time.perf_counter() - began
                if count != expected:
                    raise SystemExit(f"{self.name}: {name} found {count}, planted are {expected}")
                if number >= 0:
                    self.samples.setdefault(name, []).append(took)

    def show(self) -> None:
        print(f"\n{self.name}: {self.word!r}, {self.planted['records']:,} records")
        rg = self.samples.get("rg")
        for name, took in self.samples.items():
            ratio = ""
            if rg is not None and name != "grep":
                ratio = f"  {statistics.median(a / b for a, b in zip(took, rg, strict=True)):.2f} x rg"
            elif rg is not None:
                ratio = f"  {took[0] / statistics.median(rg):.2f} x rg"
            print(f"  {name:18} {statistics.median(took) * 1e3:8.1f} ms{ratio}")


PEAK = """
import sys
import fastcore
hits = fastcore.scan(sys.argv[1], sys.argv[2], threads=2, limit=50)
kept = sum(len(hit.raw) for hit in hits)
for line in open("/proc/self/status"):
    if line.startswith("VmHWM"):
        print(hits.stats.matches, int(line.split()[1]) * 1024, kept)
"""


def peak(root: Path, word: str) -> tuple[int, int, int]:
    """Matches, peak resident bytes of a fresh process, and the bytes of the lines it kept."""
    result = subprocess.run([sys.executable, "-c", PEAK, str(root), word], capture_output=True, text=True, check=True)
    matches, bytes_at_peak, kept = map(int, result.stdout.split())
    return matches, bytes_at_peak, kept


def memory(folder: Path, tree: Path) -> dict[str, dict[str, int]]:
    """Peaks for the tree, for one file of 400 MB with lines of up to 1 MB, and for one line of 64 MiB."""
    big, line = folder / "big.jsonl", folder / "line.jsonl"
    if not big.exists():
        with big.open("wb") as file:
            number = 0
            while file.tell() < 400_000_000:
                size = (200, 2_000, 30_000, 1_000_000)[number % 4]
                text = "needle" if number % 100 == 0 else "x"
                file.write(b'{"type":"user","message":{"content":"%s %s"}}\n' % (b"y" * size, text.encode()))
                number += 1
    if not line.exists():
        line.write_bytes(b'{"type":"user","message":{"content":"needle ' + b"y" * ((64 << 20) - 60) + b'"}}\n')
    found = {}
    for name, root, word in (
        ("tree", tree, sample_logs.RARE),
        ("400 MB file", big, "needle"),
        ("64 MiB line", line, "needle"),
    ):
        matches, at_peak, kept = peak(root, word)
        found[name] = {"matches": matches, "peak": at_peak, "kept": kept}
        print(f"  {name:12} {at_peak / 1e6:7.1f} MB at peak, of it {kept / 1e6:.1f} MB of kept lines")
    return found


def startup(rounds: int) -> float:
    """Seconds of a Python that imports what every command needs: the floor of `fastcore scan`."""
    took = []
    for _ in range(rounds):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", "import argparse, json, re"], check=True)
        took.append(time.perf_counter() - began)
    return statistics.median(took)


def machine() -> dict[str, str]:
    model = platform.processor()
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
        model = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        print("the processor's name is not known", file=sys.stderr)
    versions = {"python": platform.python_version(), "fastcore": fastcore.__version__, "cpu": model}
    for name in ("rg", "grep"):
        if shutil.which(name):
            versions[name] = subprocess.run(
                [name, "--version"], capture_output=True, text=True, check=True
            ).stdout.splitlines()[0]
    return versions


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--bytes", type=sample_logs.byte_count, default=sample_logs.byte_count("1GB"))
    parser.add_argument("--files", type=int, default=2700)
    parser.add_argument("--rounds", type=int, default=9)
    args = parser.parse_args()
    cache = os.environ.get("FASTCORE_COMPARE_DIR") or os.path.expanduser("~/.cache/fastcore-compare")
    folder = Path(cache)
    tree = folder / f"tree-{args.bytes}"
    made = sample_logs.build(tree, args.bytes, args.files)
    halves = [tree / "ascii", tree / "plain"]
    rare, common = sample_logs.RARE, sample_logs.COMMON
    cases = [
        Case("rare word, whole tree", halves, rare, made["planted"][rare]),
        Case("rare word, ASCII-only half", halves[:1], rare, made["halves"]["ascii"]["planted"][rare]),
        Case("common word, exact count, top 50", halves, common, made["planted"][common]),
    ]
    for case in cases:
        case.measure(args.rounds)
        case.show()

    began = time.perf_counter()
    by_hand = orjson_loop(tree, rare)
    loop = time.perf_counter() - began
    ours = {(hit.path, hit.line) for hit in fastcore.scan(tree, rare, limit=None)}
    if by_hand != ours:
        raise SystemExit(f"the orjson loop differs: {sorted(by_hand ^ ours)[:5]}")
    fast = statistics.median(cases[0].samples["fastcore"])
    floor = startup(args.rounds)
    print(f"\norjson loop, same {len(ours)} (path, line): {loop:.1f} s, {loop / fast:.0f} x fastcore")
    extra = statistics.median(cases[0].samples["fastcore command"]) - fast - floor
    print(f"python -c 'import argparse, json, re': {floor * 1e3:.1f} ms; the command: {extra * 1e3:+.1f} ms more")
    print("\npeak memory of a fresh process")
    peaks = memory(folder, tree)

    RESULTS.mkdir(parents=True, exist_ok=True)
    kept = {
        "machine": machine(),
        "tree": made["parameters"],
        "cases": {case.name: case.samples for case in cases},
        "orjson_loop": [loop],
        "startup": floor,
        "memory": peaks,
    }
    path = RESULTS / f"scan-{date.today().isoformat()}.json"
    path.write_text(json.dumps(kept, indent=1) + "\n", "utf-8")
    print(f"\nsamples: {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
