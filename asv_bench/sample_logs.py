"""Make a deterministic tree of session logs: `python asv_bench/sample_logs.py DIR --bytes 100MB --files 270`.

The tree looks like real logs: sizes log-normal (median 60 KB, sigma 1.6), one file of 30 % of the bytes, every record
type, plain UTF-8 and ASCII-only writers, 1 % of the files from a hostile writer that spells every character in any
legal way, a few broken lines. Words are planted, and `planted.json` in DIR says how often each occurs: `records` whose
text holds it, and `lines` whose raw bytes hold its plain spelling. A tree that already stands is left alone.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

RARE, RARE_PHRASE, FOREIGN, COMMON = "zyxquartz", "quartz lamp zyx", "Ωmega-zył", "lantern"
END = datetime(2026, 6, 30, 18, 0, 0, tzinfo=UTC)
DAYS = 730
FORMAT = 2  # raised whenever the same parameters make other bytes

WORDS = [
    "the",
    "and",
    "for",
    "with",
    "that",
    "this",
    "from",
    "have",
    "not",
    "are",
    "was",
    "were",
    "will",
    "can",
    "should",
    "would",
    "could",
    "about",
    "into",
    "over",
    "after",
    "before",
    "error",
    "warning",
    "timeout",
    "request",
    "response",
    "server",
    "client",
    "cache",
    "buffer",
    "index",
    "query",
    "result",
    "value",
    "field",
    "record",
    "stream",
    "thread",
    "process",
    "memory",
    "pointer",
    "function",
    "method",
    "class",
    "module",
    "package",
    "import",
    "export",
    "return",
    "yield",
    "async",
    "await",
    "build",
    "test",
    "suite",
    "assert",
    "expect",
    "mock",
    "fixture",
    "coverage",
    "branch",
    "commit",
    "merge",
    "rebase",
    "deploy",
    "release",
    "version",
    "patch",
    "config",
    "parse",
    "token",
    "lexer",
    "grammar",
    "syntax",
    "node",
    "tree",
    "graph",
    "edge",
    "vertex",
    "path",
    "route",
    "handler",
    "middleware",
    "session",
    "cookie",
    "header",
    "file",
    "folder",
    "directory",
    "permission",
    "owner",
    "group",
    "mode",
    "link",
    "socket",
    "pipe",
    "signal",
    "kernel",
    "driver",
    "device",
    "mount",
    "volume",
    "disk",
    "user",
    "account",
    "login",
    "password",
    "secret",
    "key",
    "cipher",
    "digest",
    "hash",
    "random",
    "seed",
    "entropy",
    "measure",
    "sample",
    "median",
    "percentile",
    "window",
    "column",
    "row",
    "table",
    "view",
    "trigger",
    "schema",
    "migration",
    "transaction",
    "lock",
    "mutex",
    "semaphore",
    "barrier",
    "queue",
    "stack",
    "heap",
]
FOREIGN_WORDS = [
    "naïve",
    "café",
    "größer",
    "straße",
    "Ελληνικά",
    "привет",
    "данные",
    "日本語",
    "検索",
    "結果",
    "데이터",
    "señor",
    "ação",
    "łódź",
    "😀",
    "🚀",
    "“quoted”",
    "…",
    "→",
    "✓",
]
TOOLS = ("Bash", "Read", "Edit", "Grep", "Write", "Glob", "WebFetch", "Task")
PROJECTS = (
    "/home/ada/shop",
    "/home/ada/shop-api",
    "/srv/data.pipeline",
    "/home/ada/notes",
    "/work/engine",
    "/home/ada/süß",
)


def fragment(rnd: random.Random) -> str:
    """One piece of text: prose, code, a listing or coloured output."""
    size = int(min(9000.0, math.exp(rnd.gauss(5.2, 1.1))))
    kind = rnd.random()
    parts: list[str] = []
    length = 0
    while length < size:
        words = [rnd.choice(WORDS) for _ in range(rnd.randrange(3, 12))]
        if rnd.random() < 0.08:
            words.append(rnd.choice(FOREIGN_WORDS))
        if kind < 0.45:
            line = " ".join(words).capitalize() + ". "
        elif kind < 0.75:
            line = f'    {words[0]}_{words[1]} = {words[2]}("{words[-1]}", {rnd.randrange(10**6)})  # {words[1]}\n'
        elif kind < 0.92:
            line = f"src/{words[0]}/{words[1]}.py:{rnd.randrange(900)}:\t{' '.join(words[2:])}\n"
        else:
            line = f"\x1b[3{rnd.randrange(8)}m{words[0].upper()}\x1b[0m {' '.join(words[1:])}\r\n"
        parts.append(line)
        length += len(line)
    return "".join(parts)


def spell(text: str, rnd: random.Random) -> str:
    """Write a JSON string's inside with a legal spelling of each character chosen at random."""
    out = []
    short = {'"': '\\"', "\\": "\\\\", "/": "\\/", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    for c in text:
        dice = rnd.random()
        if c in short and dice < 0.7:
            out.append(short[c])
        elif dice < 0.75 and c >= " " and c not in '"\\':
            out.append(c)
        else:
            for unit in c.encode("utf-16-be").hex(" ", 2).split():
                out.append("\\u" + "".join(d.upper() if rnd.random() < 0.5 else d for d in unit))
    return "".join(out)


def spell_value(value: Any, rnd: random.Random) -> str:
    """Write a JSON value with random spelling, white space, key order and now and then a duplicate key."""
    spaces = 3 if rnd.random() < 0.5 else 1

    def space() -> str:
        return " " * rnd.randrange(spaces)

    if isinstance(value, str):
        return f'"{spell(value, rnd)}"'
    if isinstance(value, list):
        return "[" + ",".join(space() + spell_value(item, rnd) + space() for item in value) + "]"
    if isinstance(value, dict):
        members = list(value.items())
        rnd.shuffle(members)
        if members and rnd.random() < 0.05:
            members.insert(0, (members[-1][0], "an earlier duplicate"))
        return (
            "{" + ",".join(f"{space()}{spell_value(k, rnd)}{space()}:{spell_value(v, rnd)}" for k, v in members) + "}"
        )
    return json.dumps(value)


class Pools:
    """Fragments of text, and the same as the insides of JSON strings for each writer."""

    def __init__(self, seed: int) -> None:
        rnd = random.Random(f"pools {seed}")
        self.texts = [fragment(rnd) for _ in range(1500)]
        self.insides = {
            "plain": [json.dumps(t, ensure_ascii=False)[1:-1] for t in self.texts],
            "ascii": [json.dumps(t)[1:-1] for t in self.texts],
        }


class Writer:
    """Makes the lines of one file, and counts what it plants."""

    def __init__(
        self, pools: Pools, kind: str, rnd: random.Random, session: str, cwd: str, counts: dict[str, Any]
    ) -> None:
        self.pools, self.kind, self.rnd, self.session, self.cwd, self.counts = pools, kind, rnd, session, cwd, counts
        self.now = END - timedelta(seconds=rnd.random() * DAYS * 86400)
        self.records = 0

    def inside(self, text: str) -> str:
        return json.dumps(text, ensure_ascii=self.kind == "ascii")[1:-1]

    def text(self, planted: str) -> str:
        """A text with what is planted in its middle: an inside, or the text itself for the hostile writer."""
        pool = self.pools.texts if self.kind == "hostile" else self.pools.insides[self.kind]
        first, second = (pool[int(self.rnd.random() * len(pool))] for _ in "ab")
        if self.kind == "hostile":
            return f"{first[:300]} {planted} {second[:300]}"
        return f"{first} {self.inside(planted)} {second}" if planted else first

    def line(self) -> str:
        rnd = self.rnd
        self.now = min(self.now + timedelta(seconds=rnd.random() * 40), END)
        self.records += 1
        planted = []
        if self.counts["records"] % 2 == 0:
            planted.append(COMMON if rnd.random() < 0.7 else COMMON.capitalize())
        if self.counts["records"] % 9001 == 77:
            planted.append(rnd.choice([RARE, RARE.upper(), RARE_PHRASE + " " + RARE]))
        if self.counts["records"] % 20011 == 99:
            planted.append(rnd.choice([FOREIGN, FOREIGN.upper()]))
        words = " ".join(planted)
        self.counts["records"] += 1
        line = self.hostile(words) if self.kind == "hostile" else self.usual(words)
        if planted:
            self.count(words, line)
        return line

    def count(self, words: str, line: str) -> None:
        text, raw = words.casefold(), line.casefold()
        for word in (RARE, RARE_PHRASE, FOREIGN, COMMON):
            if word.casefold() in text:
                self.counts["planted"][word]["records"] += 1
                self.counts["planted"][word]["lines"] += word.casefold() in raw
                newest = self.counts["planted"][word]
                newest["newest"] = max(newest["newest"], self.stamp())

    def stamp(self) -> str:
        return self.now.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def head(self) -> str:
        uuid = f"{self.rnd.getrandbits(128):032x}"
        return (
            f'"uuid":"{uuid[:8]}-{uuid[8:12]}-4{uuid[13:16]}-a{uuid[17:20]}-{uuid[20:]}","timestamp":"{self.stamp()}",'
            f'"sessionId":"{self.session}","cwd":"{self.inside(self.cwd)}","gitBranch":"main","version":"2.1.0",'
            '"userType":"external","isSidechain":false'
        )

    def usual(self, planted: str) -> str:
        rnd = self.rnd
        dice = rnd.random()
        text = self.text(planted)
        if dice < 0.34:
            if rnd.random() < 0.01:
                pool = self.pools.insides[self.kind]
                text += "\\n".join(pool[int(rnd.random() * len(pool))] for _ in range(rnd.randrange(20, 300)))
            error = ',"is_error":true' if rnd.random() < 0.05 else ""
            return (
                f'{{"parentUuid":null,"type":"user","message":{{"role":"user","content":[{{"tool_use_id":"toolu_{rnd.getrandbits(40):x}",'
                f'"type":"tool_result","content":"{text}"{error}}}]}},{self.head()},'
                f'"toolUseResult":{{"stdout":"{text}","stderr":"","interrupted":false}}}}'
            )
        if dice < 0.60:
            return (
                f'{{"type":"assistant","message":{{"id":"msg_{rnd.getrandbits(40):x}","role":"assistant","model":"model-{rnd.randrange(3)}",'
                f'"content":[{{"type":"text","text":"{text}"}}],"stop_reason":null,"usage":{{"input_tokens":{rnd.randrange(9000)},'
                f'"output_tokens":{rnd.randrange(900)}}}}},"requestId":"req_{rnd.getrandbits(40):x}",{self.head()}}}'
            )
        if dice < 0.78:
            tool = rnd.choice(TOOLS)
            return (
                f'{{"type":"assistant","message":{{"role":"assistant","model":"model-{rnd.randrange(3)}","content":[{{"type":"tool_use",'
                f'"id":"toolu_{rnd.getrandbits(40):x}","name":"{tool}","input":{{"command":"{text}","timeout":{rnd.randrange(999)}}}}}],'
                f'"usage":{{"input_tokens":3,"output_tokens":5}}}},{self.head()}}}'
            )
        if dice < 0.84:
            return f'{{"type":"user","message":{{"role":"user","content":"{text}"}},{self.head()}}}'
        if dice < 0.89:
            return (
                f'{{"type":"assistant","message":{{"role":"assistant","content":[{{"type":"thinking","thinking":"{text}",'
                f'"signature":"{rnd.getrandbits(400):x}"}}]}},{self.head()}}}'
            )
        if dice < 0.92:
            return f'{{"type":"system","subtype":"local_command","content":"{text}","level":"info",{self.head()}}}'
        if dice < 0.94:
            return f'{{"type":"attachment","attachment":{{"type":"queued_command","prompt":"{text}"}},{self.head()}}}'
        if dice < 0.96:
            return f'{{"type":"queue-operation","operation":"enqueue","timestamp":"{self.stamp()}","content":"{text}"}}'
        if dice < 0.97:
            return f'{{"type":"summary","summary":"{text}","leafUuid":"{rnd.getrandbits(128):032x}"}}'
        if dice < 0.98:
            return (
                f'{{"type":"file-history-snapshot","messageId":"m1","snapshot":{{"note":"{text}",'
                f'"timestamp":"{self.stamp()}"}},"isSnapshotUpdate":false}}'
            )
        return f'{{"type":"progress","note":"{text}","step":{rnd.randrange(99)},{self.head()}}}'

    def hostile(self, planted: str) -> str:
        text = self.text(planted)
        record = {
            "type": "user",
            "message": {"role": "user", "content": [{"type": "text", "text": text}]},
            "timestamp": self.stamp(),
            "sessionId": self.session,
            "cwd": self.cwd,
        }
        return spell_value(record, self.rnd) + ("\r" if self.rnd.random() < 0.1 else "")


BROKEN = (
    b'{"type":"user","message":{"role":"user","content":"cut off he',
    b"not json at all",
    b'{"type":"user","message":{"content":"bad \xff\xfe bytes"}}',
    b'{"type":"user"} {"type":"user"}',
    b"",
    b"   \t",
)


def sizes_of(total: int, files: int, rnd: random.Random) -> list[int]:
    """Log-normal sizes scaled to 70 % of the total, and one file of the rest."""
    sizes = [min(60_000 * math.exp(rnd.gauss(0, 1.6)), total / 12) for _ in range(files - 1)]
    scale = total * 0.7 / sum(sizes)
    return [int(total * 0.3), *(max(300, int(size * scale)) for size in sizes)]


def build(folder: Path, total: int, files: int, seed: int = 1) -> dict[str, Any]:
    """Make the tree, or find it made, and return what `planted.json` holds."""
    marker = folder / "planted.json"
    parameters = {"bytes": total, "files": files, "seed": seed, "format": FORMAT}
    if marker.exists():
        made: dict[str, Any] = json.loads(marker.read_text("utf-8"))
        if made["parameters"] == parameters:
            return made
    rnd = random.Random(f"tree {seed}")
    pools = Pools(seed)
    counts: dict[str, Any] = {}
    halves: dict[str, Any] = {}
    for number, size in enumerate(sizes_of(total, files, rnd)):
        kind = "plain" if number == 0 else "hostile" if number % 100 == 50 else ("ascii", "plain")[number % 2]
        half = halves.setdefault("ascii" if kind == "ascii" else "plain", new_counts())
        write_file(folder, kind, size, random.Random(f"file {seed} {number}"), pools, half, number)
    counts = new_counts()
    for half in halves.values():
        for name in ("records", "files", "bytes", "lines", "broken"):
            counts[name] += half[name]
        for word, planted in half["planted"].items():
            mine = counts["planted"][word]
            for key in ("records", "lines"):
                mine[key] += planted[key]
            mine["newest"] = max(mine["newest"], planted["newest"])
    made = {"parameters": parameters, **counts, "halves": halves}
    marker.write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return made


def new_counts() -> dict[str, Any]:
    planted = {word: {"records": 0, "lines": 0, "newest": ""} for word in (RARE, RARE_PHRASE, FOREIGN, COMMON)}
    return {"records": 0, "files": 0, "bytes": 0, "lines": 0, "broken": 0, "planted": planted}


def write_file(
    folder: Path, kind: str, size: int, rnd: random.Random, pools: Pools, counts: dict[str, Any], number: int
) -> None:
    cwd = rnd.choice(PROJECTS)
    encoded = "".join(chr(b) if chr(b).isalnum() and b < 128 else "-" for b in cwd.encode())
    session = f"{rnd.getrandbits(128):032x}"
    session = "-".join((session[:8], session[8:12], session[12:16], session[16:20], session[20:]))
    name = Path(session, "subagents", f"agent-{session[:7]}.jsonl") if number % 25 == 24 else Path(f"{session}.jsonl")
    path = folder / ("ascii" if kind == "ascii" else "plain") / "projects" / encoded / name
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = Writer(pools, kind, rnd, session, cwd, counts)
    written = 0
    with path.open("wb", buffering=1 << 20) as file:
        if number % 40 == 7:
            written += file.write(b"\xef\xbb\xbf")
        while written < size:
            written += file.write(writer.line().encode() + b"\n")
            counts["lines"] += 1
            if rnd.random() < 0.0005:
                broken = rnd.choice(BROKEN)
                written += file.write(broken + b"\n")
                counts["lines"] += 1
                counts["broken"] += bool(broken.strip())
        if number % 50 == 9:
            written += file.write(b'{"type":"user","message":{"role":"user","content":"still being writ')
            counts["lines"] += 1
    counts["files"] += 1
    counts["bytes"] += written
    os.utime(path, (writer.now.timestamp(),) * 2)


def byte_count(text: str) -> int:
    units = {"KB": 10**3, "MB": 10**6, "GB": 10**9}
    unit = units.get(text[-2:].upper())
    return int(float(text[:-2]) * unit) if unit else int(text)


def main() -> int:
    parser = argparse.ArgumentParser(description="Make a sample tree of session logs.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--bytes", type=byte_count, default=byte_count("100MB"))
    parser.add_argument("--files", type=int, default=270)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    made = build(args.folder, args.bytes, args.files, args.seed)
    print(
        f"{args.folder}: {made['files']} files, {made['bytes'] / 1e6:.0f} MB, {made['records']:,} records",
        file=sys.stderr,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
