"""What the command says when something goes wrong or is left out: on standard error, and never as a traceback."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from scale import SCALE

from fastcore import _base
from fastcore.cli import main, terminal, text

C_LOCALE = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
GOOD = b'{"type":"user","message":{"content":"needle"}}\n'


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs/a.jsonl").write_bytes(GOOD + b"broken needle\n")
    return tmp_path


def scan(cwd: Path, *args: str | bytes, code: int, **env: str) -> tuple[str, str]:
    """What `fastcore scan` prints on standard output and error; it must end with `code`."""
    command = [sys.executable, "-m", "fastcore", "scan", *args]
    result = subprocess.run(command, capture_output=True, cwd=cwd, env={**os.environ, **env}, check=False)
    out, err = result.stdout.decode(), result.stderr.decode()
    assert "Traceback" not in err
    assert result.returncode == code, out + err
    return out, err


# Failures


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FASTCORE_CPU", "bogus"),
        ("FASTCORE_CHUNK", "9" * 23),
        ("FASTCORE_CHUNK", "9" * 5000),
        ("FASTCORE_SPAN", "9" * 18),
        ("FASTCORE_THREADS", "9" * 23),
    ],
)
def test_an_environment_that_cannot_be_read(logs: Path, name: str, value: str) -> None:
    out, err = scan(logs, "needle", "logs", code=2, **{name: value})
    assert out == "" and err.startswith(f"fastcore scan: {name}=")
    out, err = scan(logs, "needle", "logs", "--format", "json", code=2, **{name: value})
    assert out == "" and json.loads(err)["message"].startswith(f"{name}=")


def test_whatever_fails_is_an_error(logs: Path) -> None:
    code = "import fastcore._scan as s, sys, fastcore.cli\ndef scan(*_, **__): raise MemoryError\ns.scan = scan\n"
    code += "sys.exit(fastcore.cli.main(sys.argv[1:]))"
    command = [sys.executable, "-c", code, "scan", "needle", "logs"]
    result = subprocess.run(command, capture_output=True, text=True, cwd=logs, check=False)
    assert (result.returncode, result.stderr) == (2, "fastcore scan: MemoryError: \n")


@pytest.mark.parametrize("options", [["-c", "needle"], ["(a"], ["-c", "needle", "--stats"], ["--nope"]])
def test_a_standard_error_that_cannot_be_written(logs: Path, options: list[str]) -> None:
    with open("/dev/full", "w") as full:
        result = subprocess.run(
            [sys.executable, "-m", "fastcore", "scan", *options, "logs"],
            stdout=subprocess.PIPE, stderr=full, cwd=logs, check=False,
        )  # fmt: skip
    assert result.returncode == 2


def test_an_unknown_switch_is_one_line(logs: Path) -> None:
    _, err = scan(logs, "needle", "logs/a.jsonl", "-q", code=0, FASTCORE_OFF="turbo\x1b[1m,prefilter")
    known = ", ".join(_base.OFF_WORDS)
    assert err == f"fastcore scan: FASTCORE_OFF: unknown turbo\\x1b[1m; known are {known}\n"


def test_a_number_below_zero_is_a_value_or_a_query(logs: Path) -> None:
    for arguments in (("-n", "-1"), ("-j", "-1"), ("--timeout", "-1")):
        err = scan(logs, "needle", "logs", *arguments, code=2)[1]
        assert "-1" in err.splitlines()[0] and "expected one argument" not in err, err
    (logs / "logs/b.jsonl").write_bytes(GOOD.replace(b"needle", b"head -1"))
    assert scan(logs, "-1", "logs", "-c", code=0)[0] == "1\n"
    assert scan(logs, "needle", "logs", "-l0", code=0)[0] == "logs/a.jsonl\0"


def test_a_query_of_several_arguments(logs: Path) -> None:
    err = scan(logs, "git", "push", "--force", "logs", code=2)[1]
    assert "unrecognized arguments: --force" in err and "A query is one argument: quote it" in err


@pytest.mark.parametrize("arguments", ["-n -1", "-n-1", "-n 1_000", "-n +1", "-j 1_0", "-j -1", "--timeout 1_0"])
def test_numbers_are_plain_digits(logs: Path, arguments: str) -> None:
    _, err = scan(logs, "needle", "logs", *arguments.split(), code=2)
    option = arguments[:2] if arguments[1] != "-" else "--timeout"
    assert err.startswith(f"fastcore scan: argument {option}") and "None" not in err


def test_an_empty_path_is_quoted(logs: Path) -> None:
    assert scan(logs, "needle", "", code=2)[1] == "'': No such file or directory\n"
    assert scan(logs, "needle", "", "--on-error", "raise", code=2)[1].startswith("fastcore scan: '': No such file")


def test_a_path_that_was_taken_for_the_query(logs: Path) -> None:
    hint = "logs was taken as the query; `fastcore scan QUERY logs` searches in it"
    assert scan(logs, "logs", code=2, HOME=str(logs))[1].splitlines()[1:] == [hint]
    assert hint in json.loads(scan(logs, "logs", "--format", "json", code=2, HOME=str(logs))[1])["hint"]
    assert hint not in scan(logs, "needle", code=2, HOME=str(logs))[1]
    own = logs / ".claude/projects/-src"
    own.mkdir(parents=True)
    (own / "s.jsonl").write_bytes(GOOD)
    assert scan(logs, "logs", code=1, HOME=str(logs))[1] == hint + "\n"
    assert scan(logs, "needle", code=0, HOME=str(logs))[1] == ""
    assert scan(logs, "logs", "-q", code=1, HOME=str(logs))[1] == ""


def test_a_folder_without_logs(logs: Path) -> None:
    (logs / "notes").mkdir()
    (logs / "notes/a.json").write_bytes(GOOD)
    assert scan(logs, "needle", "notes", code=1)[1] == "no *.jsonl or *.ndjson files in notes\n"


def test_own_logs_of_which_none_can_be_read(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not as if there were none."""
    user = os.geteuid()
    with tempfile.TemporaryDirectory() as config:  # pytest's own folders are closed to other users
        monkeypatch.setenv("CLAUDE_CONFIG_DIR", config)
        os.chmod(config, 0o755)
        os.makedirs(f"{config}/projects/-src", mode=0o755)
        os.chmod(f"{config}/projects/-src", 0o000)
        main(["scan", "-q", "needle", config])  # so that all is imported before rights are given up
        if user == 0:
            os.seteuid(65534)  # root may read everything
        try:
            assert main(["scan", "needle"]) == 2
        finally:
            os.seteuid(user)
        assert capsys.readouterr().err == f"{config}/projects/-src: Permission denied\n"


