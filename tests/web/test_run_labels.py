"""Tags, notes and comparisons of runs: on the command line, on the page, in a store of an earlier version."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from client import Client

from modgrok.runs import Experiment, Store, run
from modgrok.runs.store.database import Database
from modgrok.runs.store.labels import MOST_TAGS, Labels, note_run, read_labels, tag_run
from modgrok.runs.store.run_query import RunQuery, query_runs
from modgrok.tasks import InputError


@pytest.fixture(scope="module")
def of_two_learners(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of two two-layer networks and a kernel machine, which has neither width nor loss."""
    folder = tmp_path_factory.mktemp("two-learners") / "runs"
    with Store(folder) as store:
        for more in ({"width": 8}, {"width": 9}, {"learner": "rfm"}):
            run(Experiment.of("x + y", p=5, **more), store=store, steps=1)
    return folder


def forget_labels(folder: Path) -> None:
    """Make a store one of schema 3."""
    with sqlite3.connect(folder / "modgrok.sqlite") as connection:
        for table in ("tags", "notes"):
            connection.execute(f"DROP TABLE {table}")
        connection.execute("ALTER TABLE members DROP COLUMN steps")
        connection.execute("PRAGMA user_version = 3")
    connection.close()


def ids_where(folder: Path, *where: str, search: str = "") -> list[str]:
    with Database(folder, read_only=True) as store:
        return [row.id for row in query_runs(store, RunQuery(search=search, where=where)).rows]


def test_tags_and_notes_on_the_command_line(call: Any, folder: Path, ids: list[str]) -> None:
    store = (f"--runs={folder}", "--json")
    assert call("runs", "tag", ids[0], "fig-3", "odd", *store).json["runs"][0]["tags"] == ["fig-3", "odd"]
    both = call("runs", "tag", ",".join(ids), "both", "--remove=odd", *store).json["runs"]
    assert [run["tags"] for run in both] == [["both", "fig-3"], ["both"]]
    assert (
        call("runs", "note", ids[1], "a note\nof two lines", *store).json["runs"][0]["note"].count("\n") == 1
    )
    assert "of two lines" in call("runs", "note", ids[1], *store).out
    entries = call("runs", "list", "--where=tag=fig-3", *store)
    assert [(run["id"], run["tags"]) for run in entries.json["runs"]] == [(ids[0], ["both", "fig-3"])]
    assert entries.out.splitlines()[0].endswith("tags")
    assert [run["id"] for run in call("runs", "list", "--where=tag!=fig-3", *store).json["runs"]] == [ids[1]]
    assert call("runs", "show", ids[1], *store).json["runs"][0]["note"].startswith("a note")
    assert call("runs", "note", ids[1], "", *store).json["runs"][0]["note"] == ""


def test_runs_compared_on_the_command_line(call: Any, folder: Path, ids: list[str]) -> None:
    compared = call("runs", "compare", *ids, f"--runs={folder}", "--json").json
    assert [run["id"] for run in compared["runs"]] == ids
    assert compared["differences"] == {"expression": ["x + y", "x*y"], "seed": [0, 1]}
    assert {"test_accuracy", "train_loss"} <= set(compared["runs"][0]["measures"])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["tag", "ID", "two words"], "tag: must have 1 to 40"),
        (["tag", "ID", "x" * 41], "tag: must have 1 to 40"),
        (["tag", "ID,nothing", "good"], "run: does not name a run"),
        (["note", "ID", "x" * 2001], "note: must have at most 2000"),
        (["compare", "ID"], "run: must be 2 to 20"),
        (["compare", "ID", "ID"], "run: must be 2 to 20"),
        (["list", "--where=tag>3"], "where: tag must be followed by"),
    ],
)
def test_labels_that_are_refused(
    call: Any, folder: Path, ids: list[str], words: list[str], message: str
) -> None:
    arguments = [word.replace("ID", ids[0]) for word in words]
    failed = call("runs", *arguments, f"--runs={folder}")
    assert (failed.code, message in failed.err) == (2, True)
    with Database(folder, read_only=True) as store:
        assert read_labels(store) == {}


