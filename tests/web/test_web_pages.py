"""What the addresses of runs, sweeps, claims and forms answer."""

from __future__ import annotations

import shutil
import sqlite3
import urllib.parse
from pathlib import Path
from typing import Any

import pytest
from client import HOSTILE, Client, multiply

from modgrok.learners.base.settings import option_fields
from modgrok.learners.catalogue import LEARNERS
from modgrok.papers.book.committed import committed_verdicts
from modgrok.papers.claims.budget import BUDGETS
from modgrok.papers.claims.catalogue import choose_claims
from modgrok.runs import Store
from modgrok.runs.store.sweep_index import Listing, SweepMember, write_listing
from modgrok.sweeps.tables.grid_cells import grid_cells
from modgrok.sweeps.tables.summary import critical_rows
from modgrok.sweeps.tables.table import sweep_table

pytestmark = pytest.mark.needs("starlette", "uvicorn")


def test_every_page_is_the_same_document(visit: Any, ids: list[str]) -> None:
    async def talk(client: Client) -> None:
        first = await client.get("/")
        for address in (
            "/runs",
            f"/runs/{ids[0]}",
            "/compare",
            "/sweeps",
            "/sweeps/s",
            "/claims",
            "/explain",
        ):
            reply = await client.get(address)
            assert (reply.status, reply.body) == (200, first.body)
        assert (await client.get("/elsewhere")).status == 404

    visit(talk)


def test_runs_and_one_run(visit: Any, ids: list[str]) -> None:
    async def talk(client: Client) -> None:
        result = (await client.get("/runs.json")).json
        assert [run["id"] for run in result["runs"]] == ids[::-1]
        assert (result["total"], result["damaged"]) == (2, [])
        one = (await client.get(f"/runs/{ids[0][:6]}.json")).json
        assert (one["id"], one["expression"], one["p"], one["status"]) == (ids[0], "x + y", 5, "finished")
        assert [record["step"] for record in one["records"]][-1] == 6
        assert one["steps"][0] == 0
        assert one["settings"]["width"] == 8
        assert result["runs"][1] == {name: one[name] for name in result["runs"][1]}

    visit(talk)


def test_a_run_that_is_not_there(visit: Any) -> None:
    async def talk(client: Client) -> None:
        for name in ("0123456789ab", "..", "%2e%2e", "latest'--", HOSTILE):
            for rest in (".json", "/report.json", "/explain.json", "/panels/accuracy.svg"):
                reply = await client.get(f"/runs/{name}{rest}")
                assert reply.status in (400, 404), name
                assert "\x1b" not in reply.json["error"]

    visit(talk)


def test_without_a_store_there_are_no_runs_yet(visit: Any, tmp_path: Path) -> None:
    async def talk(client: Client) -> None:
        assert (await client.get("/runs.json")).json == {"runs": [], "total": 0, "damaged": []}
        assert (await client.get("/sweeps.json")).json == {"sweeps": []}
        reply = await client.get("/runs/latest.json")
        assert (reply.status, "must be a directory with a store" in reply.json["error"]) == (404, True)

    visit(talk, tmp_path / "absent")
    assert not (tmp_path / "absent").exists()


def test_what_is_absent_is_told_by_the_error_and_not_by_its_words(visit: Any) -> None:
    words = "does not name a run"

    async def talk(client: Client) -> None:
        reply = await client.get("/table.json?" + urllib.parse.urlencode({"group": words}))
        assert (reply.status, words in reply.json["error"]) == (400, True)
        assert (await client.get("/explain.json?run=000000000000")).status == 404

    visit(talk)


def test_a_store_that_is_removed_gives_a_clear_answer(visit: Any, folder: Path, ids: list[str]) -> None:
    async def talk(client: Client) -> None:
        assert (await client.get(f"/runs/{ids[0]}.json")).status == 200
        shutil.rmtree(folder)
        reply = await client.get(f"/runs/{ids[0]}.json")
        assert (reply.status, reply.json["error"].startswith("runs: must be")) == (404, True)

    visit(talk)


