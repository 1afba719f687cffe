"""The command line: what it prints, where, and its exit codes."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import fastcore
from fastcore.cli import main, text
from fastcore.cli.scan import parse
from fastcore.cli.terminal import spelled, wants_color

GOLDEN = Path(__file__).parent / "golden"

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
    assert run("scan", "x", str(logs / "none*"), cwd=logs, code=2).stderr.count("\n") == 1
    os.mkfifo(logs / "fifo")
    assert "not a regular file" in run("scan", "force", "fifo", "logs", cwd=logs, code=2).stderr
    assert run("scan", "force", "logs", "--on-error", "raise", cwd=logs, code=2).stdout == ""


def test_facts_are_kept_and_change_nothing(logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    plain = run("scan", "force", "logs", "--since", "2000-01-01", cwd=logs).stdout
    assert plain
    for _ in range(2):
        assert run("scan", "force", "logs", "--since", "2000-01-01", "--facts", cwd=logs).stdout == plain
        assert (tmp_path / "cache" / "fastcore" / "facts").stat().st_mode & 0o777 == 0o600
    assert "not allowed with -" in run("scan", "force", "-", "--facts", cwd=logs, code=2).stderr
    monkeypatch.setenv("XDG_CACHE_HOME", str(logs / "logs" / "a.jsonl"))
    said = run("scan", "force", "logs", "--since", "2000-01-01", "--facts", cwd=logs)
    assert said.stdout == plain and "the facts were not kept" in said.stderr


def test_no_count(logs: Path) -> None:
    said = run("scan", "force", "logs", "--no-count", "--stats", "-n", "2", cwd=logs)
    assert said.stdout == run("scan", "force", "logs", "-n", "2", cwd=logs).stdout
    assert said.stderr.splitlines()[1] == "2 matches, perhaps of more; -n all shows every one"
    assert said.stderr.splitlines()[2].startswith("2 matches, not all counted in 2 files, ")
    assert "more" not in run("scan", "force", "logs", "--no-count", "-n", "4", cwd=logs).stderr
    shown = json.loads(run("scan", "force", "logs", "--no-count", "--format", "json", cwd=logs).stdout)
    assert (shown["stats"]["matches"], len(shown["hits"])) == (None, 3)
    assert run("scan", "force", "logs", "--no-count", "-l", cwd=logs).stdout == "logs/a.jsonl\n"
    assert run("scan", "force", "logs", "--no-count", "-q", cwd=logs).stdout == ""
    assert run("scan", "absent", "logs", "--no-count", "-q", cwd=logs, code=1).stdout == ""
    assert run("scan", "absent", "logs", "--no-count", cwd=logs, code=1).stdout == ""
    assert "not allowed with -c/--count" in run("scan", "force", "logs", "--no-count", "-c", cwd=logs, code=2).stderr
    assert "only counts" in run("scan", "force", "logs", "--no-count", "-n", "0", cwd=logs, code=2).stderr


def test_the_users_own_logs(logs: Path) -> None:
    own = logs / ".claude" / "projects" / "-src-app"
    own.mkdir(parents=True)
    (logs / "logs/a.jsonl").rename(own / "s.jsonl")
    env = {**os.environ, "HOME": str(logs)}
    assert run("scan", "-c", "force", cwd=logs, env=env).stdout == "3\n"
    assert run("scan", "-c", "force project:/src/app", cwd=logs, env=env).stdout == "3\n"


def test_help_and_version(logs: Path) -> None:
    assert "git push --force" in run("scan", "--help-query", cwd=logs).stdout
    assert run("--version", cwd=logs).stdout == f"fastcore {fastcore.__version__}\n"
    assert "scan" in run("--help", cwd=logs).stdout
    assert "matches in 2 files" in run("scan", "force", "logs", "--stats", cwd=logs).stderr


def test_a_reader_that_leaves(logs: Path) -> None:
    (logs / "logs/big.jsonl").write_text((json.dumps(LINES[0]) + "\n") * 20_000)
    for options in ("scan force logs -n all --format jsonl", "scan force logs -n all", "scan force logs --raw -n all"):
        command = f"{sys.executable} -m fastcore {options} | head -1; exit ${{PIPESTATUS[0]}}"
        result = subprocess.run(["bash", "-c", command], capture_output=True, text=True, cwd=logs, check=False)
        assert (result.returncode, result.stderr) == (0, "")
        assert result.stdout.count("\n") == 1
    for options in ("scan --help", "scan --help-query", "--help", "--version", "scan -c force logs"):
        # The reader has left before the first byte, which is written only at the end.
        reader, writer = os.pipe()
        os.close(reader)
        with os.fdopen(writer) as out:
            result = subprocess.run(
                [sys.executable, "-m", "fastcore", *options.split()],
                stdout=out, stderr=subprocess.PIPE, text=True, cwd=logs, check=False,
            )  # fmt: skip
        assert (result.returncode, result.stderr) == (0, ""), options


def on_a_terminal(logs: Path, *args: str) -> str:
    """What the command prints on a terminal, its own colours left out."""
    return re.sub(r"\x1b\[(?:0|2|3[1256]|1;31)?[mK]", "", coloured_on_a_terminal(logs, *args))


def coloured_on_a_terminal(logs: Path, *args: str) -> str:
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


def test_colours_on_a_terminal(logs: Path) -> None:
    shown = coloured_on_a_terminal(logs, "scan", "naïve", "logs", "--progress", "never", "--no-color")
    assert "\x1b" not in shown
    coloured = coloured_on_a_terminal(logs, "scan", "naïve", "logs", "--progress", "never")
    assert "\x1b[1;31mnaïve\x1b[0m" in coloured
    assert "\\x1b[31mforce\\x1b[0m" in coloured
    assert "\x1b[31mforce" not in coloured


HOSTILE = "\x1b]0;owned\x07\x9b31m\x7f\x00\x08 needle"


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--full-text"],
        ["--raw"],
        ["-l"],
        ["-l", "-0"],
        ["-c"],
        ["--format", "json"],
        ["--format", "jsonl"],
        ["--format", "tsv"],
        ["--stats", "--validate", "all"],
        ["--on-error", "raise"],
        ["--order", HOSTILE],
        [f"--{HOSTILE}"],
        ["--limit", HOSTILE],
        ["--since", HOSTILE],
        ["missing\x1b[1m"],
        ["-e", f"({HOSTILE}"],
    ],
)
def test_no_log_steers_the_terminal(tmp_path: Path, options: list[str]) -> None:
    options = [option.replace("\0", "") for option in options]  # no argument can hold one
    (tmp_path / "logs\x1b[7m").mkdir()
    odd = {"type": HOSTILE, "message": {"role": HOSTILE, "content": HOSTILE}, "sessionId": HOSTILE, "x": HOSTILE}
    line = json.dumps(odd).encode()
    lines = [line, json.dumps(odd, ensure_ascii=False).encode(), b"broken needle \x1b[5m\x9b"]
    (tmp_path / "logs\x1b[7m" / "a\x1b[7m\x9b.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    query = [] if "-e" in options else ["needle"]
    shown = on_a_terminal(tmp_path, "scan", *query, ".", "--color", "always", *options)
    assert shown
    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", shown.replace("\r\n", "\n")), shown


def test_an_unknown_command_does_not_steer_either(tmp_path: Path) -> None:
    assert "\\x1b[1m" in on_a_terminal(tmp_path, "\x1b[1m")


def test_pipes_stay_exact(tmp_path: Path) -> None:
    name = b"\xff\x1b.jsonl"
    line = b'{"type":"a","x":"needle \\u001b\\u009b\xc2\x9b\xf0\x9f\x98\x80"}'
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_bytes(line + b"\n")

    def out(*args: str, **env: str) -> bytes:
        return subprocess.run(
            [sys.executable, "-m", "fastcore", "scan", "needle", ".", *args],
            capture_output=True, cwd=tmp_path, check=True, env={**os.environ, **env},
        ).stdout  # fmt: skip

    for encoding in ("utf-8", "latin-1", "ascii"):
        env = {"PYTHONIOENCODING": encoding}
        assert out("--raw", **env) == line + b"\n"
        assert out("-l", **env) == b"./" + name + b"\n"
        row = json.loads(out("--format", "jsonl", **env).splitlines()[0].decode())
        assert row["text"] == "needle \x1b\x9b\x9b😀"
        assert (row["path"], bytes(row["path_bytes"])) == ("./\\xff\x1b.jsonl", b"./" + name)
        assert "needle \x1b\x9b\x9b😀\n" in out("--format", "tsv", **env).decode()
    assert b"needle \x1b\\x9b\\x9b\\U0001f600\n" in out(PYTHONIOENCODING="ascii")


# Golden files: what programs read. `FASTCORE_GOLDEN=write` makes them again.


@pytest.fixture
def golden_logs(tmp_path: Path) -> Path:
    folder = tmp_path / "logs" / "projects" / "-src-app"
    folder.mkdir(parents=True)
    session = {"sessionId": "8b0d7a3c-1111-2222-3333-444455556666", "cwd": "/src/app", "gitBranch": "main"}
    lines = [
        {"type": "summary", "summary": "Force pushes: <b>why</b> & when"},
        {
            "type": "user",
            "message": {"role": "user", "content": "please git push --force\nnow"},
            "uuid": "u-1",
            "timestamp": "2024-05-01T10:00:00Z",
            **session,
        },
        {
            "type": "assistant",
            "message": {
                "role": "assistant",
                "model": "m-1",
                "content": [
                    {"type": "text", "text": "a\ttab, a \\ and naïve 😀 \x1b[31mforce\x1b[0m " + "x" * 200},
                    {"type": "tool_use", "id": "t1", "name": "Bash", "input": {"command": "git push --force"}},
                ],
            },
            "uuid": "u-2",
            "timestamp": "2024-05-01T10:00:05.123456789+02:00",
            **session,
        },
        {
            "type": "user",
            "message": {"role": "user", "content": [{"type": "tool_result", "is_error": True, "content": "no force"}]},
            "timestamp": "2024-05-01T10:00:06Z",
        },
    ]
    whole = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    (folder / "s.jsonl").write_bytes(whole + b"broken force\n" + b'{"type":"cut force')
    odd = Path(os.fsdecode(os.fsencode(folder) + b"/odd-\xff.jsonl"))
    odd.write_bytes(b'{"type":"mode","mode":"force"}\n\n')
    os.utime(odd, (1_700_000_000, 1_700_000_000))
    return tmp_path


def settled(printed: str) -> str:
    """Blank out what differs from run to run, or with the filter's choice: seconds, lines parsed, ages."""
    printed = re.sub(r'("(?:wall|cpu|walk|scan|merge)": )[\d.e-]+', r"\g<1>0.0", printed)
    printed = re.sub(r'("(?:records|candidates)": )\d+', r"\g<1>0", printed)
    return re.sub(r"(?m)^(\S+:(?:\x1b\[32m)?\d+(?:\x1b\[0m)?  )\d+(?:y|mo|d|h|m|s)", r"\1AGE", printed)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("scan.txt", []),
        ("scan.color.txt", ["--color", "always"]),
        ("scan.full.txt", ["--full-text", "--order", "oldest"]),
        ("scan.json", ["--format", "json"]),
        ("scan.jsonl", ["--format", "jsonl"]),
        ("scan.all.jsonl", ["--format", "jsonl", "--validate", "all", "-n", "0"]),
        ("scan.tsv", ["--format", "tsv", "--order", "file"]),
    ],
)
def test_golden(golden_logs: Path, name: str, options: list[str]) -> None:
    command = [sys.executable, "-m", "fastcore", "scan", "force", "logs", "-j", "1", *options]
    result = subprocess.run(command, capture_output=True, cwd=golden_logs, check=True)
    printed = settled(result.stdout.decode()) + "-- standard error --\n" + result.stderr.decode()
    if os.environ.get("FASTCORE_GOLDEN") == "write":
        GOLDEN.mkdir(exist_ok=True)
        (GOLDEN / name).write_bytes(printed.encode())
    assert printed == (GOLDEN / name).read_bytes().decode()


