"""What a record says, by hand: its text, fields and time, what is a record at all, and what a query finds in it.

Every table is read by the compiled core and by the oracle.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import oracles
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fastcore
from fastcore import query as q
from fastcore._native.scan import Plan, decode, parse_time

pytestmark = pytest.mark.native

NAMES = "type role session uuid cwd branch model tools is_error is_human text time_us".split()


def by_core(line: str) -> dict[str, Any]:
    return dict(zip(NAMES, decode(line.encode()), strict=True))


def by_oracle(line: str) -> dict[str, Any]:
    return oracles.fields(oracles.parse_line(line.encode()))


both = pytest.mark.parametrize("read", [by_core, by_oracle])


def said(content: str) -> str:
    return f'{{"type":"user","message":{{"content":{content}}}}}'


def used(members: str) -> str:
    return said(f'[{{"type":"tool_use",{members}}}]')


def gave(members: str) -> str:
    return said(f'[{{"type":"tool_result",{members}}}]')


TEXTS = [
    # user, assistant: a string
    (said('"hello"'), "hello"),
    ('{"type":"assistant","message":{"content":"hello"}}', "hello"),
    ('{"message":{"content":"hello"},"type":"user"}', "hello"),
    (said('""'), ""),
    (said('"a\\n\\t\\"\\\\\\/\\b\\f\\r\\u0000\\u00e9"'), 'a\n\t"\\/\b\f\r\0é'),
    (said('"\\uD83D\\ude00 \\ud83d \\udc00\\ud83d x \\ud83d\\ud83d\\ude00"'), "😀 � �� x �😀"),
    ('{"\\u0074ype":"us\\u0065r","m\\u0065ssage":{"\\u0063ontent":"hello"}}', "hello"),
    # no message object, or no content
    ('{"type":"user"}', ""),
    ('{"type":"user","message":"hello"}', ""),
    ('{"type":"user","message":["hello",{"content":"hello"}]}', ""),
    ('{"type":"user","message":{"role":"user"}}', ""),
    ('{"type":"user","content":"hello","summary":"hello","note":"hello","toolUseResult":"hello"}', ""),
    # anything else: loose strings
    (said("null"), ""),
    (said("17"), ""),
    (said('{"a":"x","type":"no","b":{"id":"no","c":["y",[{"d":"z"}]]}}'), "x\ny\nz"),
    # a list
    (said("[]"), ""),
    (said('["a",["b",{"c":"d","uuid":"no"}],7,null]'), "a\nb\nd"),
    (said('[["x",{"type":"text","text":"y"}]]'), "x\ny"),
    # text, thinking
    (said('[{"type":"text","text":"a"},{"type":"text","text":""},{"text":"b","type":"text"}]'), "a\n\nb"),
    (said('[{"type":"text","text":"a","note":"no"},{"type":"thinking","thinking":"b","signature":"no"}]'), "a\nb"),
    (said('[{"type":"text","text":["a",{"id":"no","x":"b"}],"note":"c","data":"no"}]'), "a\nb\nc"),
    (said('[{"type":"text","note":"c"},{"type":"thinking","text":"d","signature":"no"}]'), "c\nd"),
    (said('[{"type":"thinking","thinking":null,"note":"c"}]'), "c"),
    (said('[{"type":"text","text":"a","text":"b"}]'), "b"),
    (said('[{"type":"text","text":"a","text":7,"note":"c"}]'), "a\nc"),
    (said('[{"type":"image","type":"text","text":"a"}]'), "a"),
    # tool_use
    (
        used('"id":"no","name":"Bash","input":{"command":"ls","id":"x","deep":[{"data":{"type":"y"}}]}'),
        "Bash\nls\nx\ny",
    ),
    (used('"input":{"command":"ls"},"name":"Bash"'), "ls\nBash"),
    (used('"name":"A","input":"x","name":"B"'), "x\nB"),
    (used('"input":{"a":"no"},"name":"A","input":["x"]'), "A\nx"),
    (used('"input":{"a":"x","a":"y"}'), "x\ny"),
    (used('"name":7,"input":"x","note":"no"'), "x"),
    (used('"name":["no"],"note":"no"'), ""),
    (used('"name":"Bash","input":{"toolUseResult":"x"}'), "Bash\nx"),
    # tool_result
    (gave('"tool_use_id":"no","content":"x","note":"no"'), "x"),
    (
        gave('"content":[{"type":"text","text":"a"},{"type":"image","source":"no"},"b",{"type":"odd","x":"c"}]'),
        "a\nb\nc",
    ),
    (gave('"content":[{"type":"tool_result","content":[{"type":"tool_use","name":"N"}]}]'), "N"),
    (gave('"content":{"type":"text","text":"x","uuid":"no"}'), "x"),
    (gave('"content":[["x",{"type":"image","y":"z"}]]'), "x\nz"),
    (gave('"content":7'), ""),
    (gave('"note":"no"'), ""),
    # image, document
    (said('[{"type":"image","text":"no","source":{"x":"no"}},{"type":"document","title":"no"},"a"]'), "a"),
    # unknown blocks
    (said('[{"type":"odd","a":"x","type":"odder","b":{"grid":"y","valid":"z"}}]'), "x\ny\nz"),
    (said('[{"type":7,"text":"x"},{"text":"y"},{}]'), "x\ny"),
    (said('[{"a":"x","a":"y","a":["z"]}]'), "x\ny\nz"),
    # what hides, and what does not
    (
        said(
            '{"type":"no","timestamp":"no","cwd":"no","version":"no","gitBranch":"no","userType":"no","data":"no",'
            '"signature":"no","toolUseResult":{"x":["no"]},"id":"no","uuid":"no","aId":"no","Id":"no","ID":"no",'
            '"a_id":"no","_id":"no","a-id":"no","-id":"no","aUuid":"no","aUUID":"no","a_uuid":"no","t\\u0079pe":"no"}'
        ),
        "",
    ),
    (
        said(
            '{"Type":"a","types":"b","grid":"c","valid":"d","iD":"e","idx":"f","a_ID2":"g","auuid":"h","metadata":"i",'
            '"datas":"j","CWD":"k","subtype":"l","":"m","leafuuid":"n","UUid":"o"}'
        ),
        "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl\nm\nn\no",
    ),
    # duplicates of named members: the last one wins, wherever it stands
    ('{"type":"system","content":"no","type":"user","message":{"content":"no"},"message":{"content":"x"}}', "x"),
    ('{"type":"user","message":{"content":"no","content":"x"}}', "x"),
    ('{"type":"user","message":{"content":"no"},"message":7}', ""),
    ('{"type":"user","message":{"content":[{"type":"text","text":"no"}],"content":null}}', ""),
    # system, summary
    ('{"type":"system","content":"x","summary":"no","message":{"content":"no"}}', "x"),
    ('{"type":"system","content":["no"]}', ""),
    ('{"type":"system","subtype":"no"}', ""),
    ('{"type":"summary","summary":"x","leafUuid":"no","content":"no"}', "x"),
    ('{"type":"summary","summary":{"a":"no"}}', ""),
    # attachment, queue-operation
    ('{"type":"attachment","attachment":{"type":"no","prompt":"x","deep":[[[{"y":"z"}]]]},"content":"no"}', "x\nz"),
    ('{"type":"attachment","attachment":"x"}', "x"),
    ('{"type":"attachment","content":"no"}', ""),
    ('{"type":"queue-operation","operation":"no","content":"x"}', "x"),
    ('{"type":"queue-operation","content":[{"text":"x","id":"no","type":"image"}]}', "x"),
    # any other type, or none
    ('{"type":"ai-title","title":"x","uuid":"no","sessionId":"no","toolUseResult":"no"}', "x"),
    ('{"a":"1","b":["2",["3",["no"],{"c":"no"}]],"d":{"e":{"f":"3"},"g":["3"]},"h":[[[["no"]]]]}', "1\n2\n3\n3\n3"),
    ('{"type":"progress","message":{"role":"r","content":[{"type":"text","text":"no"}]},"content":"x"}', "r\nx"),
    ('{"type":"progress","message":{"content":["x",{"y":"no"}]}}', "x"),
    ('{"type":"User","message":{"content":"x"}}', "x"),
    ('{"type":"","a":"x"}', "x"),
    ('{"type":null,"a":"x"}', "x"),
    ('{"type":["user"],"message":{"content":"x"},"a":"y"}', "x\ny"),
    ('{"type":"user","message":{"content":"no"},"type":7,"a":"x","a":"y"}', "no\nx\ny"),
    ("{}", ""),
]


@both
@pytest.mark.parametrize(("line", "text"), TEXTS)
def test_text(read: Callable[[str], dict[str, Any]], line: str, text: str) -> None:
    assert read(line)["text"] == text


RESULT = '{"type":"tool_result","is_error":%s}'
FIELDS: list[tuple[str, dict[str, Any]]] = [
    (
        '{"type":"user","message":{"role":"r","model":"m"},"sessionId":"s","uuid":"u","cwd":"/c","gitBranch":"b"}',
        {"type": "user", "role": "r", "model": "m", "session": "s", "uuid": "u", "cwd": "/c", "branch": "b"},
    ),
    ("{}", dict.fromkeys(["type", "role", "model", "session", "uuid", "cwd", "branch", "time_us"])),
    ("{}", {"tools": (), "is_error": False, "is_human": False, "text": ""}),
    (
        '{"type":1,"message":{"role":[],"model":null},"sessionId":{},"uuid":true,"cwd":["/"],"gitBranch":0}',
        dict.fromkeys(["type", "role", "model", "session", "uuid", "cwd", "branch"]),
    ),
    ('{"uuid":"a","uuid":"b","cwd":"/a","cwd":null}', {"uuid": "b", "cwd": None}),
    ('{"uuid":"","message":{"model":"\\ud800"}}', {"uuid": "", "model": "\ufffd"}),
    # role
    ('{"type":"summary"}', {"role": "summary"}),
    ('{"type":"user","message":{"role":""}}', {"role": ""}),
    ('{"type":"user","message":{"role":7}}', {"role": "user"}),
    ('{"type":"user","message":{"role":"r"},"message":[]}', {"role": "user", "model": None}),
    ('{"role":"no","model":"no"}', {"role": None, "model": None}),
    # tool: the top list of the content, in a record of any type
    (used('"name":"Bash","name":"Read"'), {"tools": ("Read",)}),
    (
        said('[{"name":"A","type":"tool_use"},{"type":"tool_use"},{"type":"tool_use","name":"A"}]'),
        {"tools": ("A", "A")},
    ),
    (used('"name":7'), {"tools": ()}),
    ('{"type":"odd","message":{"content":[{"type":"tool_use","name":"A"}]}}', {"tools": ("A",)}),
    (gave('"content":[{"type":"tool_use","name":"A"}]'), {"tools": ()}),
    (said('[[{"type":"tool_use","name":"A"}]]'), {"tools": ()}),
    (said('{"type":"tool_use","name":"A"}'), {"tools": ()}),
    ('{"type":"tool_use","name":"A","content":[{"type":"tool_use","name":"A"}]}', {"tools": ()}),
    # is:error
    (said(f"[{RESULT % 'true'}]"), {"is_error": True}),
    (said(f"[{RESULT % 'true'},{RESULT % 'false'}]"), {"is_error": True}),
    ('{"type":"odd","message":{"content":[{"is_error":true,"type":"tool_result"}]}}', {"is_error": True}),
    *[(said(f"[{RESULT % value}]"), {"is_error": False}) for value in ("false", '"true"', "1", "[true]", "null")],
    (said('[{"type":"tool_result","is_error":true,"is_error":false}]'), {"is_error": False}),
    (said('[{"type":"tool_use","is_error":true},{"is_error":true}]'), {"is_error": False}),
    (gave('"content":[{"type":"tool_result","is_error":true}]'), {"is_error": False}),
    (said('{"type":"tool_result","is_error":true}'), {"is_error": False}),
    ('{"type":"user","is_error":true}', {"is_error": False}),
    ('{"type":"system","subtype":"api_error"}', {"is_error": True}),
    ('{"subtype":"api_error"}', {"is_error": True}),
    ('{"subtype":"api_error","subtype":"x"}', {"is_error": False}),
    ('{"subtype":["api_error"],"message":{"subtype":"api_error"}}', {"is_error": False}),
    # is:human
    ('{"type":"user"}', {"is_human": True}),
    (said('"x"'), {"is_human": True}),
    ('{"type":"assistant"}', {"is_human": False}),
    ('{"type":"assistant","message":{"role":"user"}}', {"is_human": False}),
    (gave('"content":"x"'), {"is_human": False}),
    (said('[{"type":"text","text":"x"},{"type":"tool_result"}]'), {"is_human": False}),
    (said('[[{"type":"tool_result"}]]'), {"is_human": True}),
    (said('{"type":"tool_result"}'), {"is_human": True}),
    (said('[{"type":"tool_result","type":"text"}]'), {"is_human": True}),
    (said('[{"type":"tool_result"}],"content":"x"'), {"is_human": True}),
    ('{"isMeta":true,"type":"user"}', {"is_human": False}),
    ('{"type":"user","isSidechain":true}', {"is_human": False}),
    ('{"type":"user","isMeta":"true","isSidechain":1}', {"is_human": True}),
    ('{"type":"user","isMeta":true,"isMeta":false}', {"is_human": True}),
    ('{"type":"user","isMeta":{"x":true},"message":{"isSidechain":true}}', {"is_human": True}),
]


@both
@pytest.mark.parametrize(("line", "known"), FIELDS)
def test_fields(read: Callable[[str], dict[str, Any]], line: str, known: dict[str, Any]) -> None:
    found = read(line)
    assert {name: found[name] for name in known} == known


DAY = 86_400_000_000
TIMES = [
    ("1970-01-01T00:00:00Z", 0),
    ("1970-01-02t00:00:00z", DAY),
    ("1970-01-01 00:00:01+00:00", 1_000_000),
    ("1970-01-01T00:00:00.5Z", 500_000),
    ("1970-01-01T00:00:00.1234569Z", 123_456),
    ("1969-12-31T23:59:59.9999999Z", -1),
    ("1970-01-01T00:00:00.000000000000000000000000001-00:00", 0),
    ("1970-01-01T02:30:00+02:30", 0),
    ("1969-12-31T12:00:00-12:00", 0),
    ("1970-01-02T23:59:00+23:59", DAY),
    ("2000-02-29T00:00:00Z", 11_016 * DAY),
    ("1969-12-31T00:00:00Z", -DAY),
    ("0000-03-01T00:00:00Z", -719_468 * DAY),
    ("9999-12-31T23:59:59.999999Z", 2_932_897 * DAY - 1),
    *[
        (stamp, None)
        for stamp in [
            "",
            "now",
            "2024",
            "2024-05-01",
            "2024-05-01T10:00Z",
            "2024-05-01T10:00:00",
            "2024-05-01T10:00:60Z",
            "2024-05-01T10:60:00Z",
            "2024-05-01T24:00:00Z",
            "2024-00-01T10:00:00Z",
            "2024-13-01T10:00:00Z",
            "2024-05-00T10:00:00Z",
            "2024-04-31T10:00:00Z",
            "2023-02-29T10:00:00Z",
            "1900-02-29T10:00:00Z",
            "2024-05-01T10:00:00.Z",
            "2024-05-01T10:00:00,5Z",
            "2024-05-01T10:00:00+24:00",
            "2024-05-01T10:00:00+02:60",
            "2024-05-01T10:00:00+0230",
            "2024-05-01T10:00:00+02",
            "2024-05-01T10:00:00 Z",
            "2024-05-01T10:00:00ZZ",
            " 2024-05-01T10:00:00Z",
            "2024-05-01T10:00:00Z\n",
            "2024-05-01_10:00:00Z",
            "2024-5-01T10:00:00Z",
            "24-05-01T10:00:00Z",
            "+2024-05-01T10:00:00Z",
            "２024-05-01T10:00:00Z",
            "2024-05-01T10:00:00.5",
        ]
    ],
]


@pytest.mark.parametrize(("stamp", "us"), TIMES)
def test_times(stamp: str, us: int | None) -> None:
    assert parse_time(stamp.encode()) == us
    assert oracles.time_us(stamp) == us


@both
@pytest.mark.parametrize(
    ("member", "us"),
    [
        ('"timestamp":"1970-01-01T00:00:00Z"', 0),
        ('"\\u0074imestamp":"197\\u0030-01-01T00:00:00\\u005a"', 0),
        ('"timestamp":"x","timestamp":"1970-01-01T00:00:00Z"', 0),
        ('"timestamp":"1970-01-01T00:00:00Z","timestamp":"x"', None),
        ('"timestamp":"1970-01-01T00:00:00Z","timestamp":0', None),
        ('"timestamp":1714557600000', None),
        ('"snapshot":{"timestamp":"1970-01-01T00:00:00Z"}', None),
        ('"message":{"timestamp":"1970-01-01T00:00:00Z"}', None),
    ],
)
def test_time_of_a_record(read: Callable[[str], dict[str, Any]], member: str, us: int | None) -> None:
    assert read(f'{{"type":"user",{member}}}')["time_us"] == us


def nested(levels: int) -> str:
    return "[" * levels + "]" * levels


# A line, whether it is a record under validate="candidates", and under "all".
JUDGED = [
    *[
        (line, False, False)
        for line in (
            "1",
            "[1]",
            '"s"',
            "null",
            "{} {}",
            "{},",
            "{}x",
            "{}}",
            "{}\0",
            "\0\0",
            "\ufeff{}",
            "\u00a0{}",
            "{",
            '{"a":"b',
            '{"a":[1}',
            '{"a":1',
            '{"a" 1}',
            '{"a":1 "b":2}',
            '{"a":1,}',
            '{"a"}',
            '{"a":}',
            "{a:1}",
            "{1:2}",
            '{"\\q":1}',
            '{"a":"x\ty"}',
            '{"a":{"b":["\0"]}}',
            '{"type":tru}',
            '{"type":"\\q"}',
            '{"type":"\\ud83"}',
            '{"timestamp":-}',
            '{"uuid":NaN}',
            '{"isMeta":truth}',
            '{"type":"system","content":"\\q"}',
            '{"type":"odd","a":[01]}',
            said('[{"type":"text","text":"\\q"}]'),
            said("[1,]"),
            said("[[1 2]]"),
            said(nested(1023)),
        )
    ],
    *[
        (f'{{"type":"user","x":{value}}}', True, False)
        for value in (
            "NaN",
            "trux",
            "[1,]",
            "[1 2]",
            "01",
            "-",
            "1.",
            '"\\x"',
            '"\\u12g4"',
            '{"\\q":1}',
            '{"a" 1}',
            '{"a":1,}',
            nested(1024),
            nested(100_000),
        )
    ],
    ('{"type":"odd","id":trux}', True, False),
    (said('[{"type":"text","text":"a","id":01}]'), True, False),
    (said('[{"type":"image","source":[1,]}]'), True, False),
    ('{"type":"user","message":{"usage":nul}}', True, False),
    *[
        (line, True, True)
        for line in (
            "{}",
            " \t\r{ } \t\r",
            '{"":""}',
            '{"a":1e999,"b":' + "9" * 5000 + ',"c":-0.0E-7,"uuid":1E+999}',
            '{"a":"\x7f\u2028\ufeff\\u0000\\ud800\\/"}',
            '{"\\ud800":1,"a":[],"a":{}}',
            f'{{"type":"user","x":{nested(1023)}}}',
            said(nested(1022)),
        )
    ],
]


@pytest.mark.parametrize(("line", "candidates", "whole"), JUDGED, ids=range(len(JUDGED)))
def test_what_is_a_record(line: str, candidates: bool, whole: bool) -> None:
    plan = Plan([])
    assert (plan.matches(line.encode()) is not None) == candidates
    assert (plan.matches(line.encode(), check_all=True) is not None) == whole
    if whole:
        assert oracles.fields(oracles.parse_line(line.encode()))
    else:
        with pytest.raises(oracles.NoRecord):
            oracles.parse_line(line.encode())
    if not candidates:
        with pytest.raises(ValueError, match="not a record"):
            decode(line.encode())
    for validate, wanted in (("candidates", candidates), ("all", whole)):
        stats = fastcore.scan(b'{"n":1}\n' + line.encode() + b'\n{"n":2}', validate=validate).stats
        assert (stats.records, stats.errors) == ((3, 0) if wanted else (2, 1))


@pytest.mark.parametrize("bad", [b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82", b"\x80"])
@pytest.mark.parametrize("line", [b'{"type":"user","x":"%s"}', b'{"%s":1}', b'{"x":%s}', b"{}%s"])
def test_what_is_not_utf8(bad: bytes, line: bytes) -> None:
    assert Plan([]).matches(line % bad) is None
    with pytest.raises(oracles.NoRecord):
        oracles.parse_line(line % bad)


FOUND = [
    # needle, the inside of a JSON string, found, found case-sensitively
    ("hello", "say HELLO", True, False),
    ("hello", "say h\\u0065llo", True, True),
    ("hello", "say h\\u0045llo", True, False),
    ("hello", "h\\\\u0065llo", False, False),
    ("hello", "hel\\nlo", False, False),
    ("task", "TAS\u212a", True, False),
    ("task", "ta\\u017fk", True, False),
    ("ſ\u212a", "sk", True, False),
    ("STRASSE", "straße", False, False),
    ("straße", "STRAẞE", True, False),
    ("σ", "ς", True, False),
    ("σ", "\\u03a3", True, False),
    ("İ", "i̇", False, False),
    ("ı", "i", False, False),
    ("İ", "\\u0130", True, True),
    ("é", "É", True, False),
    ("é", "e\u0301", False, False),
    ("ⱥ", "Ⱥ", True, False),
    ("😀", "\\ud83d\\uDE00", True, True),
    ("𐐨", "\\uD801\\uDC00", True, False),
    ("/", "\\/", True, True),
    ("/", "\\u002F", True, True),
    ('"', '\\"', True, True),
    ('"', "x", False, False),
    ("\\", "\\\\", True, True),
    ("\\", "\\n", False, False),
    ("n", "\\n", False, False),
    ("u0041", "\\u0041", False, False),
    ("u0041", "\\\\u0041", True, True),
    ("\n", "\\u000a", True, True),
    ("\x00", "\\u0000", True, True),
    ("\ufffd", "\\ud800", True, True),
    ("\ufffd", "\ufffd", True, True),
    ("[", "{", False, False),
    ("@", "`", False, False),
    ("", "", True, True),
    ("a" * 300, "A" * 300, True, False),
    ("a" * 300, "\\u0061" * 300, True, True),
    ("aba", "abababa aba abaab ab", True, True),
    ("aabaa", "aabaabaaabaacaabaa", True, True),
    ("a" * 300, "b" + "a" * 1000 + "b" + "a" * 299 + "b" + "a" * 300, True, True),
    ("ab" * 200, "ab" * 500 + "a" + "ab" * 200, True, True),
]


@pytest.mark.parametrize(("needle", "inside", "folded", "exact"), FOUND)
def test_finds(needle: str, inside: str, folded: bool, exact: bool) -> None:
    line = said(f'"{inside}"').encode()
    text = oracles.fields(oracles.parse_line(line))["text"]
    for case_sensitive, wanted in ((False, folded), (True, exact)):
        plan = Plan([("text", needle)], case_sensitive=case_sensitive)
        assert plan.matches(line) is wanted
        assert plan.is_candidate(line) or not wanted
        assert oracles.holds(text, needle, case_sensitive) is wanted
        assert plan.spans(text) == oracles.spans(q.Text(needle), text, case_sensitive)
        assert bool(plan.spans(text)) == (wanted and needle != "")


@given(st.text("ab", max_size=40), st.text("ab", min_size=1, max_size=8))
def test_spans_of_a_needle_that_overlaps_itself(text: str, needle: str) -> None:
    assert Plan([("text", needle)]).spans(text) == oracles.spans(q.Text(needle), text)


def test_a_deep_query_on_a_small_stack() -> None:
    """256 levels of a query need no more stack than the smallest that Python gives a thread by itself."""
    text = "b"
    for _ in range(255):
        text = f"(b OR c {text})"
    found: list[int] = []
    before = threading.stack_size(256 << 10)
    try:
        thread = threading.Thread(target=lambda: found.append(len(fastcore.scan(said('"b c"').encode(), text))))
        thread.start()
        thread.join()
    finally:
        threading.stack_size(before)
    assert found == [1]


def test_a_needle_may_span_pieces() -> None:
    line = said('["ab",{"type":"text","text":"cd"},"",7,"ef"]').encode()
    for needle, wanted in (("b\nc", True), ("cd\n\nef", True), ("abcd", False), ("d\ne", False), ("ef\n", False)):
        plan = Plan([("text", needle)])
        assert plan.matches(line) is wanted
        assert plan.is_candidate(line) or not wanted


@pytest.mark.parametrize(
    ("name", "value", "line", "wanted"),
    [
        ("role", "user", '{"type":"user"}', True),
        ("role", "user", '{"type":"\\u0075ser"}', True),
        ("role", "user", '{"type":"User"}', False),
        ("role", "user", '{"type":"x","message":{"role":"user"}}', True),
        ("role", "user", '{"type":"user","message":{"role":"x"}}', False),
        ("type", "user", '{"type":"user","message":{"role":"x"}}', True),
        ("branch", "feat/ß", '{"gitBranch":"feat\\/\\u00df"}', True),
        ("branch", "feat/ß", '{"gitBranch":"feat/ẞ"}', False),
        ("branch", "feat", '{"gitBranch":"feat/x"}', False),
        ("model", "\ufffd", '{"message":{"model":"\\udc00"}}', True),
        ("tool", "Kill", used('"name":"\\u004bill"'), True),
        ("tool", "Kill", used('"name":"\u212aill"'), False),
        ("session", "8b0d7a3c", '{"sessionId":"8b0d7a3c-1111"}', True),
        ("session", "8b0d7a3", '{"sessionId":"8b0d7a3c-1111"}', False),
        ("session", "8b0d7a3", '{"sessionId":"8b0d7a3"}', True),
        ("session", "éééé", '{"sessionId":"éééé-1111"}', False),
        ("session", "éééééééé", '{"sessionId":"éééé\\u00e9\\u00E9éé-1111"}', True),
        ("uuid", "8b0d7a3c-1111", '{"uuid":"8b0d7a3c"}', False),
        ("cwd", "/src/app", '{"cwd":"\\/src\\/app\\/sub"}', True),
        ("cwd", "/src/app", '{"cwd":"/src/app2"}', False),
        ("cwd", "/", '{"cwd":"\\u002Fx"}', True),
        ("project", "/src/app", '{"cwd":"/src/app/sub"}', True),
        ("project", "/logs", '{"cwd":"/src/app/sub"}', False),
        ("project", "/logs", "{}", True),
        ("project", "/logs", '{"cwd":7}', True),
        ("project", "/lo", "{}", False),
    ],
)
def test_field_terms(name: str, value: str, line: str, wanted: bool) -> None:
    tree = q.Field(name, value)
    path = "/x/projects/-logs-2/a.jsonl"
    plan = Plan(q.compile_query(tree))
    record = oracles.fields(oracles.parse_line(line.encode()))
    assert oracles.matches(tree, record, path) is wanted
    assert plan.matches(line.encode(), path.encode()) is wanted
    assert plan.is_candidate(line.encode()) or not wanted


@pytest.mark.parametrize("marked", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("max_line", [1, 20, 45, 46, 47, 48, 49, 130, 200])
@pytest.mark.parametrize("chunk", ["1", "50", "64", "1048576"])
def test_the_bound_on_a_line(marked: bytes, max_line: int, chunk: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It counts what is left without line end and byte order mark, whatever is read at a time."""
    monkeypatch.setenv("FASTCORE_CHUNK", chunk)
    line = said('"needle"').encode()
    assert len(line) == 46
    content = marked + b"\r\n".join([line, line + b" " * 2, b" " * 130 + line, line])
    expected = oracles.scan([("<memory>", content, None)], q.Text("needle"), order="file", max_line=max_line)
    hits = fastcore.scan(content, "needle", order="file", max_line=max_line, validate="all")
    assert [hit.line for hit in hits] == [hit.line for hit in expected.hits]
    assert [(error.line, error.offset, error.excerpt) for error in hits.errors] == [
        error[1:] for error in expected.errors
    ]
