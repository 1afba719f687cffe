"""The shortest obviously right Python for what the compiled core does. Slow, and meant to be read."""

from __future__ import annotations

import json
import re
import unicodedata
from datetime import UTC, datetime, timedelta
from typing import Any

from fastcore import query as q

LEVELS = 1024
SPACE = b" \t\r"


class Pairs(list):
    """A JSON object as its members in order, duplicates kept."""


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON")


_decoder = json.JSONDecoder(
    object_pairs_hook=Pairs,
    parse_int=lambda s: ("number", s),
    parse_float=lambda s: ("number", s),
    parse_constant=_refuse,
)


def depth(value: Any) -> int:
    if isinstance(value, Pairs):
        return 1 + max((depth(v) for _, v in value), default=0)
    return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0


def clean(value: Any) -> Any:
    """Lone surrogates as U+FFFD, everywhere."""
    if isinstance(value, str):
        return re.sub("[\ud800-\udfff]", "\ufffd", value)
    if isinstance(value, Pairs):
        return Pairs((clean(k), clean(v)) for k, v in value)
    return [clean(v) for v in value] if isinstance(value, list) else value


def parse_line(line: bytes) -> Pairs | None:
    """The record of a line without its end; None if it is none."""
    try:
        text = line.decode("utf-8").strip(" \t\r\n")
        value, end = _decoder.raw_decode(text)
    except (ValueError, RecursionError):
        return None
    if end != len(text) or not isinstance(value, Pairs) or depth(value) > LEVELS:
        return None
    cleaned: Pairs = clean(value)
    return cleaned


def get(value: Any, name: str) -> Any:
    """The last member of that name, None if there is none."""
    return next((v for k, v in reversed(value) if k == name), None) if isinstance(value, Pairs) else None


def string(value: Any) -> str | None:
    return value if isinstance(value, str) else None


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


def strings(value: Any, hide: bool, levels: int = 10**9) -> list[str]:
    """Every string in a value; with `hide` not what stands under the keys of ids and facts."""
    if isinstance(value, str):
        return [value]
    if levels == 0 or not isinstance(value, list):
        return []
    if isinstance(value, Pairs):
        children = [v for k, v in value if not (hide and (k in HIDDEN or k.endswith(ENDINGS)))]
    else:
        children = value
    return [s for child in children for s in strings(child, hide, levels - 1)]


def block_text(block: Any) -> list[str]:
    if not isinstance(block, Pairs):
        return strings(block, True)
    kind = get(block, "type")
    if kind in ("text", "thinking") and isinstance(get(block, kind), str):
        return [get(block, kind)]
    if kind == "tool_use":
        last = {k: i for i, (k, _) in enumerate(block)}
        parts = [
            (last.get("name", -1), [get(block, "name")] if isinstance(get(block, "name"), str) else []),
            (last.get("input", -1), strings(get(block, "input"), False)),
        ]
        return [s for _, part in sorted(parts) for s in part]
    if kind == "tool_result":
        return content_text(get(block, "content"))
    return [] if kind in ("image", "document") else strings(block, True)


def content_text(content: Any) -> list[str]:
    if isinstance(content, list) and not isinstance(content, Pairs):
        return [s for block in content for s in block_text(block)]
    return strings(content, True)


def text(record: Pairs) -> str:
    kind = get(record, "type")
    if kind in ("user", "assistant"):
        return "\n".join(content_text(get(get(record, "message"), "content")))
    if kind == "system":
        return string(get(record, "content")) or ""
    if kind == "summary":
        return string(get(record, "summary")) or ""
    if kind == "attachment":
        return "\n".join(strings(get(record, "attachment"), True))
    if kind == "queue-operation":
        return "\n".join(strings(get(record, "content"), True))
    return "\n".join(strings(record, True, 3))


def top_blocks(record: Pairs) -> list[Pairs]:
    content = get(get(record, "message"), "content")
    if not isinstance(content, list) or isinstance(content, Pairs):
        return []
    return [block for block in content if isinstance(block, Pairs)]