def test_failures_as_json(logs: Path) -> None:
    def failure(*args: str) -> dict[str, object]:
        for form in ("json", "jsonl"):
            result = run("scan", *args, "--format", form, cwd=logs, code=2)
            assert result.stdout == ""
            (line,) = result.stderr.splitlines()
        return json.loads(line)  # type: ignore[no-any-return]

    nothing = {"hint": None, "path": None, "line": None, "offset": None}
    assert failure("(a", "logs") == {
        "kind": "QueryError", "message": "this bracket is never closed (column 1)", **nothing,
    }  # fmt: skip
    found = failure("x", "logs", "--since", "a; b")
    assert (found["kind"], found["message"]) == ("QueryError", "since: 'a; b' is no time")
    assert str(found["hint"]).startswith("accepted are a datetime or date")
    assert failure("x", "logs", "--order", "best")["kind"] == "UsageError"
    assert failure("x", "logs", "--nope")["message"] == "unrecognized arguments: --nope"
    assert failure("x", "logs", "--limit=-1")["kind"] == "ValueError"
    assert failure("x", "logs", "-n", "few")["kind"] == "UsageError"
    assert failure("broken OR force", "logs/a.jsonl", "--on-error", "raise") == {
        "kind": "LineError",
        "message": "not a JSON object",
        "hint": None,
        "path": "logs/a.jsonl",
        "line": 4,
        "offset": sum(len(json.dumps(line)) + 1 for line in LINES),
    }
    assert failure("x", "gone", "--on-error", "raise") == {
        "kind": "FileNotFoundError", "message": "No such file or directory", **nothing, "path": "gone",
    }  # fmt: skip


