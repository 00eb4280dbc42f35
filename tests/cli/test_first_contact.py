"""What a newcomer types first: help by name, options in either spelling, the store, streams of any kind."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from modgrok.cli.display.advice import advice
from modgrok.cli.display.sweep_progress import Share, progress_words
from modgrok.cli.shared.columns import broken
from modgrok.learners.catalogue import LEARNERS
from modgrok.runs import Experiment, RunRow
from modgrok.sweeps.execution.driver import SweepCounts
from modgrok.sweeps.execution.executor import Event
from modgrok.sweeps.grid.sweep_file import make_sweep
from modgrok.tasks import InputError, parse, task_from_expression
from modgrok.version import __version__

ROOT = Path(__file__).parents[2]
TINY = ("--p", "5", "--fraction", "0.7", "--width", "12", "--steps", "3")


def modgrok(
    folder: Path, *arguments: str, shell: str = "", **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own, with redirections of a shell."""
    words = [sys.executable, "-c", "from modgrok.cli import main; main()", *arguments]
    return subprocess.run(
        ["sh", "-c", f'"$@" {shell}', "sh", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        env={**os.environ, **variables},
    )


# Help ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["decide", "runs list", "--help runs remove", "help runs"])
def test_help_of_a_command_by_name(call, command: str) -> None:
    words = [word for word in command.split() if word not in ("help", "--help")]
    result = call("help", *command.split())
    assert result.code == 0
    assert f"Usage: modgrok {' '.join(words)}" in result.out


def test_help_of_no_command_is_refused(call) -> None:
    result = call("help", "trian")
    assert (result.code, result.err.count("\n")) == (2, 1)
    assert "did you mean train" in result.err


@pytest.mark.parametrize("columns", [80, pytest.param(120, marks=pytest.mark.long)])
def test_options_of_train_are_in_panels(tmp_path: Path, columns: int) -> None:
    page = modgrok(tmp_path, "train", "--help", COLUMNS=str(columns)).stdout
    titles = re.findall(r"^╭─ (.+?) ─+╮", page, re.MULTILINE)
    assert titles[:3] == ["Arguments", "Task and split", "Run"]
    assert titles[-1] == "Output"
    assert {known.settings.title for known in LEARNERS} < set(titles)
    assert max(len(line.rstrip()) for line in page.splitlines()) <= columns
    assert "optimizer" not in page


def test_completion_is_installed_for_a_shell(call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    result = call("completion", "bash", "--install")
    assert result.code == 0, result.err
    script = Path(result.out.split()[1].rstrip(";"))
    assert script.is_relative_to(tmp_path)
    assert "--fraction" in script.read_text()
    assert call("completion", "ksh").code == 2


# Spelling --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("american", "british"),
    [
        ({"optimizer": "adamw"}, {"optimiser": "adamw"}),
        ({"parametrization": "doshi"}, {"parametrisation": "doshi"}),
        ({"learner": "rfm", "centered": False}, {"learner": "rfm", "centred": False}),
        ({"learner": "transformer", "initialization": "pytorch"},
         {"learner": "transformer", "initialisation": "pytorch"}),
    ],
)  # fmt: skip
def test_american_spellings(call, american: dict[str, object], british: dict[str, object]) -> None:
    expected = Experiment.of("x + y", p=5, fraction=0.7, **british)
    assert Experiment.of("x + y", p=5, fraction=0.7, **american).id == expected.id
    base = {"expression": "x + y", "p": 5, "fraction": 0.7}
    (member,) = make_sweep({"name": "s", "base": {**base, **american}}).members
    assert member.experiment.id == expected.id


@pytest.mark.long
def test_american_spellings_on_the_command_line(call) -> None:
    result = call("train", "x + y", *TINY, "--optimizer", "adam", "--json")
    assert result.json["settings"]["optimiser"] == "adam"
    both = call("train", "x + y", *TINY, "--optimizer", "adam", "--optimiser", "adam")
    assert both.code == 2
    assert call("train", "x + y", *TINY, "--learner", "rfm", "--no-centered").code == 2  # width is of mlp
    content = {"name": "s", "base": {"expression": "x + y", "p": 5}, "axes": {"optimizer": ["gd", "adam"]}}
    assert make_sweep(content).axis_names == ("optimiser",)


# The store -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A store that tests copy, and the ids of its runs."""
    from modgrok.runs import Store, run

    folder = tmp_path_factory.mktemp("original") / "runs"
    members = [
        Experiment.of("x + y", p=5, width=12, fraction=fraction, seed=seed)
        for fraction in (0.6, 0.8)
        for seed in (0, 1)
    ]
    with Store(folder) as store:
        for member in members:
            run(member, store=store, steps=3)
        run(members[0], store=store, steps=4)
    return folder, [member.id for member in members]


@pytest.fixture
def store(call, original: tuple[Path, list[str]], tmp_path: Path) -> list[str]:
    """Four runs of two fractions and two seeds; the first one is updated last."""
    shutil.copytree(original[0], tmp_path / "runs")
    return original[1]


def test_listing_shows_what_differs_and_ends_with_latest(call, store: list[str]) -> None:
    head, *lines = call("runs", "list").out.splitlines()
    assert head.split() == ["run", "task", "p", "learner", "fraction", "seed", "status", "step", "grokked",
                            "test", "age"]  # fmt: skip
    assert [line.split()[0] for line in lines] == [*store[1:], store[0]]
    assert call("runs", "show", "latest", "--json").json["runs"][0]["id"] == store[0]
    assert len({line.rsplit(" s", 1)[0] for line in lines}) == 4
    assert [row["id"] for row in call("runs", "list", "--limit", "2", "--json").json["runs"]] == [
        store[3],
        store[0],
    ]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--where", "fraction=0.8"), [2, 3]),
        (("--where", "fraction>0.7", "--where", "seed=1"), [3]),
        (("--where", "step>=4"), [0]),
        (("--where", "expression=y + x", "--where", "optimizer=gd", "--sort", "-fraction"), [2, 3, 1, 0]),
        (("--where", "grokked_at=never", "--sort", "step", "--limit", "1"), [0]),
        (("--where", "test_accuracy>1"), []),
        (("--where", "learner!=mlp"), []),
    ],
)
def test_choosing_and_sorting_runs(
    call, store: list[str], options: tuple[str, ...], expected: list[int]
) -> None:
    run_ids = [row["id"] for row in call("runs", "list", *options, "--json").json["runs"]]
    expected_ids = [store[place] for place in expected]
    assert run_ids == expected_ids if "--sort" in options else sorted(run_ids) == sorted(expected_ids)


