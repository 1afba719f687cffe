"""The oracle itself, against answers worked out by hand. What a record says is in test_scan_text.py, for both."""

from __future__ import annotations

import random

import oracles
import pytest
import strategies

from fastcore import query as q


def say(text: str, stamp: str = "") -> bytes:
    return f'{{"type":"user","message":{{"content":"{text}"}},"timestamp":"{stamp}"}}'.encode()


def fields(**known: object) -> dict[str, object]:
    nothing = dict.fromkeys(["type", "role", "session", "uuid", "cwd", "branch", "model"])
    return {**nothing, "tools": (), "is_error": False, "is_human": False, "text": "", **known}


def test_json_values() -> None:
    line = b' {"a":[1,-0.5e3,true,null,{}],"a":"\\ud83d\\ude00\\ud83d\\udc00\\udc00","\\u0062":1e999}\r'
    assert oracles.parse_line(line) == (
        ("a", [b"1", b"-0.5e3", True, None, ()]),
        ("a", "\U0001f600\U0001f400\ufffd"),
        ("b", b"1e999"),
    )
    digits = b"9" * 5000
    assert oracles.parse_line(b'{"n":' + digits + b"}") == (("n", digits),)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b" ",
        b"1",
        b"[1]",
        b'"s"',
        b"{} {}",
        b"{}x",
        b"{}\0",
        b"\xc2\xa0{}",
        b"{}\xe2\x80\xa8",
        b"\x0b{}",
        b"\x0c{}",
        b"\xef\xbb\xbf{}",
        b'{"a":NaN}',
        b'{"a":-Infinity}',
        b'{"a":01}',
        b'{"a":1.}',
        b'{"a":.5}',
        b'{"a":+1}',
        b'{"a":\xd9\xa1}',
        b'{"a":1,}',
        b'{"a":[1,]}',
        b'{"a":[1}',
        b'{"a":"\t"}',
        b'{"a":"\x00"}',
        b'{"a":"\\x"}',
        b'{"a":"\\u12g4"}',
        b'{"a":"\xff"}',
        b'{"a":"\xed\xa0\x80"}',
        b'{"a":"b',
        b'{"a":1} // no',
        b"{'a':1}",
        b'{"a":' + b"[" * 1024 + b"]" * 1024 + b"}",
        b"[" * 100_000,
    ],
)
def test_no_records(line: bytes) -> None:
    with pytest.raises(oracles.NoRecord):
        oracles.parse_line(line)


def test_depth_and_byte_order_mark() -> None:
    assert oracles.parse_line(b'{"a":' + b"[" * 1023 + b"]" * 1023 + b"}")
    assert oracles.parse_line(b'{"a":"' + b"[" * 2000 + b'\\"["}')
    assert oracles.parse_line(b"\xef\xbb\xbf{}", True) == ()
    with pytest.raises(oracles.NoRecord):
        oracles.parse_line(b"\xef\xbb\xbf\xef\xbb\xbf{}", True)


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        (b"", []),
        (b"\xef\xbb\xbf", []),
        (b"\n", [(1, 0, b"", "blank")]),
        (b"\xef\xbb\xbf\n", [(1, 0, b"", "blank")]),
        (b" \t\r", [(1, 0, b" \t", "blank")]),
        (b"{}", [(1, 0, b"{}", "record")]),
        (b"{}\r\n{}\r", [(1, 0, b"{}", "record"), (2, 4, b"{}", "record")]),
        (b"{}\r\r\n", [(1, 0, b"{}\r", "record")]),
        (b'{}\n{"a"', [(1, 0, b"{}", "record"), (2, 3, b'{"a"', "tail")]),
        (b'{}\n{"a"\n', [(1, 0, b"{}", "record"), (2, 3, b'{"a"', "error")]),
        (b"\xef\xbb\xbf{}\n\xef\xbb\xbf{}\n", [(1, 0, b"{}", "record"), (2, 6, b"\xef\xbb\xbf{}", "error")]),
        (b'{"a":1}\n{}', [(1, 0, b'{"a":1}', "error"), (2, 8, b"{}", "record")]),
        (b"{}\n" + b" " * 7, [(1, 0, b"{}", "record"), (2, 3, b" " * 7, "error")]),
        (b"\xef\xbb\xbf{    }\r\n", [(1, 0, b"{    }", "record")]),
        (b"{}\xe2\x80\xa8\n", [(1, 0, b"{}\xe2\x80\xa8", "error")]),
    ],
)
def test_lines_of_at_most_six_bytes(content: bytes, wanted: list[tuple[int, int, bytes, str]]) -> None:
    lines = oracles.lines_of(content, max_line=6)
    assert [(line.number, line.offset, line.raw, line.kind) for line in lines] == wanted


