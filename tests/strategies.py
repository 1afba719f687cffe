"""Hypothesis strategies that write session logs as bytes, in every legal spelling and with the usual damage."""

from __future__ import annotations

import json
import random
from typing import Any

from hypothesis import strategies as st

WORDS = [
    "alpha",
    "Kelvin",
    "task",
    "ſam",
    "\u212aey",
    "ß",
    "ẞ",
    "İx",
    "ı",
    "Σίσυφος",
    "ΣΑΣ",
    "Ⱥb",
    "ⱥ",
    "😀",
    'a"b',
    "c\\d",
    "e/f",
    "g\nh",
    "\ufffd",
    "Éa",
    "éA",
    "zq9",
    "<i>",
    "\x1b[1m",
    "日本",
]
SHORT = {'"': '\\"', "\\": "\\\\", "/": "\\/", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
TIMES = [
    "2024-05-01T10:00:00Z",
    "2024-05-01T10:00:00.123456789z",
    "2024-05-01 12:30:00+02:30",
    "2024-05-01t09:59:59.5-00:00",
    "2023-12-31T23:59:59.999999Z",
    "2025-01-01T00:00:00Z",
    "2024-05-01T10:00:60Z",
    "2024-05-01T10:00:00",
    "yesterday",
    "",
]


class Spelling:
    """Writes JSON with each character spelled at random; `plain` is the share written as it is."""

    def __init__(self, rnd: random.Random) -> None:
        self.rnd = rnd
        self.plain = rnd.choice([1.0, 0.97, 0.7, 0.0])
        self.space = rnd.choice(["", "", " ", "\t "])

    def inside(self, text: str) -> str:
        out = []
        for c in text:
            dice = self.rnd.random()
            if c in SHORT and dice < 0.6:
                out.append(SHORT[c])
            elif c >= " " and c not in '"\\' and dice < self.plain:
                out.append(c)
            else:
                units = c.encode("utf-16-be").hex()
                for i in range(0, len(units), 4):
                    out.append("\\u" + "".join(d.upper() if self.rnd.random() < 0.5 else d for d in units[i : i + 4]))
        return "".join(out)

    def value(self, value: Any) -> str:
        s = self.space
        if isinstance(value, str):
            return f'"{self.inside(value)}"'
        if isinstance(value, tuple):  # an object as members, so that keys may stand twice
            return "{" + s + ",".join(f"{self.value(k)}{s}:{s}{self.value(v)}" for k, v in value) + s + "}"
        if isinstance(value, list):
            return "[" + s + f"{s},".join(map(self.value, value)) + s + "]"
        if isinstance(value, Raw):
            return value.text
        return json.dumps(value)


class Raw:
    """JSON that is written as it stands."""

    def __init__(self, text: str) -> None:
        self.text = text


def text_of(rnd: random.Random) -> str:
    return " ".join(rnd.choice(WORDS) for _ in range(rnd.randrange(4))).replace(" ", rnd.choice([" ", "", "\n"]))


def junk(rnd: random.Random, levels: int = 3) -> Any:
    """Any JSON value, with keys that hide what they hold among the others."""
    dice = rnd.random()
    if dice < 0.45 or levels == 0:
        return text_of(rnd)
    if dice < 0.6:
        return rnd.choice([True, False, None, 0, -1.5, Raw("1e999"), Raw("9" * 5000), Raw("-0.0E+7")])
    if dice < 0.8:
        return [junk(rnd, levels - 1) for _ in range(rnd.randrange(3))]
    keys = [
        "note",
        "id",
        "toolId",
        "grid",
        "valid",
        "data",
        "type",
        "parent_id",
        "uuid",
        "myUUID",
        "signature",
        "toolUseResult",
        "x-id",
        "name",
    ]
    return tuple((rnd.choice(keys), junk(rnd, levels - 1)) for _ in range(rnd.randrange(4)))


def block(rnd: random.Random, levels: int = 2) -> Any:
    kind = rnd.choice(["text", "thinking", "tool_use", "tool_result", "image", "document", "odd", 7, None])
    if rnd.random() < 0.07:
        return junk(rnd)
    members: list[tuple[str, Any]] = [("type", kind)] if kind is not None else []
    for name in ("text", "thinking", "name", "input", "content", "is_error", "id", "note"):
        if rnd.random() < (
            0.75 if name == kind or (kind == "tool_use" and name in ("name", "input")) or name == "content" else 0.2
        ):
            value: Any = text_of(rnd)
            if name == "input" or rnd.random() < 0.15:
                value = junk(rnd)
            if name == "name" and rnd.random() < 0.8:
                value = rnd.choice(["Bash", "Read"])
            if name == "content" and levels and rnd.random() < 0.5:
                value = [block(rnd, levels - 1) for _ in range(rnd.randrange(3))]
            if name == "is_error":
                value = rnd.choice([True, True, False, None, "true", 1])
            members.append((name, value))
    return shuffled(members, rnd)


def shuffled(members: list[tuple[str, Any]], rnd: random.Random) -> tuple[tuple[str, Any], ...]:
    if rnd.random() < 0.4:
        rnd.shuffle(members)
    if members and rnd.random() < 0.08:
        members.append((rnd.choice(members)[0], junk(rnd, 1)))
    return tuple(members)


def record(rnd: random.Random) -> tuple[tuple[str, Any], ...]:
    kinds = [
        "user",
        "assistant",
        "system",
        "summary",
        "attachment",
        "queue-operation",
        "file-history-snapshot",
        "new",
        "",
        3,
        None,
    ]
    kind = rnd.choice(["user", "assistant", "user", "assistant", *kinds])
    members: list[tuple[str, Any]] = [("type", kind)] if kind is not None else []
    if rnd.random() < (0.9 if kind in ("user", "assistant") else 0.15):
        content = rnd.choice(
            [lambda: text_of(rnd), lambda: [block(rnd) for _ in range(rnd.randrange(4))], lambda: junk(rnd)]
        )()
        message: list[tuple[str, Any]] = []
        for name, value in (
            ("role", rnd.choice([kind, "user", "", 5])),
            ("model", "m-1"),
            ("content", content),
            ("usage", junk(rnd)),
        ):
            if rnd.random() < 0.8:
                message.append((name, value))
        members.append(("message", junk(rnd) if rnd.random() < 0.05 else shuffled(message, rnd)))
    for name, value in (
        ("content", text_of(rnd) if rnd.random() < 0.7 else junk(rnd)),
        ("summary", text_of(rnd) if rnd.random() < 0.8 else junk(rnd)),
        ("attachment", junk(rnd)),
        ("snapshot", (("timestamp", rnd.choice(TIMES)), ("note", text_of(rnd)))),
        ("deep", [[(("a", [text_of(rnd)]),)]]),
        ("toolUseResult", junk(rnd)),
        ("sessionId", rnd.choice(["8b0d7a3c-1", "8b0d7a3c-2", "short"])),
        ("uuid", rnd.choice(["11112222-3333", "11112222-4444"])),
        ("cwd", rnd.choice(["/src/app", "/src/app2", "/src/app/sub", "/", "rel"])),
        ("gitBranch", rnd.choice(["main", "dev"])),
        ("isMeta", rnd.choice([True, False, "true"])),
        ("isSidechain", rnd.choice([True, False, False])),
        ("subtype", rnd.choice(["api_error", "local_command"])),
    ):
        if rnd.random() < 0.3:
            members.append((name, value))
    if rnd.random() < 0.6:
        members.append(("timestamp", rnd.choice(TIMES) if rnd.random() < 0.95 else junk(rnd)))
    return shuffled(members, rnd)


BROKEN = [
    b"garbage",
    b'{"type":"user"',
    b'{"a":"\xff"}',
    b'{"a":"b\x01c"}',
    b"{} {}",
    b"[1]",
    b"1",
    b"{}x",
    b'{"a" 1}',
    b'{"a":1,}',
    b'{,"a":1}',
    b'{"a":1}}',
    b"\xef\xbb\xbf{}",
    b'{"type":tru}',
    b'{"type":"\\q"}',
    b'{"uuid":01}',
    b'{"\\q":1}',
    b"\0",
    b'{"message":{"content":[1,]}}',
]
FIELD_TERMS = """role:user role:assistant type:summary type:new session:8b0d7a3c session:short uuid:11112222-3333
cwd:/src/app cwd:/ project:/src/app branch:main model:m-1 tool:Bash is:error is:human""".split()
BLANK = [b"", b" ", b"\t \r", b"\r"]


def log(rnd: random.Random) -> bytes:
    """A file: records, blank and broken lines, any line end, with and without a byte order mark or a last newline."""
    lines = []
    for _ in range(rnd.randrange(9)):
        dice = rnd.random()
        if dice < 0.1:
            lines.append(rnd.choice(BROKEN))
        elif dice < 0.15:
            lines.append(rnd.choice(BLANK))
        else:
            lines.append(Spelling(rnd).value(record(rnd)).encode())
    end = rnd.choice([b"\n", b"\n", b"\r\n"])
    content = b"".join(line + end for line in lines)
    if content and rnd.random() < 0.3:
        content = content[: -rnd.choice([len(end), 1, 5])]
    return (b"\xef\xbb\xbf" if rnd.random() < 0.2 else b"") + content


def query(rnd: random.Random, levels: int = 2) -> str:
    """A query in the project's language, with needles that the logs hold often."""
    dice = rnd.random()
    if dice < 0.55 or levels == 0:
        word = rnd.choice(WORDS)
        word = rnd.choice(
            [
                word,
                word.swapcase(),
                word[: rnd.randrange(1, len(word) + 1)],
                word + rnd.choice([" ", "\n"]) + rnd.choice(WORDS),
            ]
        )
        return '"' + word.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
    if dice < 0.7:
        return rnd.choice(FIELD_TERMS)
    if dice < 0.8:
        return f"NOT ({query(rnd, levels - 1)})"
    joined = rnd.choice([" ", " AND ", " OR "]).join(query(rnd, levels - 1) for _ in range(rnd.randrange(2, 4)))
    return f"({joined})"


def seeds() -> st.SearchStrategy[int]:
    """What the writers above are fed with: one integer makes a whole case, and the smallest is found by shrinking."""
    return st.integers(0, 2**48)
