"""The script of pages is bundled once for all processes, and never read damaged."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from modgrok.io.charts import VEGA_LITE
from modgrok.reports.formats import vega_script as module
from modgrok.reports.formats.vega_script import vega_script

SCRIPT = "window.vegaEmbed = () => 'é';\n// the end"


@pytest.fixture
def bundled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The versions for which the libraries were bundled, in an empty cache."""
    calls: list[str] = []

    def bundle(snippet: str, vl_version: str) -> str:
        calls.append(vl_version)
        return SCRIPT

    monkeypatch.setattr(module.vl_convert, "javascript_bundle", bundle)
    monkeypatch.setattr(module, "cache_folder", lambda: tmp_path / "cache")
    vega_script.cache_clear()
    yield calls
    vega_script.cache_clear()


def in_another_process() -> str:
    vega_script.cache_clear()
    return vega_script()


def test_it_is_bundled_once(bundled: list[str]) -> None:
    assert vega_script() == in_another_process() == in_another_process() == SCRIPT
    assert bundled == [VEGA_LITE]


@pytest.mark.parametrize("change", [lambda text: text[:-4], lambda text: b"", lambda text: b"\xff" + text])
def test_a_damaged_file_is_made_again(bundled: list[str], tmp_path: Path, change: object) -> None:
    assert callable(change)
    vega_script()
    (file,) = (tmp_path / "cache").rglob("*.js")
    whole = file.read_bytes()
    file.write_bytes(change(whole))
    assert in_another_process() == SCRIPT
    assert len(bundled) == 2
    assert file.read_bytes() == whole


def test_a_folder_that_cannot_be_written_is_done_without(bundled: list[str], tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder would be")
    assert vega_script() == in_another_process() == SCRIPT
    assert len(bundled) == 2
