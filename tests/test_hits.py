"""The manners of results: sequences, copies, slices, dicts, repr."""

from __future__ import annotations

import copy
import datetime as dt
import json
import os
import pickle
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

import fastcore
from fastcore import _hits

LOG = b"\n".join(
    b'{"type":"user","message":{"role":"user","content":"<b>hello</b> %d"},"timestamp":"2024-05-01T00:00:%02dZ"}'
    % (i, i)
    for i in range(40)
)


def hits(limit: int | None = None) -> fastcore.Hits:
    return fastcore.scan(LOG + b"\nbroken hello\n" + b'{"cut hello', "hello", limit=limit)


def test_a_sequence() -> None:
    found = hits()
    assert len(found) == 40
    assert found[0] == next(iter(found))
    assert found[-1].line == 1
    part = found[2:5]
    assert isinstance(part, fastcore.Hits)
    assert [hit.line for hit in part] == [38, 37, 36]
    assert (part.stats, part.errors, part.tails) == (found.stats, found.errors, found.tails)
    with pytest.raises(IndexError):
        found[40]
    with pytest.raises(TypeError):
        found["a"]  # type: ignore[call-overload]


def test_a_sequence_in_all_but_name() -> None:
    found = hits()
    assert [hit.line for hit in reversed(found)] == list(range(1, 41))
    assert found[7] in found and "hello" not in found
    assert (found.index(found[7]), found.index(found[7], 5), found.count(found[7])) == (7, 7, 1)
    for bounds in ((8,), (0, 7)):
        with pytest.raises(ValueError, match="is not there"):
            found.index(found[7], *bounds)
    assert not isinstance(found, Sequence)  # polars would read it row by row


@pytest.mark.parametrize("clone", [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
def test_copies_are_equal(clone: object) -> None:
    found = hits(3)
    other = clone(found)  # type: ignore[operator]
    assert other == found
    assert (other.stats, other.errors, other.tails) == (found.stats, found.errors, found.tails)
    assert [hit.spans for hit in other] == [[(3, 8)]] * 3
    assert clone(found[0]) == found[0]  # type: ignore[operator]


def test_values_are_immutable() -> None:
    found = hits(1)
    for value, name in (
        (found[0], "line"),
        (found.stats, "files"),
        (found.errors[0], "path"),
        (found.tails[0], "path"),
    ):
        with pytest.raises(AttributeError):
            setattr(value, name, 1)
        with pytest.raises(AttributeError):
            delattr(value, name)
    for name in ("stats", "errors", "tails"):
        with pytest.raises(AttributeError):
            setattr(found, name, None)
    with pytest.raises(TypeError):
        found[0] = found[0]  # type: ignore[index]
    found.stats.seconds["wall"] = -1.0
    found.stats.to_dict()["seconds"].clear()
    assert found.stats.seconds["wall"] >= 0


def test_errors_and_tails() -> None:
    found = hits(0)
    assert (len(found), found.stats.matches, found.stats.errors, found.stats.tail) == (0, 40, 1, 1)
    (error,), (tail,) = found.errors, found.tails
    assert (error.path, error.line, error.reason, error.excerpt) == (
        "<memory>",
        41,
        "not a JSON object",
        b"broken hello",
    )
    assert (tail.path, tail.offset) == ("<memory>", len(LOG) + 14)
    assert str(error).startswith("<memory>:41 (byte ")


def test_a_hit() -> None:
    hit = hits(1)[0]
    assert (hit.path, hit.line, hit.role, hit.type, hit.text) == ("<memory>", 40, "user", "user", "<b>hello</b> 39")
    assert hit.time == dt.datetime(2024, 5, 1, 0, 0, 39, tzinfo=dt.UTC)
    assert hit.time_ns == 1_714_521_639_000_000_000
    assert hit.record["message"]["content"] == hit.text
    assert LOG[hit.offset : hit.offset + len(hit.raw)] == hit.raw
    assert hit.to_dict() == hits(1).to_dicts()[0]
    assert "raw" not in hit.to_dict()


def test_repr_is_short_and_html_is_escaped() -> None:
    found = hits()
    assert len(repr(found).splitlines()) <= 20
    assert "40 of 40 matches" in repr(found)
    html = found._repr_html_()
    assert "&lt;b&gt;hello" in html
    assert "<b>" not in html


def test_only_the_rows_that_are_shown_are_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    decoded = []

    def counted(raw: bytes) -> object:
        decoded.append(raw)
        return decode(raw)

    found, decode = hits(), _hits.decode
    monkeypatch.setattr(_hits, "decode", counted)
    assert len(found) == 40
    for show in (repr, fastcore.Hits._repr_html_):
        show(found)
        assert decoded == [hit.raw for hit in found[:15]]
        decoded.clear()
    found[2:30].stats  # noqa: B018
    assert not decoded


def test_no_time_is_none_and_last() -> None:
    found = fastcore.scan([b'{"type":"a","x":"hello"}', LOG], "hello", limit=None)
    assert (found[-1].time, found[-1].time_ns) == (None, None)
    assert len(fastcore.scan(b'{"type":"a","x":"hello"}', "hello", since="1970-01-01")) == 0


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"limit": -1}, ValueError),
        ({"limit": 1.5}, TypeError),
        ({"order": "best"}, ValueError),
        ({"validate": "some"}, ValueError),
        ({"on_error": "ignore"}, ValueError),
        ({"max_line": 0}, ValueError),
        ({"timeout": -1}, ValueError),
        ({"timeout": float("nan")}, ValueError),
        ({"threads": 0}, ValueError),
        ({"threads": "two"}, TypeError),
        ({"where": {"rolle": "user"}}, ValueError),
        ({"progress": 3}, TypeError),
        ({"since": "2024"}, fastcore.QueryError),
        ({"query": "(" * 10_000}, fastcore.QueryError),
        ({"query": "a" * 100_000}, fastcore.QueryError),
    ],
)
def test_arguments_that_cannot_be_read(options: dict[str, object], error: type[Exception]) -> None:
    with pytest.raises(error):
        fastcore.scan(b"", **options)  # type: ignore[arg-type]


