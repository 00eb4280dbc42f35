"""Which files a source distribution holds: those under version control, and nothing that lies beside them.

A build hook of Hatchling, named in pyproject.toml. Without Git, as in an unpacked source distribution, the
files are those of the project's own folders.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FOLDERS = (".ci", "atlas", "benchmarks", "docs", "src", "tests", "tools")
FILES = ("CHANGELOG.md", "CITATION.cff", "CONTRIBUTING.md", "constraints.txt", ".gitignore")
"""What there is besides the files that Hatchling includes always."""


def project_files(root: Path) -> list[str]:
    """Return the project's files, relative to its root."""
    if (root / ".git").exists():
        done = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=True)
        return [name for name in done.stdout.split("\0") if name and (root / name).is_file()]
    inside = (path for folder in FOLDERS for path in sorted((root / folder).rglob("*")))
    files = [path.relative_to(root) for path in inside if path.is_file() and "__pycache__" not in path.parts]
    return [name for name in FILES if (root / name).is_file()] + [path.as_posix() for path in files]


class ProjectFiles(BuildHookInterface[Any]):
    """Includes the project's files one by one; `only-include` in pyproject.toml keeps all others out."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Name the files."""
        build_data["force_include"].update((name, name) for name in project_files(Path(self.root)))
