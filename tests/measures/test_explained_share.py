"""The explained share: its bounds, its definition against a slow one, and networks with a known answer."""

from __future__ import annotations

import time

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modgrok.algebra import logarithm_table
from modgrok.analytic import construct, experts
from modgrok.decide import decide_table
from modgrok.measures.logits import explain, explained_share_of, task_index
from modgrok.runs import Experiment
from modgrok.runs.splits import split_of
from modgrok.tasks import InputError, Split, Task, task_from_expression, task_from_group, task_from_text

TEXTS = ("x + y", "x*y", "x/y", "x^2 + y^2", "x*y + x + y")


def noise(task: Task, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((task.size, task.p))


def one_hot(task: Task) -> np.ndarray:
    return np.eye(task.p)[task.labels()]


def slow(task: Task, logits: np.ndarray) -> list[float]:
    """The definition, input by input, for x + y and x*y mod a prime."""
    p, labels = task.p, task.labels()
    centred = logits - logits.mean(axis=1, keepdims=True)
    mean = np.array([centred[labels == s].mean(axis=0) for s in range(p)])
    product = task.name == "x*y"
    order = p - 1 if product else p
    elements = [int(np.argmax(logarithm_table(p) == i)) for i in range(order)] if product else range(p)
    spectrum = np.fft.fft(mean[list(elements)], axis=0)
    energy = np.sum(np.abs(spectrum) ** 2, axis=1) * (1 + (2 * np.arange(order) != order))
    ranked = sorted(range(1, order // 2 + 1), key=lambda k: -energy[k])
    shares = []
    for count in range(len(ranked) + 1):
        truncated = np.zeros_like(spectrum)
        for k in [0, *ranked[:count]]:
            truncated[[k, -k % order]] = spectrum[[k, -k % order]]
        formula = mean.copy()
        formula[list(elements)] = np.fft.ifft(truncated, axis=0).real
        yes = 0
        for row, s in zip(centred, labels, strict=True):
            rest = row - formula[s]
            others = np.delete(formula[s], s)
            yes += formula[s, s] - others.max() > rest.max() - rest.min() + 1e-9
        shares.append(yes / task.size)
    return shares


@pytest.mark.parametrize("text", ["x + y", "x*y"])
@pytest.mark.parametrize("strength", [0.0, 0.2, 0.6])
def test_the_curve_is_the_definition(text: str, strength: float) -> None:
    task = task_from_expression(text, 7)
    logits = one_hot(task) + strength * noise(task)
    assert explain(task, logits).curve == pytest.approx(slow(task, logits))


@pytest.mark.parametrize("text", [*TEXTS, "x + y + z"])
def test_zero_and_constant_logits_are_at_most_chance(text: str) -> None:
    task = task_from_expression(text, 7)
    assert explain(task, np.zeros((task.size, 7))).explained_share == 0
    for row in (np.arange(7.0), np.array([1.0, 1, 0, 0, 0, 0, 0]), np.full(7, 3.0)):
        result = explain(task, np.tile(row, (task.size, 1)))
        assert result.explained_share is not None
        assert result.explained_share <= task.majority_share + 1e-12
        assert result.frequencies == ()


@pytest.mark.parametrize("text", TEXTS)
def test_shuffled_labels_are_not_explained(text: str) -> None:
    task = task_from_expression(text, 23)
    shuffled = np.random.default_rng(1).permutation(one_hot(task))
    result = explain(task, shuffled)
    assert result.explained_share is not None
    assert result.explained_share <= 1 / 23


@pytest.mark.parametrize("text", TEXTS)
def test_memorised_training_inputs_explain_test_inputs_at_most_by_chance(text: str) -> None:
    """Right logits on the training set, noise elsewhere, although F alone can answer all correctly."""
    experiment = Experiment.of(text, p=23, fraction=0.5)
    task = experiment.build_task()
    split = split_of(experiment, task)
    logits = noise(task)
    logits[np.searchsorted(task.domain, split.train)] += 20 * np.eye(23)[task.labels(split.train)]
    result = explain(task, logits, split=split)
    assert result.train_accuracy == 1
    assert result.curve is not None
    assert result.explained_share is not None
    assert result.explained_share <= result.accuracy < 0.1
    assert result.formula_accuracy is not None
    assert result.formula_accuracy >= result.accuracy


@settings(max_examples=25, deadline=None)
@given(
    text=st.sampled_from((*TEXTS, "x^2*y^2", "x^3 + y^3")),
    p=st.sampled_from((2, 3, 5, 7)),
    seed=st.integers(0, 2**32 - 1),
    strength=st.floats(0, 3),
    rounded=st.booleans(),
)
def test_explained_is_never_more_than_right(
    text: str, p: int, seed: int, strength: float, rounded: bool
) -> None:
    task = task_from_expression(text, p)
    logits = strength * one_hot(task) + noise(task, seed)
    result = explain(task, np.round(logits) if rounded else logits)  # rounded logits tie often
    assert result.explained_share is not None
    assert result.formula_accuracy is not None
    assert result.explained_share <= min(result.accuracy, result.formula_accuracy)
    assert result.curve is not None
    assert max(result.curve) <= result.accuracy


@pytest.mark.parametrize("text", ["x + y", "x*y", "x^2 + y^2", "x*y + x + y"])
def test_constructed_networks_are_explained_wholly(text: str) -> None:
    task = task_from_expression(text, 11)
    witness = decide_table(task.table, 11).witness
    assert witness is not None
    built = construct(task.table, 11, witness)
    assert built.report.errors == 0
    share = explained_share_of(task, None, built.network)
    # x = y = 0 alone may be left: x^2 + y^2 = 0 has no other solution mod 11, and a network of a product may
    # answer it with twice the logit of other zeros
    assert share == 1 or (text != "x + y" and share == pytest.approx(1 - 1 / task.size))


def test_constructed_frequencies_are_found() -> None:
    task = task_from_expression("x + y", 31)
    witness = decide_table(task.table, 31).witness
    assert witness is not None
    built = construct(task.table, 31, witness, frequencies=(1, 5, 12))
    result = explain(task, built.network)
    assert result.frequencies is not None
    assert set(result.frequencies) == {1, 5, 12}
    assert result.order == 31


def test_constructed_experts_are_explained_wholly() -> None:
    task = task_from_expression("x*y + x + y", 7)
    network = experts(7, [(1, (1, 1)), (1, (1, 0)), (1, (0, 1))])
    result = explain(task, network)
    assert result.accuracy == 1
    assert result.explained_share == 1


def test_inputs_whose_index_occurs_once_do_not_explain_themselves() -> None:
    task = task_from_expression("x", 7)
    result = explain(task, one_hot(task))
    assert (result.accuracy, result.explained_share) == (1, 0)


@pytest.mark.parametrize(
    ("text", "p", "form", "order"),
    [
        ("x - y", 7, "additive", 7),
        ("x/y", 7, "multiplicative", 6),
        ("x*y + x + y", 7, "multiplicative", 6),
        ("x^2*y^2", 7, "multiplicative", 3),
        ("x*y", 6, "multiplicative", None),
    ],
)
def test_the_index_of_tasks(text: str, p: int, form: str, order: int | None) -> None:
    task = task_from_expression(text, p)
    index = task_index(task)
    assert index is not None
    assert (index.form, index.order) == (form, order)
    for s in np.unique(index.values):
        assert len(np.unique(task.labels()[index.values == s])) == 1
    waves = [index.waves(number) for number in range(len(index.frequencies))]
    if order is not None:
        basis = np.concatenate([np.where(index.position >= 0, order**-0.5, 0)[:, None], *waves], axis=1)
        assert np.allclose(basis.T @ basis, np.eye(order))


def test_the_index_is_the_label_where_h_is_invertible() -> None:
    for text in ("x + y", "3x - 2y + 4", "x*y", "x/y"):
        task = task_from_expression(text, 11)
        index = task_index(task)
        assert index is not None
        assert np.array_equal(index.values, task.labels())


def test_the_zero_of_a_product_is_averaged_apart() -> None:
    task = task_from_expression("x*y", 7)
    index = task_index(task)
    assert index is not None
    assert index.position[0] == -1
    logits = one_hot(task)
    logits[task.labels() == 0] = 0  # says nothing where the product is 0
    result = explain(task, logits)
    assert result.explained_share == pytest.approx((task.labels() != 0).mean())


@pytest.mark.parametrize(
    ("text", "formula"),
    [
        ("x + y", "logit(c) = a(c) + 2 cos(2 pi 1 (s - c)/7), s = x + y"),
        (
            "x*y + x + y",
            "logit(c) = a(c) + 2 cos(2 pi 1 (log s - log (c + 1))/6), s = x*y + x + y + 1, "
            "log to the base 3; s = 0 apart",
        ),
        (
            "x^2*y^2",
            "logit(c) = a(c) + A_1(c) cos(2 pi 1 log s/6 + phi_1(c)), s = g1(x)*g2(y), "
            "log to the base 3; s = 0 apart",
        ),
    ],
)
def test_formulas(text: str, formula: str) -> None:
    """Logits of one wave, written out; the waves of the squares mod 7 are a subgroup's."""
    task = task_from_expression(text, 7)
    index = task_index(task)
    assert index is not None
    assert index.order is not None
    at = index.position[index.values]
    classes = index.position[index.classes if index.classes is not None else np.arange(7)]
    wave = 2 * np.cos(2 * np.pi * (at[:, None] - classes) / index.order)
    logits = np.where((at[:, None] >= 0) & (classes >= 0), wave, 0)
    result = explain(task, logits)
    assert result.frequencies == (1,)
    assert result.formula == formula


def test_both_forms_of_a_task() -> None:
    task = task_from_expression("x^2", 7)
    both = decide_table(task.table, 7)
    assert both.also is not None
    indices = [task_index(task, form) for form in (None, "multiplicative")]
    assert [index and index.form for index in indices] == ["additive", "multiplicative"]
    with pytest.raises(
        InputError, match="form: must be one that x \\+ y mod 7 is known to have, got multiplicative"
    ):
        task_index(task_from_expression("x + y", 7), "multiplicative")


def test_a_mixture_is_explained_by_task_and_together() -> None:
    task = task_from_text("x + y; x/y", 7)
    logits = one_hot(task)
    wrong = task.inputs()[:, 2] == 0
    logits[wrong] = noise(task)[wrong]
    result = explain(task, logits)
    first, second = result.parts
    assert (first.order, second.order) == (7, 6)
    assert second.explained_share == 1
    assert result.explained_share == pytest.approx(
        (first.counts["explained"] + second.counts["explained"]) / task.size
    )


@pytest.mark.parametrize("other", ["x/y", "x^3 + x*y^2 + y"])
def test_a_task_of_a_mixture_without_test_inputs_has_no_shares(other: str) -> None:
    task = task_from_text(f"x + y; {other}", 5)
    tests = (task.domain % 2 == 0) & (task.domain >= 10)
    train = ~tests
    split = Split(task.domain[train], task.domain[tests], task.labels()[train], np.zeros(train.sum(), bool))
    result = explain(task, one_hot(task), split=split)
    first, second = result.parts
    assert (first.accuracy, first.counts["size"]) == (1, len(split.test))
    assert (second.accuracy, second.explained_share, second.curve, second.without_form) == (None,) * 4
    assert second.train_accuracy == 1
    assert second.explained_share_train == (1 if other == "x/y" else None)
    assert result.accuracy == 1
    assert (result.explained_share is None) == (other != "x/y")


def test_the_index_of_a_choice_is_not_written_as_another_choice() -> None:
    task = task_from_expression("x*y + 2 if x even else 3*x*y + 2", 7)
    index = task_index(task)
    assert index is None or " if " not in index.description


def test_without_a_form_there_is_a_curve_and_no_share() -> None:
    task = task_from_expression("x^3 + x*y^2 + y", 7)
    result = explain(task, one_hot(task))
    assert result.explained_share is None
    assert result.frequencies is None
    assert result.without_form is not None
    assert result.without_form.accuracy[-1] == result.accuracy == 1
    assert result.without_form.accuracy[0] < 0.5
    assert max(result.without_form.random) < 0.5


def test_layouts_of_logits_are_the_same() -> None:
    task = task_from_expression("x/y", 7)
    logits = one_hot(task) + 0.1 * noise(task)
    whole = np.full((49, 7), np.nan)  # outside the domain anything may stand
    whole[task.domain] = logits
    shares = {explain(task, array).curve for array in (logits, whole, whole.reshape(7, 7, 7))}
    assert len(shares) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda logits: logits[:, :5], "logits: must have shape"),
        (lambda logits: np.where(np.arange(7) == 3, np.nan, logits), "must be finite in the domain, got nan"),
        (lambda logits: logits.astype(str), "logits: must be an array of real numbers"),
    ],
)
def test_wrong_logits_are_refused(change: object, message: str) -> None:
    task = task_from_expression("x + y", 7)
    with pytest.raises(InputError, match=message):
        explain(task, change(one_hot(task)))