def fields(record: Pairs) -> dict[str, Any]:
    kind = string(get(record, "type"))
    role = string(get(get(record, "message"), "role"))
    results = [b for b in top_blocks(record) if get(b, "type") == "tool_result"]
    return {
        "type": kind,
        "role": kind if role is None else role,
        "session": string(get(record, "sessionId")),
        "uuid": string(get(record, "uuid")),
        "cwd": string(get(record, "cwd")),
        "branch": string(get(record, "gitBranch")),
        "model": string(get(get(record, "message"), "model")),
        "tools": tuple(
            get(b, "name")
            for b in top_blocks(record)
            if get(b, "type") == "tool_use" and isinstance(get(b, "name"), str)
        ),
        "is_error": any(get(b, "is_error") is True for b in results) or get(record, "subtype") == "api_error",
        "is_human": kind == "user"
        and not results
        and get(record, "isMeta") is not True
        and get(record, "isSidechain") is not True,
        "text": text(record),
        "time_us": time_us(string(get(record, "timestamp"))),
    }


_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))", re.ASCII)


def time_us(stamp: str | None) -> int | None:
    """Microseconds since 1970 of a readable time."""
    found = _TIME.fullmatch(stamp or "")
    if not found:
        return None
    date, clock, fraction, sign, hours, minutes = found.groups()
    try:
        if date.startswith("0000"):  # datetime begins with year 1; year 4 has the same days, four years on
            moment, days = datetime.fromisoformat(f"0004{date[4:]}T{clock}"), -(366 + 3 * 365)
        else:
            moment, days = datetime.fromisoformat(f"{date}T{clock}"), 0
    except ValueError:
        return None
    if int(hours or 0) > 23 or int(minutes or 0) > 59:
        return None
    offset = (int(hours or 0) * 3600 + int(minutes or 0) * 60) * (-1 if sign == "-" else 1)
    since = moment - datetime(1970, 1, 1)
    return ((since.days + days) * 86400 + since.seconds - offset) * 10**6 + int(((fraction or "") + "000000")[:6])


def fold(c: str) -> str:
    folded = c.casefold()
    return folded if len(folded) == 1 else (c.lower() if len(c.lower()) == 1 else c)


def fold_text(value: str, case_sensitive: bool) -> str:
    return value if case_sensitive else "".join(map(fold, value))


def stable(c: str) -> bool:
    """True for characters whose folding is the same in every interpreter that the tests run on."""
    return unicodedata.ucd_3_2_0.category(c) != "Cn" or not c.isalpha()


def below(path: str | None, folder: str) -> bool:
    return path is not None and (path == folder or path.startswith(folder.rstrip("/") + "/"))


def in_project(record: dict[str, Any], folder: str, path: str) -> bool:
    if record["cwd"] is not None:
        return below(record["cwd"], folder)
    parts = path.split("/")
    places = [i for i, part in enumerate(parts[:-2]) if part == "projects" and parts[i + 1]]
    encoded = "".join(chr(b) if chr(b).isalnum() and b < 128 else "-" for b in folder.encode())
    return bool(places) and (parts[places[-1] + 1] + "-").startswith(encoded + "-")


def matches(tree: Any, record: dict[str, Any], path: str = "", case_sensitive: bool = False) -> bool:
    if tree is None:
        return True
    if isinstance(tree, q.Text):
        return fold_text(tree.value, case_sensitive) in fold_text(record["text"], case_sensitive)
    if isinstance(tree, q.Is):
        return bool(record["is_" + tree.name])
    if isinstance(tree, q.Field):
        value = record.get(tree.name)
        if tree.name in ("session", "uuid"):
            return value == tree.value or (len(tree.value.encode()) >= 8 and (value or "").startswith(tree.value))
        if tree.name == "cwd":
            return below(value, tree.value)
        if tree.name == "project":
            return in_project(record, tree.value, path)
        return tree.value in record["tools"] if tree.name == "tool" else value == tree.value
    results = [matches(child, record, path, case_sensitive) for child in tree.children]
    return not results[0] if isinstance(tree, q.Not) else (all if isinstance(tree, q.And) else any)(results)


