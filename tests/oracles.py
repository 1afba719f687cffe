"""The shortest obviously right Python for what the compiled core does. Slow, and meant to be read.

A JSON value is here: an object a tuple of (key, value) in order, duplicates kept; an array a list; a string a str in
which lone surrogates are U+FFFD; a number its digits as bytes, of any size; and True, False, None.
"""

from __future__ import annotations

import functools
import json
import os
import re
import sys
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, NamedTuple

from fastcore import query as q

LEVELS = 1024
MAX_LINE = 64 << 20
BOM = b"\xef\xbb\xbf"


class NoRecord(ValueError):
    """The line is no record."""


def deep(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a recursive function room for 1,024 levels."""

    @functools.wraps(function)
    def wrapped(*arguments: Any) -> Any:
        before = sys.getrecursionlimit()
        sys.setrecursionlimit(before + 10 * LEVELS)
        try:
            return function(*arguments)
        finally:
            sys.setrecursionlimit(before)

    return wrapped


# Lines: bytes to records.


def refuse(constant: str) -> Any:
    raise NoRecord(f"{constant} is no JSON")


decoder = json.JSONDecoder(
    object_pairs_hook=tuple, parse_int=str.encode, parse_float=str.encode, parse_constant=refuse, strict=True
)


def levels(text: str) -> int:
    """How deep the brackets outside strings nest."""
    level = deepest = 0
    for c in re.sub(r'"[^"\\]*(?:\\.[^"\\]*)*"', "", text, flags=re.DOTALL):
        level += (c in "[{") - (c in "]}")
        deepest = max(deepest, level)
    return deepest


def clean(value: Any) -> Any:
    """Lone surrogates as U+FFFD, in keys too."""
    if isinstance(value, str):
        return re.sub("[\ud800-\udfff]", "\ufffd", value)
    if isinstance(value, tuple):
        return tuple((clean(key), clean(member)) for key, member in value)
    return [clean(item) for item in value] if isinstance(value, list) else value


@deep
def parse_line(line: bytes, at_offset_0: bool = False) -> tuple[tuple[str, Any], ...]:
    """The record of a line without its newline; NoRecord if it is not exactly one JSON object."""
    if at_offset_0:
        line = line.removeprefix(BOM)
    try:
        text = line.decode("utf-8").strip(" \t\r\n")
        if levels(text) > LEVELS:
            raise NoRecord("too deep")
        value, end = decoder.raw_decode(text)
    except ValueError as error:
        raise NoRecord(str(error)) from error
    if not isinstance(value, tuple) or end != len(text):
        raise NoRecord("not one object to its end")
    return clean(value)  # type: ignore[no-any-return]


class Line(NamedTuple):
    offset: int
    raw: bytes  # without its end, and without a byte order mark at offset 0
    kind: str  # "blank", "record", "error" or "tail"
    number: int
    excerpt: bytes  # what an error shows
    record: tuple[tuple[str, Any], ...] | None


def lines_of(content: bytes, max_line: int = MAX_LINE) -> list[Line]:
    found = []
    offset = 0
    *whole, last = content.split(b"\n")
    for number, line in enumerate([*whole, last], 1):
        terminated = number <= len(whole)
        raw = line.removeprefix(BOM) if offset == 0 else line
        if terminated or raw:
            raw = raw.removesuffix(b"\r")
            record = None
            if len(raw) > max_line:
                kind = "error"
            elif not raw.strip(b" \t\r"):
                kind = "blank"
            else:
                try:
                    record = parse_line(raw)
                    kind = "record"
                except NoRecord:
                    kind = "error" if terminated else "tail"
            found.append(Line(offset, raw, kind, number, line.removesuffix(b"\r")[:120], record))
        offset += len(line) + 1
    return found


# Records: fields and text.


def get(value: Any, name: str) -> Any:
    """The last member of that name; None if there is none, or no object."""
    return dict(value).get(name) if isinstance(value, tuple) else None


def string(value: Any) -> str | None:
    return value if isinstance(value, str) else None


HIDDEN = set("type timestamp cwd version gitBranch userType data signature toolUseResult id uuid".split())
ENDINGS = ("Id", "ID", "_id", "-id", "Uuid", "UUID", "_uuid")


def strings(value: Any) -> list[str]:
    """Every string in a value."""
    if isinstance(value, tuple):
        return [s for _, member in value for s in strings(member)]
    if isinstance(value, list):
        return [s for item in value for s in strings(item)]
    return [value] if isinstance(value, str) else []


def loose(value: Any, depth: int = 0, deepest: float = float("inf")) -> list[str]:
    """Every string in a value but under the keys of ids and facts, and not deeper than wanted. The value is at
    `depth`, what it holds is one deeper."""
    if depth > deepest:
        return []
    if isinstance(value, tuple):
        shown = [member for key, member in value if key not in HIDDEN and not key.endswith(ENDINGS)]
        return [s for member in shown for s in loose(member, depth + 1, deepest)]
    if isinstance(value, list):
        return [s for item in value for s in loose(item, depth + 1, deepest)]
    return [value] if isinstance(value, str) else []


def block_text(block: Any) -> list[str]:
    kind = get(block, "type")
    if kind in ("text", "thinking") and isinstance(get(block, kind), str):
        return [get(block, kind)]
    if kind == "tool_use":
        pieces: list[str] = []
        for at, (key, value) in enumerate(block):
            if any(key == later for later, _ in block[at + 1 :]):
                continue  # the last one wins
            if key == "name" and isinstance(value, str):
                pieces.append(value)
            if key == "input":
                pieces += strings(value)
        return pieces
    if kind == "tool_result":
        return content_text(get(block, "content"))
    if kind in ("image", "document"):
        return []
    return loose(block)


def content_text(content: Any) -> list[str]:
    """The content of a message or of a tool's result."""
    if isinstance(content, list):
        return [s for block in content for s in block_text(block)]
    return loose(content)


def pieces(record: Any) -> list[str]:
    kind = get(record, "type")
    if kind in ("user", "assistant"):
        return content_text(get(get(record, "message"), "content"))
    if kind in ("system", "summary"):
        value = get(record, "content" if kind == "system" else "summary")
        return [value] if isinstance(value, str) else []
    if kind in ("attachment", "queue-operation"):
        return loose(get(record, "attachment" if kind == "attachment" else "content"))
    return loose(record, 0, 3)


@deep
def fields(record: Any) -> dict[str, Any]:
    """What `decode` returns, by name."""
    kind = string(get(record, "type"))
    message = get(record, "message")
    role = string(get(message, "role"))
    content = get(message, "content")
    blocks = content if isinstance(content, list) else []
    results = [b for b in blocks if get(b, "type") == "tool_result"]
    names = [get(b, "name") for b in blocks if get(b, "type") == "tool_use"]
    return {
        "type": kind,
        "role": kind if role is None else role,
        "session": string(get(record, "sessionId")),
        "uuid": string(get(record, "uuid")),
        "cwd": string(get(record, "cwd")),
        "branch": string(get(record, "gitBranch")),
        "model": string(get(message, "model")),
        "tools": tuple(name for name in names if isinstance(name, str)),
        "is_error": any(get(b, "is_error") is True for b in results) or get(record, "subtype") == "api_error",
        "is_human": kind == "user"
        and not results
        and get(record, "isMeta") is not True
        and get(record, "isSidechain") is not True,
        "text": "\n".join(pieces(record)),
        "time_us": time_us(string(get(record, "timestamp")) or ""),
    }


# From Python 3.14 on `fromisoformat` reads 24:00:00 too.
TIME = re.compile(r"(\d{4})(-\d\d-\d\d)[Tt ]((?!24)\d\d:\d\d:\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))", re.ASCII)


def time_us(stamp: str) -> int | None:
    """Microseconds since 1970 of a readable time."""
    found = TIME.fullmatch(stamp)
    if not found:
        return None
    year, day, clock, fraction, sign, hours, minutes = found.groups(default="0")
    # Python's years begin with 1. The calendar repeats every 400 years, which are 146,097 days.
    shift = 400 if year == "0000" else 0
    try:
        moment = datetime.fromisoformat(f"{int(year) + shift:04}{day}T{clock}") - datetime(1970, 1, 1)
    except ValueError:
        return None
    if int(hours) > 23 or int(minutes) > 59:
        return None
    offset = (int(hours) * 3600 + int(minutes) * 60) * (-1 if sign == "-" else 1)
    days = moment.days - (146_097 if shift else 0)
    return (days * 86400 + moment.seconds - offset) * 10**6 + int(f"{fraction:0<6}"[:6])


def line_time(line: bytes) -> int | None:
    """The time that the raw line of a record shows to be its own; None where that is not sure."""
    plain = rb'"timestamp"[ \t\r]*:[ \t\r]*"[^"\\]*"'
    spelled = rb"\\u00(?:6[159dD]|7[034])"  # a letter of the key
    if line.count(b'"timestamp"') != 1 or not re.search(plain, line) or re.search(spelled, line):
        return None
    return fields(parse_line(line))["time_us"]  # type: ignore[no-any-return]


# Queries.

# Code points whose simple folding came or changed after Unicode 14, up to 17: interpreters differ on them.
REFOLDED = {0x1FD3, 0x1FE3, 0xFB05, 0x1C89, 0xA7CB, 0xA7CC, 0xA7CE, 0xA7D2, 0xA7D4, 0xA7DA, 0xA7DC}
REFOLDED |= {*range(0x10D50, 0x10D66), *range(0x16EA0, 0x16EB9)}


def safe_to_fold(c: str) -> bool:
    """True where every interpreter's tables and the compiled table agree."""
    return ord(c) not in REFOLDED


@functools.cache
def fold(c: str) -> str:
    """Simple case folding of one character, on those that are safe_to_fold."""
    folded = c.casefold()
    if len(folded) == 1:
        return folded
    return c.lower() if len(c.lower()) == 1 else c


def fold_text(text: str, case_sensitive: bool = False) -> str:
    return text if case_sensitive else "".join(map(fold, text))


def holds(text: str, needle: str, case_sensitive: bool = False) -> bool:
    return fold_text(needle, case_sensitive) in fold_text(text, case_sensitive)


def below(folder: str | None, top: str) -> bool:
    """That folder or one below, by whole components."""
    return folder is not None and (folder == top or folder.startswith(top.rstrip("/") + "/"))


def in_project(cwd: str | None, top: str, path: str) -> bool:
    if cwd is not None:
        return below(cwd, top)
    encoded = re.sub(rb"[^0-9A-Za-z]", b"-", top.encode())
    # The last `projects` that has a folder below.
    folders = re.findall(rb"(?=(?:^|/)projects/([^/]+)/)", os.fsencode(path))
    return bool(folders) and (folders[-1] + b"-").startswith(encoded + b"-")


def matches(tree: Any, record: dict[str, Any], path: str = "", case_sensitive: bool = False) -> bool:
    """Evaluate a tree on the fields of a record."""
    if tree is None:
        return True
    if isinstance(tree, q.Text):
        return holds(record["text"], tree.value, case_sensitive)
    if isinstance(tree, q.Is):
        return bool(record["is_" + tree.name])
    if isinstance(tree, q.Field):
        name, wanted = tree.name, tree.value
        if name == "tool":
            return wanted in record["tools"]
        if name == "cwd":
            return below(record["cwd"], wanted)
        if name == "project":
            return in_project(record["cwd"], wanted, path)
        value = record[name]
        if name in ("session", "uuid") and value is not None and len(wanted) >= 8:
            return bool(value.startswith(wanted))
        return bool(value == wanted)
    results = [matches(child, record, path, case_sensitive) for child in tree.children]
    return not results[0] if isinstance(tree, q.Not) else (all if isinstance(tree, q.And) else any)(results)


def needles(tree: Any) -> list[str]:
    """Those that are not under NOT."""
    if isinstance(tree, q.Text):
        return [tree.value]
    if isinstance(tree, (q.And, q.Or)):
        return [needle for child in tree.children for needle in needles(child)]
    return []


def spans(tree: Any, text: str, case_sensitive: bool = False) -> list[tuple[int, int]]:
    """Character ranges of every needle, left to right, overlapping ones merged; those that only touch are not."""
    haystack = fold_text(text, case_sensitive)
    found = set()
    for needle in needles(tree):
        wanted = fold_text(needle, case_sensitive)
        found |= {(at, at + len(wanted)) for at in range(len(text)) if wanted and haystack.startswith(wanted, at)}
    merged: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if merged and start < merged[-1][1]:
            start, before = merged.pop()
            end = max(end, before)
        merged.append((start, end))
    return merged


# Sketches of blocks.


def gram_slot(run: bytes) -> int:
    """The slot of four bytes; 0 if they are left out."""
    folded = bytes(byte | 0x20 for byte in run)
    first, second = (int.from_bytes(folded[i : i + 2], "little") for i in (0, 2))
    mixed = first * 0x9E37 & 0xFFFF
    mixed = ((mixed ^ mixed >> 8) + second) * 0x79B1 & 0xFFFF
    mixed ^= mixed >> 7
    return 0 if any(0x30 <= byte < 0x40 for byte in folded) and mixed % 4 else mixed


def sketch(block: bytes) -> tuple[set[int], set[int], set[int], bool, bool]:
    """The places of the bits, the ASCII characters and the pages of others that are escaped, the kelvin, the long s."""
    bits = next(size for size in (2**power for power in range(9, 17)) if size >= len(block) // 4 or size == 2**16)
    places = {gram_slot(block[at : at + 4]) * bits >> 16 for at in range(len(block) - 3)}
    units = {int(digits, 16) for digits in re.findall(rb"\\u([0-9a-fA-F]{4})", block)}
    kelvin, long_s = ord("\u212a"), ord("\u017f")
    pages = {unit // 128 % 128 for unit in units if unit >= 128 and unit not in (kelvin, long_s)}
    occurs = [unit in units or chr(unit).encode() in block for unit in (kelvin, long_s)]
    return places, {unit for unit in units if unit < 128}, pages, occurs[0], occurs[1]


# The scan.


class Hit(NamedTuple):
    path: str
    line: int
    offset: int
    time_us: int | None
    raw: bytes
    fields: dict[str, Any]


class Answer(NamedTuple):
    hits: list[Hit]
    matches: int
    errors: list[tuple[str, int, int, bytes]]  # path, line, offset, excerpt
    tails: list[tuple[str, int]]
    counts: dict[str, int]  # of lines


def scan(
    files: list[tuple[str, bytes, int | None]],
    tree: Any = None,
    *,
    order: str = "newest",
    limit: int | None = None,
    since_us: int | None = None,
    until_us: int | None = None,
    case_sensitive: bool = False,
    max_line: int = MAX_LINE,
) -> Answer:
    """Search files of (path, content, mtime in microseconds or None) as under validate="all"."""
    hits, errors, tails = [], [], []
    counts = {"lines": 0, "blank": 0, "record": 0, "error": 0, "tail": 0}
    for path, content, mtime_us in sorted(files, key=lambda file: os.fsencode(file[0])):
        lines = lines_of(content, max_line)
        known = [fields(line.record) if line.record is not None else None for line in lines]
        own = [record["time_us"] if record else None for record in known]
        for i, (line, record) in enumerate(zip(lines, known, strict=True)):
            counts["lines"] += 1
            counts[line.kind] += 1
            if line.kind == "error":
                errors.append((path, line.number, line.offset, line.excerpt))
            if line.kind == "tail":
                tails.append((path, line.offset))
            if record is None or not matches(tree, record, path, case_sensitive):
                continue
            # Its own time, else the next record's in the file, else the previous one's, else the file's.
            time = next((t for t in own[i:] + own[:i][::-1] if t is not None), mtime_us)
            if since_us is not None and (time is None or time < since_us):
                continue
            if until_us is not None and (time is None or time > until_us):
                continue
            hits.append(Hit(path, line.number, line.offset, time, line.raw, record))
    # They stand by path and offset, which is the order wherever times do not decide.
    if order == "newest":
        hits.sort(key=lambda hit: (hit.time_us is None, -(hit.time_us or 0)))
    if order == "oldest":
        hits.sort(key=lambda hit: (hit.time_us is None, hit.time_us or 0))
    return Answer(hits[:limit], len(hits), errors, tails, counts)


def facts(block: bytes, at_offset_0: bool) -> tuple[int | None, int | None, dict[str, Any]]:
    """The first and the last own time in a block of whole lines, and what else is to be known of it."""
    content = block if at_offset_0 else b"\n" + block
    records = [fields(line.record) for line in lines_of(content) if line.record is not None]
    own = [record["time_us"] for record in records if record["time_us"] is not None]
    ends_untimed = bool(records) and records[-1]["time_us"] is None
    known = {"records": records, "has_own": bool(own), "ends_untimed": ends_untimed}
    return min(own, default=None), max(own, default=None), known


def top_k(scores: list[Any], k: int, smallest: bool = False, where: list[bool] | None = None) -> list[int]:
    """The indices of the k best scores, the best first: by value, NaN last, then by index."""

    def rank(i: int) -> tuple[bool, Any, int]:
        score = scores[i]
        if score != score:
            return True, 0, i
        return False, score if smallest else -score, i

    return sorted((i for i in range(len(scores)) if where is None or where[i]), key=rank)[:k]


def mapped(fn: Callable[[Any], Any], items: Iterable[Any]) -> list[Any]:
    """[fn(item) for item in items], with a note of its place on the exception of an item."""
    results: list[Any] = []
    for item in items:
        try:
            results.append(fn(item))
        except BaseException as error:
            error.add_note(f"item {len(results)}")
            raise
    return results
