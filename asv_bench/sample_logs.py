"""Make a deterministic tree of session logs: `python asv_bench/sample_logs.py DIR --bytes 100MB --files 270`.

The tree looks like real logs: sizes log-normal (median 60 KB, sigma 1.6, then scaled to the total), one file of 30 % of
the bytes, every record type and some unknown ones, times over two years. 1 % of the files come from a hostile writer
that spells every character in any legal way, half of the rest from an ASCII-only writer; those stand in DIR/ascii, all
others in DIR/plain. A few lines are broken or blank, a few files end unfinished.

`planted.json` in DIR says for the whole and for each half how often each planted word occurs: `records` whose text
holds it, `lines` whose raw bytes hold its plain spelling, and for the rare ones the `newest` records, newest first.
A tree that already stands is left alone.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import shutil
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

RARE, RARE_PHRASE, FOREIGN, COMMON = "zyxquartz", "quartz lamp zyx", "Ωmega-zył", "lantern"
PLANTED = {RARE: 20, RARE_PHRASE: 10, FOREIGN: 10}  # records of the whole tree; COMMON is in half of all
END = datetime(2026, 6, 30, 18, 0, 0, tzinfo=UTC)
DAYS = 730
STEP = 20.0  # mean seconds between two records of a file
FORMAT = 6  # raised whenever the same parameters make other bytes
PARTS = ("ascii", "plain")

# No planted word can arise from these, alone or joined.
WORDS = """
the and for with that this from have not are was were will can should would could about into over after before error
warning timeout request response server client cache buffer index query result value field record stream thread process
memory pointer function method class module package import export return yield async await build test suite assert
expect mock fixture coverage branch commit merge rebase deploy release version patch config parse token lexer grammar
syntax node tree graph edge vertex path route handler middleware session cookie header file folder directory permission
owner group mode link socket pipe signal kernel driver device mount volume disk user account login password secret key
cipher digest hash random seed entropy measure sample median percentile window column row table view trigger schema
migration transaction lock mutex semaphore barrier queue stack heap
""".split()
FOREIGN_WORDS = """
naïve café größer straße Ελληνικά привет данные 日本語 検索 結果 데이터 señor ação łódź 😀 🚀 “quoted” … → ✓
""".split()
TOOLS = ("Bash", "Read", "Edit", "Grep", "Write", "Glob", "WebFetch", "Task")
PROJECTS = (
    "/home/ada/shop",
    "/home/ada/shop-api",
    "/srv/data.pipeline",
    "/home/ada/notes",
    "/work/engine",
    "/home/ada/süß",
)
BOM = b"\xef\xbb\xbf"
BROKEN = (
    b'{"type":"user","message":{"role":"user","content":"cut off he',
    b"not json at all",
    b'{"type":"user","message":{"content":"bad \xff\xfe bytes"}}',
    b'{"type":"user"} {"type":"user"}',
    b'{"type":"user","message":{"content":"trailing comma"},}',
    b'["a list is no record"]',
)
BLANK = (b"", b"   \t", b"\r")
UNFINISHED = b'{"type":"user","message":{"role":"user","content":"still being writ'


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


SHORT = {'"': '\\"', "\\": "\\\\", "/": "\\/", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def spell(text: str, rnd: random.Random) -> str:
    """Write a JSON string's inside with a legal spelling of each character chosen at random."""
    out = []
    for c in text:
        dice = rnd.random()
        if c in SHORT and dice < 0.7:
            out.append(SHORT[c])
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
        return " \t "[: rnd.randrange(spaces)]

    if isinstance(value, str):
        return f'"{spell(value, rnd)}"'
    if isinstance(value, list):
        return "[" + ",".join(space() + spell_value(item, rnd) + space() for item in value) + "]"
    if isinstance(value, dict):
        members = list(value.items())
        rnd.shuffle(members)
        if members and rnd.random() < 0.05:
            members.insert(0, (members[-1][0], "an earlier duplicate"))
        written = (f"{space()}{spell_value(k, rnd)}{space()}:{spell_value(v, rnd)}" for k, v in members)
        return "{" + ",".join(written) + space() + "}"
    return json.dumps(value)


class Pools:
    """Fragments of text, escaped once for each writer."""

    def __init__(self, seed: int) -> None:
        rnd = random.Random(f"pools {seed}")
        texts = [fragment(rnd) for _ in range(1500)]
        self.insides = {
            "plain": [json.dumps(text, ensure_ascii=False)[1:-1] for text in texts],
            "ascii": [json.dumps(text)[1:-1] for text in texts],
            "hostile": [json.dumps(text[:300], ensure_ascii=False)[1:-1] for text in texts],
        }


