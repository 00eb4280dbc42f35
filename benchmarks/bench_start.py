"""From the command line: first line, cold start to grokked, warm start to the first step, help, import, peak.

uv run --group bench pytest benchmarks/bench_start.py -s -n 0
"""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

COMMAND = [sys.executable, "-c", "from modgrok.cli import main; main()"]


def timed(arguments: list[str], cwd: Path, cache: Path) -> tuple[float, str, str]:
    """Run a command and return (seconds, stdout, stderr)."""
    started = time.perf_counter()
    done = subprocess.run(
        arguments, cwd=cwd, capture_output=True, text=True, check=True,
        env={**os.environ, "XDG_CACHE_HOME": str(cache)},
    )  # fmt: skip
    return time.perf_counter() - started, done.stdout, done.stderr


def first_step(seed: int, cwd: Path, cache: Path) -> float:
    """Seconds from the start of a process to the line of its first step."""
    started = time.perf_counter()
    process = subprocess.Popen(
        [*COMMAND, "train", "x + y", "--p", "97", "--seed", str(seed), "--steps", "2"],
        cwd=cwd, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
        env={**os.environ, "XDG_CACHE_HOME": str(cache)},
    )  # fmt: skip
    assert process.stderr is not None
    with process, process.stderr:
        for line in process.stderr:
            if re.match(r"step +1 ", line):
                return time.perf_counter() - started
    raise AssertionError("no first step")


def first_line(cwd: Path) -> tuple[float, str]:
    """Return seconds from the start of a process to its first line of output, and that line."""
    started = time.perf_counter()
    process = subprocess.Popen(
        [*COMMAND, "train", "x + y", "--p", "97", "--steps", "1"],
        cwd=cwd, stderr=subprocess.STDOUT, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    with process, process.stdout:
        line = process.stdout.readline()
        seconds = time.perf_counter() - started
        process.terminate()
    return seconds, line


def test_first_line(tmp_path: Path) -> None:
    """`modgrok train` says within 1 s of Python starting what it is about to do; JAX takes longer to load."""
    lines = [first_line(tmp_path) for _ in range(5)]
    seconds = statistics.median(seconds for seconds, _ in lines)
    print(f"\nfirst line of output: {seconds:.2f} s")
    assert {line for _, line in lines} == {"x + y mod 97: loading JAX\n"}
    assert seconds < 1


def test_cold_start_to_grokked(tmp_path: Path) -> None:
    """Under 60 s on two quiet cores, with default settings; under 1 GiB."""
    code = (
        "import pathlib, re, sys; from modgrok.cli.app import _dispatch; "
        "code = _dispatch(sys.argv[1:]); status = pathlib.Path('/proc/self/status').read_text(); "
        "print(re.search(r'VmHWM:\\s+(\\d+)', status)[1], file=sys.stderr); sys.exit(code)"
    )
    command = [sys.executable, "-c", code, "train", "x + y", "--p", "97", "--json"]
    seconds, out, err = timed(command, tmp_path, tmp_path / "cache")
    result = json.loads(out.splitlines()[-1])
    peak = int(err.splitlines()[-1]) / 1024
    print(f"\ncold start to the end of the default run: {seconds:.1f} s, peak {peak:.0f} MiB")
    print(f"  memorised at {result['memorised_at']}, grokked at {result['grokked_at']}")
    print(f"  {result['seconds_per_step'] * 1e3:.2f} ms a step")
    assert result["grokked_at"] is not None
    assert seconds < 60
    assert peak < 1024


def test_a_second_run_of_the_same_shapes_starts_at_once(tmp_path: Path) -> None:
    """First step in under 3 s, from the compilation cache."""
    cold = first_step(0, tmp_path, tmp_path / "cache")
    warm = statistics.median(first_step(seed, tmp_path, tmp_path / "cache") for seed in (1, 2, 3))
    print(f"\nfirst step: {cold:.2f} s cold, {warm:.2f} s with the compilation cache")
    assert warm < 3


def test_help_and_import(tmp_path: Path) -> None:
    """`modgrok --help` under 0.3 s, `import modgrok` under 0.1 s more than starting Python."""
    help_seconds = statistics.median(timed([*COMMAND, "--help"], tmp_path, tmp_path)[0] for _ in range(7))
    bare = statistics.median(timed([sys.executable, "-c", ""], tmp_path, tmp_path)[0] for _ in range(7))
    imported = statistics.median(
        timed([sys.executable, "-c", "import modgrok"], tmp_path, tmp_path)[0] for _ in range(7)
    )
    print(f"\nmodgrok --help {help_seconds:.3f} s, import modgrok {imported:.3f} s, bare Python {bare:.3f} s")
    assert help_seconds < 0.3
    assert imported - bare < 0.1
