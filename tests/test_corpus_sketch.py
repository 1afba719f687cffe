"""Sketches of a corpus: the same answers with and without, whatever happens to the files; when they are made."""

from __future__ import annotations

import os
import random
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import oracles
import pytest
import strategies
import test_corpus
from hypothesis import given, settings
from scale import scaled

import fastcore

pytestmark = pytest.mark.native

WORDS = ["porcelain", "STRASSE", "straße", "kiosk", "Σίσυφος", "日本", "u0041", "alpha", "zq9 porcelain", "İstanbul"]


def some_query(rnd: random.Random) -> str:
    if rnd.random() < 0.5:
        return rnd.choice(WORDS)
    return strategies.write_query(rnd, strategies.tree(rnd))


def changed(changes: fastcore.Changes) -> tuple[int, ...]:
    """What any corpus tells: only one that has read a file knows a longer text from a grown one."""
    return changes.added, changes.grown + changes.replaced, changes.removed, changes.truncated


def same_answers(rnd: random.Random, folder: Path) -> int:
    """One case: a corpus with sketches, one without and a scan agree. Returns how many blocks were passed by."""
    paths = [folder / f"{number}.jsonl" for number in range(rnd.choice([1, 3, 9]))]
    for path in paths:
        path.write_bytes(strategies.log(rnd))
    with (
        fastcore.Corpus(folder, sketch=True, facts=rnd.random() < 0.5) as sketched,
        fastcore.Corpus(folder, sketch=False, facts=False) as plain,
    ):
        for _ in range(rnd.choice([1, 2, 4])):
            for _ in range(3):
                asked: dict[str, Any] = {
                    **test_corpus.question(rnd),
                    "query": some_query(rnd),
                    "case_sensitive": rnd.random() < 0.2,
                    "max_line": rnd.choice([64 << 20, 64 << 20, 64 << 20, 300]),
                }
                for size in ("FASTCORE_CHUNK", "FASTCORE_SPAN"):
                    os.environ[size] = rnd.choice(test_corpus.SIZES)
                expected = fastcore.scan(folder, **asked)
                test_corpus.same(expected, plain.scan(**asked))
                # Of what a block that is passed by holds no line is judged: neither is a broken one reported.
                found = sketched.scan(**asked)
                test_corpus.same(expected, found, exact=asked["validate"] == "all")
                assert set(found.errors) <= set(expected.errors)
                long = {error for error in expected.errors if error.reason == "longer than max_line"}
                assert long <= set(found.errors)
            test_corpus.disturb(rnd, folder, paths)
            told, told_plain = sketched.refresh(), plain.refresh()
            assert changed(told) == changed(told_plain)
        assert plain.stats.passed == plain.stats.sketches == 0
        return sketched.stats.passed


@settings(max_examples=scaled(100))
@given(strategies.randoms())
def test_sketches_change_no_answer(rnd: random.Random) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        for size in ("FASTCORE_BLOCK", "FASTCORE_CHUNK", "FASTCORE_SPAN"):
            patch.setenv(size, rnd.choice(test_corpus.SIZES))
        same_answers(rnd, Path(folder))


def test_sketches_change_no_answer_and_pass_blocks_by(monkeypatch: pytest.MonkeyPatch) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    rnd = random.Random(seed)
    passed = 0
    for _ in range(scaled(40)):
        for size in ("FASTCORE_BLOCK", "FASTCORE_CHUNK", "FASTCORE_SPAN"):
            monkeypatch.setenv(size, rnd.choice(test_corpus.SIZES))
        with tempfile.TemporaryDirectory() as folder:
            passed += same_answers(rnd, Path(folder))
    assert passed > scaled(40)


def write(folder: Path, files: int = 6, lines: int = 50) -> None:
    for number in range(files):
        content = b"".join(test_corpus.line(i, "lantern" if number else "quartz") for i in range(lines))
        (folder / f"{number}.jsonl").write_bytes(content)


def test_they_are_made_after_three_scans_that_missed_them(tmp_path: Path) -> None:
    write(tmp_path)
    with fastcore.Corpus(tmp_path) as corpus:
        for query in ("porcelain", "lantern", "", "-porcelain", "sea", "lantern", "quartz", "ziggurat"):
            # "lantern" is in nearly every block, the next three are not for sketches.
            assert corpus.stats.sketches == 0
            corpus.scan(query)
        corpus.scan("sea")
        assert corpus.stats.sketches == 0
        before = corpus.stats.passed
        assert corpus.scan("porcelain").stats.bytes == 0
        assert corpus.stats.sketches == corpus.stats.blocks == corpus.stats.passed - before == 6
        assert corpus.scan("quartz").stats.matches == 50