# What could not be read


def test_every_way_to_name_what_cannot_be_read(logs: Path) -> None:
    os.mkfifo(logs / "fifo")
    for paths in (["gone"], ["fifo"], ["fif*"], ["logs/a.jsonl", "gone*"], ["."]):
        out, _ = scan(logs, "-c", "needle", *paths, code=0 if paths == ["."] else 2)
        assert out == ("1\n" if paths[0] in ("logs/a.jsonl", ".") else "0\n")
    # Also when a thousand bad lines come before it.
    (logs / "logs/a.jsonl").write_bytes(GOOD + b"broken needle\n" * 1200)
    _, err = scan(logs, "-c", "needle", "logs", "zzz", code=2)
    assert err.splitlines()[0] == "zzz: No such file or directory"
    assert err.splitlines()[-1] == "1,195 more bad lines"


@pytest.mark.parametrize("what", ["folder", "file"])
def test_what_may_not_be_read_in_a_walk(what: str, capsys: pytest.CaptureFixture[str]) -> None:
    user = os.geteuid()
    with tempfile.TemporaryDirectory() as folder:  # pytest's own folders are closed to other users
        os.chmod(folder, 0o755)
        Path(folder, "a.jsonl").write_bytes(GOOD)
        closed = Path(folder, "closed.jsonl")
        closed.mkdir() if what == "folder" else closed.write_bytes(GOOD)
        closed.chmod(0)
        main(["scan", "-q", "needle", folder])  # so that all is imported before rights are given up
        if user == 0:
            os.seteuid(65534)  # root may read everything
        try:
            assert main(["scan", "-c", "needle", folder]) == 2
        finally:
            os.seteuid(user)
        assert capsys.readouterr() == ("1\n", f"{closed}: Permission denied\n")


def test_many_bad_lines_are_counted_under_json_too(logs: Path) -> None:
    (logs / "logs/a.jsonl").write_bytes(b"broken needle\n" * 1200)
    for options in (["--format", "jsonl"], ["--format", "json", "-c"]):
        lines = scan(logs, "needle", "logs", *options, code=1)[1].splitlines()
        assert len(lines) == 6
        assert json.loads(lines[-1])["message"] == "1,195 more bad lines"


# Names and texts that are no UTF-8, and locales that know none