class Part:
    """What one half of the tree holds, counted while it is written."""

    def __init__(self) -> None:
        self.counts = dict.fromkeys(("files", "bytes", "lines", "records", "broken", "blank", "tails"), 0)
        self.planted: dict[str, dict[str, Any]] = {
            word: {"records": 0, "lines": 0, "newest": []} for word in (*PLANTED, COMMON)
        }
        self.second_of_pair = False
        self.first_was_common = False

    def takes_common(self, rnd: random.Random) -> bool:
        """Exactly one record of each pair holds the common word, which of them by chance."""
        if self.second_of_pair:
            common = not self.first_was_common
        else:
            common = self.first_was_common = rnd.random() < 0.5
        self.second_of_pair = not self.second_of_pair
        return common

    def to_dict(self) -> dict[str, Any]:
        return {**self.counts, "planted": self.planted}


class Writer:
    """Makes the lines of one file. Every method named after a kind of record returns its line, given its text."""

    def __init__(self, pools: Pools, kind: str, rnd: random.Random, size: int, session: str, cwd: str, side: bool):
        self.rnd, self.kind = rnd, kind
        self.pool = pools.insides[kind]
        lasts = min(DAYS * 86400.0, size / 1000 * STEP)
        self.now = END - timedelta(seconds=int(lasts + rnd.random() * (DAYS * 86400 - lasts)))
        self.session = session
        self.room = size  # bytes that the file still wants
        self.place = (
            f'"sessionId":"{session}","cwd":"{self.inside(cwd)}","gitBranch":"{rnd.choice(("main", "fix/timeouts"))}",'
            f'"version":"2.1.0","userType":"external","isSidechain":{"true" if side else "false"}'
        )

    def inside(self, text: str) -> str:
        return json.dumps(text, ensure_ascii=self.kind == "ascii")[1:-1]

    def stamp(self) -> str:
        return self.now.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def token(self) -> str:
        return f"{self.rnd.getrandbits(48):012x}"

    def uuid(self) -> str:
        digits = f"{self.rnd.getrandbits(128):032x}"
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"

    def head(self) -> str:
        return f'"uuid":"{self.uuid()}","timestamp":"{self.stamp()}",{self.place}'

    def text(self, words: str) -> str:
        """The inside of a text, what is planted in its middle."""
        first, second = (self.pool[int(self.rnd.random() * len(self.pool))] for _ in "ab")
        return f"{first} {self.inside(words)} {second}" if words else first

    def answer(self, blocks: str) -> str:
        return (
            f'{{"parentUuid":"{self.uuid()}","type":"assistant","message":{{"id":"msg_{self.token()}","role":"assistant",'
            f'"model":"model-{self.rnd.randrange(3)}","content":[{blocks}],"stop_reason":null,"usage":{{"input_tokens":'
            f'{self.rnd.randrange(9000)},"output_tokens":{self.rnd.randrange(900)}}}}},"requestId":"req_{self.token()}",'
            f"{self.head()}}}"
        )

    def tool_result(self, text: str, aside: str = "") -> str:
        if self.rnd.random() < 0.03 and self.room > 100_000:  # a big one, of 10 to 200 KB with its repetition
            text += "\\n".join(
                self.pool[int(self.rnd.random() * len(self.pool))] for _ in range(self.rnd.randrange(20, 300))
            )
        content, dice = f'"{text}"', self.rnd.random()
        if dice < 0.1:
            content = (
                f'[{{"type":"text","text":"{text}"}},{{"type":"image","source":{{"type":"base64","data":"iVBORw0K"}}}}]'
            )
        error = ',"is_error":true' if 0.1 < dice < 0.15 else ""
        return (
            f'{{"parentUuid":"{self.uuid()}","type":"user","message":{{"role":"user","content":[{{"tool_use_id":'
            f'"toolu_{self.token()}","type":"tool_result","content":{content}{error}}}]}},{self.head()},"toolUseResult":'
            f'{{"stdout":"{text}{aside}","stderr":"","interrupted":false}}}}'
        )

    def answer_text(self, text: str) -> str:
        return self.answer(f'{{"type":"text","text":"{text}"}}')

    def tool_use(self, text: str) -> str:
        key = self.rnd.choice(("command", "file_path", "new_string", "prompt"))
        return self.answer(
            f'{{"type":"tool_use","id":"toolu_{self.token()}","name":"{self.rnd.choice(TOOLS)}",'
            f'"input":{{"{key}":"{text}","timeout":{self.rnd.randrange(999)},"description":"List it"}}}}'
        )

    def thinking(self, text: str) -> str:
        return self.answer(f'{{"type":"thinking","thinking":"{text}","signature":"{self.rnd.getrandbits(800):x}"}}')

    def blocks(self, text: str) -> str:
        return self.answer(
            f'{{"type":"thinking","thinking":"{text}","signature":"{self.rnd.getrandbits(800):x}"}},{{"type":"text",'
            f'"text":"Done."}},{{"type":"tool_use","id":"toolu_{self.token()}","name":"Read","input":{{"limit":50}}}},'
            '{"type":"server_tool_notice","notes":[{"body":"a block that is not known"}]}'
        )

    def prompt(self, text: str) -> str:
        meta = ',"isMeta":true' if self.rnd.random() < 0.1 else ""
        return f'{{"type":"user","message":{{"role":"user","content":"{text}"}}{meta},{self.head()}}}'

    def prompt_blocks(self, text: str) -> str:
        return (
            f'{{"type":"user","message":{{"role":"user","content":[{{"type":"text","text":"{text}"}},{{"type":"document",'
            f'"source":{{"type":"text","data":"JVBERi0"}}}}]}},{self.head()}}}'
        )

    def system(self, text: str) -> str:
        subtype = self.rnd.choice(("local_command", "api_error", "stop_hook_summary", "compact_boundary"))
        return f'{{"type":"system","subtype":"{subtype}","content":"{text}","level":"info",{self.head()}}}'

    def attachment(self, text: str) -> str:
        return f'{{"type":"attachment","attachment":{{"type":"queued_command","prompt":"{text}"}},{self.head()}}}'

    def queue(self, text: str) -> str:
        return (
            f'{{"type":"queue-operation","operation":"enqueue","timestamp":"{self.stamp()}",'
            f'"sessionId":"{self.session}","content":"{text}"}}'
        )

    def progress(self, text: str) -> str:
        return f'{{"type":"progress","note":"{text}","step":{self.rnd.randrange(99)},{self.head()}}}'

    def unknown(self, text: str) -> str:
        return (
            f'{{"type":"telemetry-v9","report":{{"spans":["{text}",{{"deeper":"than is searched"}}]}},{self.head()}}}'
        )

    def untyped(self, text: str) -> str:
        return f'{{"note":"{text}",{self.head()}}}'

    def summary(self, text: str) -> str:
        return f'{{"type":"summary","summary":"{text}","leafUuid":"{self.uuid()}"}}'

    def snapshot(self, text: str) -> str:
        return (
            f'{{"type":"file-history-snapshot","messageId":"{self.uuid()}","snapshot":{{"note":"{text}","trackedFileBackups":'
            f'{{}},"timestamp":"{self.stamp()}"}},"isSnapshotUpdate":false}}'
        )

    def title(self, text: str) -> str:
        kind, key = self.rnd.choice(
            (("custom-title", "customTitle"), ("ai-title", "aiTitle"), ("last-prompt", "lastPrompt"))
        )
        return f'{{"type":"{kind}","{key}":"{text}","sessionId":"{self.session}"}}'

    def turn(self) -> str:
        return f'{{"type":"system","subtype":"turn_duration","durationMs":{self.rnd.randrange(10**6)},{self.head()}}}'

    def mode(self) -> str:
        return f'{{"type":"mode","mode":"plan","sessionId":"{self.session}"}}'

    def link(self) -> str:
        return f'{{"type":"pr-link","prNumber":7,"prUrl":"https://forge.example/pull/7","timestamp":"{self.stamp()}"}}'

    def picture(self) -> str:
        return (
            '{"type":"user","message":{"role":"user","content":[{"type":"image","source":{"type":"base64","data":'
            f'"{self.token() * 40}"}}}}]}},{self.head()}}}'
        )

    def respell(self, line: str) -> str:
        end = "\r" if self.rnd.random() < 0.3 else ""
        return " " * self.rnd.randrange(2) + spell_value(json.loads(line), self.rnd) + end


