"""Critical fractions: the estimator, the walk towards it, and a real search that continues."""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modgrok.reports import sweep_report
from modgrok.runs import Store
from modgrok.sweeps import make_sweep, run_ensemble, wilson
from modgrok.sweeps.critical.bisection import Range, next_fractions
from modgrok.sweeps.critical.estimate import Probe, critical
from modgrok.sweeps.execution.driver import run_sweep
from modgrok.sweeps.execution.executor import Event, Job
from modgrok.sweeps.execution.search import known_of, next_round, run_search
from modgrok.sweeps.execution.worker import event_of
from modgrok.tasks import InputError

FILE = """
name = "search"
[base]
expression = "x + y"
p = 7
width = 60
parametrisation = "doshi"
optimiser = "adamw"
weight_decay = 2
steps = 300
observe_every = 20
[critical]
low = 0.4
high = 0.95
resolution = 0.3
seeds = 2
"""


def walk(seeds: int, within: Range, grokked: Any) -> tuple[dict[float, Probe], int]:
    """Search to the end; return the probes and the number of rounds."""
    known: dict[float, Probe] = {}
    for rounds in itertools.count():
        fractions = next_fractions(known, within)
        if not fractions:
            return known, rounds
        known |= {f: Probe(f, int(grokked(f)), seeds) for f in fractions}
    raise AssertionError


@pytest.mark.parametrize("edge", [0.101, 0.3, 0.5250001, 0.7, 0.949])
@pytest.mark.parametrize("resolution", [0.4, 0.02, 0.003])
def test_a_sharp_edge_is_bracketed_in_logarithmically_many_rounds(edge: float, resolution: float) -> None:
    within = Range(0.1, 0.95, resolution)
    probes, rounds = walk(8, within, lambda f: 8 * (f >= edge))
    result = critical(list(probes.values()))
    low, high = result.bracket
    assert low is not None
    assert high is not None
    assert low < edge <= high
    assert high - low <= resolution
    assert result.sure == result.bracket
    assert result.estimate == pytest.approx((low + high) / 2, abs=1e-12)
    assert rounds == 1 + within.halvings <= 2 + np.log2(0.85 / resolution)


def test_a_finer_search_repeats_the_coarser_ones_fractions() -> None:
    coarse, _ = walk(1, Range(0.2, 0.9, 0.05), lambda f: int(f > 0.61))
    fine, _ = walk(1, Range(0.2, 0.9, 0.01), lambda f: int(f > 0.61))
    assert set(coarse) < set(fine)


def test_edges_outside_the_range_end_the_search_at_once() -> None:
    below, rounds = walk(4, Range(0.2, 0.8, 0.01), lambda f: 4)
    above, _ = walk(4, Range(0.2, 0.8, 0.01), lambda f: 1)
    assert rounds == 1
    assert critical(list(below.values())).place == "below"
    assert critical(list(above.values())).place == "above"
    assert critical(list(above.values())).estimate is None


def test_a_noisy_edge_is_found_within_its_width() -> None:
    """Seeds grok with probability 1/(1 + exp(-(f - 0.55)/0.03)).

    0.05 away from the edge, 16 seeds are on the wrong side of a half with a probability below 1%, so few of
    400 brackets stray further. The sure interval misses the edge as rarely as Wilson's intervals of the few
    probes near it do.
    """
    rng, within = np.random.default_rng(3), Range(0.1, 0.9, 0.01)
    estimates, covered = [], []
    for _ in range(400):
        probes, _ = walk(16, within, lambda f: rng.binomial(16, 1 / (1 + np.exp(-(f - 0.55) / 0.03))))
        result = critical(list(probes.values()))
        assert result.estimate is not None
        low, high = result.sure
        assert low is not None
        assert high is not None
        estimates.append(result.estimate)
        covered.append(low <= 0.55 <= high)
        assert low <= result.bracket[0] < result.bracket[1] <= high
    assert abs(float(np.mean(estimates)) - 0.55) < 0.005
    assert float(np.mean(np.abs(np.array(estimates) - 0.55) > 0.05)) < 0.05
    assert float(np.mean(covered)) > 0.9


def test_half_of_the_seeds_decide_and_wilson_says_how_surely() -> None:
    assert Probe(0.5, 4, 8).half
    assert not Probe(0.5, 3, 8).half
    assert wilson(1, 8)[1] < 0.5 < wilson(2, 8)[1]
    result = critical(
        [Probe(0.1, 1, 8), Probe(0.2, 2, 8), Probe(0.3, 4, 8), Probe(0.4, 6, 8), Probe(0.5, 7, 8)]
    )
    assert (result.bracket, result.sure) == ((0.2, 0.3), (0.1, 0.5))
    few = critical([Probe(0.1, 0, 3), Probe(0.2, 3, 3)])
    assert (few.bracket, few.sure) == ((0.1, 0.2), (None, None))


def test_shares_that_fall_again_are_crossed_last() -> None:
    result = critical([Probe(f, n, 8) for f, n in ((0.1, 0), (0.2, 8), (0.3, 0), (0.4, 8))])
    assert (result.bracket, result.sure) == ((0.3, 0.4), (0.3, 0.4))


def search(**critical: Any) -> Any:
    content = {"name": "s", "base": {"expression": "x + y", "steps": 9}, "axes": {"p": [5, 7]}}
    return make_sweep(
        {**content, "critical": {"low": 0.3, "high": 0.9, "resolution": 0.1, "seeds": 2, **critical}}
    )


def latest(sweep: Any) -> dict[str, Event]:
    """p = 5 groks from 0.6 on, p = 7 nowhere."""
    values = {}
    for m in sweep.members:
        grokked = 5 if m.point["p"] == 5 and m.point["fraction"] >= 0.6 else None
        values[m.experiment.id] = Event(m.experiment.id, 9, 9, "finished", 1, grokked)
    return values


