"""Where the time goes: `make profile` samples the main benchmark of each capability with perf, and keeps the stacks.

Each call is repeated for some seconds in a process of its own, warm, and sampled 499 times a second of processor time.
What libraries of others do for the call, as zlib for a map of crc32, counts as work.
asv_bench/results/profiles/NAME.json holds the stacks, folded, by the names of functions and libraries alone; the docs
draw their flame graphs and the table of shares from it. Shares are of processor time: a thread that sleeps has none.
"""

from __future__ import annotations

import argparse
import collections
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

RESULTS = Path(__file__).parent / "results" / "profiles"
HERTZ, KEPT = 499, 0.0005  # samples a second; stacks of a smaller share are left out
LOGS = "import fastcore, pathlib, sample_logs\nsample_logs.build(pathlib.Path(folder), 100_000_000, 270)\n"
# What makes the input in `folder`, and the call.
CASES: dict[str, tuple[str, str]] = {
    "scan_rare_word": (LOGS, "fastcore.scan(folder, sample_logs.RARE, threads=2)"),
    "scan_common_word": (LOGS, "fastcore.scan(folder, sample_logs.COMMON, threads=2)"),
    "corpus_rare_word": (
        f"{LOGS}corpus = fastcore.Corpus(folder, sketch=False)\n",
        "corpus.scan(sample_logs.RARE, threads=2)",
    ),
    "top_k": ("import fastcore, numpy\na = numpy.random.default_rng(1).random(10**6, 'f')\n", "fastcore.top_k(a, 10)"),
    "adaptive_map": (
        "import fastcore, zlib\nblocks = [bytes(2**16)] * 400\n",
        "fastcore.adaptive_map(zlib.crc32, blocks, threads=2)",
    ),
    "analyze_many": (
        "import fastcore, pathlib, sample_midi\nroot = pathlib.Path(folder)\nroot.mkdir()\n"
        "for i in range(200): (root / f'{i}.mid').write_bytes(sample_midi.song('17 KB', i, 1)[0])\n",
        "fastcore.midi.analyze_many(folder, threads=2)",
    ),
    "bpm_many": (
        "import fastcore, numpy\nonsets = [numpy.cumsum(numpy.full(500, 0.4 + i / 1e3)) for i in range(200)]\n",
        "fastcore.bpm_many(onsets)",
    ),
}
CHILD = """
import sys, time
sys.path.insert(0, sys.argv[1])
folder = sys.argv[2]
exec(sys.argv[3])
call = eval("lambda: " + sys.argv[4])
call(), call(), call()
print("ready", flush=True)
end = time.process_time() + float(sys.argv[5])
while time.process_time() < end:
    call()
"""
SHARES = ("work", "pool wait", "GIL wait", "I/O", "Python", "kernel, other")
LIBC = re.compile(r"^(?:libc|libm|libpthread|ld-linux)\b")
IO = re.compile(r"sys_(?:p?read|open|close|new?f?stat|statx|getdents|lseek|fadvise)")
POOL_WORKER = {"worker_main", "wait_for_job", "neediest"}
POOL_CALLER = {"run", "open_ticket", "end_ticket", "wait_for_workers", "create_workers"}
POOL = POOL_WORKER | POOL_CALLER  # where the work is not deeper in the stack
Stack = tuple[tuple[str, str], ...]  # function and library, the innermost first


def stacks(text: str) -> collections.Counter[Stack]:
    """What `perf script` printed: how often each stack was seen."""
    found: collections.Counter[Stack] = collections.Counter()
    for block in text.split("\n\n"):
        frames: list[tuple[str, str]] = []
        inlined: list[str] = []
        for line in block.strip().splitlines()[1:]:
            match = re.match(r"\s*[0-9a-f]+ (.+) \((.+?)\)$", line)
            if match is None:
                continue
            name, library = match[1], Path(match[2]).name
            if library == "inlined":  # belongs to the library of the next frame that is none
                inlined.append(name)
                continue
            frames += [(one, library) for one in [*inlined, name]]
            inlined = []
        if frames:
            found[tuple(frames)] += 1
    return found


def share_of(stack: Stack) -> str:
    """What a sample counts for."""
    if any(name in ("take_gil", "drop_gil") for name, _ in stack):
        return "GIL wait"
    own = next(((name, library) for name, library in stack if library[0] != "[" and not LIBC.match(library)), None)
    in_kernel = stack[0][1].startswith("[")
    if in_kernel and any(library.startswith("[") and IO.search(name) for name, library in stack):
        return "I/O"
    if own is not None and own[0] in POOL and own[1].startswith("base."):
        return "pool wait"
    if in_kernel:
        return "kernel, other"
    return "Python" if own is None or own[1].startswith(("python", "libpython")) else "work"


def folded(found: collections.Counter[Stack]) -> dict[str, int]:
    """Stacks as flame graphs have them, the outermost first; a run of frames of the interpreter is one."""
    kept: collections.Counter[str] = collections.Counter()
    total = sum(found.values())
    for stack, count in found.items():
        frames: list[str] = []
        for name, library in reversed(stack):
            is_python = library.startswith(("python", "libpython"))
            frame = "Python" if is_python and name not in ("take_gil", "drop_gil") else name
            if not frames or frames[-1] != frame:
                frames.append(frame)
        kept[";".join(frames)] += count
    return {stack: count for stack, count in sorted(kept.items()) if count >= KEPT * total}


def record(name: str, seconds: float, folder: str) -> dict[str, Any]:
    setup, call = CASES[name]
    where = str(Path(__file__).parent)
    tree = str(Path(folder) / name)
    command = [sys.executable, "-c", CHILD, where, tree, setup, call, str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        if child.stdout.readline() != "ready\n":
            raise SystemExit(f"{name}: the call could not be made")
        data = str(Path(folder) / "perf.data")
        perf = ["perf", "record", "-q", "-e", "cpu-clock", "-F", str(HERTZ), "--call-graph", "dwarf,8192", "-o", data]
        subprocess.run([*perf, "-p", str(child.pid)], check=True, capture_output=True)  # it ends with the process
    script = ["perf", "script", "-i", data, "-F", "comm,ip,sym,dso"]
    found = stacks(subprocess.run(script, check=True, capture_output=True, text=True).stdout)
    if not found:
        raise SystemExit(f"{name}: perf saw nothing")
    counts: collections.Counter[str] = collections.Counter()
    for stack, count in found.items():
        counts[share_of(stack)] += count
    return {"call": call, "samples": found.total(), "shares": dict(counts), "stacks": folded(found)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=4.0, help="of processor time, for each call")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(CASES))
    args = parser.parse_args()
    RESULTS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for name in args.names or CASES:
            kept = record(name, args.seconds, folder)
            target = RESULTS / f"{name}.json"
            target.write_text(json.dumps({"name": name, **kept}, indent=1) + "\n", "utf-8")
            shares = ", ".join(f"{share} {kept['shares'].get(share, 0) / kept['samples']:.0%}" for share in SHARES)
            print(f"{name:20} {kept['samples']:6} samples: {shares}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
