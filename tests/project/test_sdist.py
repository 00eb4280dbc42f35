"""The source distribution: the files under version control, and nothing that lies beside them."""

from __future__ import annotations

import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STRAY = (
    "notes.txt",
    ".env",
    "docs/draft.md",
    "src/modgrok/scratch.py",
    "tests/big.npy",
    "store/modgrok.sqlite",
)


def built(folder: Path, out: Path) -> set[str]:
    """Build a source distribution, without a network; return its files without their common folder."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", str(out)]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    (archive,) = out.glob("*.tar.gz")
    with tarfile.open(archive) as tar:
        tar.extractall(out, filter="data")
        return {name.partition("/")[2] for name in tar.getnames()}


@pytest.mark.needs("hatchling")
def test_the_sdist_holds_the_project_s_files_alone(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    tracked = subprocess.run(["git", "ls-files"], cwd=clone, capture_output=True, text=True, check=True)
    for name in STRAY:
        (clone / name).parent.mkdir(exist_ok=True)
        (clone / name).write_text("stray")
    files = built(clone, tmp_path / "first")
    assert files == {*tracked.stdout.splitlines(), "PKG-INFO"}
    (unpacked,) = (path for path in (tmp_path / "first").iterdir() if path.is_dir())
    assert built(unpacked, tmp_path / "second") == files  # without Git
