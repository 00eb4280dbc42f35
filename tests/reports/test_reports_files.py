"""Reports as files: every format, every kind of run, nothing fetched."""

from __future__ import annotations

import html
import re
import struct
import zlib
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import jax.numpy as jnp
import numpy as np
import pytest

from modgrok.measures import basis_of
from modgrok.models import MLP
from modgrok.reports import run_report, write_comparison, write_network_report, write_report
from modgrok.runs import RunRow, Store
from modgrok.tasks import InputError, task_from_expression

KINDS = ("grokked", "stuck", "three", "diverged")


class Page(HTMLParser):
    """Collects attributes and the text outside scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.attributes: list[tuple[str, str]] = []
        self.words: list[str] = []
        self.charts = 0
        self._code = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(name, value or "") for name, value in attrs]
        self.charts += any(name == "data-cell" for name, _ in attrs)
        self._code = tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        self._code = False

    def handle_data(self, data: str) -> None:
        if not self._code:
            self.words.append(data)


def closed_form(p: int, width: int) -> MLP:
    """Random phases, all frequencies: Gromov 2023, Eq. 6-7."""
    rng = np.random.default_rng(0)
    f = rng.integers(1, p // 2 + 1, width)
    first, second = rng.uniform(-np.pi, np.pi, (2, width))
    n = np.arange(p)[:, None]
    waves = [np.cos(2 * np.pi * f * n / p + phase) for phase in (first, second, first + second)]
    u, v, w = ((2 / width) ** (1 / 3) * wave.astype(np.float32) for wave in waves)
    return MLP(jnp.stack([u, v]), jnp.asarray(w))


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
def test_svg_of_every_kind_of_run(
    kind: str, store: Store, request: pytest.FixtureRequest, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    row: RunRow = request.getfixturevalue(kind)
    path = write_report(store, row.id, tmp_path / "out.svg")
    root = ElementTree.fromstring(path.read_text())
    assert root.tag.endswith("svg")
    identifiers = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(identifiers) == len(set(identifiers))
    text = " ".join("".join(element.itertext()) for element in root.iter() if element.tag.endswith("text"))
    assert row.id in text
    assert "NaN" not in path.read_text()
    assert "WARN" not in capfd.readouterr().err


@pytest.mark.long
def test_png(store: Store, grokked: RunRow, tmp_path: Path) -> None:
    content = write_report(store, grokked.id, tmp_path / "out.png").read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", content[16:24])
    assert width == 2120
    assert height > width
    assert len(content) < 1.5e6
    start = content.index(b"IDAT")
    size = struct.unpack(">I", content[start - 4 : start])[0]
    assert len(zlib.decompress(content[start + 4 : start + 4 + size])) == height * (4 * width + 1)


@pytest.mark.long
def test_pdf(store: Store, grokked: RunRow, tmp_path: Path) -> None:
    content = write_report(store, grokked.id, tmp_path / "out.pdf").read_bytes()
    assert content.startswith(b"%PDF-")
    assert content.rstrip().endswith(b"%%EOF")


def test_page_is_offline_and_carries_its_provenance(store: Store, grokked: RunRow, tmp_path: Path) -> None:
    path = write_report(store, grokked.id, tmp_path / "out.html")
    text = path.read_text()
    assert len(text) < 5e6
    page = Page()
    page.feed(text)
    for name, value in page.attributes:
        assert name not in ("src", "href", "srcset", "action"), (name, value)
        assert "http" not in value
    assert "default-src 'none'" in html.unescape(text)
    assert not re.search(r"@import|url\(", text[: text.index("<script")])
    words = " ".join(page.words)
    assert "modgrok train 'x + y' <& more>" in words
    assert f"modgrok report {grokked.id} -o out.html --runs {store.folder.name}" in words
    assert f"step {grokked.memorised_at}" in words
    assert f"step {grokked.grokked_at}" in words
    assert f"{grokked.context['train']} training and {grokked.context['test']} test inputs" in words
    assert "chance 7.7%" in words
    report = run_report(store, grokked.id, tmp_path / "out.html", None)
    charts = {panel.key: sum(len(group.cells) for group in panel.groups) for panel in report.panels}
    held = [panel for checkpoint in report.checkpoints for panel in checkpoint.panels]
    sliding = sum(len(group.cells) for panel in held for group in panel.groups)
    steps = {checkpoint.step for checkpoint in report.checkpoints}
    assert {0, grokked.memorised_at, grokked.grokked_at, grokked.step} <= steps
    assert {panel.key for panel in held} <= set(charts)
    assert page.charts == sum(charts.values()) + sliding
    parts = ("explained", "circles", "left")
    explained = sum(count for key, count in charts.items() if key.startswith(parts))
    assert page.charts - sliding - explained == 6 + 3 * (2 + 1 + 2 + 2)


def test_diverged_and_stuck_runs_say_so(store: Store, diverged: RunRow, stuck: RunRow) -> None:
    report = run_report(store, diverged.id, Path("a.png"))
    assert "diverged" in report.title
    assert any("no longer finite" in note for note in report.notes)
    report = run_report(store, stuck.id, Path("a.png"))
    assert report.title.startswith("Composition in S3")
    assert any("did not reach 99%" in note for note in report.notes)


def test_damaged_checkpoint_leaves_a_note(store: Store, grokked: RunRow) -> None:
    checkpoint = next(c for c in store.checkpoints(grokked.id) if c.step == grokked.memorised_at)
    content = checkpoint.path.read_bytes()
    try:
        checkpoint.path.write_bytes(content[:-1] + b"!")
        report = run_report(store, grokked.id, Path("a.png"))
    finally:
        checkpoint.path.write_bytes(content)
    groups = {panel.key: [group.label for group in panel.groups] for panel in report.panels}
    assert len(groups["features"]) == 2
    assert len(groups["phases"]) == 3, "the histograms are in the store's records"
    assert any("damaged" in note for note in report.notes)


def test_run_without_weights_still_has_curves(
    store: Store, grokked: RunRow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Store, "checkpoints", lambda self, run: [])
    report = run_report(store, grokked.id, Path("a.png"))
    assert [panel.key for panel in report.panels][-1] == "phases"
    monkeypatch.setattr(Store, "records", lambda self, run: [])
    monkeypatch.setattr(
        Store, "get", lambda self, run: replace(grokked, step=0, memorised_at=None, grokked_at=None)
    )
    assert write_report(store, grokked.id, tmp_path / "out.svg").is_file()


@pytest.mark.long
@pytest.mark.parametrize("suffix", [".svg", ".html"])
def test_comparison_and_network_alone(store: Store, grokked: RunRow, tmp_path: Path, suffix: str) -> None:
    net, task = closed_form(13, 150), task_from_expression("x+y", 13)
    path = write_comparison(store, grokked.id, net, tmp_path / f"both{suffix}")
    assert "closed form" in path.read_text()
    basis = basis_of(task.table, 13)
    path = write_network_report(net, basis, tmp_path / f"alone{suffix}", title="A <b> & c", task=task)
    assert "A &lt;b&gt; &amp; c" in path.read_text()
    assert "IPR 1.000" in path.read_text()


@pytest.mark.long
def test_network_whose_outputs_overflow(tmp_path: Path) -> None:
    net, basis = closed_form(7, 20), basis_of(task_from_expression("x+y", 7).table, 7)
    huge = MLP(net.embedding * 1e25, net.readout * 1e25)
    path = write_network_report(huge, basis, tmp_path / "huge.svg", title="huge")
    assert "NaN" not in path.read_text()


def test_comparison_refuses_another_shape(store: Store, grokked: RunRow, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="network: must have 2 operands of 13 values"):
        write_comparison(store, grokked.id, closed_form(11, 40), tmp_path / "both.svg")


@pytest.mark.parametrize("name", ["out.gif", "out", "out.png.txt"])
def test_unknown_suffix(store: Store, grokked: RunRow, tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError) as error:
        write_report(store, grokked.id, tmp_path / name)
    assert str(error.value) == f"output: must end in .html, .png, .svg or .pdf, got '{name}'"
    assert list(tmp_path.iterdir()) == []


def test_missing_folder_and_run(store: Store, grokked: RunRow, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="output: must be in an existing folder"):
        write_report(store, grokked.id, tmp_path / "no" / "out.svg")
    with pytest.raises(InputError, match="run: does not name a run"):
        write_report(store, "zzz", tmp_path / "out.svg")
    assert list(tmp_path.iterdir()) == []
