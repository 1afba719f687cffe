"""Session logs as bytes, in every legal spelling and with the usual damage, and queries that hit in them.

The writers draw from a `random.Random`. `randoms()` is the strategy that feeds them: hypothesis decides each draw, so
that it can shrink a case; a seeded generator feeds them where many cases count more.
"""

from __future__ import annotations

import json
import random
from typing import Any

from hypothesis import strategies as st

from fastcore import query as q

CHARACTERS = [*'kKsSßẞİıΣσςȺⱥ😀"\\/\néÉ', "\u017f", "\u212a", "\ufffd", "e\u0301", "\x00", "\x1b", "\x7f", "\t"]
CHARACTERS += ["\u2028", "\u00a0", "\ud83d"]
WORDS = "task Kiosk alpha zq9 groß STRASSE Σίσυφος İstanbul 日本 <i> u0041 Bash main".split()
JOINTS = ["", "", " ", "\n"]
SHORT = {'"': '\\"', "\\": "\\\\", "/": "\\/", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
BOM = b"\xef\xbb\xbf"

TIMES = [
    "2024-05-01T10:00:00Z",
    "2024-05-01T10:00:00.123456789z",
    "2024-05-01 12:30:00+02:30",
    "2024-05-01t09:59:59.5-00:00",
    "2023-12-31T23:59:59.999999Z",
    "2025-01-01T00:00:00.000001Z",
    "2024-02-29T00:00:00+23:59",
    "0000-01-01T00:00:00Z",
    "9999-12-31T23:59:59.9-23:59",
    # Not readable.
    "2024-05-01T10:00:60Z",
    "2024-05-01T10:00:00",
    "2023-02-29T00:00:00Z",
    "2024-05-01T24:00:00Z",
    "2024-05-01T10:00:00+24:00",
    "2024-05-01T10:00:00.Z",
    "2024-05-01T10:00:00Z ",
    "２024-05-01T10:00:00Z",
    "",
]
IDS = ["8b0d7a3c-1", "8b0d7a3c-2", "8b0d7a3", "8B0D7A3C-1", "short", ""]
FOLDERS = ["/src/app", "/src/app2", "/src/app/sub", "/src/app/", "/src", "/src.app", "/", "rel", "/Kök"]
VALUES = {
    "role": ["user", "assistant", "system", "USER", "new"],
    "type": ["user", "assistant", "summary", "attachment", "new", "User"],
    "session": [*IDS[:5], "8b0d7a3c", "8b0d7a3c-"],
    "uuid": [*IDS[:5], "8b0d7a3c"],
    "cwd": FOLDERS,
    "project": FOLDERS,
    "branch": ["main", "feat/ß", "Main"],
    "model": ["m-1", "ſ\u212a"],
    "tool": ["Bash", "bash", "mcp/a", 'q"'],
}


class Raw:
    """JSON that is written as it stands."""

    def __init__(self, text: str) -> None:
        self.text = text


class Spelling:
    """Writes JSON with each character, and the space between tokens, spelled at random; objects are tuples of pairs."""

    def __init__(self, rnd: random.Random) -> None:
        self.rnd = rnd
        self.plain = rnd.choice([1.0, 0.97, 0.7, 0.0])
        self.spaces = rnd.choice([[""], [""], ["", " "], ["", " ", "\t", "\r", " \r "]])

    def space(self) -> str:
        return self.rnd.choice(self.spaces)

    def character(self, c: str) -> str:
        if c in SHORT and self.rnd.random() < 0.6:
            return SHORT[c]
        if c >= " " and c not in '"\\' and not "\ud800" <= c <= "\udfff" and self.rnd.random() < self.plain:
            return c
        units = c.encode("utf-16-be", "surrogatepass").hex()
        digits = "".join(self.rnd.choice([digit, digit.upper()]) for digit in units)
        return "".join(f"\\u{digits[i : i + 4]}" for i in range(0, len(digits), 4))

    def value(self, value: Any) -> str:
        if isinstance(value, str):
            return f'"{"".join(map(self.character, value))}"'
        if isinstance(value, tuple):
            members = (f"{self.value(k)}{self.space()}:{self.value(v)}" for k, v in value)
            return self.space() + "{" + self.space() + ",".join(members) + "}" + self.space()
        if isinstance(value, list):
            return self.space() + "[" + self.space() + f",{self.space()}".join(map(self.value, value)) + "]"
        return self.space() + (value.text if isinstance(value, Raw) else json.dumps(value)) + self.space()


def text(rnd: random.Random) -> str:
    """Words and odd characters."""
    out = ""
    for _ in range(rnd.choice([0, 1, 2, 3, 6])):
        out += rnd.choice(rnd.choice([CHARACTERS, WORDS])) + rnd.choice(JOINTS)
    return out


def maybe(rnd: random.Random, share: float) -> bool:
    return rnd.random() < share


NUMBERS = [Raw("0"), Raw("-1.5"), Raw("1e999"), Raw("-0.0E+7"), Raw("18446744073709551616"), Raw("9" * 500)]
KEYS = """note grid valid Id id toolId parent_id x-id uuid myUUID leafUuid _uuid ID data type signature name input text
toolUseResult timestamp cwd version gitBranch userType content""".split()


def junk(rnd: random.Random, levels: int = 4) -> Any:
    """Any JSON value; among its keys those that hide what they hold, and those that almost do."""
    dice = rnd.random()
    if dice < 0.45 or levels == 0:
        return text(rnd)
    if dice < 0.6:
        return rnd.choice([True, False, None, *NUMBERS])
    if dice < 0.8:
        return [junk(rnd, levels - 1) for _ in range(rnd.choice([0, 1, 2, 3]))]
    return tuple((rnd.choice(KEYS), junk(rnd, levels - 1)) for _ in range(rnd.choice([0, 1, 2, 3])))


def or_junk(rnd: random.Random, value: Any, share: float = 0.1) -> Any:
    """A member of the wrong type now and then."""
    return junk(rnd, 2) if maybe(rnd, share) else value


def members(rnd: random.Random, wanted: list[tuple[str, float, Any]]) -> tuple[tuple[str, Any], ...]:
    """An object of some of the wanted members (key, share, function), in any order, some of them twice."""
    out = [(key, make()) for key, share, make in wanted if maybe(rnd, share)]
    if out and maybe(rnd, 0.1):
        out.append((rnd.choice(out)[0], junk(rnd, 1)))
    if maybe(rnd, 0.5):
        rnd.shuffle(out)
    return tuple(out)


def blocks(rnd: random.Random, levels: int) -> list[Any]:
    return [block(rnd, levels) for _ in range(rnd.choice([0, 1, 1, 2, 3]))]


def block(rnd: random.Random, levels: int = 2) -> Any:
    if maybe(rnd, 0.07):
        return junk(rnd)
    kind = rnd.choice("text thinking tool_use tool_use tool_result tool_result image document odd".split())
    own = {"text": "text", "thinking": "thinking", "tool_use": "name input", "tool_result": "content is_error"}
    share = dict.fromkeys(own.get(kind, "note").split(), 0.9)

    def content() -> Any:
        return blocks(rnd, levels - 1) if levels and maybe(rnd, 0.5) else or_junk(rnd, text(rnd), 0.3)

    return members(
        rnd,
        [
            ("type", 0.97, lambda: or_junk(rnd, kind, 0.03)),
            ("id", 0.3, lambda: text(rnd)),
            ("text", share.get("text", 0.15), lambda: or_junk(rnd, text(rnd))),
            ("thinking", share.get("thinking", 0.1), lambda: or_junk(rnd, text(rnd))),
            ("signature", 0.1, lambda: text(rnd)),
            ("name", share.get("name", 0.1), lambda: or_junk(rnd, rnd.choice(VALUES["tool"]))),
            ("input", share.get("input", 0.1), lambda: junk(rnd)),
            ("content", share.get("content", 0.15), content),
            ("is_error", share.get("is_error", 0.1), lambda: rnd.choice([True, True, False, None, "true", 1])),
            ("note", share.get("note", 0.1), lambda: junk(rnd)),
        ],
    )


TYPES = ["user", "assistant", "system", "summary", "attachment", "queue-operation", "file-history-snapshot", "new", ""]


def record(rnd: random.Random) -> tuple[tuple[str, Any], ...]:
    kind = rnd.choice(["user", "assistant", "user", "assistant", *TYPES])
    talk = kind in ("user", "assistant")

    def message() -> Any:
        role = rnd.choice([kind, *VALUES["role"], ""])
        content = rnd.choice([lambda: text(rnd), lambda: blocks(rnd, 2), lambda: blocks(rnd, 2), lambda: junk(rnd)])
        wanted = [
            ("role", 0.7, lambda: or_junk(rnd, role)),
            ("model", 0.4, lambda: or_junk(rnd, rnd.choice(VALUES["model"]))),
            ("content", 0.9, content),
            ("usage", 0.2, lambda: junk(rnd)),
        ]
        return or_junk(rnd, members(rnd, wanted), 0.05)

    def flag() -> Any:
        return rnd.choice([True, True, False, None, "true", 1])

    return members(
        rnd,
        [
            ("type", 0.95, lambda: or_junk(rnd, kind, 0.03)),
            ("message", 0.95 if talk else 0.15, message),
            ("content", 0.1 if talk else 0.7, lambda: or_junk(rnd, text(rnd), 0.3)),
            ("summary", 0.1 if talk else 0.6, lambda: or_junk(rnd, text(rnd))),
            ("attachment", 0.1 if talk else 0.6, lambda: junk(rnd)),
            ("snapshot", 0.05 if talk else 0.3, lambda: (("timestamp", rnd.choice(TIMES)), ("note", junk(rnd)))),
            ("toolUseResult", 0.15, lambda: junk(rnd)),
            ("sessionId", 0.4, lambda: or_junk(rnd, rnd.choice(IDS))),
            ("uuid", 0.4, lambda: or_junk(rnd, rnd.choice(IDS))),
            ("cwd", 0.4, lambda: or_junk(rnd, rnd.choice(FOLDERS))),
            ("gitBranch", 0.3, lambda: or_junk(rnd, rnd.choice(VALUES["branch"]))),
            ("isMeta", 0.15, flag),
            ("isSidechain", 0.15, flag),
            ("subtype", 0.2, lambda: or_junk(rnd, rnd.choice(["api_error", "local_command"]))),
            ("timestamp", 0.65, lambda: or_junk(rnd, rnd.choice(TIMES), 0.05)),
        ],
    )


# What is no record in either mode of validation: seen by the index, or standing where the walk reads.
BROKEN = [
    b"garbage",
    b"tru",
    b'"a string"',
    b"1",
    b"[1]",
    b"{}x",
    b"{} {}",
    b"\0",
    b"\xc2\xa0{}",
    b"\x0b{}",
    b'{"a" 1}',
    b'{"a":1,}',
    b'{,"a":1}',
    b'{"a":1}}',
    b'{"a":}',
    b'{"a"}',
    b"{a:1}",
    b"{'a':1}",
    b'{"\\q":1}',
    b'{"type":tru}',
    b'{"type":"\\q"}',
    b'{"type":"\\u12g4"}',
    b'{"uuid":01}',
    b'{"timestamp":NaN}',
    b'{"timestamp":-}',
    b'{"message":{"content":[1,]}}',
    b'{"message":{"content":[{"type":"text","text":"\\x"}]}}',
    b'{"message":{"role":1.}}',
]
NOT_UTF8 = [b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\xe2\x82", b"\x80"]


def broken(rnd: random.Random, line: bytes) -> bytes:
    """A line that is no record, mostly made of one that is. (At offset 0 a byte order mark in front breaks nothing.)"""
    line = line.strip(b" \t\r")
    place = rnd.randrange(1, len(line))
    control = rnd.choice([b"\0", b"\x01", b"\t", b"\r", b"\x1f"])
    makers = [
        lambda: rnd.choice(BROKEN),
        lambda: line[:place],
        lambda: line[:place] + rnd.choice(NOT_UTF8) + line[place:],
        lambda: b'{"\\u0074ype":"' + control + b'",' + line[1:],
        lambda: line + rnd.choice([b"{}", b" {}", b",", b"]", b"}", b"x", b"//", b"\0\0"]),
        lambda: b"[" + line + b"]",
        lambda: BOM + line,
    ]
    return rnd.choice(makers)()


# What JSON's grammar refuses, and what nobody sees under validate="candidates" where it is stepped over.
UNREAD = "tru nul NaN Infinity - 01 1. .5 +1 1e 0x1 [1,] [,1] {1:2} [1} \\u0041 \x7f".split()
UNREAD += ["[1 2]", "tru e", '{"a"}', '{"a":1,}', '"\\x"', '"\\u12"', '{"\\q":1}', "'a'"]


def damaged(rnd: random.Random, value: Any) -> Any:
    """Put something that is no JSON anywhere into a value."""
    if isinstance(value, (tuple, list)) and value and maybe(rnd, 0.8):
        at = rnd.randrange(len(value))
        if isinstance(value, list):
            return [*value[:at], damaged(rnd, value[at]), *value[at + 1 :]]
        key, member = value[at]
        return (*value[:at], (key, damaged(rnd, member)), *value[at + 1 :])
    return Raw(rnd.choice(UNREAD))


def spelled(rnd: random.Random, value: Any) -> bytes:
    """One line. The spelling is not hypothesis's to decide: its draws are too many, and nothing is gained."""
    return Spelling(random.Random(rnd.getrandbits(32))).value(value).encode()


def log(rnd: random.Random, unread: bool = False) -> bytes:
    """A file. With `unread` it may hold lines that only validate="all" refuses."""
    lines = []
    usual = rnd.choice([b"\n", b"\n", b"\r\n"])
    for _ in range(rnd.choice([0, 1, 2, 3, 5, 8])):
        made = record(rnd)
        line = spelled(rnd, made)
        dice = rnd.random()
        if dice < 0.1:
            line = broken(rnd, line)
        elif dice < 0.15:
            line = rnd.choice([b"", b" ", b"\t \r", b"\r"])
        elif dice < 0.2 and unread and made:
            line = spelled(rnd, (*made[:-1], (made[-1][0], damaged(rnd, made[-1][1]))))
        lines += [line, usual if maybe(rnd, 0.9) else b"\n"]
    content = b"".join(lines)
    if maybe(rnd, 0.3):
        content = content[: len(content) - rnd.choice([1, 2, 5, 40])]
    return (BOM if maybe(rnd, 0.2) else b"") + content


def needle(rnd: random.Random) -> str:
    """A word to look for, as likely as not in another case; sometimes it spans two pieces of text."""
    pool = rnd.choice([CHARACTERS, WORDS, WORDS])
    word = rnd.choice(pool)
    if maybe(rnd, 0.3):
        word += rnd.choice(JOINTS) + rnd.choice(rnd.choice([CHARACTERS, WORDS]))
    if maybe(rnd, 0.3):
        word = word[rnd.randrange(len(word)) :]
    return rnd.choice([word, word, word.lower(), word.upper(), word.swapcase()]).replace("\ud83d", "\ufffd")


def tree(rnd: random.Random, levels: int = 3) -> q.Node:
    dice = rnd.random()
    if dice < 0.5 or levels == 0:
        return q.Text(needle(rnd) if maybe(rnd, 0.98) else "")
    if dice < 0.65:
        name = rnd.choice(sorted(VALUES))
        return q.Field(name, rnd.choice([value for value in VALUES[name] if value]))
    if dice < 0.7:
        return q.Is(rnd.choice(["error", "human"]))
    if dice < 0.8:
        return q.Not(tree(rnd, levels - 1))
    return rnd.choice([q.And, q.Or])(*(tree(rnd, levels - 1) for _ in range(rnd.choice([2, 2, 3]))))


def phrase(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t") + '"'


def write_query(rnd: random.Random, node: q.Node) -> str:
    """The tree in the query language, in one of its spellings."""
    if isinstance(node, q.Text):
        bare = node.value.isalpha() and node.value not in ("AND", "OR", "NOT") and maybe(rnd, 0.5)
        return node.value if bare else phrase(node.value)
    if isinstance(node, q.Is):
        return f"is:{node.name}"
    if isinstance(node, q.Field):
        return f"{node.name}:{phrase(node.value)}"
    parts = []
    for child in node.children:
        part = write_query(rnd, child)
        parts.append(part if isinstance(child, (q.Text, q.Field, q.Is)) else f"({part})")
    if isinstance(node, q.Not):
        return rnd.choice(["NOT ", "-"]) + parts[0]
    return rnd.choice([" AND ", " "] if isinstance(node, q.And) else [" OR "]).join(parts)


def randoms() -> st.SearchStrategy[random.Random]:
    return st.randoms(use_true_random=False)