@pytest.mark.parametrize(
    "options", [("--where", "frction=1"), ("--where", "fraction"), ("--sort", "colour"), ("--limit", "0"),
                ("--where", "learner<mlp")]
)  # fmt: skip
def test_conditions_that_cannot_be_read(call, store: list[str], options: tuple[str, ...]) -> None:
    result = call("runs", "list", *options)
    assert (result.code, result.err.count("\n")) == (2, 1)


def test_show_says_all_settings_and_where_the_run_lies(call, store: list[str], tmp_path: Path) -> None:
    description = " ".join(call("runs", "show", store[1]).out.split())
    experiment = Experiment.of("x + y", p=5)
    for name in (*type(experiment).model_fields, *type(experiment.learner).model_fields):
        assert name in ("task", "learner", "kind") or f"{name} " in description
    assert str(tmp_path / "runs" / store[1]) in description


def test_removing_asks(call, store: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    refused = call("runs", "remove", "latest")
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert "yes: " in refused.err
    assert call("runs", "remove", store[1], "--dry-run", "--json").json["runs"] == [store[1]]
    assert call("runs", "remove").code == 2

    class Terminal:
        def __init__(self, answer: str) -> None:
            self.answer = answer

        def isatty(self) -> bool:
            return True

        def readline(self) -> str:
            return self.answer

    monkeypatch.setattr(sys, "stdin", Terminal("n\n"))
    assert call("runs", "remove", store[1]).code == 1
    assert len(call("runs", "list", "--json").json["runs"]) == 4
    monkeypatch.setattr(sys, "stdin", Terminal("y\n"))
    assert call("runs", "remove", store[1]).code == 0
    assert len(call("runs", "list", "--json").json["runs"]) == 3


def test_latest_twice_is_one_run(call, store: list[str]) -> None:
    assert call("runs", "remove", "latest", "latest", "--yes", "--json").json["runs"] == [store[0]]
    assert len(call("runs", "list", "--json").json["runs"]) == 3


def test_train_says_where_the_run_lies(call, tmp_path: Path) -> None:
    result = call("train", "x + y", *TINY, "--json")
    assert f"stored in {tmp_path / 'runs' / result.json['run']}\n" in result.out
    assert f"stored in {tmp_path / 'runs'}\n" in call("train", "x + y", *TINY, "--seeds", "2").out


@pytest.mark.parametrize("command", [("runs", "list"), ("measure", "latest"), ("report", "latest")])
def test_a_folder_without_a_store_is_named_in_full(call, tmp_path: Path, command: tuple[str, ...]) -> None:
    result = call(*command)
    assert (result.code, result.err.count("\n")) == (2, 1)
    assert str(tmp_path / "runs") in result.err
    assert "MODGROK_RUNS" in result.err


def test_a_report_is_not_written_over_another(call, tmp_path: Path) -> None:
    from modgrok.cli.report import free_name

    assert free_name(tmp_path / "report.html") == tmp_path / "report.html"
    (tmp_path / "report.html").write_text("mine")
    (tmp_path / "report-2.html").write_text("mine, too")
    assert free_name(tmp_path / "report.html") == tmp_path / "report-3.html"
    call("construct", "x + y", "--p", "5", "-o", "net.safetensors")
    result = call("report", "net.safetensors")
    assert result.code == 0, result.err
    assert (tmp_path / "report.html").read_text() == "mine"
    assert result.out == "wrote report-3.html\n"
    assert call("report", "net.safetensors", "-o", "report-3.html").out == "replaced report-3.html\n"


# Advice ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "memorised", "words"),
    [
        ({"p": 31}, 300, "--fraction 0.6"),
        ({"p": 31, "learner": "rfm", "fraction": 0.4}, 0, "--fraction 0.669"),
        ({"p": 31, "fraction": 0.7}, 300, "--steps 4000"),
        ({"p": 31}, None, "not memorised"),
        ({"p": 29}, 5, "--fraction 0.625"),
        ({"p": 131}, 5, "--fraction 0.7"),
        ({"p": 29, "corruption": 0.2}, 5, "--corruption"),
        ({"p": 31, "lr": 1e-3}, None, "try --lr"),
        ({"p": 31, "lr": 1e-3, "learner": "transformer"}, None, "not memorised yet"),
    ],
)
def test_advice_after_a_run_that_did_not_grok(options, memorised: int | None, words: str) -> None:
    experiment = Experiment.of("x + y", **options)
    row = RunRow("0" * 12, "", "x + y", 31, "mlp", "finished", 1000, memorised_at=memorised)
    result = advice(experiment, row)
    assert result is not None
    assert words in result


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "--kernel gaussian"),
        ({"kernel": "gaussian"}, "--kernel laplace"),
        ({"ridge": 0.01}, "smaller --ridge"),
    ],
)
def test_a_kernel_that_fits_nothing_is_not_iterated_longer(settings: dict[str, Any], words: str) -> None:
    experiment = Experiment.of("x + y; x - y", p=11, fraction=0.9, learner="rfm", **settings)
    row = RunRow("0" * 12, "", "x + y; x - y", 11, "rfm", "finished", step=10, budget=10)
    result = advice(experiment, row)
    assert result is not None
    assert words in result
    assert "--steps" not in result


