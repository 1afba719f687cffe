"""What a `Corpus` keeps in memory: a bound of the mapped pages, and what processes share."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from test_corpus import line

import fastcore

pytestmark = [
    pytest.mark.native,
    pytest.mark.skipif(
        "libasan" in os.environ.get("LD_PRELOAD", ""), reason="AddressSanitizer needs memory of its own"
    ),
    pytest.mark.skipif(not os.path.exists("/proc/self/smaps"), reason="the system does not tell what is in memory"),
]

MB = 1 << 20
STEPS = """
import json, sys, threading
import fastcore

folder, most = sys.argv[1], int(sys.argv[2]) or None
def resident():
    with open("/proc/self/status") as status:
        return sum(int(line.split()[1]) << 10 for line in status if line.startswith(("RssFile", "RssShmem")))
peak, over = 0, threading.Event()
def watch():
    global peak
    while not over.wait(0.001):
        peak = max(peak, resident())
fastcore.scan(folder + "/a.jsonl", "warm 1", threads=2)
base = resident()
with fastcore.Corpus(folder, max_mapped=most) as corpus:
    threading.Thread(target=watch, daemon=True).start()
    def told(**question):
        hits = corpus.scan(**question, threads=2)
        return [hits.stats.matches, [(hit.path, hit.line, hit.offset) for hit in hits]]
    steps = {
        "rare": lambda: told(query="needle 77"),
        "common": lambda: told(query="needle", limit=20),
        "every line": lambda: told(query="", limit=5, order="oldest"),
        "names": lambda: told(query="role:user needle 8", limit=5),
        "bounded": lambda: told(query="needle 5", since="2024-05-01T10:30:00", limit=5),
        "newest": lambda: told(query="needle", count=False, limit=9),
        "facts": lambda: corpus.build_facts(threads=2),
        "sketch": lambda: corpus.build_sketch(threads=2),
        "sketched": lambda: told(query="needle 12345"),
        "verify": lambda: tuple(getattr(corpus.refresh(verify=True), name) for name in fastcore.Changes.__slots__),
        "again": lambda: told(query="needle 77"),
    }
    for name, step in steps.items():
        peak = 0
        answer = step()
        print(json.dumps([name, answer, max(peak, resident()) - base]))
    over.set()
"""


def children_lines(code: str, *args: object) -> list[list[object]]:
    command = [sys.executable, "-c", code, *map(str, args)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return [json.loads(row) for row in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """A folder of files, one of them much bigger than the rest, and how many bytes they have."""
    folder = tmp_path_factory.mktemp("logs")
    content = b"".join(line(number) for number in range(50_000))
    for name, times in (("a", 1), ("b", 8), ("c", 1), ("d", 2)):
        (folder / f"{name}.jsonl").write_bytes(content * times)
    return folder, 12 * len(content)


def test_more_than_may_stay_is_answered_within_the_bound(logs: tuple[Path, int]) -> None:
    """Whatever reads the files: scans, their line numbers, facts, sketches, a refresh that trusts nothing."""
    folder, size = logs
    most = 8 * MB
    assert size > 50 * MB
    free = children_lines(STEPS, folder, 0)
    bounded = children_lines(STEPS, folder, most)
    assert len(free) == len(bounded) == 11
    peaks = {}
    for (name, answer, peak), (_, wanted, unbounded) in zip(bounded, free, strict=True):
        assert answer == wanted, name
        peaks[name] = (peak, unbounded)
    print({name: tuple(round(int(part) / MB, 1) for part in pair) for name, pair in peaks.items()})  # type: ignore[call-overload]
    assert all(unbounded > 0.9 * size for name, (_, unbounded) in peaks.items() if name != "verify")
    # Each thread has a piece of a file of 4 MB besides.
    assert all(peak < most + 12 * MB for peak, _ in peaks.values()), peaks


READER = """
import json, sys
import fastcore

folder = sys.argv[1]
def private():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) << 10 for line in status if line.startswith("RssAnon"))
fastcore.scan(folder + "/a.jsonl", "warm 1", threads=2)
before = private()
with fastcore.Corpus(folder) as corpus:
    hits = [corpus.scan(query, threads=2) for query in ("needle 77", "needle -needle", "needle 8888")]
    answers = [[each.stats.matches, [(hit.path, hit.offset) for hit in each]] for each in hits]
    print(json.dumps([answers, private() - before, corpus.nbytes]), flush=True)
    sys.stdin.readline()  # now all of them hold the files
    sums, is_log = {"Rss:": 0, "Pss:": 0}, False
    with open("/proc/self/smaps") as maps:
        for row in maps:
            words = row.split()
            if not words[0].endswith(":"):
                is_log = row.rstrip().endswith(".jsonl")
            elif is_log and words[0] in sums:
                sums[words[0]] += int(words[1]) << 10
    print(json.dumps(list(sums.values())), flush=True)
    sys.stdin.readline()
"""


def test_processes_share_the_files(logs: tuple[Path, int]) -> None:
    """Eight of them answer alike; what they hold of the files is there once, and they have little of their own."""
    folder, size = logs
    command = [sys.executable, "-c", READER, str(folder)]
    readers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) for _ in range(8)
    ]
    try:
        told = [json.loads(reader.stdout.readline()) for reader in readers]  # type: ignore[union-attr]
        wanted = [
            [hits.stats.matches, [[hit.path, hit.offset] for hit in hits]]
            for hits in (fastcore.scan(folder, query) for query in ("needle 77", "needle -needle", "needle 8888"))
        ]
        held = []
        for reader in readers:
            print("measure", file=reader.stdin, flush=True)
            held.append(json.loads(reader.stdout.readline()))  # type: ignore[union-attr]
        for reader in readers:
            print("end", file=reader.stdin, flush=True)
            assert reader.wait(60) == 0
    finally:
        for reader in readers:
            reader.kill()
            reader.communicate()
    print([[round(number / MB, 1) for number in pair] for pair in held])
    for answers, private, own in told:
        assert answers == wanted
        assert private < own + 16 * MB < size / 2
    for rss, pss in held:
        assert rss > 0.9 * size
        assert pss <= rss / 4
