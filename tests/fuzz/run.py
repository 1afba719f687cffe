"""Build every fuzz target with libFuzzer, ASan and UBSan and run each: `python tests/fuzz/run.py SECONDS`."""

from __future__ import annotations

import glob
import importlib.util
import shutil
import struct
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "fuzz"
SEED = 20240501
MAX_BYTES = 4096
SANITIZE = ["-g", "-O1", "-fsanitize=fuzzer-no-link,address,undefined", "-fno-sanitize-recover=undefined"]
INCLUDE = [f"-I{room}" for room in sorted(glob.glob(f"{ROOT}/src_c/*/"))]
CORPUS = (
    b'{"type":"user","message":{"role":"user","content":"Hello \\u00e9\\n"},"timestamp":"2024-01-01T00:00:00Z"}',
    b'{"type":"assistant","message":{"content":[{"type":"text","text":"a"},{"type":"tool_use","name":"B","input":{"c":[1]}}]}}',
    b'{"type":"user","message":{"content":[{"type":"tool_result","content":[{"type":"text","text":"x"}],"is_error":true}]}}',
    b'{"type":"new","a":{"b":{"c":"d","id":"e"}},"\\u0074ype":1e9}',
)
# Facts as they are stored: a file of two blocks.
STORED = struct.pack("=3Q2q2Q", 1, 2, 900, 3, 4, 5, 2)
STORED += struct.pack("=BQ3q", 7, 400, -5, 9, 3) + struct.pack("=BQBH5s", 8, 900, 7, 5, b"\x00\x03one")


def compile_all() -> list[Path]:
    compiler = shutil.which("clang")
    if compiler is None:
        raise SystemExit("clang is missing: install it, or run .ci/run, which does")
    BUILD.mkdir(parents=True, exist_ok=True)
    spec = importlib.util.find_spec("simdjson")
    if spec is None or spec.origin is None:
        raise SystemExit("pysimdjson is missing: install the check extra")
    simdjson = [f"-isystem{Path(spec.origin).parent}", "-std=c++17", "-fno-exceptions", "-DSIMDJSON_EXCEPTIONS=0"]
    objects = []
    for source in sorted(glob.glob(f"{ROOT}/src_c/*/*.c") + glob.glob(f"{ROOT}/src_c/*/*.cpp")):
        target = BUILD / (Path(source).name + ".o")
        if source.endswith("fc_simdjson.cpp"):  # not ours to check, and a minute and a half under the sanitizers
            if not target.exists():
                subprocess.run([f"{compiler}++", *simdjson, "-O2", "-w", "-c", source, "-o", target], check=True)
        elif source.endswith(".cpp"):
            subprocess.run([f"{compiler}++", *simdjson, *INCLUDE, "-g", "-O1", "-c", source, "-o", target], check=True)
        else:
            subprocess.run([compiler, "-std=c11", *SANITIZE, *INCLUDE, "-c", source, "-o", target], check=True)
        objects.append(target)
    programs = []
    for source in sorted(Path(__file__).parent.glob("fuzz_*.c")):
        main, program = BUILD / (source.name + ".o"), BUILD / source.stem
        subprocess.run([compiler, "-std=c11", *SANITIZE, *INCLUDE, "-c", source, "-o", main], check=True)
        link = [
            f"{compiler}++",
            "-fsanitize=fuzzer,address,undefined",
            main,
            *objects,
            "-lm",
            "-pthread",
            "-o",
            program,
        ]
        subprocess.run(link, check=True)
        programs.append(program)
    return programs


def seeds(program: str) -> list[bytes]:
    """What a target begins with."""
    if program == "fuzz_smf":
        sys.path.insert(0, str(ROOT / "tests"))
        from midi_files import CASES

        return [case.data for case in CASES if len(case.data) <= MAX_BYTES]
    if program == "fuzz_stored":
        return [STORED]
    lines = [b"\x01\x21\x40" + b"\n".join([line, b"broken a", b"", *CORPUS]) for line in CORPUS]
    return [b"\x01" + line for line in CORPUS] + lines


def main(seconds: str) -> int:
    for program in compile_all():
        corpus = BUILD / (program.name + "_corpus")
        corpus.mkdir(exist_ok=True)
        for number, seed in enumerate(seeds(program.name)):
            (corpus / f"seed{number}").write_bytes(seed)
        print(f"{program.name}: {seconds} s, seed {SEED}", flush=True)
        options = [
            f"-max_total_time={seconds}",
            f"-seed={SEED}",
            f"-max_len={MAX_BYTES}",
            "-verbosity=0",
            "-print_final_stats=1",
        ]
        artifacts = f"-artifact_prefix={BUILD}/"
        subprocess.run([program, *options, artifacts, corpus], check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "20"))
