"""The playground: tables, verdicts, files of weights and of tables, critical fractions, exact networks."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from client import Client

from modgrok.runs import Experiment
from modgrok.tasks import InputError, read_table

pytestmark = pytest.mark.needs("starlette", "uvicorn")


@pytest.mark.parametrize("value", ["True", "yes", "garbage", "1"])
def test_a_truth_in_a_form_is_true_or_false(value: str) -> None:
    from modgrok.web.work.forms import plan

    with pytest.raises(InputError, match="orthogonal_gradient: must be true or false, got"):
        plan("mlp", {"orthogonal_gradient": value}, "x + y", 5)
    assert plan("mlp", {"orthogonal_gradient": "true"}, "x + y", 5) != plan("mlp", {}, "x + y", 5)
    assert plan("mlp", {"orthogonal_gradient": "false"}, "x + y", 5) == plan("mlp", {}, "x + y", 5)


def test_table_and_verdict(visit: Any, call: Any) -> None:
    async def talk(client: Client) -> tuple[dict[str, Any], dict[str, Any]]:
        table = (await client.get("/table.json?expression=y*x%2B1&p=7")).json
        verdict = (await client.get("/decide.json?expression=y*x%2B1&p=7")).json
        group = (await client.get("/table.json?group=S3")).json
        assert (group["title"], len(group["rows"])) == ("S3 on 0..5", 6)
        for query in (
            "expression=x%2B&p=7",
            "expression=x%2By",
            "expression=x&p=seven",
            "p=7",
            "expression=x&p=1",
        ):
            for twin in ("table", "decide"):
                reply = await client.get(f"/{twin}.json?{query}")
                assert reply.status == 400
                assert ": " in reply.json["error"]
        assert (await client.get("/decide.json?expression=x&p=7&seconds=0")).status == 400
        prediction = (await client.get("/decide.json?group=S3")).json["prediction"]
        assert prediction == call("decide", "--group=S3", "--json").json["prediction"]
        assert prediction.endswith("reads them beyond what they say.")
        return table, verdict

    table, verdict = visit(talk)
    assert (table["expression"], table["p"], table["inputs"]) == ("x*y + 1", 7, 49)
    assert table["rows"] == [[(x * y + 1) % 7 for y in range(7)] for x in range(7)]
    (g1, g2), h = verdict["g"], verdict["h"]
    assert verdict["form"] == "multiplicative"
    assert all(h[g1[x] * g2[y] % 7] == (x * y + 1) % 7 for x in range(7) for y in range(7))
    text = call("decide", "y*x + 1", "--p", "7", "--json").json
    assert {**text, "seconds": 0} == {**{name: verdict[name] for name in text}, "seconds": 0}


def test_a_file_is_explained_in_memory(visit: Any, call: Any, folder: Path, ids: list[str]) -> None:
    weight_files = sorted((folder / ids[0]).glob("weights-*.safetensors"))
    logits = np.zeros((25, 5), np.float32)
    x, y = np.divmod(np.arange(25), 5)
    logits[np.arange(25), (x + y) % 5] = 1
    array, pickled = io.BytesIO(), io.BytesIO()
    np.save(array, logits)
    np.save(pickled, np.array([{"a": 1}], dtype=object), allow_pickle=True)

    async def talk(client: Client) -> None:
        stored = (await client.get(f"/runs/{ids[0]}/explain.json")).json
        assert (await client.get(f"/explain.json?run={ids[0]}")).json == stored
        dropped = await client.post("/explain?name=w.safetensors", weight_files[-1].read_bytes())
        assert dropped.json["step"] == stored["step"] == 6
        assert dropped.json["index"] == stored["index"] == "x + y"
        command = call("explain", ids[0], f"--runs={folder}", "--json").json
        for name in set(command) - {"seconds"}:
            assert command[name] == stored[name], name
        assert stored["sentence"] in call("explain", ids[0], f"--runs={folder}").out
        exact = await client.post("/explain?name=l.npy&expression=x%2By&p=5", array.getvalue())
        assert (exact.json["accuracy"], exact.json["explained_share"]) == (1, 1)
        assert [panel["key"] for panel in exact.json["panels"]] == ["circles"]  # nothing is left out
        assert "panels" not in stored
        with_panels = (await client.get(f"/runs/{ids[0]}/explain.json?panels=1")).json
        keys = [panel["key"] for panel in with_panels["panels"]]
        assert keys == [panel["key"] for panel in dropped.json["panels"]]
        for key in keys:  # at a step, too, each has its picture
            assert (await client.get(f"/runs/{ids[0]}/panels/{key}.svg?step=6")).status == 200
        for content, query in (
            (array.getvalue(), "name=l.npy"),
            (pickled.getvalue(), "name=l.npy&expression=x%2By&p=5"),
            (array.getvalue()[:90], "name=l.npy&expression=x%2By&p=5"),
            (weight_files[-1].read_bytes()[:200], "name=w"),
            (weight_files[-1].read_bytes(), "name=w&expression=x&p=5"),
            (b"", "name=../../x"),
            (b"PK\x03\x04", "name=x"),
        ):
            reply = await client.post(f"/explain?{query}", content)
            assert reply.status == 400, query
            assert "Traceback" not in reply.json["error"]

    def files() -> set[Path]:
        return {path for path in folder.parent.rglob("*") if not path.name.endswith(("-shm", "-wal"))}

    before = files()
    visit(talk)
    assert files() == before


def test_a_table_in_a_file_is_a_task(visit: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table that is chosen on the page is decided, constructed and trained as an expression is."""
    from modgrok.web.jobs import JobQueue

    async def nothing(jobs: JobQueue) -> None:
        pass

    monkeypatch.setattr(JobQueue, "_drive", nothing)
    rows = [[x * y % 5 for y in range(5)] for x in range(5)]
    array = io.BytesIO()
    np.save(array, np.array(rows))
    csv = "\n".join(",".join(map(str, row)) for row in rows).encode()

    async def talk(client: Client) -> None:
        described = (await client.post("/table?name=t.npy", array.getvalue())).json
        assert described == (await client.post("/table?name=t.csv", csv)).json
        assert (described["p"], described["title"]) == (5, f"table:{described['table'][:12]} on 0..4")
        query = f"table={described['table']}"
        assert (await client.get(f"/table.json?{query}")).json["rows"] == rows
        assert (await client.get(f"/decide.json?{query}")).json["form"] == "multiplicative"
        assert (await client.get(f"/construct.json?{query}")).json["errors"] == 0
        assert (await client.get(f"/leakage.json?{query}")).json["train"] == 12
        assert not (await client.get(f"/critical-fractions.json?{query}")).json["known"]
        for body in (b"", b"0,1\n1,2", b"\x93NUMPY", b"0,1", b"a,b"):
            reply = await client.post("/table?name=t.csv", body)
            assert (reply.status, reply.json["error"].split(":")[0]) == (400, "table")
        for address in (f"/table.json?table={'0' * 64}", f"/table.json?{query}&expression=x&p=5"):
            assert (await client.get(address)).status == 400
        form = {"learner": "mlp", "options": {"width": "8"}, "steps": "2", "table": described["table"]}
        job = (await client.post("/training", form)).json
        instrument = client.app.app.state.instrument
        (option,) = [word for word in instrument.jobs.jobs[0].words if word.startswith("--table=")]
        task = read_table(Path(option.removeprefix("--table=")))
        assert job["run"] == Experiment.of(table=task, width=8).id
        instrument.remove_table_files()
        assert not Path(option.removeprefix("--table=")).exists()

    visit(talk)