def test_true_makes_them_at_once_and_false_never(tmp_path: Path) -> None:
    write(tmp_path)
    with fastcore.Corpus(tmp_path, sketch=True) as corpus:
        corpus.scan("sea")
        assert corpus.stats.sketches == 0
        corpus.scan("porcelain", validate="all")
        assert corpus.stats.sketches == 0
        assert corpus.scan("porcelain").stats.matches == 0
        assert corpus.stats.sketches == corpus.stats.passed == 6
    with fastcore.Corpus(tmp_path, sketch=False) as corpus:
        for _ in range(6):
            corpus.scan("porcelain")
        assert corpus.stats.sketches == 0
        with pytest.raises(ValueError, match="sketch=False"):
            corpus.build_sketch()
    with pytest.raises(TypeError, match="sketch"):
        fastcore.Corpus(tmp_path, sketch="yes")  # type: ignore[arg-type]


def test_what_is_added_gets_sketches_and_what_stays_keeps_them(tmp_path: Path) -> None:
    write(tmp_path)
    with fastcore.Corpus(tmp_path, sketch=True) as corpus:
        corpus.build_sketch()
        (tmp_path / "new.jsonl").write_bytes(test_corpus.line(1, "porcelain"))
        test_corpus.append(tmp_path / "3.jsonl", test_corpus.line(51, "porcelain") + test_corpus.line(52, "unfin")[:-1])
        corpus.refresh()
        found = corpus.scan("porcelain", order="file")
        assert [Path(hit.path).name for hit in found] == ["3.jsonl", "new.jsonl"]
        assert corpus.stats.sketches == corpus.stats.blocks == 7
        assert corpus.scan("unfin").stats.matches == 1


def test_a_line_that_is_too_long_is_reported_from_any_block(tmp_path: Path) -> None:
    write(tmp_path)
    test_corpus.append(tmp_path / "2.jsonl", test_corpus.line(51, "x" * 3000))
    with fastcore.Corpus(tmp_path, sketch=True) as corpus:
        corpus.build_sketch()
        expected = fastcore.scan(tmp_path, "porcelain", max_line=2000)
        assert [(error.line, error.reason) for error in expected.errors] == [(51, "longer than max_line")]
        assert corpus.scan("porcelain", max_line=2000).errors == expected.errors


def test_building_tells_how_far_it_is_and_may_be_stopped(tmp_path: Path) -> None:
    write(tmp_path)
    told: list[tuple[int, int, str]] = []
    with fastcore.Corpus(tmp_path) as corpus:
        with pytest.raises(ZeroDivisionError):
            corpus.build_sketch(progress=lambda done, total, unit: 1 / 0)
        before = corpus.nbytes
        corpus.build_sketch(progress=lambda *now: told.append(now), threads=2)
        assert told[-1] == (corpus.stats.bytes, corpus.stats.bytes, "bytes")
        assert corpus.stats.sketches == 6
        assert corpus.nbytes >= before + corpus.stats.sketch_bytes > before + 6 * 64
        corpus.build_sketch(progress=True)
        assert corpus.scan("porcelain", timeout=60.0).stats.matches == 0
        with pytest.raises(TypeError):
            corpus.build_sketch(progress="yes")  # type: ignore[arg-type]
        corpus.close()
        with pytest.raises(ValueError, match="closed"):
            corpus.build_sketch()


def test_off_uses_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path)
    with fastcore.Corpus(tmp_path, sketch=True) as corpus:
        corpus.build_sketch()
        monkeypatch.setenv("FASTCORE_OFF", "sketch")
        assert corpus.scan("porcelain").stats.bytes == corpus.stats.bytes
        assert corpus.stats.passed == 0
        monkeypatch.delenv("FASTCORE_OFF")
        assert corpus.scan("porcelain").stats.bytes == 0


def test_many_threads_make_and_use_them(tmp_path: Path) -> None:
    write(tmp_path, files=40)
    rounds = scaled(5)
    with ThreadPoolExecutor(6) as pool:
        for _ in range(rounds):
            with fastcore.Corpus(tmp_path, sketch=True) as corpus:
                work = [pool.submit(corpus.build_sketch), pool.submit(corpus.refresh)]
                scans = [pool.submit(corpus.scan, word) for word in ("porcelain", "quartz", "lantern") * 4]
                assert [scan.result().stats.matches for scan in scans] == [0, 50, 39 * 50] * 4
                for task in work:
                    task.result()


@pytest.mark.parametrize("spelling", ["plain", "escaped", "kelvin", "upper"])
def test_every_spelling_of_a_word_is_found(spelling: str, tmp_path: Path) -> None:
    write(tmp_path)
    word = "kiosk"
    spelled = {
        "plain": word,
        "escaped": r"\u006bi\u006fsk",
        "kelvin": "\u212aio\u017f\u212a",
        "upper": "KIOSK",
    }[spelling]
    (tmp_path / "3.jsonl").write_bytes(test_corpus.line(1, spelled))
    assert oracles.holds(spelled.encode().decode("unicode_escape") if spelling == "escaped" else spelled, word)
    with fastcore.Corpus(tmp_path, sketch=True) as corpus:
        assert corpus.scan(word).stats.matches == 1
        assert corpus.stats.passed == 5
