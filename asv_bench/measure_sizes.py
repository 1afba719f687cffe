"""Measure a scan by the size of files, and how its time is distributed: `python asv_bench/measure_sizes.py`.

The same records, cut into files of 4 KB to 64 MB, are searched for a word that is nowhere, by `fastcore.scan` and
`rg -c -i -F`, two threads each, in turn, warm; both must find nothing, and fastcore must have read all bytes. Then a
tree of 10 MB in 27 files is searched 300 times by each, and by the command. Samples go to asv_bench/results/compare/,
from which plots.py draws.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
import bars
import sample_logs
import sampling

import fastcore

RESULTS = Path(__file__).parent / "results" / "compare"
KB, MB = 1 << 10, 1 << 20
SIZES = (4 * KB, 16 * KB, 64 * KB, 256 * KB, MB, 4 * MB, 16 * MB, 64 * MB)
WORD, THREADS = "unfindable-quincunx", 2
Call = Callable[[], object]


def made(folder: Path, content: bytes, size: int) -> Path:
    """Files of about this size, cut behind whole lines."""
    tree = folder / str(size)
    tree.mkdir()
    begin = number = 0
    while begin < len(content):
        end = content.rfind(b"\n", begin, begin + size) + 1
        end = end or content.find(b"\n", begin) + 1 or len(content)
        (tree / f"{number}.jsonl").write_bytes(content[begin:end])
        begin, number = end, number + 1
    return tree


def ripgrep(tree: Path) -> None:
    command = ["rg", "-c", "-i", "-F", f"-j{THREADS}", "--no-ignore", WORD, str(tree)]
    if subprocess.run(command, capture_output=True, check=False).returncode != 1:
        raise SystemExit("rg did not search, or found what is nowhere")


def scan(tree: Path, nbytes: int) -> None:
    stats = fastcore.scan(str(tree), WORD, threads=THREADS).stats
    if stats.matches or stats.bytes != nbytes:
        raise SystemExit(f"fastcore found {stats.matches} and read {stats.bytes} of {nbytes} bytes")


def command(tree: Path) -> None:
    line = [sys.executable, "-m", "fastcore", "scan", WORD, str(tree), "-j", str(THREADS), "--progress", "never"]
    if subprocess.run(line, capture_output=True, check=False).returncode != 1:
        raise SystemExit("the command did not search, or found what is nowhere")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--calls", type=int, default=300)
    args = parser.parse_args()
    kept: dict[str, Any] = {"machine": bars.machine("rg"), "threads": THREADS, "sizes": {}}
    kept["load"] = round(os.getloadavg()[0], 1)  # of what else runs: above 0.5 the milliseconds tell little
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        sample_logs.build(root / "tree", 64 * MB, 270)
        content = b"".join(path.read_bytes().rstrip(b"\n") + b"\n" for path in sorted((root / "tree").rglob("*.jsonl")))
        content = content.replace(sample_logs.BOM, b"")
        kept["bytes"] = len(content)
        for size in SIZES:
            tree = made(root, content, size)
            calls: dict[str, Call] = {
                "fastcore": lambda tree=tree: scan(tree, len(content)),  # type: ignore[misc]
                "rg": lambda tree=tree: ripgrep(tree),  # type: ignore[misc]
            }
            files = sum(1 for _ in tree.iterdir())
            kept["sizes"][str(size)] = {"files": files, "samples": sampling.alternate(calls, args.rounds)}
            print(f"{size:>10,} bytes a file, {files:>6,} files", flush=True)
        small = root / "small"
        sample_logs.build(small, 10 * MB, 27)
        nbytes = sum(path.stat().st_size for path in small.rglob("*.jsonl"))
        repeated: dict[str, Call] = {
            "fastcore.scan": lambda: scan(small, nbytes),
            "rg": lambda: ripgrep(small),
            "the command": lambda: command(small),
        }
        kept["calls"] = {"bytes": nbytes, "samples": sampling.alternate(repeated, args.calls)}
    target = RESULTS / f"sizes-{date.today()}.json"
    target.write_text(json.dumps(kept, indent=1) + "\n", "utf-8")
    print(target.relative_to(Path.cwd()) if target.is_relative_to(Path.cwd()) else target)
    return 0


if __name__ == "__main__":
    sys.exit(main())
