"""The command line: what it prints, where, and its exit codes."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

LINES = [
    {
        "type": "user",
        "message": {"role": "user", "content": "please git push --force\nnow"},
        "timestamp": "2024-05-01T10:00:00Z",
        "sessionId": "8b0d7a3c-0000",
        "cwd": "/src/app",
    },
    {"type": "summary", "summary": "about \x1b[31mforce\x1b[0m and naïve tests"},
    {
        "type": "assistant",
        "message": {"role": "assistant", "content": [{"type": "text", "text": "done\twith --force"}]},
        "timestamp": "2024-05-02T10:00:00.5Z",
    },
]


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "a.jsonl").write_text("".join(json.dumps(line) + "\n" for line in LINES) + "oops force\n")
    (folder / "b.jsonl").write_text(json.dumps({"type": "system", "content": "nothing here"}) + "\n")
    return tmp_path


def run(*args: str, cwd: Path, code: int = 0, **options: object) -> subprocess.CompletedProcess[str]:
    result = subprocess.run(
        [sys.executable, "-m", "fastcore", *args], capture_output=True, text=True, cwd=cwd, check=False, **options
    )  # type: ignore[call-overload]
    assert result.returncode == code, result.stdout + result.stderr
    return result  # type: ignore[no-any-return]


def test_text(logs: Path) -> None:
    result = run("scan", "force", "logs", cwd=logs)
    lines = result.stdout.splitlines()
    assert [line.split("  ")[0] for line in lines[::2]] == ["logs/a.jsonl:2", "logs/a.jsonl:3", "logs/a.jsonl:1"]
    assert lines[5] == "    please git push --force now"
    assert "8b0d7a3c" in lines[4]
    assert "logs/a.jsonl:4" in result.stderr and "not a JSON object" in result.stderr


def test_jsonl_and_json(logs: Path) -> None:
    rows = [
        json.loads(line) for line in run("scan", "force", "logs", "--format", "jsonl", cwd=logs).stdout.splitlines()
    ]
    assert [row.get("line") for row in rows] == [2, 3, 1, None]
    assert rows[2] == {
        "schema": 1,
        "path": "logs/a.jsonl",
        "line": 1,
        "offset": 0,
        "time": "2024-05-01T10:00:00.000000Z",
        "time_ns": 1714557600000000000,
        "type": "user",
        "role": "user",
        "session": "8b0d7a3c-0000",
        "uuid": None,
        "cwd": "/src/app",
        "branch": None,
        "model": None,
        "tools": [],
        "is_error": False,
        "text": "please git push --force\nnow",
        "spans": [[18, 23]],
    }
    assert rows[3]["stats"]["matches"] == 3
    whole = json.loads(run("scan", "force", "logs", "--format", "json", cwd=logs).stdout)
    assert set(whole) == {"schema", "query", "hits", "stats", "errors"}
    assert whole["hits"] == [{k: v for k, v in row.items() if k != "schema"} for row in rows[:3]]
    assert whole["errors"][0]["line"] == 4


def test_tsv(logs: Path) -> None:
    lines = run("scan", "force", "logs", "--format", "tsv", cwd=logs).stdout.splitlines()
    assert lines[0].split("\t") == ["path", "line", "offset", "time", "type", "role", "session", "text"]
    assert lines[2].endswith("done\\twith --force")
    assert len(lines) == 4


def test_counts_files_and_quiet(logs: Path) -> None:
    assert run("scan", "-c", "force", "logs", cwd=logs).stdout == "3\n"
    assert run("scan", "force", "-l", "logs", cwd=logs).stdout == "logs/a.jsonl\n"
    assert run("scan", "-l", "-0", "force", "logs", cwd=logs).stdout == "logs/a.jsonl\0"
    assert run("scan", "-q", "force", "logs", cwd=logs).stdout == ""
    assert run("scan", "-c", "absent", "logs", cwd=logs, code=1).stdout == "0\n"
    assert run("scan", "-q", "absent", "logs", cwd=logs, code=1).stdout == ""


def test_queries_that_begin_with_a_dash(logs: Path) -> None:
    assert run("scan", "-c", "-e", "--force", "logs", cwd=logs).stdout == "2\n"
    assert run("scan", "-c", "--", "--force", "logs", cwd=logs).stdout == "2\n"
    assert run("scan", "-c", "git push --force", "logs", cwd=logs).stdout == "1\n"


def test_filters(logs: Path) -> None:
    assert run("scan", "-c", "force", "logs", "--role", "user", cwd=logs).stdout == "1\n"
    assert run("scan", "-c", "force", "logs", "--role", "user", "--role", "assistant", cwd=logs).stdout == "2\n"
    assert run("scan", "-c", "--cwd", "/src", "", "logs", cwd=logs).stdout == "1\n"
    assert run("scan", "-c", "force", "logs", "--since", "2024-05-02", cwd=logs).stdout == "2\n"
    assert run("scan", "-c", "FORCE", "logs", "-s", cwd=logs, code=1).stdout == "0\n"
    assert (
        run("scan", "force", "logs", "-n", "1", "--order", "oldest", "--raw", cwd=logs).stdout
        == json.dumps(LINES[0]) + "\n"
    )


def test_standard_input(logs: Path) -> None:
    content = (logs / "logs/a.jsonl").read_text()
    result = run("scan", "force", "-", "--format", "jsonl", cwd=logs, input=content)
    assert [json.loads(line).get("path") for line in result.stdout.splitlines()] == ["<stdin>"] * 3 + [None]


def test_errors(logs: Path) -> None:
    result = run("scan", "(a", "logs", cwd=logs, code=2)
    assert "never closed" in result.stderr and result.stderr.rstrip().endswith("^")
    failed = json.loads(run("scan", "(a", "logs", "--format", "json", cwd=logs, code=2).stderr)
    assert failed["kind"] == "QueryError"
    assert set(failed) == {"kind", "message", "hint", "path", "line", "offset"}
    result = run("scan", "force", "missing", "logs", cwd=logs, code=2)
    assert "missing" in result.stderr and "logs/a.jsonl:3" in result.stdout
    result = run("scan", "x", cwd=logs, code=2, env={**os.environ, "HOME": str(logs)})
    assert str(logs / ".claude/projects") in result.stderr
    assert "unknown command" in run("find", cwd=logs, code=2).stderr
    assert "--lim" in run("scan", "x", "--lim", "3", cwd=logs, code=2).stderr


def test_the_users_own_logs(logs: Path) -> None:
    own = logs / ".claude" / "projects" / "-src-app"
    own.mkdir(parents=True)
    (logs / "logs/a.jsonl").rename(own / "s.jsonl")
    env = {**os.environ, "HOME": str(logs)}
    assert run("scan", "-c", "force", cwd=logs, env=env).stdout == "3\n"
    assert run("scan", "-c", "force project:/src/app", cwd=logs, env=env).stdout == "3\n"


def test_help_and_version(logs: Path) -> None:
    assert "git push --force" in run("scan", "--help-query", cwd=logs).stdout
    assert run("--version", cwd=logs).stdout.startswith("fastcore 0.")
    assert "scan" in run("--help", cwd=logs).stdout
    assert "matches in 2 files" in run("scan", "force", "logs", "--stats", cwd=logs).stderr


def test_a_reader_that_leaves(logs: Path) -> None:
    (logs / "logs/big.jsonl").write_text(json.dumps(LINES[0]) + "\n" * 1 + (json.dumps(LINES[0]) + "\n") * 20_000)
    command = f"{sys.executable} -m fastcore scan force logs -n all --format jsonl | head -1; exit ${{PIPESTATUS[0]}}"
    result = subprocess.run(["bash", "-c", command], capture_output=True, text=True, cwd=logs, check=False)
    assert (result.returncode, result.stderr.replace("logs/a.jsonl:4", "")) == (
        0,
        result.stderr.replace("logs/a.jsonl:4", ""),
    )
    assert "Traceback" not in result.stderr
    assert "BrokenPipe" not in result.stderr


def on_a_terminal(logs: Path, *args: str) -> str:
    """What the command prints on a terminal."""
    main, side = pty.openpty()
    env = {**os.environ, "TERM": "xterm", "NO_COLOR": ""}
    process = subprocess.Popen([sys.executable, "-m", "fastcore", *args], stdout=side, stderr=side, cwd=logs, env=env)
    os.close(side)
    parts = []
    while True:
        try:
            part = os.read(main, 65536)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        parts.append(part)
    process.wait(timeout=30)
    os.close(main)
    return b"".join(parts).decode()


def test_no_log_steers_the_terminal(logs: Path) -> None:
    shown = on_a_terminal(logs, "scan", "naïve", "logs", "--progress", "never", "--no-color")
    assert "\x1b" not in shown
    assert "\\x1b[31mforce\\x1b[0m" in shown
    coloured = on_a_terminal(logs, "scan", "naïve", "logs", "--progress", "never")
    assert "\x1b[1;31mnaïve\x1b[0m" in coloured
    assert "\x1b[31mforce" not in coloured
    assert "\x1b" not in run("scan", "naïve", "logs", "--format", "jsonl", cwd=logs).stdout