def needles(tree: Any) -> list[str]:
    """The needles that are not under NOT."""
    if isinstance(tree, q.Text):
        return [tree.value]
    if tree is None or isinstance(tree, (q.Field, q.Is, q.Not)):
        return []
    return [needle for child in tree.children for needle in needles(child)]


def spans(tree: Any, value: str, case_sensitive: bool = False) -> list[tuple[int, int]]:
    """Character ranges of every needle, overlapping ones merged."""
    haystack = fold_text(value, case_sensitive)
    found = set()
    for needle in filter(None, needles(tree)):
        folded = fold_text(needle, case_sensitive)
        found |= {(i, i + len(folded)) for i in range(len(haystack)) if haystack.startswith(folded, i)}
    merged: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def lines_of(content: bytes, max_line: int = 64 << 20) -> list[tuple[int, bytes, str, Pairs | None]]:
    """Every line: offset, bytes without the end, what it is, and its record."""
    found = []
    offset = 0
    pieces = content.split(b"\n")
    for number, piece in enumerate(pieces):
        last = number == len(pieces) - 1
        line = piece
        if offset == 0 and line.startswith(b"\xef\xbb\xbf"):
            line = line[3:]
        if not (last and line == b""):
            line = line.removesuffix(b"\r")
            record = None if line.startswith(b"\xef\xbb\xbf") else parse_line(line)
            if len(line) > max_line:
                kind = "error"
            elif not line.strip(SPACE):
                kind = "blank"
            elif record is not None:
                kind = "record"
            else:
                kind = "tail" if last else "error"
            found.append((offset, line, kind, record if kind == "record" else None))
        offset += len(piece) + 1
    return found


def scan(
    files: list[tuple[str, bytes, int | None]],
    tree: Any,
    *,
    order: str = "newest",
    limit: int | None = None,
    since: int | None = None,
    until: int | None = None,
    case_sensitive: bool = False,
    max_line: int = 64 << 20,
) -> dict[str, Any]:
    """Search files of (path, content, mtime in microseconds or None)."""
    hits, errors, tails = [], [], []
    counts = {"lines": 0, "blank": 0, "records": 0, "errors": 0, "tail": 0}
    for path, content, mtime in files:
        found = lines_of(content, max_line)
        known = [fields(record) if record is not None else None for *_, record in found]
        times = [f["time_us"] if f else None for f in known]
        for i, ((offset, line, kind, _), record) in enumerate(zip(found, known, strict=True)):
            counts["lines"] += 1
            counts[{"record": "records", "error": "errors"}.get(kind, kind)] += 1
            if kind == "error":
                errors.append((path, i + 1, offset))
            if kind == "tail":
                tails.append((path, offset))
            if record is None or not matches(tree, record, path, case_sensitive):
                continue
            time = next((t for t in times[i:] + times[:i][::-1] if t is not None), mtime)
            if (since is not None or until is not None) and time is None:
                continue
            if (since is not None and time < since) or (until is not None and time > until):
                continue
            hits.append((path, i + 1, offset, time, line, record))
    by_place = [lambda h: h[2], lambda h: h[0].encode()]
    for key in by_place:
        hits.sort(key=key)
    if order != "file":
        hits.sort(key=lambda h: (h[3] is None, 0 if h[3] is None else -h[3] if order == "newest" else h[3]))
    return {
        "hits": hits[:limit],
        "matches": len(hits),
        "errors": sorted(errors, key=lambda e: (e[0].encode(), e[2])),
        "tails": sorted(tails, key=lambda t: t[0].encode()),
        "counts": counts,
    }


def utc(us: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)