def test_only_the_limit_may_be_none() -> None:
    with pytest.raises(TypeError, match="max_line: wanted an int, not NoneType"):
        fastcore.scan(b"", max_line=None)  # type: ignore[arg-type]
    assert len(fastcore.scan(LOG, limit=None)) == 40


def test_unknown_fields_list_the_known() -> None:
    with pytest.raises(ValueError, match="role, type, session"):
        fastcore.scan(b"", where={"nope": "x"})


def test_where_means_the_field_terms() -> None:
    log = b'{"type":"user","x":1}\n{"type":"system","content":"a"}\n{"type":"summary","summary":"b"}'
    assert [h.type for h in fastcore.scan(log, where={"type": ["user", "summary"]}, order="file")] == [
        "user",
        "summary",
    ]
    assert len(fastcore.scan(log, where={"type": []})) == 0


def test_line_errors_can_be_raised() -> None:
    with pytest.raises(fastcore.LineError, match="<memory>:2") as caught:
        fastcore.scan(b'{"a":1}\nbroken\n', on_error="raise")
    assert (caught.value.line, caught.value.offset, caught.value.path) == (2, 8, "<memory>")


def test_no_logs_names_the_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(tmp_path))
    with pytest.raises(fastcore.NoLogs, match="projects"):
        fastcore.scan()


def test_public_names() -> None:
    for cls in (fastcore.Hits, fastcore.Hit, fastcore.Stats, fastcore.ScanError, fastcore.Tail):
        assert cls.__module__ == "fastcore"
        assert getattr(fastcore, cls.__name__) is cls
        assert cls.__doc__


def test_equality_is_by_content() -> None:
    found = hits()
    assert found == hits()
    assert found[:3] == hits(3)
    assert found[:3] != found[1:4]
    assert found != [*found]
    assert found[0] in found
    assert (found.index(found[7]), found.count(found[7])) == (7, 1)
    assert [*reversed(found)] == [*found[::-1]]
    assert len({*found, *hits()}) == 40
    assert found.errors == hits().errors
    assert {*found.errors, *found.tails} == {*hits().errors, *hits().tails}
    with pytest.raises(TypeError):
        hash(found)


def test_dicts() -> None:
    (first, *_) = rows = hits().to_dicts()
    assert len(rows) == 40
    assert [*first] == (
        "path line offset time time_ns type role session uuid cwd branch model tools is_error text spans".split()
    )
    first["tools"] = first["spans"].clear()
    assert hits()[0].spans == [(3, 8)]
    stats = hits().stats.to_dict()
    assert [*stats] == (
        "files files_failed bytes lines blank skipped records candidates matches errors tail threads timed_out seconds"
    ).split()
    assert json.loads(json.dumps(stats)) == stats
    assert hits().tails[0].to_dict() == {"path": "<memory>", "offset": len(LOG) + 14}


