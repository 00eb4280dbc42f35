"""Commands given twice, or with options that contradict each other: nothing recorded becomes false."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from modgrok.cli.runs import continued
from modgrok.runs import Experiment, RunOptions, Store, run

Call = Callable[..., Any]
SMALL = ("x + y", "--p", "7", "--width", "20", "--no-early-stop")


def row_of(folder: Path) -> Any:
    with Store(folder / "runs", read_only=True) as store:
        return store.get("latest")


def test_fewer_steps_change_nothing_of_a_run_that_is_past_them(call: Call, tmp_path: Path) -> None:
    call("train", *SMALL, "--steps", "30")
    before = row_of(tmp_path)
    assert call("train", *SMALL, "--steps", "10").code == 0
    assert call("runs", "resume", "latest", "--steps", "5").code == 0
    after = row_of(tmp_path)
    for name in ("budget", "step", "status", "context"):
        assert getattr(after, name) == getattr(before, name), name


def test_a_resumed_run_names_the_commands_that_make_it(call: Call, tmp_path: Path) -> None:
    store = ("--runs", "other")
    assert call("train", *SMALL, "--steps", "30", *store).code == 0
    with Store(tmp_path / "other", read_only=True) as opened:
        first = opened.get("latest")
    for more in (("--steps", "40"), ("--steps", "50", "--early-stop"), ("--steps", "60"), ()):
        assert call("runs", "resume", "latest", *more, *store).code == 0
    with Store(tmp_path / "other", read_only=True) as opened:
        after = opened.get("latest")
    assert (after.budget, after.early_stop) == (60, True)
    resumed = f"modgrok runs resume {first.id} --steps 60 --early-stop --runs other"
    assert after.context["command"] == f"{first.context['command']} && {resumed}"


def test_fewer_steps_than_an_interrupted_run_has_end_it_there(tmp_path: Path) -> None:
    experiment = Experiment.of("x + y", p=7, width=20)
    with Store(tmp_path) as store:
        segments: list[int] = []

        def stop() -> bool:
            segments.append(len(segments))
            return len(segments) > 5

        row = run(experiment, store=store, steps=10_000, command="first", stop_requested=stop).row
        assert (row.status, row.step > 2) == ("interrupted", True)
        again = run(experiment, store=store, steps=2, command="second").row
        assert (again.status, again.step, again.budget) == ("finished", row.step, row.step)
        assert store.get(row.id).context["command"] == f"first # interrupted at step {row.step}"
        later = continued(store.get(row.id), RunOptions(steps=50, early_stop=True), Path("runs"))
        assert later == f"first && modgrok runs resume {row.id} --steps 50 --early-stop"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("export", "latest", "-o", "curve.csv"), "output: must end in .safetensors"),
        (("export", "latest", "--format", "csv", "-o", "curve.safetensors"), "output: must end in .csv"),
        (("explain", "latest", "--replace", "-o", "foo.npz"), "output: must end in .safetensors"),
        (
            ("construct", "x*y", "--p", "7", "--width", "10", "--seed", "-1"),
            "seed: must be at least 0, got -1",
        ),
        (
            ("train", *SMALL, "--symmetric", "--orbits", "none"),
            "symmetric: must be left out with orbits other than swap",
        ),
        (
            ("train", *SMALL, "--symmetric", "--orbits", "sign"),
            "symmetric: must be left out with orbits other than swap",
        ),
        (("train", *SMALL, "--fold", "1"), "fold: must be used with folds"),
        (
            ("train", *SMALL, "--kernel", "gaussian"),
            "kernel: is not an option of the learner mlp, but of rfm",
        ),
        (("train", "x", "+", "y", "--p", "7"), "expression: must be one argument, in quotes"),
        (("train", "x + y", "-5", "--p", "7"), "arguments: must be those of modgrok train, got '-5' as well"),
        (("runs", "show"), "run: must be given, got none. See modgrok runs show --help."),
        (("train", "x + y", "--p", "7", "--p", "11"), "p: must be given once, got '11' as well"),
        (("--runs", "x", "runs", "list"), "command: must come before its options, got '--runs' first"),
        (("measure", "nope.safetensors"), "path: must be a safetensors file, got 'nope.safetensors', which"),
    ],
)
def test_what_is_refused(call: Call, words: tuple[str, ...], message: str) -> None:
    call("train", *SMALL, "--steps", "3")
    result = call(*words)
    assert (result.code, message in result.err) == (2, True), result.err


def test_debug_keeps_the_exit_code(call: Call) -> None:
    result = call("train", *SMALL, "--fraction", "1.5", "--debug")
    assert result.code == 2
    assert "Traceback" in result.err
    assert "fraction: must be" in result.err


def test_advice_after_too_much_decay_is_about_the_decay(call: Call) -> None:
    result = call("train", "x + y", "--p", "7", "--width", "20", "--steps", "300", "--weight-decay", "1")
    assert "diverged" in result.out
    assert "try --weight-decay" in result.out


def test_a_broken_extension_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from modgrok import installed_extensions

    class Package:
        name = "my-package"

    class Point:
        name, dist = "my_extension", Package()

        def load(self) -> Callable[[], None]:
            def register() -> None:
                raise NameError("name 'RATIONALE' is not defined")

            return register

    monkeypatch.setattr(installed_extensions, "entry_points", lambda group: [Point()])
    installed_extensions.load_extensions.cache_clear()
    try:
        with pytest.raises(RuntimeError, match="extension my_extension of my-package: name 'RATIONALE'"):
            installed_extensions.load_extensions()
    finally:
        installed_extensions.load_extensions.cache_clear()


def test_a_module_in_place_of_its_state_is_refused() -> None:
    from modgrok.interop import import_network
    from modgrok.tasks import InputError

    with pytest.raises(InputError, match=r"such as model\.state_dict\(\), got Model"):
        import_network(type("Model", (), {})(), "x + y", p=7)


def test_advice_to_seeds_is_about_one_that_has_not_memorised(call: Call) -> None:
    result = call("train", "x*y", "--p", "7", "--width", "60", "--steps", "200", "--seeds", "3")
    assert "2 of 3" in result.out
    assert "the training set is not memorised yet" in result.out


def test_a_file_read_as_another_task_than_it_names_is_noted(call: Call) -> None:
    assert call("construct", "x + y", "--p", "7", "-o", "sum.safetensors").code == 0
    other = call("explain", "sum.safetensors", "x*y", "--p", "7")
    assert (other.code, "says that its task is x + y on 7 classes; read as x*y" in other.err) == (0, True)
    assert "says that" not in call("explain", "sum.safetensors", "y + x", "--p", "7").err
    assert "says that" not in call("explain", "sum.safetensors").err