@pytest.mark.parametrize(
    ("condition", "count"),
    [
        ("width!=9", 2),
        ("width=8", 1),
        ("width=none", 1),
        ("width!=none", 2),
        ("width>8", 1),
        ("loss!=mse", 1),
        ("loss=mse", 2),
        ("grokked_at=never", 3),
        ("p=5", 3),
        ("expression=y + x", 3),
        ("learner=rfm", 1),
        ("learner!=rfm", 2),
        ("centred=true", 1),
        ("test_accuracy>=0", 3),
        ("tag=none", 3),
        ("tag!=none", 0),
        ("status=finished", 3),
        ("orbits=none", 3),
        ("orbits!=none", 0),
        ("id=0123456789012", 0),
        ("seed=9223372036854775807", 0),
        ("seed<=9223372036854775808", 3),
        (f"seed<={'1' * 400}", 3),
        ("created>2020", 3),
    ],
)
def test_conditions_mean_the_same_on_the_command_line_and_on_the_page(
    call: Any, of_two_learners: Path, condition: str, count: int
) -> None:
    on_command_line = call(
        "runs", "list", f"--where={condition}", f"--runs={of_two_learners}", "--json"
    ).json["runs"]
    assert {run["id"] for run in on_command_line} == set(ids_where(of_two_learners, condition))
    assert len(on_command_line) == count


def test_a_run_has_a_bounded_number_of_tags(folder: Path, ids: list[str]) -> None:
    with Database(folder) as store:
        tag_run(store, ids[0], (f"t{at}" for at in range(MOST_TAGS)))
        with pytest.raises(InputError, match="at most 20"):
            tag_run(store, ids[0], ["one-more"])
        assert len(read_labels(store)[ids[0]].tags) == MOST_TAGS
        tag_run(store, ids[0], ["one-more"], remove=["t0"])


def test_a_store_of_an_earlier_version_is_read_and_then_labelled(folder: Path, ids: list[str]) -> None:
    forget_labels(folder)
    with Database(folder, read_only=True) as store:
        assert read_labels(store) == {}
    assert ids_where(folder, "tag=fig-3") == []
    assert ids_where(folder, "tag=none") == ids[::-1]
    assert ids_where(folder, search="x + y") == [ids[0]]
    with Database(folder) as store:
        assert tag_run(store, ids[0], ["fig-3"]) == Labels(("fig-3",))
        assert note_run(store, ids[0], "seen") == Labels(("fig-3",), "seen")
    assert ids_where(folder, "tag=fig-3") == [ids[0]]
    assert ids_where(folder, "tag!=fig-3") == ids_where(folder, "tag=none") == [ids[1]]
    assert ids_where(folder, search="seen") == ids_where(folder, search="fig-") == [ids[0]]


@pytest.mark.needs("starlette", "uvicorn")
def test_the_page_labels_runs(visit: Any, folder: Path, ids: list[str]) -> None:
    async def talk(client: Client) -> None:
        reply = await client.post("/runs/labels", {"runs": ids, "add": ["fig-3"], "note": "<b>\x1b[2J"})
        assert (reply.status, [run["tags"] for run in reply.json["runs"]]) == (200, [["fig-3"], ["fig-3"]])
        entries = (await client.get("/runs.json?where=tag%3Dfig-3")).json["runs"]
        assert [(run["id"], "\x1b" in run["note"]) for run in entries] == [(ids[1], False), (ids[0], False)]
        for body in (
            {"runs": [], "add": ["a"]},
            {"runs": [ids[0], "0123456789ab"], "add": ["a"]},
            {"runs": ids, "add": ["../x y"]},
            {"runs": ids, "add": "fig-3"},
            {"runs": ids, "note": 3},
            {"runs": ids, "note": "x" * 2001},
            {"runs": ["a"] * 1001},
        ):
            assert (await client.post("/runs/labels", body)).status in (400, 404)
        assert (await client.post("/runs/labels", {"runs": ids}, Origin="http://evil.example")).status == 403

    visit(talk)
    assert ids_where(folder, "tag=a") == []


def test_labels_of_one_run_are_read_alone(
    folder: Path, ids: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store(folder) as store:
        for run in ids[:2]:
            tag_run(store, run, ["both"])
            note_run(store, run, f"of {run}")
        read: list[int] = []
        select = store.select

        def counted(statement: str, *values: Any) -> list[sqlite3.Row]:
            read.append(len(select(statement, *values)))
            return select(statement, *values)

        monkeypatch.setattr(store, "select", counted)
        assert read_labels(store, [ids[0], "0" * 12]) == {ids[0]: Labels(("both",), f"of {ids[0]}")}
        assert read == [1, 1]
        assert read_labels(store, []) == {}
        assert set(read_labels(store)) == set(ids[:2])