def mix(*shares: tuple[int, Any]) -> list[Any]:
    return [method for share, method in shares for _ in range(share)]


# Records that have a text and a time of their own come first; rare words are planted in those.
TIMED: list[Callable[[Writer, str], str]] = mix(
    (34, Writer.tool_result),
    (25, Writer.answer_text),
    (18, Writer.tool_use),
    (6, Writer.prompt),
    (5, Writer.thinking),
    (2, Writer.blocks),
    (2, Writer.prompt_blocks),
    (2, Writer.system),
    (2, Writer.attachment),
    (1, Writer.queue),
    (1, Writer.progress),
    (1, Writer.unknown),
)
TIMELESS: list[Callable[[Writer, str], str]] = mix(
    (1, Writer.untyped), (1, Writer.summary), (1, Writer.snapshot), (1, Writer.title)
)
TEXTLESS: list[Callable[[Writer], str]] = mix((1, Writer.turn), (1, Writer.mode), (1, Writer.link), (1, Writer.picture))


def some_case(word: str, rnd: random.Random) -> str:
    return rnd.choice((word, word.upper(), word.capitalize(), word.swapcase()))


def write_file(
    path: Path, name: str, writer: Writer, size: int, number: int, part: Part, plants: list[tuple[float, str]]
) -> None:
    """Write a file of about `size` bytes; `plants` holds where in it, from 0 to 1, a record with which word begins."""
    rnd, counts = writer.rnd, part.counts
    hostile = writer.kind == "hostile"
    written = lines = 0
    plants = sorted(plants, reverse=True)

    def broken() -> bytes:
        """A line that is no record, counted."""
        blank = rnd.random() < 0.3
        counts["blank" if blank else "broken"] += 1
        return rnd.choice(BLANK if blank else BROKEN)

    def record() -> str:
        """The next record's line, counted, and what is planted in it."""
        writer.now = min(writer.now + timedelta(milliseconds=int(rnd.random() * 2000 * STEP)), END)
        writer.room = size - written
        counts["records"] += 1
        common = part.takes_common(rnd)
        words = [COMMON] if common else []
        if plants and written >= plants[-1][0] * size:
            words.append(plants.pop()[1])
        dice = rnd.random()
        if not words and dice < 0.06:
            line = rnd.choice(TEXTLESS)(writer)
        elif not words and dice < 0.08:
            line = writer.tool_result(writer.text(""), f" {COMMON} {RARE}" if dice < 0.0601 else f" {COMMON}")
        else:
            kinds = TIMELESS if dice < 0.1 and words in ([], [COMMON]) else TIMED
            line = rnd.choice(kinds)(writer, writer.text(" ".join(some_case(word, rnd) for word in words)))
        if hostile:
            line = writer.respell(line)
        for word in words:
            part.planted[word]["records"] += 1
        if words == [COMMON] and not hostile:
            part.planted[COMMON]["lines"] += 1
        elif words or dice < 0.08:
            raw = line.casefold()
            for word, planted in part.planted.items():
                planted["lines"] += word.casefold() in raw
        for word in words[common:]:
            part.planted[word]["newest"].append([writer.stamp(), name, lines + 1])
        return line

    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb", buffering=1 << 20) as file:
        if number % 40 == 7:
            written += file.write(BOM)
        while written < size or plants:
            written += file.write(record().encode() + b"\n")
            lines += 1
            if rnd.random() < 0.0003 or (lines == 1 and number % 20 == 4):
                written += file.write(broken() + b"\n")
                lines += 1
        if number % 50 == 9:
            written += file.write(UNFINISHED)
            lines += 1
            counts["tails"] += 1
        elif number % 50 == 29:  # complete, but for its newline
            written += file.write(record().encode())
            lines += 1
    counts["files"] += 1
    counts["bytes"] += written
    counts["lines"] += lines
    os.utime(path, ns=(round(writer.now.timestamp() * 1000) * 1_000_000,) * 2)