def test_known_critical_fractions(visit: Any) -> None:
    async def talk(client: Client) -> None:
        own = (await client.get("/critical-fractions.json?expression=y%2Bx&p=97")).json
        assert (own["title"], own["known"]) == ("x + y mod 97", True)
        searched = [one for one in own["critical_fractions"] if one["source"] == "atlas/critical_adamw.toml"]
        assert [(one["low"], one["high"]) for one in searched if one["p"] == 97] == [(0.15, 0.2)]
        other = (await client.get("/critical-fractions.json?group=S3")).json
        assert (other["known"], other["critical_fractions"]) == (False, own["critical_fractions"])
        assert (await client.get("/critical-fractions.json?expression=y%2B&p=97")).status == 400

    visit(talk)


def test_the_exact_network_and_the_leakage(visit: Any) -> None:
    async def talk(client: Client) -> None:
        built = (await client.get("/construct.json?expression=x%2By&p=7")).json
        assert (built["errors"], built["inputs"], built["accuracy"]) == (0, 49, 1)
        assert {panel["key"] for panel in built["panels"]} >= {"features", "logit"}
        experts = (await client.get("/construct.json?expression=x^2*y%2Bx*y^2%2B1&p=7")).json
        assert (experts["kind"], experts["products"], experts["errors"], experts["panels"]) == (
            "experts",
            3,
            0,
            [],
        )
        assert (await client.get("/construct.json?expression=(x^2%2Bx*y%2By^2)/x&p=7")).status == 400
        leak = (await client.get("/leakage.json?expression=x%2By&p=7&fraction=0.5&seed=3")).json
        assert (leak["train"], leak["test"]) == (24, 25)
        assert leak["orbit_accuracy"] >= leak["majority"]
        assert (await client.get("/leakage.json?expression=x%2By&p=7&fraction=1")).status == 400

    visit(talk)
