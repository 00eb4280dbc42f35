"""Every verb in process: contracts for scripts, refusals, what reaches which stream."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from modgrok.cli.app import SUBCOMMANDS
from modgrok.threads import thread_limits

SMALL = ("--p", "11", "--fraction", "0.7", "--width", "60")


def test_train_contract(call) -> None:
    result = call("train", "y + x", *SMALL, "--steps", "40", "--json")
    assert result.code == 0, result.err
    keys = {
        "run", "path", "expression", "p", "learner", "steps", "memorised_at", "grokked_at", "train_accuracy",
        "test_accuracy", "seconds", "seconds_per_step", "status", "measures",
    }  # fmt: skip
    assert keys <= set(result.json)
    assert (result.json["expression"], result.json["p"], result.json["learner"]) == ("x + y", 11, "mlp")
    assert result.json["steps"] == 40
    assert result.json["status"] == "finished"
    assert Path(result.json["path"]).is_dir()
    assert result.json["measures"]["corrupted_accuracy"] is None
    assert 0 < result.json["measures"]["ipr"] < 1
    assert result.json["seconds_per_step"] < 1
    assert 5 < len(result.err.splitlines()) < 40
    assert "step" not in result.out.splitlines()[-1].split('"status"')[0].split("{")[0]


def test_the_store_is_where_it_was_asked_for(call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    call("train", "x + y", *SMALL, "--steps", "3", "--runs", "here")
    monkeypatch.setenv("MODGROK_RUNS", "there")
    call("train", "x + y", *SMALL, "--steps", "3")
    assert (tmp_path / "here" / "modgrok.sqlite").is_file()
    assert (tmp_path / "there" / "modgrok.sqlite").is_file()
    assert not (tmp_path / "runs").exists()


def test_small_products_take_one_thread_unless_the_user_says_how_many(
    call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    assert call("decide", "--help").code == 0
    assert "OPENBLAS_NUM_THREADS" not in os.environ
    assert call("measure", "--help").code == 0
    assert os.environ["OPENBLAS_NUM_THREADS"] == "1"
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "3")
    assert call("report", "--help").code == 0
    assert os.environ["OPENBLAS_NUM_THREADS"] == "3"


def test_threads_without_work_sleep_soon_unless_the_user_says_when(
    call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENBLAS_THREAD_TIMEOUT", raising=False)
    assert call("decide", "--help").code == 0
    assert os.environ["OPENBLAS_THREAD_TIMEOUT"] == "16"
    monkeypatch.setenv("OPENBLAS_THREAD_TIMEOUT", "20")
    assert call("decide", "--help").code == 0
    assert os.environ["OPENBLAS_THREAD_TIMEOUT"] == "20"
    assert thread_limits(2, os.environ)["OPENBLAS_THREAD_TIMEOUT"] == "20"
    assert thread_limits(2, {})["OPENBLAS_THREAD_TIMEOUT"] == "16"


def test_a_larger_budget_continues_the_run(call) -> None:
    first = call(
        "train", "x + y", *SMALL, "--steps", "20", "--observe-every", "1", "--no-early-stop", "--json"
    ).json
    second = call(
        "train", "x + y", *SMALL, "--steps", "30", "--observe-every", "1", "--no-early-stop", "--json"
    )
    assert second.json["run"] == first["run"]
    assert second.json["steps"] == 30
    assert "continuing from there" in second.err
    again = call(
        "train", "x + y", *SMALL, "--steps", "30", "--observe-every", "1", "--no-early-stop", "--json"
    )
    assert "is in the store at step 30\n" in again.err
    third = call("runs", "resume", first["run"][:6], "--steps", "35", "--json")
    assert third.json["steps"] == 35
    records = call("runs", "show", first["run"], "--json").json["runs"][0]["records"]
    assert [record["step"] for record in records] == list(range(36))


def test_store_verbs(call) -> None:
    run = call("train", "x + y", *SMALL, "--steps", "5", "--json").json["run"]
    entries = call("runs", "list", "--json").json["runs"]
    assert [row["id"] for row in entries] == [run]
    assert entries[0]["settings"]["learner"]["width"] == 60
    assert run in call("runs", "show", "latest").out
    measured = call("measure", run, "--json").json["measures"]
    assert [entry["step"] for entry in measured] == [0, 1, 2, 4, 5]
    assert all(0 < entry["ipr"] < 1 for entry in measured)
    assert all(abs(entry["nfm_agop_correlation"]) <= 1 for entry in measured)
    assert measured[-1]["nfm_orientation"] in ("toeplitz", "hankel")
    assert Path(call("export", run, "--format", "csv", "-o", "r.csv", "--json").json["path"]).is_file()
    header, *rows = Path("r.csv").read_text().splitlines()
    assert header.startswith("run,step,seconds,train_loss")
    assert len(rows) == 6
    call("export", run, "-o", "w.safetensors")
    assert call("measure", "w.safetensors", "--json").json["measures"][0]["step"] == 5
    assert call("runs", "remove", run, "--yes", "--json").json["runs"] == [run]
    assert call("runs", "list", "--json").json["runs"] == []


@pytest.mark.long  # tests/reports has every kind of picture
def test_report_writes_a_picture(call, tmp_path: Path) -> None:
    call("train", "x + y", *SMALL, "--steps", "5")
    result = call("report", "latest", "-o", "out.svg", "--json")
    assert result.code == 0, result.err
    assert Path(result.json["path"]).read_text().startswith("<svg")
    call("construct", "x + y", "--p", "11", "--width", "60", "-o", "c.safetensors")
    assert call("report", "c.safetensors", "-o", "c.svg").code == 0
    assert call("report", "latest", "--against", "c.safetensors", "-o", "both.svg").code == 0
    call("construct", "x - y", "--p", "11", "-o", "d.safetensors")
    other = call("report", "latest", "--against", "d.safetensors", "-o", "e.svg")
    assert (other.code, other.err.count("\n")) == (2, 1)


@pytest.mark.long
def test_flags_that_are_on_by_default_can_be_turned_off(call) -> None:
    small = ("train", "x + y", "--p", "7", "--learner", "rfm", "--fraction", "0.7", "--steps", "1", "--json")
    assert call(*small).json["settings"]["centred"] is True
    assert call(*small, "--no-centred").json["settings"]["centred"] is False
    network = call("train", "x + y", *SMALL, "--steps", "1", "--orthogonal-gradient", "--symmetric", "--json")
    assert network.json["settings"]["orthogonal_gradient"] is True


def test_a_kernel_machine_in_the_same_commands(call) -> None:
    result = call(
        "train", "x*y", "--p", "7", "--learner", "rfm", "--fraction", "0.7", "--steps", "4", "--json"
    )
    assert result.code == 0, result.err
    assert result.json["learner"] == "rfm"
    assert result.json["train_accuracy"] == 1.0
    assert 0 <= result.json["measures"]["circulant_deviation"] <= 1
    measured = call("measure", "latest", "--per-class", "--json").json["measures"]
    assert [entry["step"] for entry in measured] == [0, 1, 2, 3, 4]
    assert [len(values) for values in measured[-1]["per_class"].values()] == [7] * 6
    assert measured[-1]["alignment_with_last"] == pytest.approx(1)
    np.save("bad.npy", np.eye(13))
    refused = call("train", "x*y", "--p", "7", "--learner", "rfm", "--feature-matrix", "bad.npy")
    assert (refused.code, refused.err.count("\n")) == (2, 1)


@pytest.mark.long  # tests/conformance has every learner's way
def test_a_transformer_in_the_same_commands(call) -> None:
    small = (
        "--fraction",
        "0.7",
        "--learner",
        "transformer",
        "--d-model",
        "8",
        "--heads",
        "2",
        "--d-mlp",
        "16",
    )
    mixed = call("train", "x + y; x - y", "--p", "7", *small, "--steps", "12", "--json")
    assert mixed.code == 0, mixed.err
    assert [task["expression"] for task in mixed.json["tasks"]] == ["x + y", "x - y"]
    assert {"memorised_at", "grokked_at", "train_accuracy", "test_accuracy"} < set(mixed.json["tasks"][0])
    assert {"ffs_embedding", "fcr_readout", "collapsed"} < set(mixed.json["measures"])
    assert "x - y" in mixed.out
    first = call("train", "x + y", "--p", "7", *small, "--steps", "6", "--json").json["run"]
    transfer = ("train", "2x + y", *small, "--steps", "6", "--embedding-from", first)
    again = call(*transfer, "--p", "7", "--json")
    assert again.code == 0, again.err
    assert again.json["settings"]["freeze_embedding"] is True
    other = call(*transfer, "--p", "11")
    assert other.code == 2
    assert "embedding_from: must have this run's shape (16, 8), got (12, 8)" in other.err


@pytest.mark.long  # a kernel machine of three operands
def test_a_singular_kernel_matrix_is_told_once_when_it_happens(call) -> None:
    rfm = ("--learner", "rfm", "--fraction", "0.7", "--steps", "2")
    result = call("train", "x + y + z", "--p", "3", *rfm)
    assert result.err.count("warning: the kernel matrix of iteration 0 is singular") == 1
    assert result.err.count("warning") == 1
    assert "warning" not in call("train", "x + y", "--p", "5", *rfm).err


def test_divergence_says_what_to_change(call) -> None:
    result = call("train", "x + y", *SMALL, "--lr", "1e6", "--steps", "300", "--json")
    assert result.json["status"] == "diverged"
    assert "--lr 3.33e+05" in result.out


@pytest.mark.parametrize(
    ("expression", "p", "form"),
    [("x + y", "97", "additive"), ("x*y", "97", "multiplicative"), ("x^2 + x*y + y^2", "97", "neither")],
)
def test_decide_contract(call, expression: str, p: str, form: str) -> None:
    result = call("decide", expression, "--p", p, "--json").json
    assert {"expression", "p", "form", "g", "h", "also", "certificate", "seconds"} <= set(result)
    assert result["form"] == form
    assert result["certificate"]
    if form != "neither":
        g1, g2, h = np.array(result["g"][0]), np.array(result["g"][1]), np.array(result["h"])
        joined = g1[:, None] + g2 if form == "additive" else g1[:, None] * g2
        x = np.arange(97)
        assert np.array_equal(h[joined % 97], (x[:, None] + x if form == "additive" else x[:, None] * x) % 97)


def test_decide_on_groups_and_tables(call, tmp_path: Path) -> None:
    assert call("decide", "--group", "S3", "--json").json["form"] == "neither"
    assert call("decide", "--group", "C6", "--json").json["form"] == "additive"
    np.save(tmp_path / "t.npy", (np.arange(7)[:, None] * 3 + np.arange(7) ** 2) % 7)
    assert call("decide", "--table", "t.npy", "--json").json["form"] == "additive"
    (tmp_path / "t.csv").write_text("0,1\n1,0.5\n")
    refused = call("decide", "--table", "t.csv")
    assert (refused.code, refused.err) == (2, "modgrok: table: entries must be integers, got 0.5\n")


def test_construct_contract(call) -> None:
    result = call("construct", "x + y", "--p", "97", "--json").json
    assert {"kind", "width", "inputs", "errors", "accuracy", "margin", "mse", "seconds"} <= set(result)
    assert (result["kind"], result["width"], result["errors"], result["inputs"]) == ("single", 6, 0, 9409)
    paper = call("construct", "x + y", "--p", "97", "--width", "500", "--json").json
    assert (paper["width"], paper["errors"]) == (500, 0)
    assert paper["mse"] == pytest.approx(0.0081, abs=0.0006)
    assert paper["peak"] == pytest.approx(1, abs=0.03)


def test_construct_offers_experts_and_says_why(call) -> None:
    result = call("construct", "x^2 + x*y + y^2", "--p", "23", "--json")
    assert (result.json["kind"], result.json["errors"], result.json["inputs"]) == ("experts", 0, 529)
    assert "of neither form" in result.err
    assert "why" in result.err
    refused = call("construct", "--group", "S3")
    assert refused.code == 1
    assert "experts need a polynomial" in refused.err


@pytest.mark.long
def test_accuracy_against_width(call) -> None:
    rows = call("construct", "x + y", "--p", "23", "--widths", "20,80,320", "--json").json["widths"]
    assert [row["width"] for row in rows] == [20, 80, 320]
    assert rows[0]["errors"] > rows[2]["errors"] == 0


BAD = [
    ("train", ""),
    ("train", "x +", "--p", "97"),
    ("train", "x^(-1)", "--p", "97"),
    ("train", "__import__('os')", "--p", "97"),
    ("train", "x + y", "--p", "1"),
    ("train", "x + y", "--p", "0"),
    ("train", "x + y", "--p", "-5"),
    ("train", "x + y", "--p", "97.5"),
    ("train", "x + y", "--p", "9_7"),
    ("construct", "x + y", "--p", "7", "--width", "1_0"),
    ("train", "x + y", "--p", "7", "--fraction", "٠.٥"),
    ("train", "x + y", "--p", "7", "--lr", "1e-40"),
    ("train", "x + y", "--p", "٧"),
    ("train", "x + y", "--p", "7", "--fraction", "0.2_5"),
    ("train", "x + y", "--p", "7", "--beta2", "0.999999999"),
    ("train", "x + y", "--p", "7", "--lr", "1e-50"),
    ("train", "x + y", "--p", "seven"),
    ("train", "x + y"),
    ("train", "x + y", "--p"),
    ("train", "x + y", "--p", "97", "--fraction", "0"),
    ("train", "x + y", "--p", "97", "--fraction", "1"),
    ("train", "x + y", "--p", "97", "--fraction", "1.5"),
    ("train", "x + y", "--p", "97", "--fraction", "nan"),
    ("train", "x + y", "--p", "5", "--fraction", "0.01"),
    ("train", "x + y", "--p", "97", "--width", "0"),
    ("train", "x + y", "--p", "97", "--lr", "nan"),
    ("train", "x + y", "--p", "97", "--lr", "-1"),
    ("train", "x + y", "--p", "97", "--learner", "gpt"),
    ("train", "x + y", "--p", "97", "--optimiser", "sgd"),
    ("train", "x + y", "--p", "97", "--runs", "a-file"),
    ("train", "x" * 100_000, "--p", "97"),
    ("train", "(" * 10_000 + "x" + ")" * 10_000, "--p", "97"),
    ("train", "x^(10^9)", "--p", "97"),
    ("train", "x + y", "--p", "97", "--steps", "0"),
    ("train", "x + y", "--p", "97", "--steps", "99999999999999999999"),
    ("train", "x + y", "--p", "97", "--runs", ""),
    ("train", "x + \x1b[31my", "--p", "97"),
    ("decide", "--group", "C1"),
    ("construct", "x + y", "--p", "7", "--experts", "--beta", "-1"),
    ("construct", "x + y", "--p", "7", "--beta", "nan"),
    ("construct", "x + y", "--p", "7", "--experts", "--readout", "inverse"),
    ("construct", "x^2 + x*y + y^2", "--p", "5", "--width", "20", "--phases", "exact"),
    ("construct", "x*y", "--p", "5", "--experts", "--seed", "3"),
    ("construct", "x + y", "--p", "7", "-o", "folder.safetensors"),
    ("construct", "x + y", "--p", "7", "-o", "/proc/n.safetensors"),
    ("export", "latest", "--format", "csv", "-o", "nowhere/a.csv"),
    ("train", "x + y", "--p", "97", "--steps", "1e3"),
    ("train", "x + y", "--p", "97", "--observe-every", "0"),
    ("train", "x + y", "--p", "97", "--fractoin", "0.3"),
    ("train", "x + y", "extra", "--p", "97"),
    ("train", "--group", "S9"),
    ("train", "--table", "nowhere.npy"),
    ("train", "x + y", "--p", "97", "--batch-size", "99999"),
    ("train", "x + y", "--p", "99999"),
    ("trian", "x + y", "--p", "97"),
    ("--json",),
    ("decide", "x +", "--p", "7"),
    ("decide", "x + y", "--p", "7", "--seconds", "nan"),
    ("decide", "x + y", "--p", "7", "--nodes", "-1"),
    ("construct", "x + y", "--p", "7", "--width", "wide"),
    ("construct", "x + y", "--p", "7", "--width", "0"),
    ("construct", "x + y", "--p", "7", "--phases", "odd"),
    ("construct", "x + y", "--p", "7", "--frequencies", "1,1"),
    ("construct", "x + y", "--p", "7", "--frequencies", "x"),
    ("construct", "x + y", "--p", "7", "--frequencies", ","),
    ("construct", "x + y", "--p", "7", "--widths", "10,0"),
    ("construct", "x + y", "--p", "7", "--widths", "1_0"),
    ("reproduce", "--budget", "desktop", "--seeds", "0,-1"),
    ("reproduce", "--budget", "desktop", "--seeds", ""),
    ("construct", "x + y", "--p", "7", "--readout", "none"),
    ("construct", "x + y", "--p", "7", "--activation", "tanh"),
    ("construct", "x + y", "--p", "7", "-o", "nowhere/n.safetensors"),
    ("train", "x + y", "--p", "11", "--learner", "rfm", "--ridge", "-1"),
    ("train", "x + y", "--p", "11", "--learner", "rfm", "--bandwidth", "0"),
    ("train", "x + y", "--p", "11", "--learner", "rfm", "--bandwidth", "nan"),
    ("train", "x + y", "--p", "11", "--learner", "rfm", "--agop-power", "nan"),
    ("train", "x + y", "--p", "11", "--learner", "rfm", "--kernel", "cubic"),
    ("train", "x + y", "--p", "11", "--learner", "rfm", "--width", "30"),
    ("train", "x + y", "--p", "11", "--learner", "rfm", "--feature-matrix", "nowhere.npy"),
    ("train", "x + y", "--p", "11", "--learner", "transformer", "--heads", "3"),
    ("train", "x + y", "--p", "11", "--learner", "transformer", "--initialisation", "he"),
    ("train", "x + y", "--p", "11", "--learner", "transformer", "--d-head", "0"),
    ("train", "x + y", "--p", "11", "--learner", "transformer", "--embedding-from", "nowhere.safetensors"),
    ("train", "x + y", "--p", "11", "--learner", "transformer", "--body-from", "latest"),
    ("train", "x + y", "--p", "11", "--learner", "transformer", "--width", "30"),
    ("train", "x + y", "--p", "11", "--learner", "transformer", "--weight-decay", "nan"),
    ("train", "x + y", "--p", "11", "--learner", "transformer", "--layout", "postfix"),
    ("train", "x + y", "--p", "11", "--learner", "transformer", "--batch-size", "61"),
    ("train", "x + y; x", "--p", "11", "--learner", "transformer"),
    ("train", "x + y; y + x", "--p", "11", "--learner", "transformer"),
    ("train", "x + y;", "--p", "11", "--learner", "transformer"),
    ("train", "x + y; x*y", "--p", "11"),
    ("train", "x + y", "--p", "11", "--extended-domain"),
    ("decide", "x + y; x*y", "--p", "11"),
    ("construct", "x + y; x*y", "--p", "11"),
    ("runs", "show", "latest"),
    ("runs", "list", "--runs", "a-file"),
    ("runs", "resume", "zz"),
    ("report", "latest", "-o", "x.html"),
    ("measure", "nowhere.safetensors"),
    ("export", "latest", "--format", "doc"),
]


@pytest.mark.parametrize("arguments", BAD, ids=lambda a: " ".join(a)[:60])
def test_bad_input_gets_one_line_and_exit_code_2(call, arguments: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "a-file").write_text("x")
    (tmp_path / "folder.safetensors").mkdir()
    result = call(*arguments)
    assert result.code == 2, result.err
    assert result.err.startswith("modgrok: ")
    assert result.err.count("\n") == 1
    assert len(result.err) < 420
    assert "Traceback" not in result.err
    assert "\x1b" not in result.err
    assert result.out == "" or "/proc" in arguments[-1]


def test_a_damaged_checkpoint_is_refused_in_one_line(call, tmp_path: Path) -> None:
    run = call("train", "x + y", *SMALL, "--steps", "5", "--json").json["run"]
    for path in (tmp_path / "runs" / run).glob("weights-5*"):
        path.write_bytes(path.read_bytes()[:-1] + b"\x7f")
    result = call("measure", run)
    assert (result.code, result.err.count("\n")) == (2, 1)
    assert "SHA-256" in result.err


def test_help_lists_every_verb(call) -> None:
    result = call("--help")
    assert result.code == 0, result.err
    for name, _, summary in SUBCOMMANDS:
        assert name in result.out
        assert summary in result.out
    assert call().out == result.out
    assert call("--version").out.startswith("modgrok 0.")


@pytest.mark.parametrize("name", [name for name, _, _ in SUBCOMMANDS])
def test_help_of_every_verb(call, name: str) -> None:
    result = call(name, "--help")
    assert result.code == 0, result.err
    assert "Usage: modgrok" in result.out


def test_ctrl_c_saves_and_prints_the_command_that_resumes(tmp_path: Path) -> None:
    without = {name: value for name, value in os.environ.items() if name != "JAX_COMPILATION_CACHE_DIR"}
    process = subprocess.Popen(
        [sys.executable, "-c", "from modgrok.cli import main; main()", "train", "x + y", "--p", "23",
         "--width", "100", "--lr", "1", "--steps", "1000000", "--observe-every", "5", "--json"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**without, "XDG_CACHE_HOME": str(tmp_path / "cache"), "JAX_ENABLE_COMPILATION_CACHE": "1"},
    )  # fmt: skip
    assert process.stderr is not None
    while "step       5" not in process.stderr.readline():
        assert process.poll() is None
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    result = json.loads(out.splitlines()[-1])
    assert result["status"] == "interrupted"
    assert f"modgrok runs resume {result['run']}" in out
    assert "finishing this segment" in err
    assert (tmp_path / "cache" / "modgrok" / "jax").is_dir()