@pytest.mark.parametrize(
    ("one", "other"),
    [("k", "K"), ("k", "\u212a"), ("s", "ſ"), ("ß", "ẞ"), ("σ", "ς"), ("σ", "Σ"), ("Ⱥ", "ⱥ"), ("é", "É"), ("µ", "μ")],
)
def test_folds_alike(one: str, other: str) -> None:
    assert oracles.fold(one) == oracles.fold(other)
    assert not oracles.holds(one, other, case_sensitive=True)


def test_folds_apart() -> None:
    assert not oracles.holds("ss", "ß")
    assert oracles.fold("İ") == "İ" and oracles.fold("ı") == "ı"
    assert not oracles.holds("é", "e\u0301")
    assert oracles.safe_to_fold("ẞ") and not oracles.safe_to_fold("\ufb05")


A, B = q.Text("a"), q.Text("b")


@pytest.mark.parametrize(
    ("tree", "text", "wanted"),
    [
        (None, "", True),
        (q.Text(""), "", True),
        (A, "xAx", True),
        (A, "b", False),
        (q.And(A, B), "b\na", True),
        (q.And(A, B), "b", False),
        (q.Or(A, B), "b", True),
        (q.Or(A, B), "c", False),
        (q.Not(A), "b", True),
        (q.Not(A), "a", False),
        (q.Text("a\nb"), "a\nb", True),
    ],
)
def test_words(tree: q.Node | None, text: str, wanted: bool) -> None:
    assert oracles.matches(tree, fields(text=text)) is wanted


@pytest.mark.parametrize(
    ("name", "value", "known", "wanted"),
    [
        ("role", "user", {"role": "user"}, True),
        ("role", "user", {"role": "User"}, False),
        ("role", "user", {}, False),
        ("type", "use", {"type": "user"}, False),
        ("branch", "main", {"branch": "main"}, True),
        ("model", "m", {"model": "m"}, True),
        ("tool", "Bash", {"tools": ("Read", "Bash")}, True),
        ("tool", "bash", {"tools": ("Read", "Bash")}, False),
        ("session", "12345678", {"session": "12345678-9"}, True),
        ("session", "1234567", {"session": "12345678-9"}, False),
        ("session", "1234567", {"session": "1234567"}, True),
        ("session", "ééééééé", {"session": "ééééééé-"}, False),
        ("uuid", "12345678-9", {"uuid": "12345678"}, False),
        ("uuid", "12345678", {}, False),
        ("cwd", "/src/app", {"cwd": "/src/app"}, True),
        ("cwd", "/src/app", {"cwd": "/src/app/"}, True),
        ("cwd", "/src/app/", {"cwd": "/src/app"}, True),
        ("cwd", "/src/app", {"cwd": "/src/app/sub"}, True),
        ("cwd", "/src/app", {"cwd": "/src/app2"}, False),
        ("cwd", "/src/app", {"cwd": "/src"}, False),
        ("cwd", "/", {"cwd": "/src"}, True),
        ("cwd", "/", {"cwd": "rel"}, False),
        ("cwd", "/", {}, False),
    ],
)
def test_field_terms(name: str, value: str, known: dict[str, object], wanted: bool) -> None:
    assert oracles.matches(q.Field(name, value), fields(**known)) is wanted