def test_no_logs_as_json(tmp_path: Path) -> None:
    env = {**os.environ, "HOME": str(tmp_path)}
    folder = str(tmp_path / ".claude/projects")
    assert json.loads(run("scan", "x", "--format=json", cwd=tmp_path, code=2, env=env).stderr) == {
        "kind": "NoLogs",
        "message": "no session logs found",
        "hint": f"looked in {folder}",
        "path": folder,
        "line": None,
        "offset": None,
    }


def test_files_that_failed_under_json(logs: Path) -> None:
    result = run("scan", "force", "gone", "logs", "--format", "jsonl", cwd=logs, code=2)
    assert len(result.stdout.splitlines()) == 4
    assert [(e["kind"], e["path"], e["line"]) for e in map(json.loads, result.stderr.splitlines())] == [
        ("FileNotFoundError", "gone", None),
        ("LineError", "logs/a.jsonl", 4),
    ]
    result = run("scan", "force", "gone", "logs", "--format", "json", cwd=logs, code=2)
    assert result.stderr == ""
    assert [(e["path"], e["errno"]) for e in json.loads(result.stdout)["errors"]] == [
        ("gone", 2),
        ("logs/a.jsonl", None),
    ]
    result = run("scan", "force", "gone", "logs", "--format", "json", "-c", cwd=logs, code=2)
    assert (result.stdout, len(result.stderr.splitlines())) == ("3\n", 2)
    assert run("scan", "force", "gone", "logs", "-q", cwd=logs, code=2).stderr == ""


