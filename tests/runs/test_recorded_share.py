"""The explained share that is recorded with kept weights, and what draws it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from modgrok import Experiment, Store, run
from modgrok.measures.logits import explained_share_of
from modgrok.runs.splits import split_of
from modgrok.runs.store.database import migrations
from modgrok.tasks import InputError


def test_it_is_that_of_the_kept_networks(tmp_path: Path, call: Callable[..., Any]) -> None:
    experiment = Experiment.of("x + y", p=5, fraction=0.8, width=12, lr=50.0)
    with Store(tmp_path / "runs") as store:
        run(experiment, store=store, steps=40, early_stop=False)
        checkpoint_list = store.checkpoints(experiment.id)
        task = experiment.build_task()
        for checkpoint in checkpoint_list:
            expected = explained_share_of(task, split_of(experiment, task), checkpoint.load())
            assert checkpoint.explained_share == expected
        store.connection.execute("UPDATE checkpoints SET explained_share = 0.5")
    description = call("runs", "show", "latest", "--json").json["runs"][0]
    assert description["explained_share"] == 0.5
    assert {entry["explained_share"] for entry in description["checkpoints"]} == {0.5}
    assert call("report", "latest", "-o", "run.svg").code == 0
    picture = Path("run.svg").read_text()
    assert "Explained share" in picture
    assert "ormula in s = x + y" in picture
    replaced = call("explain", "latest", "--replace", "-o", "waves.safetensors", "--json")
    assert replaced.code == 0, replaced.err
    assert [entry["part"] for entry in replaced.json["replacements"]] == ["none", "neurons"]
    assert call("measure", "waves.safetensors").code == 0
    refused = call("explain", "latest", "-o", "waves.safetensors")
    assert (refused.code, refused.err.count("\n")) == (2, 1)


@pytest.mark.long
def test_a_task_without_a_form_has_none(tmp_path: Path) -> None:
    experiment = Experiment.of("x^3 + x*y^2 + y", p=5, fraction=0.8, width=4)
    with Store(tmp_path) as store:
        run(experiment, store=store, steps=1)
        assert {checkpoint.explained_share for checkpoint in store.checkpoints(experiment.id)} == {None}


@pytest.mark.long
def test_a_store_of_an_older_version_has_none_and_a_damaged_one_is_refused(tmp_path: Path) -> None:
    experiment = Experiment.of("x + y", p=5, fraction=0.8, width=4)
    with Store(tmp_path) as store:
        run(experiment, store=store, steps=1)
        store.connection.execute("UPDATE checkpoints SET explained_share = 2.0")
        with pytest.raises(
            InputError, match=r"explained_share: must be a number in 0\.\.1 or null, got '2\.0'"
        ):
            store.checkpoints(experiment.id)
        store.connection.execute("ALTER TABLE checkpoints DROP COLUMN explained_share")
        for table in ("tags", "notes"):  # of a later version
            store.connection.execute(f"DROP TABLE {table}")
        store.connection.execute("ALTER TABLE members DROP COLUMN steps")
        store.connection.execute("PRAGMA user_version = 2")
        assert store.checkpoints(experiment.id)[0].explained_share is None
    with Store(tmp_path) as store:  # migrated when it is opened for writing
        assert store.schema_version == migrations()[-1][0]
        assert store.checkpoints(experiment.id)[0].explained_share is None