def test_advice_knows_what_cannot_be_learned() -> None:
    row = RunRow("0" * 12, "", "x^2 + x*y + y^2", 13, "mlp", "finished", 1000, memorised_at=5)
    result = advice(Experiment.of("x^2 + x*y + y^2", p=13), row)
    assert result is not None
    assert "neither form" in result


def test_no_advice_is_needed_by_a_run_that_grokked(call) -> None:
    row = RunRow("0" * 12, "", "x + y", 31, "mlp", "finished", 1000, memorised_at=5, grokked_at=9)
    assert advice(Experiment.of("x + y", p=31), row) is None
    assert "\n  advice: " in call("train", "x + y", *TINY).out


# Expressions -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x^2 + sin(x)", "functions are not part"),
        ("max(x, y)", "functions are not part"),
        ("log2(x) + y", "functions are not part"),
        ("x mod 3", "functions are not part"),
        ("f(x)", "functions are not part"),
        ("1e3*x", "scientific notation"),
        ("y + 2E5x", "scientific notation"),
        ("1e-3x", "scientific notation"),
        ("1.5x", "decimal points"),
    ],
)
def test_what_the_grammar_lacks_is_named(text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        parse(text)


@pytest.mark.parametrize("text", ["3n1 + x", "ab(x + y)", "c1(x)", "ac2(x)", "x*e3", "x if y odd else(x)"])
def test_operands_that_look_like_functions_or_numbers(text: str) -> None:
    assert parse(str(parse(text))) == parse(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("x if y odd else x + y", lambda x, y, p: x % p if y % p % 2 else (x + y) % p),
        ("x*y if x even else y", lambda x, y, p: y % p if x % p % 2 else x * y % p),
    ],
)
def test_labels_of_the_extended_domain_are_residues(text: str, value) -> None:
    for p in (5, 7):
        table = task_from_expression(text, p, extended_domain=True).table
        assert table.tolist() == [[value(x, y, p) for y in range(p + 5)] for x in range(p + 5)]