def test_many_bad_lines_are_counted(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b"bad x\n" * 1200)
    lines = run("scan", "x", ".", cwd=tmp_path, code=1).stderr.splitlines()
    assert (len(lines), lines[-1]) == (6, "1,195 more bad lines")


# Arguments


@pytest.mark.parametrize(
    ("arguments", "query", "paths"),
    [
        ("", "", []),
        ("q", "q", []),
        ("q a b", "q", ["a", "b"]),
        ("q -n 3 a --role user b", "q", ["a", "b"]),
        ("--role user q a -c b", "q", ["a", "b"]),
        ("-e q a b", "q", ["a", "b"]),
        ("a -e q b", "q", ["a", "b"]),
        ("-e -1 a", "-1", ["a"]),
        ("-e --force a", "--force", ["a"]),
        ("-e -- a", "--", ["a"]),
        ("--query=-x a", "-x", ["a"]),
        ("-e-x a", "-x", ["a"]),
        ("-c -- --force a", "--force", ["a"]),
        ("q -- -a -- b", "q", ["-a", "--", "b"]),
        ("-e q -- -a", "q", ["-a"]),
        ("q - a -", "q", ["-", "a"]),
        ("q a a", "q", ["a"]),
    ],
)
def test_arguments(arguments: str, query: str, paths: list[str]) -> None:
    args = parse(arguments.split())
    assert (args.query, args.paths) == (query, paths)


