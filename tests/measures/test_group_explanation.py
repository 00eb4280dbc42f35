"""Networks on groups: planted representations and planted cosets are told apart."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from modgrok.algebra import composition_table, irreducible_representations
from modgrok.algebra.subgroups import left_cosets, subgroups
from modgrok.measures.logits import Explanation, explain
from modgrok.tasks import task_from_group


def planted(name: str, kernel: np.ndarray, seed: int = 0, noise: float = 0.01) -> Explanation:
    """Explain logits F(x y, c) = kernel[x y, c] and a little noise."""
    task = task_from_group(name)
    scatter = noise * kernel.std() * np.random.default_rng(seed).standard_normal((task.size, task.p))
    return explain(task, kernel[task.labels()] + scatter)


def representation_network(name: str, chosen: dict[str, float]) -> np.ndarray:
    """Sum of weights times chi(s c^-1): tr rho(x) rho(y) rho(c)^-1."""
    table = composition_table(name)
    inverse = np.argmax(table == 0, axis=1)
    weights = {rho.name: rho for rho in irreducible_representations(name)}
    character = sum(w * weights[rho].character.real for rho, w in chosen.items())
    return np.asarray(character)[table[:, inverse]]


def coset_network(name: str, families: list[np.ndarray]) -> np.ndarray:
    """Count the subgroups for which s H = c H."""
    table = composition_table(name)
    numbers = [left_cosets(table, elements) for elements in families]
    return sum((n[:, None] == n[None, :]).astype(float) for n in numbers)


def frobenius_groups() -> list[np.ndarray]:
    """Three of the six subgroups of order 20 of S5; in their six cosets S5 is sharply 3-transitive."""
    return [h.elements for h in subgroups(composition_table("S5")) if h.order == 20][:3]


@pytest.mark.parametrize(
    ("name", "chosen"),
    [
        ("S5", {"(4,1)": 1.0, "(3,1,1)": 0.5}),
        ("S5", {"(2,2,1)": 1.0}),
        ("D7", {"E1": 1.0, "E3": 0.7, "A2": 1.0}),
    ],
)
def test_a_representation_network_uses_its_representations(name: str, chosen: dict[str, float]) -> None:
    result = planted(name, representation_network(name, chosen))
    assert result.accuracy == 1
    assert result.explained_share == 1
    assert result.frequencies is not None
    assert set(result.frequencies) == set(chosen)
    assert result.order == len(composition_table(name))
    assert result.cosets is not None  # some were tried, and explain less
    assert not result.cosets.explains_more
    assert result.cosets.explained_share < 0.5
    assert result.formula is not None
    assert "chi_" in result.formula


def test_a_coset_network_on_s5_is_told_apart_from_a_representation_network() -> None:
    """Both use (2,2,1), of 25 functions; cosets of three subgroups of index 6 have 15."""
    result = planted("S5", coset_network("S5", frobenius_groups()))
    assert result.accuracy == 1
    assert result.explained_share == 1
    assert result.frequencies == ("(2,2,1)",)
    assert result.cosets is not None
    assert result.cosets.explains_more
    assert result.cosets.explained_share == 1
    assert (result.cosets.dimension, result.cosets.representation_dimension) == (16, 26)
    assert [(space.side, space.order) for space in result.cosets.spaces] == [("left", 20)] * 3


def test_a_coset_network_on_d7_is_told_apart_from_a_representation_network() -> None:
    """One reflection tells the rotation, the rotations tell the side: 1 + 6 + 1 functions of 14."""
    rotations, reflection = np.arange(7), np.array([0, 7])
    result = planted("D7", coset_network("D7", [reflection, rotations]))
    assert result.accuracy == 1
    assert result.cosets is not None
    assert result.cosets.explains_more
    assert {space.order for space in result.cosets.spaces} == {2, 7}
    assert result.cosets.dimension == 8
    assert result.cosets.representation_dimension == 14


def test_four_point_stabilisers_span_the_functions_of_a_representation() -> None:
    """Where s and c agree on four points of five, functions of s are those of (4,1): no coset is named."""
    elements = np.array(list(permutations(range(5))))
    kernel = sum((elements[:, None, i] == elements[None, :, i]).astype(float) for i in range(4))
    result = planted("S5", np.asarray(kernel))
    assert result.frequencies == ("(4,1)",)
    assert result.cosets is not None
    assert not result.cosets.explains_more


@pytest.mark.parametrize("name", ["S5", "D7", "Q8"])
def test_random_logits_on_groups_are_not_explained(name: str) -> None:
    task = task_from_group(name)
    logits = np.random.default_rng(0).standard_normal((task.size, task.p))
    result = explain(task, logits)
    assert result.explained_share is not None
    assert result.explained_share <= result.accuracy
    assert result.cosets is None  # no formula, so that nothing could take fewer functions


def test_the_frequencies_of_a_cyclic_group_are_numbers() -> None:
    task = task_from_group("C12")
    result = explain(task, np.eye(12)[task.labels()])
    assert result.frequencies is not None
    assert set(result.frequencies) <= set(range(1, 7))
    assert result.order == 12