def test_many_operands_in_chunks_equal_one_array(monkeypatch: pytest.MonkeyPatch) -> None:
    """A network that is asked chunk by chunk, twice, gives what its array gives."""
    task = task_from_expression("x + y + z", 17)  # 4,913 inputs are more than a chunk
    logits = (one_hot(task) + 0.05 * noise(task)).astype(np.float32)
    table = jnp.asarray(logits)

    def network(inputs: jax.Array) -> jax.Array:
        return table[(inputs[:, 0] * 17 + inputs[:, 1]) * 17 + inputs[:, 2]]

    whole = explain(task, logits).curve
    monkeypatch.setattr("modgrok.measures.logits.rows.MOST_CACHED", 0)
    assert explain(task, network).curve == whole


def test_it_takes_less_than_a_second_at_p_97() -> None:
    task = task_from_expression("x + y", 97)
    logits = (one_hot(task) + 0.03 * noise(task)).astype(np.float32)
    explain(task, logits)
    started = time.process_time()
    result = explain(task, logits)
    assert time.process_time() - started < 1.0
    assert result.explained_share is not None
    assert result.explained_share > 0.99


def test_groups_are_expanded_in_their_representations() -> None:
    for name in ("S3", "D5", "Q8", "C6"):
        task = task_from_group(name)
        result = explain(task, one_hot(task))
        assert (result.explained_share, result.order) == (1, task.p)