def sizes_of(total: int, files: int, rnd: random.Random) -> list[int]:
    """One file of 30 % of the total, and log-normal sizes scaled to the rest."""
    if files == 1:
        return [total]
    sizes = [60_000 * math.exp(rnd.gauss(0, 1.6)) for _ in range(files - 1)]
    for _ in range(20):  # clipping makes the sum smaller, scaling what is clipped larger
        scale = total * 0.7 / sum(sizes)
        sizes = [min(size * scale, total * 0.15) for size in sizes]
    return [int(total * 0.3), *(max(300, int(size)) for size in sizes)]


def kinds_of(files: int, writers: str) -> list[str]:
    """The writer of each file. The first, the big one, is plain."""
    if writers != "mixed":
        return [writers] * files
    kinds = ["hostile" if number % 100 == min(50, files // 2) else "" for number in range(files)]
    kinds[0] = "plain"
    rest = [number for number, kind in enumerate(kinds) if not kind]
    for place, number in enumerate(rest):
        kinds[number] = ("ascii", "plain")[place % 2]
    return kinds


def plants_of(kinds: list[str], rnd: random.Random) -> dict[int, list[tuple[float, str]]]:
    """Where the rare words go: a tenth each to the big file and to hostile ones, the rest to the other two writers."""
    plants: dict[int, list[tuple[float, str]]] = {}
    for word, count in PLANTED.items():
        for place in range(count):
            wanted = ("big", "ascii", "plain", "ascii", "plain", "hostile", "ascii", "plain", "ascii", "plain")[
                place % 10
            ]
            numbers = [number for number, kind in enumerate(kinds) if kind == wanted] or range(len(kinds))
            number = 0 if wanted == "big" else rnd.choice(numbers)
            plants.setdefault(number, []).append((rnd.random(), word))
    return plants


def path_of(part: str, cwd: str, session: str, number: int) -> Path:
    encoded = "".join(chr(byte) if chr(byte).isalnum() and byte < 128 else "-" for byte in cwd.encode())
    folder = Path(part, "projects", encoded)
    if number % 25 == 24:
        return folder / session / "subagents" / f"agent-{session[:7]}.jsonl"
    return folder / (f"agent-{session[:7]}.jsonl" if number % 100 == 60 else f"{session}.jsonl")


def build(folder: Path, total: int, files: int, seed: int = 1, writers: str = "mixed") -> dict[str, Any]:
    """Make the tree, or find it made, and return what `planted.json` holds. Only a tree made here is ever replaced."""
    marker = folder / "planted.json"
    parameters = {"bytes": total, "files": files, "seed": seed, "writers": writers, "format": FORMAT}
    if marker.exists():
        made: dict[str, Any] = json.loads(marker.read_text("utf-8"))
        if made["parameters"] == parameters and "records" in made:
            return made
        for part in PARTS:
            shutil.rmtree(folder / part, ignore_errors=True)
    elif folder.exists() and any(folder.iterdir()):
        raise FileExistsError(f"{folder} holds something else: name an empty or a new folder")
    folder.mkdir(parents=True, exist_ok=True)
    marker.write_text(json.dumps({"parameters": parameters}), "utf-8")  # begun; the counts follow when all is written

    pools = Pools(seed)
    kinds = kinds_of(files, writers)
    plants = plants_of(kinds, random.Random(f"plants {seed}"))
    parts = {name: Part() for name in PARTS}
    for number, size in enumerate(sizes_of(total, files, random.Random(f"sizes {seed}"))):
        rnd = random.Random(f"file {seed} {number}")
        half = "ascii" if kinds[number] == "ascii" else "plain"
        digits = f"{rnd.getrandbits(128):032x}"
        session = "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
        cwd = rnd.choice(PROJECTS)
        name = path_of(half, cwd, session, number)
        writer = Writer(pools, kinds[number], rnd, size, session, cwd, name.name.startswith("agent-"))
        write_file(folder / name, name.as_posix(), writer, size, number, parts[half], plants.get(number, []))

    made = {"parameters": parameters, **whole(list(parts.values())), "halves": {}}
    made["halves"] = {name: part.to_dict() for name, part in parts.items()}
    ledger = json.dumps(made, indent=1, ensure_ascii=False)
    for word in PLANTED | {COMMON: 0}:  # an escape in each, or a search of the whole folder would find the ledger too
        ledger = ledger.replace(f'"{word}"', f'"\\u{ord(word[0]):04x}{word[1:]}"')
    marker.write_text(ledger + "\n", "utf-8")
    return made


def whole(parts: list[Part]) -> dict[str, Any]:
    """The sum of the parts; puts the newest records of each part and of the whole in order."""
    sums = Part()
    for part in parts:
        for name, count in part.counts.items():
            sums.counts[name] += count
        for word, planted in part.planted.items():
            for key, value in planted.items():
                sums.planted[word][key] += value
    for part in (sums, *parts):
        for planted in part.planted.values():
            planted["newest"].sort(key=lambda found: (found[1].encode(), found[2]))
            planted["newest"].sort(key=lambda found: found[0], reverse=True)
    return sums.to_dict()


def byte_count(text: str) -> int:
    units = {"KB": 10**3, "MB": 10**6, "GB": 10**9}
    unit = units.get(text[-2:].upper())
    return int(float(text[:-2]) * unit) if unit else int(text)


def main() -> int:
    parser = argparse.ArgumentParser(description="Make a sample tree of session logs.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--bytes", type=byte_count, default=byte_count("100MB"), help="such as 100MB or 1GB")
    parser.add_argument("--files", type=int, default=270)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--writers", choices=("mixed", "plain", "ascii", "hostile"), default="mixed")
    args = parser.parse_args()
    made = build(args.folder, args.bytes, args.files, args.seed, args.writers)
    planted = ", ".join(f"{word} in {made['planted'][word]['records']} records" for word in PLANTED)
    print(
        f"{args.folder}: {made['files']} files, {made['bytes'] / 1e6:.0f} MB, {made['records']:,} records\n"
        f"planted: {planted}",
        file=sys.stderr,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
