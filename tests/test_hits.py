"""The manners of results: sequences, copies, slices, dicts, repr."""

from __future__ import annotations

import copy
import datetime as dt
import pickle

import pytest

import fastcore

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
