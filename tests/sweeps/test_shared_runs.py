"""A run of two sweeps: each counts it as far as it follows it, whatever the other did."""

from __future__ import annotations

import csv
import json
import re
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from modgrok.papers.claims.stages import _bare
from modgrok.reports.sweep_report import sweep_report
from modgrok.runs import Experiment, Store
from modgrok.runs import run as run_experiment
from modgrok.runs.outcome import lacks_observation
from modgrok.runs.store.sweep_index import read_listing
from modgrok.runs.store.transfer import pack_run, unpack_run
from modgrok.sweeps.execution.driver import plan_sweep
from modgrok.sweeps.execution.ensemble import Ensemble, run_ensemble
from modgrok.sweeps.grid.sweep_file import make_sweep, read_sweep
from modgrok.sweeps.tables.table import sweep_table
from modgrok.tasks.errors import BusyError
from modgrok.web.sweep_content import sweep_content

Call = Callable[..., Any]
SHORT = """
name = "short"
[base]
expression = "x + y"
p = 11
width = 60
optimiser = "adamw"
parametrisation = "doshi"
weight_decay = 5.0
seed = 0
steps = {steps}
[axes]
fraction = [0.8, 0.9]
"""


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store in which a long sweep grokked what a short one only memorised."""
    from modgrok.cli import main

    folder = tmp_path_factory.mktemp("shared")
    for name, steps in (("long", 400), ("short", 12)):
        path = folder / f"{name}.toml"
        path.write_text(SHORT.format(steps=steps).replace('"short"', f'"{name}"'))
        with pytest.raises(SystemExit) as ended:
            main(["sweep", str(path), "--runs", str(folder / "runs"), "--workers", "1"])
        assert not ended.value.code
    return folder / "runs"


def test_the_command_counts_what_the_sweep_asks_for(both: Path, call: Call) -> None:
    file = both.parent / "short.toml"
    outcome = call("sweep", str(file), f"--runs={both}", "--json")
    assert (outcome.json["done"], outcome.json["grokked"]) == (2, 0)
    longer = call("sweep", str(both.parent / "long.toml"), f"--runs={both}", "--json")
    assert longer.json["grokked"] == 2


def test_tables_end_where_the_sweep_ends(both: Path, call: Call, tmp_path: Path) -> None:
    assert call("export", "short", "--format", "csv", "-o", "out", f"--runs={both}").code == 0
    with (tmp_path / "out" / "runs.csv").open() as file:
        runs = list(csv.DictReader(file))
    assert [run["grokked_at"] for run in runs] == ["", ""]
    assert {(run["step"], run["budget"]) for run in runs} == {("12", "12")}
    with (tmp_path / "out" / "records.csv").open() as file:
        records = list(csv.DictReader(file))
    assert max(int(record["step"]) for record in records) == 12
    for run in runs:
        (last,) = [r for r in records if r["run"] == run["run"] and r["step"] == "12"]
        assert run["test_accuracy"] == last["test_accuracy"]
    with (tmp_path / "out" / "critical.csv").open() as file:
        assert [row["place"] for row in csv.DictReader(file)] == ["above"]


def test_the_page_and_the_report_end_where_the_sweep_ends(both: Path, tmp_path: Path) -> None:
    with Store(both, read_only=True) as store:
        assert [member["grokked_at"] for member in sweep_content(store, "short")["members"]] == [None, None]
        assert sweep_content(store, "short")["grokked"] == 0
        assert sweep_content(store, "long")["grokked"] == 2
        assert [row["step"] for row in sweep_table(store, "short").runs] == [12, 12]
        report = sweep_report(store, "short", tmp_path / "report.html")
        curves = next(panel for panel in report.panels if panel.key == "curves")
        charts = json.dumps([cell.spec(300) for group in curves.groups for cell in group.cells])
    steps = [int(step) for step in re.findall(r'"step": (\d+)', charts)]
    assert max(steps) == 12


def test_lists_of_earlier_versions_are_read(both: Path, tmp_path: Path) -> None:
    copy = tmp_path / "old" / "modgrok.sqlite"
    copy.parent.mkdir()
    with sqlite3.connect(both / "modgrok.sqlite") as source, sqlite3.connect(copy) as target:
        source.backup(target)
        target.execute("ALTER TABLE members DROP COLUMN steps")
        target.execute("PRAGMA user_version = 4")
    source.close()
    target.close()
    with Store(copy.parent, read_only=True) as store:
        assert [member.steps for member in read_listing(store, "short").members] == [None, None]
        assert all(row["grokked_at"] for row in sweep_table(store, "short").runs)
    with Store(copy.parent) as store:  # migrates
        assert [member.steps for member in read_listing(store, "short").members] == [None, None]


def test_a_sweep_that_takes_the_name_of_another_says_so(both: Path, call: Call, tmp_path: Path) -> None:
    file = tmp_path / "other.toml"
    file.write_text(SHORT.format(steps=12).replace("[0.8, 0.9]", "[0.8, 0.85]"))
    dry_run = call("sweep", str(file), "--dry-run", f"--runs={both}")
    assert "1 run would leave the list of the sweep short" in dry_run.err
    same = call("sweep", str(both.parent / "short.toml"), "--dry-run", f"--runs={both}")
    assert "would leave" not in same.err


def test_shares_of_seeds_are_drawn_where_no_fraction_is_critical(both: Path, tmp_path: Path) -> None:
    with Store(both, read_only=True) as store:
        report = sweep_report(store, "short", tmp_path / "report.html")
    (shares,) = [panel for panel in report.panels if panel.key == "shares"]
    assert "At none of the fractions tried does the share cross a half." in shares.caption
    (times,) = [panel for panel in report.panels if panel.key == "map-grokked_at"]
    assert times.legend is not None
    assert times.legend.ramp is None  # no run has grokked: no scale of steps


def test_conditions_in_one_text_are_taken_apart(both: Path, call: Call) -> None:
    rows = call("runs", "list", "--where", "p=11 fraction>0.85", f"--runs={both}", "--json").json["runs"]
    assert [row["settings"]["fraction"] for row in rows] == [0.9]


def test_members_that_end_in_the_command_count_as_far_as_the_sweep_follows_them(
    both: Path, call: Call, tmp_path: Path
) -> None:
    """Also where the other sweep was interrupted, or diverged, beyond the end of this one."""
    for status in ("interrupted", "diverged"):
        copy = tmp_path / status
        shutil.copytree(both, copy)
        with sqlite3.connect(copy / "modgrok.sqlite") as connection:
            connection.execute("UPDATE runs SET status = ?", (status,))
        connection.close()
        result = call("sweep", str(both.parent / "short.toml"), f"--runs={copy}", "--json", "--workers=1")
        assert (result.json["done"], result.json["grokked"], result.json["diverged"]) == (2, 0, 0), result.err


def test_the_list_of_sweeps_counts_what_each_follows(both: Path) -> None:
    pytest.importorskip("starlette")
    from modgrok.web.pages.sweeps import sweeps_of

    with Store(both, read_only=True) as store:
        assert {sweep["name"]: sweep["grokked"] for sweep in sweeps_of(store)} == {"short": 0, "long": 2}


def test_a_single_fraction_has_no_shares_to_draw(both: Path, call: Call, tmp_path: Path) -> None:
    file = tmp_path / "one.toml"
    text = SHORT.format(steps=12).replace("[0.8, 0.9]", "[0.8]").replace('"short"', '"one"')
    file.write_text(text.replace("seed = 0\n", "") + "seed = [0, 1]\n")
    copy = tmp_path / "runs"
    shutil.copytree(both, copy)
    assert call("sweep", str(file), f"--runs={copy}", "--workers=1").code == 0
    with Store(copy, read_only=True) as store:
        report = sweep_report(store, "one", tmp_path / "report.html")
    assert not [panel for panel in report.panels if panel.key == "shares"]


def test_the_phase_at_the_end_of_a_sweep_knows_nothing_later(both: Path) -> None:
    with Store(both, read_only=True) as store:
        rows = sweep_table(store, "short").runs
    assert {row["phase"] for row in rows} <= {"memorisation", "confusion"}


def test_a_step_that_another_run_passed_unobserved_is_observed_then(call: Call, tmp_path: Path) -> None:
    """What a sweep says of its last step is the same whether or not others went on from there before."""
    file = tmp_path / "end.toml"
    text = SHORT.format(steps=67).replace("[0.8, 0.9]", "[0.75]").replace('"short"', '"end"')
    file.write_text(text.replace("width = 60", "width = 100"))
    fresh, used = tmp_path / "fresh", tmp_path / "used"
    options = "--p 11 --width 100 --optimiser adamw --parametrisation doshi --weight-decay 5 --fraction .75"
    assert call("train", "x + y", *options.split(), "--steps=150", f"--runs={used}").code == 0
    with Store(used, read_only=True) as other:
        (known,) = other.rows()
        assert (known.step > 67, 67 in [record.step for record in other.records(known.id)]) == (True, False)
        assert known.grokked_at is not None
        assert known.grokked_at > 67
    for store in (fresh, used):
        outcome = call("sweep", str(file), f"--runs={store}", "--workers=1", "--json")
        assert (outcome.code, outcome.json["done"]) == (0, 1), outcome.err
    with Store(fresh, read_only=True) as one, Store(used, read_only=True) as other:
        ((row,), (same,)) = (sweep_table(store, "end").runs for store in (one, other))
        records = other.records(same["run"])
        steps_by_reason = {reason: c.step for c in other.checkpoints(same["run"]) for reason in c.reasons}
        steps, seconds = [record.step for record in records], [record.seconds for record in records]
        assert (steps_by_reason["grokked"], other.get(same["run"]).grokked_at) == (67, 67)
        assert seconds == sorted(seconds)
    assert 67 in steps
    assert steps == sorted(steps)
    assert steps[-1] > 67
    alike = ("run", "step", "memorised_at", "grokked_at", "train_accuracy", "test_accuracy", "test_loss")
    assert {name: row[name] for name in alike} == {name: same[name] for name in alike}
    again = call("sweep", str(file), f"--runs={used}", "--workers=1", "--dry-run", "--json")
    assert again.json["left"] == 0, again.out


def test_a_run_that_another_process_trains_is_no_failed_member(call: Call, tmp_path: Path) -> None:
    file, runs = tmp_path / "busy.toml", tmp_path / "runs"
    file.write_text(SHORT.format(steps=12).replace('"short"', '"busy"'))
    ids = [member.experiment.id for member in read_sweep(file).members]
    with Store(runs) as store, store.lock(ids[0])(ids[0]):
        outcome = call("sweep", str(file), f"--runs={runs}", "--workers=1", "--json")
        (failure,) = outcome.json["failures"]
        assert (failure["run"], outcome.json["done"]) == (ids[0], 1)
        assert (failure["error"], failure["busy"]) == (
            f"run: {ids[0]} is being trained by another process",
            True,
        )
        assert "retry" not in outcome.out
        assert "repeat the command to continue" in outcome.out
        assert [member.error for member in read_listing(store, "busy").members] == [None, None]
    again = call("sweep", str(file), f"--runs={runs}", "--workers=1", "--json")
    assert (again.code, again.json["done"], again.json["failures"]) == (0, 2, [])


def test_a_step_observed_afterwards_settles_the_sweep(tmp_path: Path) -> None:
    """Also where the stored curve falls below 99% between the observations of the sweep's own schedule."""
    settings = {"width": 100, "optimiser": "adamw", "parametrisation": "doshi", "weight_decay": 5.0}
    base = {"expression": "x + y", "p": 11, "lr": 0.1, "fraction": 0.75, "seed": 1, **settings}
    experiment = Experiment.of(**base)
    with Store(tmp_path / "runs") as store:
        run_experiment(experiment, store=store, steps=190, schedule="dense", early_stop=False)
        content = {"name": "dip", "base": {**base, "steps": 143, "observe_every": 5}}
        sweep = make_sweep(content)
        assert lacks_observation(store, store.get(experiment.id), 143, True)
        (outcome,) = run_ensemble(Ensemble(sweep.members), store)
        assert outcome.error is None
        assert not plan_sweep(sweep, store).left
        assert experiment.id not in _bare(store, sweep.members, "schedule")


