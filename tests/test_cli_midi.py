"""`fastcore midi` and `fastcore midi show`: what they print, where, and their exit codes."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import midi_files as m
import pytest
from test_cli import GOLDEN, coloured_on_a_terminal, on_a_terminal, run

from fastcore import midi
from fastcore.cli import main, midi_plot, midi_summary
from fastcore.cli.midi_arguments import FORMATS
from fastcore.cli.terminal import Painter
from fastcore.errors import MissingExtra

DATA = Path(__file__).parent / "data"
SONGS = ("001", "277", "691")
ODD = ("test-empty-file", "test-not-a-midi-file", "test-corrupt-file-missing-byte", "test-2-tracks-type-2")
STABLE = "path,status,code,offset,warnings,format,tracks,tpqn,duration,notes,bpm,bpm_source,key,time_signature,channels"
C_LOCALE = {**os.environ, "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """Songs, one of them twice, and odd files; none is ever changed."""
    (tmp_path / "lib" / "odd").mkdir(parents=True)
    for name in SONGS:
        shutil.copy(DATA / "pop909" / name / f"{name}.mid", tmp_path / "lib")
    shutil.copy(tmp_path / "lib" / "001.mid", tmp_path / "lib" / "odd" / "copy of 001.mid")
    for name in ODD:
        shutil.copy(DATA / "midi-odd" / f"{name}.mid", tmp_path / "lib" / "odd")
    (tmp_path / "lib" / "notes.txt").write_text("no music")
    return tmp_path


def paths_of(library: Path) -> list[str]:
    return [f"lib/{name}.mid" for name in SONGS] + sorted(f"lib/odd/{name}.mid" for name in ("copy of 001", *ODD))


# Rows


def test_text(library: Path) -> None:
    result = run("midi", "lib", cwd=library)
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["bpm", "key", "meter", "duration", "notes", "status", "path"]
    assert [re.split(r"lib/|: ", line)[1] for line in lines[1:]] == [path[4:] for path in paths_of(library)]
    assert result.stderr == ""


def test_a_row_without_a_song_ends_with_the_reason(library: Path) -> None:
    (library / "lib/odd/page.mid").write_text("<!DOCTYPE html><html></html>")
    (library / "lib/odd/gone.mid").symlink_to("nowhere")
    lines = run("midi", "lib", cwd=library).stdout.splitlines()[1:]
    ends = [line.partition("lib/")[2].partition(": ") for line in lines]
    reasons = {path: reason for path, colon, reason in ends if colon}
    table = midi.analyze_many(str(library / "lib"), columns=["path", "status"])
    failed = {os.path.relpath(row["path"], library / "lib") for row in table if row["status"] == "error"}
    assert reasons.keys() == failed and len(failed) >= 3
    assert reasons["odd/test-empty-file.mid"] == "the file is empty"
    assert reasons["odd/test-not-a-midi-file.mid"].startswith("no MIDI file: ")
    assert reasons["odd/page.mid"].startswith("a web page")
    (line,) = run("midi", "lib/odd/page.mid", "--columns", "path,status,code", cwd=library).stdout.splitlines()[1:]
    assert line.split()[-2:] == ["error", "html"]


def test_rows_are_those_of_the_library(library: Path) -> None:
    """Every column, as `analyze_many` has it."""
    printed = run("midi", "lib", "--format", "jsonl", cwd=library).stdout.splitlines()
    *rows, last = map(json.loads, printed)
    assert last == {"schema": 1, "stats": {"files": 8, "errors": 0}}
    table = midi.analyze_many([str(library / path) for path in paths_of(library)])
    for row, path, wanted in zip(rows, paths_of(library), table, strict=True):
        wanted = {"schema": 1, **wanted, "path": path, "mtime": wanted["mtime"].isoformat(timespec="microseconds")}
        row["mtime"] = row["mtime"].replace("Z", "+00:00")
        assert row == wanted
        assert list(row) == ["schema", *table.columns]
    whole = json.loads(run("midi", "lib", "--format", "json", cwd=library).stdout)
    assert set(whole) == {"schema", "rows", "errors"} and (whole["schema"], whole["errors"]) == (1, [])
    assert [{"schema": 1, **row} for row in whole["rows"]] == [json.loads(line) for line in printed[:-1]]


def test_columns_in_their_order(library: Path) -> None:
    result = run("midi", "lib", "--columns", "notes,path", "--format", "csv", cwd=library)
    rows = list(csv.reader(io.StringIO(result.stdout)))
    assert rows[0] == ["notes", "path"]
    assert [row[1] for row in rows[1:]] == paths_of(library)
    lines = run("midi", "lib", "--columns", " key , notes", cwd=library).stdout.splitlines()
    assert lines[0] == "key         notes"
    without = json.loads(run("midi", "lib/001.mid", "--columns", "key", "--format", "json", cwd=library).stdout)
    assert without["rows"] == [{"key": midi.analyze(library / "lib/001.mid").key}]


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("where", ["lib", "empty"])
def test_an_unknown_column(library: Path, form: str, where: str) -> None:
    (library / "empty").mkdir()
    result = run("midi", where, "--columns", "path,tempi", "--format", form, cwd=library, code=2)
    assert "tempi" in result.stderr and "bpm_source" in result.stderr and "Traceback" not in result.stderr
    if form in ("json", "jsonl"):
        assert json.loads(result.stderr)["kind"] == "ValueError"
    else:
        assert result.stderr.startswith("fastcore midi: ")


def test_more_files_than_a_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(7):
        (tmp_path / f"{number}.mid").write_bytes(m.smf(m.track(m.note(pitch=60 + number))))
    monkeypatch.chdir(tmp_path)

    def printed(options: str, batch: int) -> str:
        monkeypatch.setattr("fastcore.cli.midi_run.BATCH", batch)
        assert main(["midi", ".", *options.split()]) == 0
        return capsys.readouterr().out

    for options in (*(f"--format {form}" for form in FORMATS), "--summary", "--summary --format json"):
        for batch in (1, 2, 6, 7, 8):
            assert printed(options, batch) == printed(options, 512)


def test_options_reach_the_library(library: Path) -> None:
    name = "lib/001.mid"
    for tempo in ("auto", "written", "onsets"):
        row = json.loads(run("midi", name, "--tempo", tempo, "--format", "jsonl", cwd=library).stdout.splitlines()[0])
        assert row["bpm"] == midi.analyze(library / name, tempo=tempo).bpm
    (library / "lib/text.mid").write_bytes(m.smf(m.track(m.meta(0, 3, "ž".encode("cp1250")), m.note())))
    for charset, text in (("cp1250", "ž"), ("latin-1", "\x9e")):
        options = ["--charset", charset, "--columns", "track_names", "--format", "json", "-j", "2"]
        (row,) = json.loads(run("midi", "lib/text.mid", *options, cwd=library).stdout)["rows"]
        assert row == {"track_names": [text]}
    assert "klingon" in run("midi", name, "--charset", "klingon", cwd=library, code=2).stderr
    assert "-j" in run("midi", name, "-j", "two", cwd=library, code=2).stderr
    assert "threads" in run("midi", name, "-j", "0", cwd=library, code=2).stderr


# Exit codes


def test_nothing_found(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "a.txt").touch()
    said = "no *.mid, *.midi, *.kar, *.rmi files in empty\n"
    for form, printed in (
        ("text", ""),
        ("json", '{"schema": 1, "rows": [], "errors": []}\n'),
        ("jsonl", '{"schema": 1, "stats": {"files": 0, "errors": 0}}\n'),
        ("csv", "path,key\n"),
        ("tsv", "path\tkey\n"),
    ):
        columns = ["--columns", "path,key"] if form in ("csv", "tsv") else []
        result = run("midi", "empty", "--format", form, *columns, cwd=tmp_path, code=1)
        assert (result.stdout, result.stderr) == (printed, said), form
    assert run("midi", "empty", "--summary", cwd=tmp_path, code=1).stdout == "0 files\n"
    summary = json.loads(run("midi", "empty", "--summary", "--format", "json", cwd=tmp_path, code=1).stdout)
    assert (summary["schema"], summary["summary"]["files"], summary["summary"]["duplicates"]) == (1, 0, [])


def test_a_damaged_file_is_no_error(library: Path) -> None:
    for name in ODD:
        assert run("midi", f"lib/odd/{name}.mid", cwd=library).stderr == ""
    rows = json.loads(run("midi", "lib/notes.txt", "--format", "json", cwd=library).stdout)["rows"]
    assert [(row["status"], row["code"], row["bpm"]) for row in rows] == [("error", "not_midi", None)]


def test_a_path_that_is_not_there(library: Path) -> None:
    result = run("midi", "gone", "lib", "none*.mid", cwd=library, code=2)
    assert len(result.stdout.splitlines()) == 9
    assert result.stderr == "gone: No such file or directory\nnone*.mid: No such file or directory\n"
    result = run("midi", "gone", "lib/001.mid", "--format", "json", cwd=library, code=2)
    assert result.stderr == ""
    assert json.loads(result.stdout)["errors"] == [{"path": "gone", "errno": 2, "reason": "No such file or directory"}]
    result = run("midi", "gone", "lib/001.mid", "--format", "jsonl", cwd=library, code=2)
    assert json.loads(result.stderr) == {
        "kind": "FileNotFoundError", "message": "No such file or directory", "hint": None, "path": "gone", "line": None,
        "offset": None,
    }  # fmt: skip
    assert json.loads(result.stdout.splitlines()[-1])["stats"] == {"files": 1, "errors": 1}
    result = run("midi", "gone", "lib", "--summary", "--format", "json", cwd=library, code=2)
    assert json.loads(result.stdout)["errors"] == [{"path": "gone", "errno": 2, "reason": "No such file or directory"}]
    assert run("midi", "gone", cwd=library, code=2).stdout == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("", "PATHS"),
        ("--summary", "PATHS"),
        ("lib -", "fastcore midi show -"),
        ("lib --columns path, --format json", "path,"),
        ("lib --columns path,path", "path,path"),
        ("lib --summary --columns path", "--columns"),
        ("lib --summary --format csv", "csv"),
        ("lib --format md", "--format"),
        ("lib --tempo fast", "--tempo"),
        ("lib --forma json", "--forma"),
        ("show", "FILE"),
        ("show a b", "b"),
        ("show lib/001.mid --plot out.pdf", ".png"),
        ("show gone.mid", "gone.mid: No such file or directory"),
        ("show lib", "lib"),
        ("show lib/notes.txt", "no MIDI file"),
    ],
)
def test_errors(library: Path, arguments: str, said: str) -> None:
    result = run("midi", *arguments.split(), cwd=library, code=2)
    assert said in result.stderr and result.stdout == "" and "Traceback" not in result.stderr
    if "--format json" in arguments:
        assert json.loads(result.stderr)["kind"] == "UsageError"
    else:
        assert result.stderr.startswith("fastcore midi")


def test_arguments_in_any_order(library: Path) -> None:
    wanted = run("midi", "lib/001.mid", "lib/277.mid", "--format", "tsv", cwd=library).stdout
    assert run("midi", "lib/001.mid", "--format", "tsv", "lib/277.mid", "lib/001.mid", cwd=library).stdout == wanted
    (library / "--odd").mkdir()
    assert "no *.mid" in run("midi", "--", "--odd", cwd=library, code=1).stderr
    (library / "show").mkdir()
    shutil.copy(library / "lib/001.mid", library / "show")
    assert "show/001.mid" in run("midi", "./show", cwd=library).stdout


def test_help(library: Path) -> None:
    assert "  midi " in run("--help", cwd=library).stdout and "  scan " in run("--help", cwd=library).stdout
    shown = run("midi", "--help", cwd=library).stdout
    assert max(map(len, shown.splitlines())) <= 80
    for option in ("--columns", "--summary", "--tempo", "--charset", "--threads", "--help-formats", "show"):
        assert option in shown
    assert "--plot" in run("midi", "show", "--help", cwd=library).stdout
    formats = run("midi", "--help-formats", cwd=library).stdout
    for name, kind in midi.analyze_many([]).types.items():
        assert re.search(rf"^  {name} .*{'null' if kind.endswith('?') else ''}$", formats, re.MULTILINE), name
    assert "path_bytes" in formats and "Schema" not in formats


# Summary


def test_summary_counts(library: Path) -> None:
    found = json.loads(run("midi", "lib", "lib/notes.txt", "--summary", "--format", "json", cwd=library).stdout)
    assert (found["schema"], found["errors"]) == (1, [])
    rows = list(midi.analyze_many([str(library / path) for path in [*paths_of(library), "lib/notes.txt"]]))
    summary = found["summary"]
    assert summary["files"] == len(rows) == 9
    for field, counts in (("status", summary["status"]), ("code", summary["codes"]), ("key", summary["keys"])):
        values = [row[field] for row in rows if row[field] is not None]
        assert counts == {value: values.count(value) for value in values}
    damage = [name for row in rows if row["status"] == "damaged" for name in row["warnings"]]
    assert damage and summary["warnings"] == {name: damage.count(name) for name in damage}
    tempi = [int(row["bpm"] // 10 * 10) for row in rows if row["bpm"] is not None]
    assert {int(step): count for step, count in summary["tempi"].items() if count} == {
        step: tempi.count(step) for step in tempi
    }
    assert summary["tempo_unknown"] == len(rows) - len(tempi)
    (twice,) = summary["duplicates"]
    assert twice == {"note_hash": rows[0]["note_hash"], "paths": ["lib/001.mid", "lib/odd/copy of 001.mid"]}


def test_summary_of_many_duplicates(tmp_path: Path) -> None:
    for number in range(40):
        (tmp_path / f"{number:02}.mid").write_bytes(m.smf(m.track(m.note(pitch=60 + number % 13))))
    for number in range(6):
        (tmp_path / f"none {number}.mid").write_bytes(m.smf(m.track()))  # without notes, no duplicates
    lines = run("midi", ".", "--summary", cwd=tmp_path).stdout.splitlines()
    at = lines.index("equal notes: 40 files in 13 groups")
    assert re.fullmatch("  [0-9a-f]{16}  4 files", lines[at + 1]) and lines[at + 2] == "    ./00.mid"
    assert lines[-1] == "  and 3 more groups; --format json lists all"
    for number in range(40):
        (tmp_path / f"{number:02}.mid").write_bytes(m.smf(m.track(m.note())))
    assert run("midi", ".", "--summary", cwd=tmp_path).stdout.endswith("    ./04.mid\n    and 35 more\n")


def test_bars_fill_the_width_and_show_a_single_one() -> None:
    painter = Painter(io.StringIO(), color=False)
    lines = list(midi_summary.bars({"a": 1000, "b": 500, "c": 1, "unknown": 0}, painter, 40, blocks=True))
    assert [line.count("█") + line.count("▌") / 2 for line in lines] == [21, 10.5, 0.5, 0]
    assert [len(line) for line in lines] == [39, 29, 19, 16]
    plain = list(midi_summary.bars({"a": 4, "b": 2}, painter, 20, blocks=False))
    assert plain == ["  a  4  ###########", "  b  2  #####"]


def test_a_tempo_that_is_absurd_makes_no_endless_histogram(tmp_path: Path) -> None:
    notes = m.track(m.tempo(0, 1), *[m.note(pitch=60 + number) for number in range(12)])
    (tmp_path / "a.mid").write_bytes(m.smf(notes))
    (tmp_path / "b.mid").write_bytes(m.smf(m.track(m.tempo(0, 500_000), *[m.note()] * 12)))
    options = ["--summary", "--tempo", "written", "--format", "json"]
    tempi = json.loads(run("midi", ".", *options, cwd=tmp_path).stdout)["summary"]["tempi"]
    assert tempi == {**{str(step): int(step == 120) for step in range(120, 400, 10)}, "60000000": 1}


# One file


def shown(library: Path, name: str, data: bytes, *options: str) -> list[str]:
    (library / name).write_bytes(data)
    return run("midi", "show", name, *options, cwd=library).stdout.splitlines()


def test_show_draws_the_notes(tmp_path: Path) -> None:
    lines = shown(tmp_path, "a.mid", m.smf(m.track(m.note(pitch=60), m.note(pitch=61), m.note(pitch=72))))
    at = lines.index("notes")
    assert lines[at + 1] == "  C5" + " " * 51 + "▄" * 25
    assert lines[at + 2 : at + 7] == [""] * 5
    assert lines[at + 7] == "  C4 " + "▄" * 25 + "▀" * 25
    assert lines[at + 8] == "     0:00.0" + "0:01.5".rjust(69)
    assert not any(line.startswith("tempo,") for line in lines)


def test_show_draws_a_tempo_that_changes(tmp_path: Path) -> None:
    track = m.track(m.tempo(0, 1_000_000), m.note(), m.tempo(0, 500_000), m.note(), m.note())
    lines = shown(tmp_path, "a.mid", m.smf(track))
    at = lines.index("tempo, 60.00 to 120.00 BPM as written")
    assert lines[at + 1] == "     " + "▁" * 37 + "█" * 38


def test_show_of_odd_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for case in m.CASES:
        (tmp_path / "odd.mid").write_bytes(case.data)
        code = main(["midi", "show", str(tmp_path / "odd.mid")])
        out, err = capsys.readouterr()
        if case.code != "ok":
            assert code == 2 and out == "" and err.startswith("fastcore midi show: "), case.name
            continue
        assert code == 0 and err == "", case.name
        lines = out.splitlines()
        assert lines[1].split()[1].rstrip(":") == case.status, case.name
        assert max(map(len, lines)) <= 500, case.name


def test_show_reads_standard_input_and_takes_options(library: Path) -> None:
    path = library / "lib/001.mid"
    wanted = run("midi", "show", str(path), cwd=library).stdout.splitlines()
    with path.open("rb") as file:
        result = subprocess.run(
            [sys.executable, "-m", "fastcore", "midi", "show", "-"],
            stdin=file,
            capture_output=True,
            text=True,
            check=True,
        )
    assert result.stdout.splitlines()[1:] == wanted[1:]
    by_onsets = run("midi", "show", str(path), "--tempo", "onsets", cwd=library).stdout
    assert f"{midi.analyze(path, tempo='onsets').bpm:.2f} BPM, onsets" in by_onsets
    assert "ž" in "".join(
        shown(library, "c.mid", m.smf(m.track(m.meta(0, 3, "ž".encode("cp1250")), m.note())), "--charset", "cp1250")
    )


def test_show_where_only_ascii_can_be_printed(library: Path) -> None:
    track = m.track(m.tempo(0, 1_000_000), m.note(), m.tempo(0, 500_000), m.note(pitch=61))
    (library / "a.mid").write_bytes(m.smf(track))
    out = run("midi", "show", "a.mid", cwd=library, env=C_LOCALE).stdout
    assert "\\u" not in out and "....''''" in out and "1111" in out and "8888" in out
    summary = run("midi", "lib", "--summary", cwd=library, env=C_LOCALE).stdout
    assert "\\u" not in summary and "####" in summary


def test_tracks_are_named_with_their_instruments(tmp_path: Path) -> None:
    drums = m.track(m.meta(0, 3, b"beat"), m.event(0, 0xC9, 25), m.note(channel=9, pitch=36))
    strings = m.track(m.event(0, 0xC2, 48), m.note(channel=2), m.note(channel=2, pitch=67))
    lines = shown(tmp_path, "a.mid", m.smf(drums, strings, m.track(m.meta(0, 3, b"words"))))
    at = lines.index("  track  notes  pitches   channels  instruments        name")
    assert lines[at + 1 : at + 4] == [
        "      0      1  C2 to C2  10        analog kit         beat",
        "      1      2  C4 to G4  3         string ensemble 1",
        "      2      0                                         words",
    ]
    many = shown(tmp_path, "b.mid", m.smf(*[m.track(m.note())] * 100))
    assert "  and 36 more" in many


def test_a_plot_without_matplotlib(library: Path) -> None:
    code = "import sys; sys.modules['matplotlib'] = None; from fastcore.cli import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", code, "midi", "show", "lib/001.mid", "--plot", "out.png"]
    result = subprocess.run(command, capture_output=True, text=True, cwd=library, check=False)
    said = "fastcore midi show: --plot needs matplotlib: pip install '.[plot]'\n"
    assert (result.returncode, result.stdout, result.stderr) == (2, "", said)
    assert not (library / "out.png").exists()
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "matplotlib", None)
        with pytest.raises(MissingExtra, match="plot"):
            midi_plot.plot(midi.read(library / "lib/001.mid"), "", "out.png")


@pytest.mark.parametrize("name", ["out.png", "out.SVG"])
def test_a_plot(library: Path, name: str) -> None:
    pytest.importorskip("matplotlib", reason="the extra `plot` is not installed: it is no part of `test`")
    odd = m.track(m.meta(0, 3, "$x^ _ピアノ".encode()), m.tempo(0, 600_000), m.note(), m.tempo(0, 300_000), m.note())
    (library / "odd$_.mid").write_bytes(m.smf(odd, m.track(m.note(pitch=64))))
    (library / "empty.mid").write_bytes(m.smf(m.track()))
    (library / "smpte.mid").write_bytes(m.smf(m.track(m.note()), division=0xE728))
    (library / "many.mid").write_bytes(m.smf(*[m.track(m.note())] * 5000))
    for source in ("lib/001.mid", "odd$_.mid", "empty.mid", "smpte.mid", "many.mid"):
        result = run("midi", "show", source, "--plot", name, cwd=library)
        assert result.stderr == ""
        content = (library / name).read_bytes()
        assert content.startswith(b"\x89PNG\r\n" if name == "out.png" else b"<?xml") and len(content) > 5000
        (library / name).unlink()
    assert "nowhere" in run("midi", "show", "lib/001.mid", "--plot", f"nowhere/{name}", cwd=library, code=2).stderr


# The world around


def many(folder: Path, count: int) -> bytes:
    folder.mkdir()
    data = m.smf(m.track(m.note()))
    for number in range(count):
        (folder / f"a file with a long name, that fills a pipe sooner {number}.mid").write_bytes(data)
    return data


def test_a_reader_that_leaves(tmp_path: Path) -> None:
    data = many(tmp_path / "lib", 2000)
    (tmp_path / "first.mid").write_bytes(data)
    for options in ("", "--format json", "--format jsonl", "--format csv", "--format tsv"):
        command = f"{sys.executable} -m fastcore midi lib {options} | head -c 1 > /dev/null; exit ${{PIPESTATUS[0]}}"
        result = subprocess.run(["bash", "-c", command], capture_output=True, text=True, cwd=tmp_path, check=False)
        assert (result.returncode, result.stderr) == (0, ""), options
    for options in ("midi --help", "midi --help-formats", "midi lib --summary", "midi show first.mid"):
        reader, writer = os.pipe()
        os.close(reader)
        with os.fdopen(writer) as out:
            result = subprocess.run(
                [sys.executable, "-m", "fastcore", *options.split()],
                stdout=out, stderr=subprocess.PIPE, text=True, cwd=tmp_path, check=False,
            )  # fmt: skip
        assert (result.returncode, result.stderr) == (0, ""), options


def test_ctrl_c_leaves_with_130(tmp_path: Path) -> None:
    """The command waits for a reader of what does not fit into a pipe, so it is at it until it is interrupted."""
    many(tmp_path / "lib", 2000)
    command = [sys.executable, "-m", "fastcore", "midi", "lib", "--format", "jsonl"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path)
    assert process.stdout is not None and process.stdout.read(1) == b"{"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (130, b"")
    assert b'"stats"' not in out


def test_ctrl_c_during_the_analysis_leaves_with_130(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    notes = [m.note(length=60, pitch=number % 100) for number in range(100_000)]
    (tmp_path / "lib/0.mid").write_bytes(m.smf(m.track(*notes)))
    for number in range(1, 500):  # seconds of work
        os.link(tmp_path / "lib/0.mid", tmp_path / f"lib/{number}.mid")
    command = [sys.executable, "-m", "fastcore", "midi", "lib", "--summary", "--progress", "always"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path)
    assert process.stderr is not None and process.stderr.read(1) == b"\r"  # it is at it
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, b"")
    assert b"Traceback" not in err


def test_a_full_disk_is_an_error(library: Path) -> None:
    for options in (["lib"], ["lib", "--format", "json"], ["lib", "--summary"], ["show", "lib/001.mid"]):
        with open("/dev/full", "w") as full:
            result = subprocess.run(
                [sys.executable, "-m", "fastcore", "midi", *options],
                stdout=full, stderr=subprocess.PIPE, text=True, cwd=library, check=False,
            )  # fmt: skip
        assert result.returncode == 2
        assert result.stderr.endswith("fastcore: the output cannot be written: No space left on device\n")
        assert "Traceback" not in result.stderr


@pytest.mark.parametrize("env", [dict(os.environ), C_LOCALE], ids=["utf-8", "C"])
def test_names_that_are_no_utf8(tmp_path: Path, env: dict[str, str]) -> None:
    name = b"lib/\xff\x1b.mid"
    (tmp_path / "lib").mkdir()
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_bytes(m.smf(m.track(m.note())))
    (tmp_path / "lib/Flöte.mid").write_bytes(m.smf(m.track(m.note())))

    def out(*args: str | bytes, code: int = 0) -> tuple[str, str]:
        command = [sys.executable, "-m", "fastcore", "midi", *args]
        result = subprocess.run(command, capture_output=True, cwd=tmp_path, check=False, env=env)
        assert result.returncode == code
        return result.stdout.decode(), result.stderr.decode()

    columns = ["--columns", "path,notes"]
    last, odd = (json.loads(line) for line in out("lib", *columns, "--format", "jsonl")[0].splitlines()[:2])
    assert last == {"schema": 1, "path": "lib/Flöte.mid", "notes": 1}
    assert odd == {"schema": 1, "path": "lib/\\xff\x1b.mid", "notes": 1, "path_bytes": list(name)}
    assert out("lib", *columns, "--format", "csv")[0].splitlines()[2] == "lib/\\xff\x1b.mid,1"
    assert out("lib", *columns, "--format", "tsv")[0].splitlines()[2] == "lib/\\\\xff\x1b.mid\t1"
    assert "lib/\\xff\x1b.mid" in out("lib")[0]
    (twice,) = json.loads(out("lib", "--summary", "--format", "json")[0])["summary"]["duplicates"]
    assert twice["paths"] == ["lib/Flöte.mid", "lib/\\xff\x1b.mid"]
    assert out(b"gone-\xff", code=2)[1] == "gone-\\xff: No such file or directory\n"
    assert out("show", name)[0].startswith("lib/\\xff\x1b.mid\n")
    (error,) = json.loads(out(b"gone-\xff", "--format", "json", code=2)[0])["errors"]
    assert (error["path"], error["path_bytes"]) == ("gone-\\xff", list(b"gone-\xff"))


HOSTILE = "\x1b]0;owned\x07\x9b31m\x7f\x08 name"


@pytest.mark.parametrize(
    "options",
    [
        ["lib\x1b[7m"],
        ["lib\x1b[7m", "--columns", "track_names,text,lyrics,path"],
        *([["lib\x1b[7m", "--format", form] for form in ("json", "jsonl", "csv", "tsv")]),
        ["lib\x1b[7m", "--summary"],
        ["lib\x1b[7m", "--summary", "--format", "json"],
        ["show", "lib\x1b[7m/a\x1b[7m.mid"],
        ["gone\x1b[7m"],
        ["show", "gone\x1b[7m"],
        ["lib\x1b[7m", "--columns", HOSTILE],
        ["lib\x1b[7m", "--charset", HOSTILE],
        ["lib\x1b[7m", f"--{HOSTILE}"],
        ["empty\x1b[7m"],
    ],
)
def test_no_file_steers_the_terminal(tmp_path: Path, options: list[str]) -> None:
    (tmp_path / "lib\x1b[7m").mkdir()
    (tmp_path / "empty\x1b[7m").mkdir()
    text = HOSTILE.encode()
    track = m.track(m.meta(0, 3, text), m.meta(0, 1, text), m.meta(0, 5, text), m.note())
    for name in ("a", "b"):
        (tmp_path / "lib\x1b[7m" / f"{name}\x1b[7m.mid").write_bytes(m.smf(track))
    printed = on_a_terminal(tmp_path, "midi", *options, "--color", "always")
    assert printed
    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", printed.replace("\r\n", "\n")), printed


def test_colours_and_the_width_of_a_terminal(library: Path) -> None:
    coloured = coloured_on_a_terminal(library, "midi", "lib")
    assert "\x1b[35mlib/001.mid\x1b[0m" in coloured and "\x1b[31merror" in coloured
    assert "\x1b" not in coloured_on_a_terminal(library, "midi", "lib", "--no-color", "--progress", "never")
    assert "\x1b" not in run("midi", "lib", cwd=library).stdout


def test_progress(library: Path) -> None:
    err = run("midi", "lib", "--progress", "always", cwd=library).stderr
    assert re.search(r"\x1b\[K[1-8] files", err) and err.endswith("\x1b[K")  # and vanishes
    assert "files" in run("midi", "lib", "--summary", "--progress", "always", cwd=library).stderr
    assert run("midi", "lib", cwd=library).stderr == ""
    assert "files" not in coloured_on_a_terminal(library, "midi", "lib/001.mid", "--progress", "never")


# Golden files: what programs read. `FASTCORE_GOLDEN=write` makes them again.


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("midi.txt", "lib gone"),
        ("midi.color.txt", "lib/001.mid lib/odd --color always"),
        ("midi.columns.txt", f"lib --columns {STABLE}"),
        ("midi.json", f"lib gone --format json --columns {STABLE}"),
        ("midi.jsonl", f"lib gone --format jsonl --columns {STABLE}"),
        ("midi.csv", f"lib --format csv --columns {STABLE}"),
        ("midi.tsv", f"lib --format tsv --columns {STABLE}"),
        ("midi.summary.txt", "lib --summary"),
        ("midi.summary.json", "lib gone --summary --format json"),
        ("midi.formats.txt", "--help-formats"),
        ("midi.show.txt", "show lib/001.mid"),
        ("midi.show.odd.txt", "show lib/odd/test-corrupt-file-missing-byte.mid"),
    ],
)
def test_golden(library: Path, name: str, arguments: str) -> None:
    command = [sys.executable, "-m", "fastcore", "midi", *arguments.split()]
    result = subprocess.run(command, capture_output=True, cwd=library, check=False)
    assert result.returncode == (2 if "gone" in arguments else 0)
    printed = result.stdout + b"-- standard error --\n" + result.stderr
    if os.environ.get("FASTCORE_GOLDEN") == "write":
        (GOLDEN / name).write_bytes(printed)
    assert printed == (GOLDEN / name).read_bytes()