def test_rounds_grow_only_where_a_bracket_is_open() -> None:
    first = search()
    assert [(m.point["p"], m.point["fraction"], m.point["seed"]) for m in first.members[:3]] == [
        (5, 0.3, 0),
        (5, 0.3, 1),
        (5, 0.9, 0),
    ]
    second = next_round(first, known_of(first, latest(first)))
    assert [m.point["fraction"] for m in second.members if m.point["p"] == 5] == [
        0.3,
        0.3,
        0.6,
        0.6,
        0.9,
        0.9,
    ]
    assert len(second.members) == 10
    third = next_round(second, known_of(second, latest(second)))
    assert {m.point["fraction"] for m in third.members} == {0.3, 0.45, 0.6, 0.9}


def test_a_round_waits_for_all_of_its_seeds() -> None:
    first = search()
    output = latest(first)
    run = first.members[0].experiment.id
    for event in (Event(run, 3, 9, "interrupted"), Event(run, status="failed", error="no")):
        points = known_of(first, {**output, run: event})
        assert 0.3 not in points[0].probes
        assert len(next_round(first, points).members) == len(first.members)


def test_grokking_beyond_the_budget_does_not_count() -> None:
    first = search()
    late = {run: Event(run, 99, 99, "finished", 1, 50) for run in latest(first)}
    assert [at.probes[0.9].grokked for at in known_of(first, late)] == [0, 0]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"low": 0.9}, "critical: must have 0 < low < high < 1, got low 0.9 and high 0.9"),
        ({"resolution": 0}, "critical.resolution: must be at least 1e-06 and below 1, got 0"),
        ({"seeds": 0}, "critical.seeds: must be at least 1 and at most 1000, got 0"),
        ({"seeds": 2.5}, "critical.seeds: must be an integer, got '2.5'"),
        ({"tolerance": 0.1}, "critical.tolerance: must be one of low, high, resolution, seeds"),
    ],
)
def test_refusals(table: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=f"^{message}"):
        search(**table)


def test_a_search_has_its_fractions_and_seeds_to_itself() -> None:
    content = {"name": "s", "base": {"expression": "x + y", "p": 5}, "critical": {}}
    with pytest.raises(InputError, match=r"^fraction: must be chosen by \[critical\]"):
        make_sweep({**content, "axes": {"fraction": [0.5]}})
    with pytest.raises(InputError, match=r"^axes: must make at most 100,000 runs, got 8,000,000"):
        make_sweep(
            {
                **content,
                "base": {"expression": "x + y"},
                "axes": {"p": {"start": 2, "stop": 2e5, "num": 100_000}},
                "critical": {"resolution": 0.02, "seeds": 10},
            }
        )


class HereExecutor:
    """Runs ensembles in this process."""

    def __init__(self) -> None:
        self.runs = 0

    def run(self, ensembles: Any, job: Job, stop_requested: Any) -> Iterator[Event | None]:
        """See `Executor`."""
        with Store(job.folder) as store:
            for ensemble in ensembles:
                for outcome in run_ensemble(ensemble, store, weights=job.weights):
                    self.runs += 1
                    yield event_of(outcome)


def found_by(executor: HereExecutor, folder: Path, **critical: Any) -> Any:
    content = tomllib.loads(FILE)
    content["critical"] |= critical
    with Store(folder) as store:
        drive = partial(run_sweep, store=store, executor=executor, job=Job(folder), workers=1)
        return run_search(make_sweep(content), drive)


@pytest.mark.long  # it compiles a training step for each of three fractions
def test_a_search_goes_on_where_it_was_cut_off_and_repeats_nothing(tmp_path: Path) -> None:
    cut_off, undisturbed = HereExecutor(), HereExecutor()
    coarse = found_by(cut_off, tmp_path / "a", resolution=0.6)
    assert (coarse.finished, cut_off.runs) == ((True,), 4)
    fine = found_by(cut_off, tmp_path / "a")
    assert cut_off.runs == 6  # one fraction more, two seeds
    assert found_by(cut_off, tmp_path / "a").points == fine.points
    assert cut_off.runs == 6
    assert found_by(undisturbed, tmp_path / "b").points == fine.points
    known = fine.points[0].critical
    assert known.place == "inside"
    low, high = known.bracket
    assert high - low <= 0.3
    assert fine.points[0].probes[0.4].grokked == 0
    assert fine.points[0].probes[0.95].grokked == 2
    assert (fine.tally.done, fine.tally.total) == (6, 6)
    with Store(tmp_path / "a", read_only=True) as store:
        report = sweep_report(store, "search", tmp_path / "s.png", (), ["train_accuracy"])
        assert [panel.key for panel in report.panels][:2] == ["map-train_accuracy", "shares"]


@pytest.mark.long  # worker processes start in every round
def test_the_command_searches_and_tells(call: Any, tmp_path: Path) -> None:
    grid = tmp_path / "search.toml"
    grid.write_text(FILE)
    first = call("sweep", str(grid), "--workers", "1", "--json")
    assert first.code == 0, first.err
    (result,) = first.json["critical"]
    assert (result["point"], result["place"]) == ({}, "inside")
    low, high = result["bracket"]
    assert result["fraction"] == pytest.approx((low + high) / 2, abs=1e-12)
    counts = {probe["fraction"]: (probe["grokked"], probe["of"]) for probe in result["probes"]}
    assert len(counts) == 3
    assert counts[low][0] < 1 <= counts[high][0]
    assert first.json["total"] == first.json["done"] == 6
    assert "critical fraction at search: 0." in first.out
    again = call("sweep", str(grid), "--workers", "1", "--json")
    assert again.json["critical"] == first.json["critical"]
