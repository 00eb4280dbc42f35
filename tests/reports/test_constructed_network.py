"""Reports of networks written down in closed form: what made them, and captions that hold for what they
have."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from modgrok.algebra import natural_basis
from modgrok.models import MLP
from modgrok.reports.commands import maker_of, portable
from modgrok.reports.panels.features import features
from modgrok.reports.views.mlp_view import MLPView


def test_the_report_names_the_command_that_constructed_it(
    call: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    build = ["construct", "x + y", "--p", "5", "--width", "24", "-o", str(tmp_path / "net.safetensors")]
    draw = ["report", str(tmp_path / "net.safetensors"), "-o", "net.html"]
    for words in (build, draw):
        monkeypatch.setattr(sys, "argv", ["modgrok", *words])
        assert call(*words).code == 0
    page = (tmp_path / "net.html").read_text(encoding="utf-8")
    footer = page[page.index("<footer>") : page.index("</footer>")]
    construct_at, report_at = footer.index("modgrok construct"), footer.index("modgrok report")
    network_at, page_at = footer.index("To make the network"), footer.index("To make this report")
    assert network_at < construct_at < page_at < report_at
    assert str(tmp_path) not in footer


@pytest.mark.parametrize(
    ("command", "expected_command"),
    [
        ("modgrok train 'x + y' --runs /home/me/runs", "modgrok train 'x + y' --runs runs"),
        ("modgrok train --table=/data/t.npy", "modgrok train --table=t.npy"),
        ("modgrok report latest -o a.html", "modgrok report latest -o a.html"),
        ("it's cut", "it's cut"),
    ],
)
def test_commands_hold_no_folder_of_the_machine(command: str, expected_command: str) -> None:
    assert portable(command) == expected_command


def test_of_other_files_nothing_is_made_up() -> None:
    assert maker_of({"step": 3}) == ""
    assert maker_of({"command": 3}) == ""
    assert maker_of({"run": "0123456789ab", "step": 3}) == "modgrok runs show 0123456789ab"


def _view(label: str, frequencies: list[int], p: int = 13) -> MLPView:
    waves = np.cos(2 * np.pi * np.outer(np.arange(p), frequencies) / p).astype(np.float32)
    return MLPView(label, MLP(jnp.array([waves, waves]), jnp.array(waves)), natural_basis(p, 2), ("x", "y"))


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        ([1, 2, 3, 4], [4, 3, 2, 1], "Beside them, units of the same frequencies; each"),
        ([1, 2, 3, 4, 5, 6], [6, 6, 6, 6, 6, 6], "where the other network has them"),
        ([1, 2, 3, 4], [2], "where the other network has them"),
    ],
)
def test_captions_hold_for_other_frequencies_and_few_neurons(
    first: list[int], second: list[int], words: str
) -> None:
    caption = features([_view("trained", first), _view("closed form", second)], one_network=False).caption
    assert words in caption
    assert "four hidden units" in caption


def test_a_network_of_one_unit_is_not_four() -> None:
    caption = features([_view("", [3])], one_network=True).caption
    assert caption.startswith("Weights of one hidden unit ")
    assert "quarter" not in caption