def test_the_weights_of_every_observation_stay_complete(tmp_path: Path) -> None:
    experiment = Experiment.of("x + y", p=5, width=4)
    with Store(tmp_path / "runs") as store:
        run_experiment(experiment, store=store, steps=150, weights="observations")
        sweep = make_sweep({"name": "s", "base": {"expression": "x + y", "p": 5, "width": 4, "steps": 67}})
        assert [outcome.error for outcome in run_ensemble(Ensemble(sweep.members), store)] == [None]
        assert 67 in [record.step for record in store.records(experiment.id)]
        assert _bare(store, sweep.members, "observations") == []


def test_damaged_records_of_a_passed_run_fail_its_member_alone(
    both: Path, call: Call, tmp_path: Path
) -> None:
    store = tmp_path / "runs"
    shutil.copytree(both, store)
    file = tmp_path / "odd.toml"
    file.write_text(SHORT.format(steps=13).replace('"short"', '"odd"'))
    with sqlite3.connect(store / "modgrok.sqlite") as connection:
        connection.execute("UPDATE records SET scalars = '[1]' WHERE run = 1 AND step = 10")
    connection.close()
    outcome = call("sweep", str(file), f"--runs={store}", "--workers=1", "--json")
    assert (outcome.code, outcome.json["done"]) == (1, 1), outcome.err
    (failure,) = outcome.json["failures"]
    assert failure["error"].startswith(f"run {failure['run']}: records.scalars: must be a list of")


def test_a_bundle_takes_back_no_training(tmp_path: Path) -> None:
    experiment = Experiment.of("x + y", p=5, width=4)
    with Store(tmp_path / "runs") as store:
        run_experiment(experiment, store=store, steps=10)
        bundle = pack_run(store, experiment.id)
        assert bundle is not None
        run_experiment(experiment, store=store, steps=20)
        with pytest.raises(BusyError, match="has meanwhile been trained further"):
            unpack_run(store, bundle)
        assert store.get(experiment.id).step == 20
