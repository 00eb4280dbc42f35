"""The benchmark of stacks, with tiny numbers: that it runs on any device and writes its table."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "bench_stack.py"


@pytest.mark.long
def test_the_benchmark_of_stacks_writes_a_table(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("bench_stack", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    bench_stack = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(bench_stack)
    path = tmp_path / "stack.md"
    sizes = ["--members", "1", "3", "--moduli", "5", "--learners", "mlp", "rfm", "--minutes", "0.5"]
    bench_stack.main([*sizes, "--output", str(path)])
    lines = path.read_text().splitlines()
    assert lines[0].endswith("member-steps per second.")
    assert lines[2] == "| learner | p | sequence | 1 stacked | 3 stacked |"
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[4:]]
    assert [row[:2] for row in rows] == [["mlp", "5"], ["rfm", "5"]]
    assert all(float(cell) > 0 for cell in rows[0][2:])