def test_odd_names_are_spelled_alike_everywhere(logs: Path) -> None:
    name = os.fsencode(logs) + b"/logs/odd-\xff.jsonl"
    with open(name, "wb") as file:
        file.write(b"broken needle\n")
    shown, spelled = "logs/odd-\\xff.jsonl", list(b"logs/odd-\xff.jsonl")
    for env in ({}, C_LOCALE):
        err = scan(logs, "needle", b"logs/odd-\xff.jsonl", b"gone-\xff", code=2, **env)[1]
        assert err.splitlines() == [
            "gone-\\xff: No such file or directory",
            f"{shown}:1 (byte 0): not a JSON object",
        ]
        (error,) = json.loads(
            scan(logs, "needle", "logs/a.jsonl", b"logs/odd-\xff.jsonl", "--format", "json", code=0, **env)[0]
        )["errors"][1:]
        assert (error["path"], error["path_bytes"]) == (shown, spelled)
        err = scan(logs, "needle", b"logs/odd-\xff.jsonl", "--format", "jsonl", code=1, **env)[1]
        assert (json.loads(err)["path"], json.loads(err)["path_bytes"]) == (shown, spelled)
        err = scan(logs, "needle", b"gone-\xff", "--on-error", "raise", code=2, **env)[1]
        assert err == "fastcore scan: gone-\\xff: No such file or directory\n"
    plain = json.loads(scan(logs, "needle", "logs/a.jsonl", "--format", "json", code=0)[0])
    assert "path_bytes" not in plain["errors"][0]


@pytest.mark.parametrize("form", ["text", "json", "jsonl", "tsv"])
def test_a_locale_that_knows_only_ascii(logs: Path, form: str) -> None:
    (logs / "logs/a.jsonl").unlink()
    (logs / "logs/naïve.jsonl").write_bytes(GOOD)
    out, _ = scan(logs, "needle", "logs", "--format", form, code=0, **C_LOCALE)
    assert "naïve.jsonl" in out or (form == "text" and "na\\xefve.jsonl" in out)
    assert '"path_bytes"' not in out
    (logs / "logs/naïve.jsonl").write_bytes(GOOD.replace(b"needle", "café".encode()))
    assert scan(logs, "-c", "CAFÉ", "logs", code=0, **C_LOCALE)[0] == "1\n"


def test_a_query_that_is_no_utf8(logs: Path) -> None:
    assert "QUERY: caf\\xe9 is not valid UTF-8" in scan(logs, b"caf\xe9", "logs", code=2)[1]
    assert "--cwd: /\\xe9 is not valid UTF-8" in scan(logs, "x", "logs", "--cwd", b"/\xe9", code=2)[1]


# What is left out


def test_a_time_limit_that_cut_the_search_short(logs: Path) -> None:
    said = "stopped by --timeout after 0 s: 0 bytes of 1 file searched\n"
    for options in ([], ["-c"], ["-l"], ["--raw"], ["--format", "tsv"]):
        assert scan(logs, "needle", "logs", "--timeout", "0", *options, code=1)[1] == said
    out, err = scan(logs, "needle", "logs", "--timeout", "0", "--format", "json", code=1)
    assert json.loads(out)["stats"]["timed_out"] is True and err == ""
    err = scan(logs, "needle", "logs", "--timeout", "0", "--format", "json", "-c", code=1)[1]
    assert json.loads(err)["kind"] == "TimeoutError"
    assert "stopped" not in scan(logs, "needle", "logs", "--timeout", "1e9", code=0)[1]


def test_a_time_limit_says_how_much_there_is(logs: Path) -> None:
    (logs / "logs/b.jsonl").write_bytes(GOOD * 1_000_000)
    for limit in ("0.3", "3", "10"):  # a busy machine may not have begun to read when the first is over
        command = ["-c", "needle", "logs/b.jsonl", "--timeout", limit, "-j", "1", "--validate", "all"]
        said = subprocess.run(
            [sys.executable, "-m", "fastcore", "scan", *command],
            capture_output=True, text=True, cwd=logs, env={**os.environ, "FASTCORE_CHUNK": "8"}, check=False,
        ).stderr  # fmt: skip
        if said != f"stopped by --timeout after {limit} s: 0 bytes of 1 file searched\n":
            break
    assert re.fullmatch(rf"stopped by --timeout after {limit} s: .* of 47.0 MB searched\n", said), said


def test_a_limit_that_was_reached(logs: Path) -> None:
    (logs / "logs/a.jsonl").write_bytes(GOOD * 1234)
    assert scan(logs, "needle", "logs", code=0)[1] == "50 of 1,234 matches; -n all shows every one\n"
    for options in (["-n", "all"], ["-c"], ["-l"], ["-q"], ["--raw"], ["--format", "jsonl"], ["-n", "1234"]):
        assert scan(logs, "needle", "logs", *options, code=0)[1] == ""


def test_statistics_of_little(logs: Path) -> None:
    _, err = scan(logs, "needle", "logs", "-q", "--stats", "-j", "1", code=0)
    assert re.fullmatch(
        r"1 match in 1 file, 61 bytes in [\d.]+ ms \(1 thread\); 2 lines parsed, 1 bad line, 0 files failed\n", err
    ), err


@pytest.mark.parametrize(
    ("seconds", "shown"), [(14_399, "3h"), (86_400 * 2 - 1, "1d"), (31_557_599, "11mo"), (119, "1m"), (-30, "in 30s")]
)
def test_ages_are_rounded_down(seconds: float, shown: str) -> None:
    assert text.age(10**18, 1e9 + seconds) == shown


