"""What scripts relied on at da7e0ba is still accepted and still given: options, keywords, JSON keys, claims.

`surface_da7e0ba.json` was made by `make_surface.py` with that commit's own environment. Never remake it: a
name that is replaced stays as a hidden alias.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from make_surface import (
    COMMANDS,
    EXAMPLES,
    QUICK,
    claim_ids,
    json_keys,
    keywords_of_experiment,
    keywords_of_run,
    options_of,
)

from modgrok.runs import Experiment, run
from modgrok.tasks import InputError

SURFACE = json.loads((Path(__file__).parent / "surface_da7e0ba.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_is_still_accepted(command: str) -> None:
    assert set(SURFACE["options"][command]) <= set(options_of(command))


def test_every_keyword_of_run_is_still_accepted() -> None:
    for name in set(SURFACE["run"]) - set(keywords_of_run()):  # a name that was replaced
        with pytest.raises(InputError, match="steps"):
            run(Experiment.of("x + y", p=5), steps=0, **{name: None})


@pytest.mark.parametrize("learner", SURFACE["experiment"])
def test_every_keyword_of_an_experiment_is_still_accepted(learner: str) -> None:
    for name in set(SURFACE["experiment"][learner]) - set(keywords_of_experiment()[learner]):
        with pytest.raises(InputError) as refusal:  # a name that was replaced is refused for its value alone
            Experiment.of("x + y", p=5, learner=learner, **{name: object()})
        assert "is not an option" not in str(refusal.value)


def test_every_claim_is_still_there() -> None:
    assert set(SURFACE["claims"]) <= set(claim_ids())


def test_every_key_of_json_output_is_still_there(call) -> None:
    check_keys(call, QUICK)


@pytest.mark.long
def test_every_key_of_all_json_output_is_still_there(call) -> None:
    check_keys(call, tuple(EXAMPLES))


def check_keys(call, names: tuple[str, ...]) -> None:
    result = json_keys(lambda words: call(*words, "--json").json, {name: EXAMPLES[name] for name in names})
    expected = {name: set(SURFACE["json"][name]) for name in names}
    keys_of_show = [expected[name] for name in names if name.startswith("runs show")]
    expected["runs list"] &= set().union(*keys_of_show)  # it lists the runs that were trained here
    for name in names:
        assert expected[name] <= set(result[name]), name
