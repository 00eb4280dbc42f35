"""A stored verdict holds as long as its code: changed code measures again and trains nothing."""

from __future__ import annotations

import importlib
import shutil
import sys
from pathlib import Path

import pytest
from made_claims import InProcess, make_claim

from modgrok.papers import Claim
from modgrok.papers.claims.catalogue import read_paper
from modgrok.papers.claims.code_digest import ROOT, closure, digest_of_function, digest_of_module
from modgrok.papers.claims.reproduction import reproduce
from modgrok.runs import Experiment

IPR = "modgrok.papers.doshi2024.trained"
"""A module whose claims read the inverse participation ratio of neurons."""
GRIDS = "modgrok.papers.furuta2024.elementary"
"""A module of transformers, which have none."""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A copy of the sources that digests are made of."""
    for folder in ("papers", "measures"):
        shutil.copytree(ROOT / "modgrok" / folder, tmp_path / "modgrok" / folder)
    return tmp_path


@pytest.mark.parametrize(
    ("changed", "moved"),
    [
        ("measures/fourier/ipr.py", {IPR}),
        ("measures/circuit/task_grid.py", {GRIDS}),
        ("measures/fourier/gini.py", set()),
        ("measures/__init__.py", set()),  # another measure in the list changes no claim
        ("papers/doshi2024/trained.py", {IPR}),
        ("papers/claims/evidence.py", {IPR, GRIDS}),
    ],
)
def test_a_changed_source_changes_the_claims_that_use_it(root: Path, changed: str, moved: set[str]) -> None:
    before = {module: digest_of_module(module, root, root) for module in (IPR, GRIDS)}
    assert before == {module: digest_of_module(module) for module in (IPR, GRIDS)}
    with (root / "modgrok" / changed).open("a") as file:
        file.write("\n# another line\n")
    after = {module: digest_of_module(module, root, root) for module in (IPR, GRIDS)}
    assert {module for module in after if after[module] != before[module]} == moved


def test_every_module_that_a_claim_has_loaded_is_in_its_closure() -> None:
    """Names from measures and papers that stand in a module's namespace come from followed modules."""
    for name in (IPR, GRIDS):
        module, sources = importlib.import_module(name), closure(name)
        homes = {getattr(value, "__module__", "") for value in vars(module).values()}
        used = {home for home in homes if home.startswith(("modgrok.papers.", "modgrok.measures."))}
        assert used <= sources.keys(), name


def test_claims_of_one_module_share_a_digest_also_through_partial_functions() -> None:
    claims = {claim.id: claim for claim in read_paper("doshi2024").claims}
    first, second = (digest_of_function(claims[f"doshi2024/fig{i}-accuracy"].measure) for i in (2, 3))
    assert first == second
    assert len(first) == 64


OUTSIDE = """
from outside_numbers import SHIFT
from made_claims import make_claim

def measure(evidence):
    found = make_claim("any").measure(evidence)
    found.values["test_accuracy"] = SHIFT
    return found
"""


def test_changed_code_measures_again_and_trains_nothing(
    tmp_path: Path, executor: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    runs = tmp_path / "runs"

    def claim(shift: str) -> Claim:
        (tmp_path / "outside_numbers.py").write_text(f"SHIFT = {shift}\n")
        (tmp_path / "outside_paper.py").write_text(f"# {shift}{OUTSIDE}")
        importlib.invalidate_caches()
        for name in ("outside_numbers", "outside_paper"):
            sys.modules.pop(name, None)
        return make_claim("outside", measure=importlib.import_module("outside_paper").measure)

    (first,) = reproduce([claim("0.25")], "tiny", runs, executor, workers=1)
    (second,) = reproduce([claim("0.125 + 0.375")], "tiny", runs, None, workers=1)
    assert [first.values["test_accuracy"], second.values["test_accuracy"]] == [0.25, 0.5]
    assert first.runs == second.runs
    assert len(executor.made) == 1
    for name in ("outside_numbers", "outside_paper"):
        sys.modules.pop(name, None)


def test_run_ids_depend_on_no_code(monkeypatch: pytest.MonkeyPatch) -> None:
    before = Experiment.of("x + y", p=5).id
    monkeypatch.setattr("modgrok.papers.claims.code_digest.digest_of_module", lambda *_: "another")
    monkeypatch.setattr("modgrok.version.__version__", "9.9")
    assert Experiment.of("x + y", p=5).id == before