# Options and help


def test_of_two_letters_for_case_the_last_one_counts(logs: Path) -> None:
    assert scan(logs, "-c", "NEEDLE", "logs", "-s", "-i", code=0)[0] == "1\n"
    assert scan(logs, "-c", "NEEDLE", "logs", "-i", "-s", code=1)[0] == "0\n"
    assert scan(logs, "-c", "NEEDLE", "logs", code=0)[0] == "1\n"


def test_help(logs: Path) -> None:
    shown, _ = scan(logs, "--help", code=0)
    assert max(map(len, shown.splitlines())) <= 80
    flat = " ".join(shown.split())
    for said in ("number of matching records in all", "2 error, also if a file or folder could not be read"):
        assert said in flat
    for name in ("CLAUDE_CONFIG_DIR", "FASTCORE_THREADS", "FASTCORE_CPU", "FASTCORE_OFF", "--help-formats"):
        assert name in flat
    shown, _ = scan(logs, "--help-formats", code=0)
    assert "path_bytes" in shown and "`tsv`" in shown


# Colour through the whole command


@pytest.mark.parametrize("form", ["json", "jsonl", "tsv"])
def test_no_colour_for_programs(logs: Path, form: str) -> None:
    out, err = scan(logs, "needle", "logs", "--format", form, "--color", "always", code=0, FORCE_COLOR="1")
    assert "\x1b" not in out
    assert "\x1b" not in err or form == "tsv"


@pytest.mark.parametrize(
    ("options", "env", "coloured"),
    [
        ([], {}, False),
        ([], {"FORCE_COLOR": "1"}, True),
        ([], {"FORCE_COLOR": "0"}, False),
        ([], {"CLICOLOR_FORCE": "1"}, True),
        ([], {"NO_COLOR": "1", "FORCE_COLOR": "1", "CLICOLOR_FORCE": "1"}, False),
        (["--no-color"], {"FORCE_COLOR": "1"}, False),
        (["--color", "never"], {"FORCE_COLOR": "1"}, False),
        (["--color", "always"], {"NO_COLOR": "1"}, True),
    ],
)
def test_who_decides_on_colour(logs: Path, options: list[str], env: dict[str, str], coloured: bool) -> None:
    out, err = scan(logs, "needle", "logs", *options, code=0, **env)
    assert ("\x1b[1;31mneedle\x1b[0m" in out) is coloured
    assert ("\x1b[31mlogs/a.jsonl:2" in err) is coloured


@pytest.mark.parametrize("c", "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
def test_no_text_turns_its_neighbours_around(c: str) -> None:
    assert terminal.visible(f"a{c}b") == f"a\\u{ord(c):04x}b"


# Progress and Ctrl-C


class Clock:
    """A clock that is set by hand."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    clock = Clock()
    monkeypatch.setattr(time, "monotonic", clock)
    yield clock


def test_progress_waits_and_ends_at_the_end(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    progress = terminal.Progress(after=0.3)
    clock.now += 0.2
    progress(10**6, 10**8, "bytes")
    progress.clear()
    assert capsys.readouterr().err == ""
    clock.now += 0.2
    progress(10**7, 10**8, "bytes")
    progress(2 * 10**7, 10**8, "bytes")  # too soon
    progress(10**8, 10**8, "bytes")
    progress.clear()
    assert capsys.readouterr().err == "\r\x1b[K10 of 100 MB\r\x1b[K100 of 100 MB\r\x1b[K"


def test_the_command_ends_its_progress(logs: Path) -> None:
    (logs / "logs/b.jsonl").write_bytes(GOOD * 100_000)
    _, err = scan(logs, "-c", "needle", "logs/b.jsonl", "--progress", "always", code=0)
    assert err.endswith("5 of 5 MB\r\x1b[K")


def test_progress_that_is_not_shown_knows_the_total(capsys: pytest.CaptureFixture[str]) -> None:
    progress = terminal.Progress(after=None)
    progress(1, 2, "bytes")
    progress.clear()
    assert (progress.total, capsys.readouterr().err) == (2, "")


def test_ctrl_c_during_a_scan_leaves_with_130(logs: Path) -> None:
    (logs / "logs/b.jsonl").write_bytes(GOOD * 1_000_000 * SCALE)
    command = [sys.executable, "-m", "fastcore", "scan", "-c", "absent", "logs", "-j", "2", "--validate", "all"]
    env = {**os.environ, "FASTCORE_CHUNK": "8"}  # so that it lasts
    process = subprocess.Popen(
        [*command, "--progress", "always"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=logs, env=env
    )
    assert process.stderr is not None
    assert process.stderr.read(1) == b"\r"  # the scan runs
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, b"")
    assert b"Traceback" not in err