@pytest.mark.parametrize(
    ("value", "cwd", "path", "wanted"),
    [
        ("/src/app", "/src/app/sub", "x.jsonl", True),
        ("/src/app", "/other", "/c/projects/-src-app/x.jsonl", False),
        ("/src/app", "", "/c/projects/-src-app/x.jsonl", False),
        ("/src/app", None, "/c/projects/-src-app/x.jsonl", True),
        ("/src/app", None, "projects/-src-app/s/subagents/agent-1.jsonl", True),
        ("/src/app", None, "/c/projects/-src-app-2/x.jsonl", True),
        ("/src/app", None, "/c/projects/-src-app2/x.jsonl", False),
        ("/src.app", None, "/c/projects/-src-app/x.jsonl", True),
        ("/src", None, "/c/projects/-src-app/x.jsonl", True),
        ("/src/app", None, "/c/myprojects/-src-app/x.jsonl", False),
        ("/src/app", None, "/c/projects/x.jsonl", False),
        ("/src/app", None, "/projects/old/projects/-src-app/x.jsonl", True),
        ("/old", None, "/projects/-old/projects/-src-app/x.jsonl", False),
        ("/é", None, "/c/projects/---/x.jsonl", True),
        ("/é", None, "/c/projects/--/x.jsonl", False),
    ],
)
def test_project(value: str, cwd: str | None, path: str, wanted: bool) -> None:
    assert oracles.matches(q.Field("project", value), fields(cwd=cwd), path) is wanted


@pytest.mark.parametrize(
    ("tree", "text", "wanted"),
    [
        (A, "xaAx", [(1, 2), (2, 3)]),
        (q.Text("aa"), "aaa aa", [(0, 3), (4, 6)]),
        (q.Or(q.Text("ab"), q.Text("bc")), "abc 😀BC", [(0, 3), (5, 7)]),
        (q.And(A, q.Not(B)), "ab", [(0, 1)]),
        (q.Not(q.Not(A)), "a", []),
        (q.Text(""), "a", []),
        (q.Field("role", "a"), "a", []),
        (None, "a", []),
    ],
)
def test_spans(tree: q.Node | None, text: str, wanted: list[tuple[int, int]]) -> None:
    assert oracles.spans(tree, text) == wanted


def test_inherited_times_and_orders() -> None:
    first = b"\n".join([say("a"), say("b", "1970-01-01T00:00:05Z"), b"{broken", say("c"), say("d")])
    second = b"\n".join([say("e", "1970-01-01T00:00:05Z"), say("f", "1970-01-01T00:00:09Z"), b'{"type":"us'])
    files = [("z", first, 0), ("a", second, 0), ("m", say("g"), 7_000_000), ("n", say("h"), None)]

    def texts(**options: object) -> str:
        return "".join(hit.fields["text"] for hit in oracles.scan(files, **options).hits)  # type: ignore[arg-type]

    assert texts() == "fgeabcdh"
    assert texts(order="oldest") == "eabcdgfh"
    assert texts(order="file") == "efghabcd"
    assert texts(limit=2) == "fg"
    assert texts(since_us=5_000_001) == "fg"
    assert texts(until_us=5_000_000) == "eabcd"
    assert texts(since_us=7_000_000, until_us=9_000_000) == "fg"
    answer = oracles.scan(files, q.Text("a"), limit=0)
    assert (answer.hits, answer.matches) == ([], 1)
    assert answer.errors == [("z", 3, len(say("a") + say("b", "1970-01-01T00:00:05Z")) + 2, b"{broken")]
    assert [path for path, _ in answer.tails] == ["a"]
    assert answer.counts == {"lines": 10, "blank": 0, "record": 8, "error": 1, "tail": 1}


def test_what_is_written_is_read() -> None:
    """The writers of the other tests: a value survives its spelling, a broken line is none."""

    def read(value: object) -> object:
        if isinstance(value, tuple):
            return tuple((oracles.clean(key), read(member)) for key, member in value)
        if isinstance(value, list):
            return [read(item) for item in value]
        if isinstance(value, strategies.Raw):
            return value.text.encode()
        numbers = {0: b"0", 1: b"1"}
        return oracles.clean(value) if isinstance(value, (str, bool)) or value is None else numbers[value]

    for seed in range(500):
        rnd = random.Random(seed)
        record = strategies.record(rnd)
        line = strategies.spelled(rnd, record)
        assert oracles.parse_line(line) == read(record), seed
        with pytest.raises(oracles.NoRecord):
            oracles.parse_line(strategies.broken(rnd, line))