@pytest.mark.parametrize("p", [5, 11])
def test_labels_of_a_bare_operand_are_residues(p: int) -> None:
    assert task_from_expression("x", p, extended_domain=True).table.tolist() == [x % p for x in range(p + 5)]


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (("x + y", "--p", "4097"), "p: "),
        (("x + y + z", "--p", "257"), "p: "),
        (("--group", "C4097"), "group: "),
    ],
)
def test_tables_that_are_too_large_name_p_or_group(call, arguments: tuple[str, ...], name: str) -> None:
    result = call("decide", *arguments)
    assert (result.code, result.err.count("\n")) == (2, 1)
    assert result.err.startswith(f"modgrok: {name}")


@pytest.mark.long
@pytest.mark.parametrize("arguments", [("x + y", "--p", "3500"), ("--group", "C4096")])
def test_tables_of_the_largest_size_are_decided(call, arguments: tuple[str, ...]) -> None:
    assert call("decide", *arguments, "--json").json["form"] == "additive"


# Streams and platforms -------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_streams_of_any_encoding(tmp_path: Path, encoding: str) -> None:
    result = modgrok(tmp_path, "decide", "x + y", "--p", "29", "--json", PYTHONIOENCODING=encoding)
    assert result.returncode == 0, result.stderr
    assert "x + y mod 29" in result.stdout
    assert result.stdout.splitlines()[-1].startswith("{")


def test_text_that_is_no_unicode_is_escaped(tmp_path: Path) -> None:
    code = r"from modgrok.cli.shared.streams import *; prepare_streams(); sys.stdout.write('a\udcff·')"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert result.stdout == b"a\\udcff\xc2\xb7"


@pytest.mark.few(1)
@pytest.mark.parametrize(
    "shell", ["<&- >&- 2>&-", *(pytest.param(s, marks=pytest.mark.long) for s in ("2>&-", ">&-"))]
)
def test_closed_streams_still_train(tmp_path: Path, shell: str) -> None:
    result = modgrok(tmp_path, "train", "x + y", *TINY, shell=shell)
    assert result.returncode == 0, result.stderr
    assert modgrok(tmp_path, "runs", "list", "--where", "status=finished").stdout.count("\n") == 2


@pytest.mark.long
@pytest.mark.parametrize(
    ("platform", "arguments"),
    [
        ("cuda", ("construct", "x + y", "--p", "5")),
        pytest.param("rocm", ("train", "x + y", *TINY), marks=pytest.mark.long),
    ],
)
def test_a_platform_that_is_not_there(tmp_path: Path, platform: str, arguments: tuple[str, ...]) -> None:
    result = modgrok(tmp_path, *arguments, JAX_PLATFORMS=platform)
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert f"got '{platform}'" in result.stderr
    assert "unset JAX_PLATFORMS" in result.stderr


# Widths ----------------------------------------------------------------------------------------------------


def test_progress_of_a_sweep_fits_the_line() -> None:
    tally = SweepCounts(12_000)
    tally.latest = {str(i): Event(str(i), status="finished", grokked_at=1) for i in range(9_999)}
    for width in range(20, 140, 5):
        assert len(progress_words(tally, width)) <= width
    assert "grokked 9999" in progress_words(tally, 50)


@pytest.mark.parametrize("points", [1, 3])
def test_the_bar_of_a_search_never_goes_back(points: int) -> None:
    share_of, shares = Share(most=6 * points), []
    for total in (2 * points, 3 * points, 4 * points):  # each round adds runs, and begins a tally of its own
        tally = SweepCounts(total, began=time.monotonic())
        before = total - points
        tally.latest = {str(i): Event(str(i), 9, 9, "finished") for i in range(before)}
        for step in (0, 5, 10):
            tally.latest[str(before)] = Event(str(before), step, 10, "running")
            shares.append(share_of(tally)[0])
    assert shares == sorted(shares)
    assert shares[-1] < 1


def test_columns_are_broken_into_lines_that_fit() -> None:
    assert broken([], 10) == []
    assert [range(9)[part] for part in broken([30] * 9, 92)] == [range(3), range(3, 6), range(6, 9)]


def test_measures_fit_the_line(call, monkeypatch: pytest.MonkeyPatch) -> None:
    call("construct", "x + y", "--p", "5", "-o", "net.safetensors")
    for columns in ("60", "100"):
        monkeypatch.setenv("COLUMNS", columns)
        result = call("measure", "net.safetensors")
        assert max(map(len, result.out.splitlines()[1:])) <= int(columns)


@pytest.mark.parametrize("columns", ["1", "7", "99999999"])
def test_a_terminal_of_odd_width_takes_no_minutes(
    call, monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    began = time.process_time()
    page = call("decide", "--help")
    assert (page.code, len(page.out) < 1_000_000) == (0, True)
    assert time.process_time() - began < 10


def test_python_m_modgrok_is_the_command(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "modgrok", "--version"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith(__version__)