def test_every_field_may_be_absent() -> None:
    (hit,) = fastcore.scan(b"{}")
    assert {name: value for name, value in hit.to_dict().items() if value} == {"path": "<memory>", "line": 1}
    assert (hit.type, hit.role, hit.tools, hit.is_error, hit.text, hit.raw, hit.record) == (
        None, None, (), False, "", b"{}", {}
    )  # fmt: skip
    assert repr(hit) == "<Hit <memory>:1 no time: ''>"
    (hit,) = fastcore.scan(b'{"type":7,"sessionId":[],"cwd":null,"message":{"role":{}},"timestamp":1}')
    assert (hit.type, hit.role, hit.session, hit.cwd, hit.time) == (None, None, None, None, None)


def test_names_that_steer_or_are_no_text(tmp_path: Path) -> None:
    name = os.fsdecode(b"a\n\x1b[31m<i>\xff.jsonl")
    (tmp_path / name).write_bytes(b'{"type":"a\\n\\u001b[1m\\u009b' + b"x" * 99 + b'","x":"hello\\u001b"}')
    found = fastcore.scan(tmp_path, "hello")
    assert found[0].path == str(tmp_path / name)
    assert found[0].path_bytes == os.fsencode(tmp_path / name)
    assert len(repr(found).splitlines()) == 2
    for shown in (repr(found), found._repr_html_()):
        assert not any((ord(c) < 0x20 and c != "\n") or 0x7F <= ord(c) < 0xA0 for c in shown)
        shown.encode()  # no lone surrogate
        assert "\\x1b[31m" in shown
    assert "<i>" not in found._repr_html_()
    assert len(repr(found)) < len(str(tmp_path)) + 200


def test_the_text_of_repr_comes_from_the_first_rows() -> None:
    found = fastcore.scan(b'{"type":"a","x":"last hello"}\n' * 20 + LOG, "hello", limit=None)
    assert len(repr(found).splitlines()) <= 20
    assert "45 more" in repr(found)
    assert found._repr_html_().count("<tr>") == 16
    assert "last hello" not in repr(found) + found._repr_html_()
    assert repr(fastcore.scan(b"")) == "<Hits: 0 of 0 matches in 1 files>"


def test_a_file_that_changed_cannot_lie(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(LOG)
    found = fastcore.scan(path, "hello", limit=1)
    path.write_bytes(b"x" * len(LOG))
    assert found[0].text == "<b>hello</b> 39"
    assert found[0].record["type"] == "user"


def test_records_as_python_reads_them() -> None:
    line = b'{"type":"a","n":1e999,"big":-%d,"d":1,"d":2,"s":"hello \\ud800","f":1.50}' % 10**40
    (hit,) = fastcore.scan(line, "hello")
    assert hit.record == {"type": "a", "n": float("inf"), "big": -(10**40), "d": 2, "s": "hello \ud800", "f": 1.5}
    assert hit.text == "hello \ufffd"
    assert hit.record is not hit.record
    (hit,) = fastcore.scan(b'{"type":"user","toolUseResult":trux,"message":{"content":"hello"}}', "hello")
    with pytest.raises(ValueError, match="line 1"):
        _ = hit.record
    assert len(fastcore.scan(hit.raw, "hello", validate="all")) == 0


def test_times_no_datetime_can_hold() -> None:
    line = b'{"type":"a","x":"hello","timestamp":"9999-12-31T23:59:59.999999-01:00"}'
    (hit,) = fastcore.scan(line, "hello")
    assert (hit.time, hit.time_ns) == (None, (253402300799 + 3600) * 10**9 + 999_999_000)
    assert "no time" in repr(hit)


def test_nothing_grows(tmp_path: Path) -> None:
    """Neither references nor memory leak, on the paths of errors too."""
    content = bytes(LOG[:200]) + b"\nbroken hello"
    marker: list[object] = []

    def once() -> None:
        found = fastcore.scan(content, "hello")
        found[0].to_dict()
        pickle.loads(pickle.dumps(found))
        for wrong in (
            {"query": "("},
            {"limit": -1},
            {"order": marker},
            {"paths": tmp_path / "gone", "on_error": "raise"},
        ):
            with pytest.raises((ValueError, OSError)):
                fastcore.scan(**{"paths": content, **wrong})  # type: ignore[arg-type]

    once()
    counts = sys.getrefcount(content), sys.getrefcount(marker)
    for _ in range(200):
        once()
    assert (sys.getrefcount(content), sys.getrefcount(marker)) == counts
