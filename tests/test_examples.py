"""The scripts in examples/ do what they say; those that need a package which is not there do their own part."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import fastcore

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
SONGS = Path(__file__).parent / "data" / "pop909"

pytestmark = pytest.mark.skipif(not EXAMPLES.exists(), reason="needs the source tree")


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(name: str, *arguments: str) -> str:
    command = [sys.executable, str(EXAMPLES / f"{name}.py"), *arguments]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.fixture
def logs(tmp_path: Path) -> str:
    """Ten records of two days in two files, six of them with the word."""
    for name, day in (("a", 1), ("b", 2)):
        lines = [
            {
                "type": ("user", "assistant")[place % 2],
                "message": {"content": f"{'timeout' if place < 3 else 'fine'} {place}"},
                "timestamp": f"2024-05-0{day}T10:00:0{place}Z",
            }
            for place in range(5)
        ]
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    return str(tmp_path)


@pytest.fixture
def songs(tmp_path: Path) -> str:
    """Two songs and what is none."""
    for place, song in enumerate(sorted(SONGS.rglob("*.mid"))[:2]):
        shutil.copy(song, tmp_path / f"{place}.mid")
    (tmp_path / "2.mid").write_bytes(b"<html></html>")
    return str(tmp_path)


def test_every_example_stands_in_the_docs() -> None:
    page = (EXAMPLES.parent / "docs" / "examples.md").read_text("utf-8")
    for path in EXAMPLES.glob("*.py"):
        assert f"../examples/{path.name}" in page
        assert f"def test_{path.stem}" in Path(__file__).read_text("utf-8"), path.name


def test_log_service_search(logs: str) -> None:
    found = load("log_service").search(logs, "timeout", limit=2)
    assert found["matches"] == 6 and not found["timed_out"]
    assert [(Path(hit["path"]).name, hit["line"], hit["text"]) for hit in found["hits"]] == [
        ("b.jsonl", 3, "timeout 2"),
        ("b.jsonl", 2, "timeout 1"),
    ]
    assert json.loads(json.dumps(found)) == found
    with pytest.raises(fastcore.QueryError):
        load("log_service").search(logs, "(timeout")


def test_log_service_app(logs: str) -> None:
    pytest.importorskip("fastapi")
    pytest.importorskip("httpx")
    from fastapi.testclient import TestClient

    client = TestClient(load("log_service").app_for(logs))
    answer = client.get("/search", params={"q": "timeout role:user", "limit": 1})
    assert answer.status_code == 200 and answer.json()["matches"] == 4
    assert [hit["text"] for hit in answer.json()["hits"]] == ["timeout 2"]
    refused = client.get("/search", params={"q": "(timeout"})
    assert refused.status_code == 422 and refused.json()["detail"]["column"] == 1
    assert client.get("/search", params={"q": "x", "limit": 1000}).status_code == 422


def test_rerank() -> None:
    assert run("rerank").strip("[]\n").split()[0] == "1234"
    module = load("rerank")
    rng = np.random.default_rng(2)
    vectors, query = rng.standard_normal((9000, 8)).astype(np.float32), rng.standard_normal(8).astype(np.float32)
    allowed = rng.random(len(vectors)) < 0.9
    scores = np.where(allowed, vectors @ query, -np.inf)
    best = np.argsort(-scores, kind="stable")[:5]
    assert module.rerank(vectors, query, allowed, np.zeros(len(vectors)), 5).tolist() == best.tolist()
    prior = np.zeros(len(vectors))
    prior[best[4]] = 100.0
    assert module.rerank(vectors, query, allowed, prior, 1).tolist() == [best[4]]


def test_midi_to_duckdb(songs: str) -> None:
    module = load("midi_to_duckdb")
    table = module.table_of(songs)
    assert list(table["status"]) == ["ok", "ok", "error"] and table[2]["code"] == "html"
    pytest.importorskip("duckdb")
    rows = module.store(table, ":memory:")
    assert sum(count for _, count, _ in rows) == 2 and {key for key, _, _ in rows} == set(table["key"][:2])
    shown = run("midi_to_duckdb", songs, f"{songs}/songs.db")
    assert [line[:10].strip() for line in shown.splitlines()] == [key for key, _, _ in rows]


def test_hits_in_polars(logs: str) -> None:
    module = load("hits_in_polars")
    table = module.found(logs, "timeout")
    assert table.columns == ("time", "role", "path", "text") and len(table) == 6
    polars = pytest.importorskip("polars")
    frame = module.by_day(table)
    assert frame.get_column("records").to_list() == [1, 2, 1, 2] and frame.get_column("files").to_list() == [1] * 4
    assert frame.schema["day"] == polars.Date
    assert "2024-05-02" in run("hits_in_polars", logs, "timeout")


def test_dask_scan(logs: str) -> None:
    pytest.importorskip("distributed")
    shown = run("dask_scan", logs, "timeout").splitlines()
    assert shown[0].startswith("6 matches in 2 files")
    assert [line.partition("  ")[2] for line in shown[1:]] == [
        repr(hit.text) for hit in fastcore.scan(logs, "timeout")[:5]
    ]