def test_a_full_disk_is_named(visit: Any, ids: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from modgrok.web.instrument import Instrument

    async def full(instrument: Instrument, work: Any) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(Instrument, "write", full)

    async def talk(client: Client) -> None:
        reply = await client.post("/runs/labels", {"runs": [ids[0]], "add": ["t"]})
        message = "the store cannot be used (database or disk is full); see its disk"
        assert (reply.status, reply.json) == (500, {"error": message})
        assert (await client.get("/runs.json")).status == 200

    visit(talk)


def test_settings_that_differ(visit: Any, ids: list[str]) -> None:
    async def talk(client: Client) -> None:
        result = (await client.get(f"/compare.json?run={ids[0]}&run={ids[1]}&run={ids[0]}")).json
        assert [run["id"] for run in result["runs"]] == ids
        assert result["differences"] == {"expression": ["x + y", "x*y"], "seed": [0, 1]}
        assert (await client.get("/compare.json")).status == 400
        assert (await client.get("/compare.json?" + "run=a&" * 21)).status == 400

    visit(talk)


@pytest.mark.long  # the browser's session draws them by default
def test_panels_of_a_run_and_of_a_checkpoint(visit: Any, ids: list[str]) -> None:
    async def talk(client: Client) -> None:
        report = (await client.get(f"/runs/{ids[0]}/report.json")).json
        keys = [panel["key"] for panel in report["panels"]]
        assert {"accuracy", "loss", "features", "logit"} <= set(keys)
        assert report["steps"][-1] == 6
        own = (await client.get(f"/runs/{ids[0]}/checkpoints/6.json")).json
        panel_keys = {panel["key"] for panel in own["panels"]}
        assert {"features", "phases", "unit", "logit"} == panel_keys
        assert panel_keys <= set(keys)
        for panel in own["panels"]:
            assert len(panel["groups"]) == 1  # one step alone
        assert (await client.get(f"/runs/{ids[0]}/checkpoints/5000.json")).status == 400
        assert (await client.get(f"/runs/{ids[0]}/panels/nothing.svg?step=6")).status == 400
        assert (await client.get(f"/runs/{ids[0]}/panels/accuracy.exe")).status == 400

    visit(talk)


@pytest.mark.long
def test_pictures_of_panels(visit: Any, ids: list[str]) -> None:
    async def talk(client: Client) -> None:
        svg = await client.get(f"/runs/{ids[0]}/panels/features.svg?step=6")
        assert (svg.headers["content-type"], svg.body[:4]) == ("image/svg+xml", b"<svg")
        assert "attachment" in svg.headers["content-disposition"]
        png = await client.get(f"/runs/{ids[0]}/panels/accuracy.png")
        assert png.body.startswith(b"\x89PNG")

    visit(talk)


def test_forms_come_from_the_declarations(visit: Any) -> None:
    """Every option of every learner is in its form."""

    async def talk(client: Client) -> list[dict[str, Any]]:
        return (await client.get("/learners.json")).json

    for form_fields, known in zip(visit(talk), LEARNERS, strict=True):
        names = [field["name"] for field in form_fields["fields"]]
        assert names[4:] == list(option_fields(known.settings))
        assert form_fields["steps"] == known.default_steps


def test_claims_and_budgets(visit: Any) -> None:
    async def talk(client: Client) -> None:
        result = (await client.get("/claims.json?budget=tiny")).json
        assert result["budget"] == "tiny"
        ids = [claim["id"] for claim in result["claims"]]
        assert ids == [claim.id for claim in choose_claims([])]
        assert all(claim["verdict"] is None and claim["expected"] for claim in result["claims"])
        assert {claim["id"]: claim["book"]["verdict"] for claim in result["claims"]} == {
            name: committed_verdicts().get(name, {}).get("verdict") for name in ids
        }
        assert (await client.get("/claims.json?budget=huge")).status == 400
        from modgrok.web.pages.claims import BUDGETS as OFFERED

        assert set(OFFERED) == set(BUDGETS)

    visit(talk)


def test_sweeps_show_members_that_have_not_begun(visit: Any, folder: Path, ids: list[str]) -> None:
    members = (SweepMember(ids[0], {"seed": 0}), SweepMember("0" * 12, {"seed": 1}))
    with Store(folder) as store:
        write_listing(store, Listing("two", (("seed",),), "modgrok sweep two.toml", members))

    async def talk(client: Client) -> None:
        (sweep,) = (await client.get("/sweeps.json")).json["sweeps"]
        assert {**sweep, "updated": 0} == {
            "name": "two", "total": 2, "done": 1, "failed": 0, "grokked": sweep["grokked"], "updated": 0,
            "running": False,
        }  # fmt: skip
        one = (await client.get("/sweeps/two.json")).json
        assert [member["status"] for member in one["members"]] == ["finished", "waiting"]
        assert one["axes"] == [["seed"]]
        assert (one["across"], one["up"], one["seconds_left"]) == (
            "seed",
            "none",
            one["members"][0]["seconds"],
        )
        assert [(cell["x"], cell["done"]) for cell in one["cells"]] == [(0, 1), (1, 0)]
        assert (await client.get("/sweeps/three.json")).status == 404

    visit(talk)


def test_what_a_sweep_says_is_what_its_report_and_its_tables_say(visit: Any, folder: Path) -> None:
    """Medians of cells and critical fractions of the JSON, beside those of `export` and of reports."""
    multiply(folder, 40)
    places = [{"fraction": 0.3 + at % 5 / 10, "seed": at // 5} for at in range(40)]
    with Store(folder) as store:
        members = tuple(SweepMember(f"{at:012x}", place) for at, place in enumerate(places))
        write_listing(
            store, Listing("forty", (("fraction",), ("seed",)), "modgrok sweep forty.toml", members)
        )
        table = sweep_table(store, "forty")

    async def talk(client: Client) -> None:
        one = (await client.get("/sweeps/forty.json?across=fraction&up=none")).json
        for value in ("grokked_at", "memorised_at", "test_accuracy", "train_accuracy", "seconds"):
            medians = [cell.value for cell in grid_cells(table.runs, "fraction", None, value)]
            assert [cell[value] for cell in one["cells"]] == pytest.approx(medians), value
        (bracket,), (known,) = one["critical_fractions"], critical_rows(table)
        keys = ("place", "low", "high", "sure_low", "sure_high")
        assert [bracket[key] for key in keys] == [known[key] for key in keys]
        at_ends = {probe["fraction"]: probe["grokked"] for probe in bracket["probes"]}
        assert (at_ends.get(known["low"]), at_ends.get(known["high"])) == (
            known["low_grokked"],
            known["high_grokked"],
        )
        assert one["values"] == {"fraction": [0.3, 0.4, 0.5, 0.6, 0.7], "seed": list(range(8))}
        chosen = (await client.get("/sweeps/forty.json?across=seed&up=fraction")).json
        assert [(cell["x"], cell["y"]) for cell in chosen["cells"][:2]] == [(0, 0.3), (0, 0.4)]
        for query in ("across=width", "up=width", "across=none"):
            reply = await client.get(f"/sweeps/forty.json?{query}")
            assert (reply.status, reply.json["error"].split(":")[0]) == (400, query.split("=")[0])

    visit(talk)