@pytest.mark.parametrize(
    "arguments",
    ["-e", "-e a -e b", "-n", "--order best", "--nope", "--rol x", "-j x", "--timeout x", "-n 1.5", "-n ''", "-j 0",
     "-n -1", "--timeout nan", "--timeout -1", "--since 2024", "--format md", "--color maybe", "/a+/ ."],
)  # fmt: skip
def test_arguments_that_cannot_be_read(arguments: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scan", "--progress", "never", *arguments.split()]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("fastcore scan: ")
    assert "Traceback" not in err


def test_limits(logs: Path) -> None:
    for limit, count in (("0", 0), ("1", 1), ("all", 3), ("9" * 30, 3)):
        assert run("scan", "force", "logs", "--raw", "-n", limit, cwd=logs).stdout.count("\n") == count
    (logs / "logs/c.jsonl").write_text((json.dumps(LINES[0]) + "\n") * 60)
    assert run("scan", "force", "logs", "--raw", cwd=logs).stdout.count("\n") == 50
    assert run("scan", "force", "logs", "-l", "--order", "file", cwd=logs).stdout.split() == [
        "logs/a.jsonl",
        "logs/c.jsonl",
    ]


def test_more_filters(logs: Path) -> None:
    def count(*args: str, code: int = 0) -> str:
        return run("scan", "-c", *args, "", "logs", cwd=logs, code=code).stdout.strip()

    assert count("--type", "summary") == "1"
    assert count("--type", "summary", "--type", "user") == "2"
    assert count("--session", "8b0d7a3c") == "1"
    assert count("--project", "/src/app") == "1"
    assert count("--branch", "main", code=1) == "0"
    assert count("--model", "m", code=1) == "0"
    assert count("--tool", "Bash", code=1) == "0"
    assert count("--until", "2024-05-01", "--since", "2024-04-30") == "1"
    assert count("-i") == "4"
    assert run("scan", "-c", "-i", "-j", "2", "FORCE", "logs", cwd=logs).stdout == "3\n"
    assert run("scan", "-c", "", "logs", cwd=logs).stdout == "4\n"
    assert run("scan", "-c", "force", "--timeout", "0", "logs", cwd=logs, code=1).stdout == "0\n"


# The world around


def test_ctrl_c_leaves_with_130(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "fastcore", "scan", "x", "-"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(b"{}\n" * 100_000)  # more than a pipe holds: once it is written, the command is reading
    process.stdin.flush()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (130, b"", b"")


def test_a_full_disk_is_an_error(logs: Path) -> None:
    for options in (["-c"], ["--format", "json"], ["--raw"], ["-l"], []):
        command = [sys.executable, "-m", "fastcore", "scan", "force", "logs", *options]
        with open("/dev/full", "w") as full:
            result = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, cwd=logs, check=False)
        assert result.returncode == 2
        assert result.stderr.endswith("fastcore: the output cannot be written: No space left on device\n")
        assert "Traceback" not in result.stderr


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams(logs: Path, closed: str) -> None:
    command = f"{sys.executable} -m fastcore scan -c force logs {closed}"
    result = subprocess.run(["bash", "-c", command], capture_output=True, text=True, cwd=logs, check=False)
    assert (result.returncode, result.stdout) == (0, "" if ">&-" in closed.replace("2>&-", "") else "3\n")
    assert "Traceback" not in result.stderr


def test_progress(logs: Path) -> None:
    assert "MB" in run("scan", "force", "logs", "--progress", "always", cwd=logs).stderr
    assert "MB" not in run("scan", "force", "logs", cwd=logs).stderr
    shown = coloured_on_a_terminal(logs, "scan", "-c", "force", "logs", "--progress", "always")
    assert "MB\r\x1b[K" in shown
    assert "3\r\n" in shown
    assert "MB" not in coloured_on_a_terminal(logs, "scan", "-c", "force", "logs")  # done before it is worth a line
    assert "MB" not in coloured_on_a_terminal(logs, "scan", "-q", "force", "logs")


class Stream(io.StringIO):
    def __init__(self, terminal: bool) -> None:
        super().__init__()
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal


@pytest.mark.parametrize(
    ("choice", "environment", "on_terminal", "on_pipe"),
    [
        ("auto", {}, True, False),
        ("auto", {"NO_COLOR": "1"}, False, False),
        ("auto", {"NO_COLOR": ""}, True, False),
        ("auto", {"FORCE_COLOR": "1"}, True, True),
        ("auto", {"CLICOLOR_FORCE": "1"}, True, True),
        ("auto", {"CLICOLOR_FORCE": "0"}, True, False),
        ("auto", {"CLICOLOR_FORCE": ""}, True, False),
        ("auto", {"NO_COLOR": "1", "FORCE_COLOR": "1"}, False, False),
        ("auto", {"TERM": "dumb"}, False, False),
        ("never", {"FORCE_COLOR": "1"}, False, False),
        ("always", {"NO_COLOR": "1"}, True, True),
    ],
)
def test_colours(
    choice: str, environment: dict[str, str], on_terminal: bool, on_pipe: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert wants_color(choice, Stream(True)) is on_terminal
    assert wants_color(choice, Stream(False)) is on_pipe
    assert parse(["--color", "always", "--no-color"]).color == "never"
    assert parse(["--no-color", "--color", "always"]).color == "never"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0s"), (59, "59s"), (60, "1m"), (3600, "1h"), (86_400 * 3, "3d"), (86_400 * 61, "2mo"), (86_400 * 800, "2y"),
     (-90, "in 1m")],
)  # fmt: skip
def test_ages(seconds: float, shown: str) -> None:
    assert text.age(10**18, 1e9 + seconds) == shown


def test_a_surrogate_that_stands_for_no_byte_is_left_to_the_stream() -> None:
    assert spelled("\ud800: no such file") == "\ud800: no such file"
    assert spelled("\udcff: no such file") == "\\xff: no such file"
