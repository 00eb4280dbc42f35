"""Readings of the same weights, and choosing one by the task's whole table.

Owns: what counts as clearly better. A reading is taken if the weights allow no other, or if its accuracy
over all inputs is clearly above that of every other. Among those of equal accuracy the margins decide: a
wrong reading adds noise to them. Where the table cannot tell, a reading that follows a convention is taken
and said, and where there is no convention the import is refused with the option that settles it.

The activation is settled before, without the accuracy: weights that were trained with relu may answer more
inputs correctly if they are read with a square, which multiplies waves exactly. But training makes the
margins of its inputs equal, and they are so with the activation of the training alone. Activations with which
margins are clearly less even are out. Of several that remain only a clearly higher accuracy decides, and it
never speaks for a power; otherwise the activation must be given.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import sqrt
from typing import Any

import numpy as np

from ...analytic.verify import margins
from ...tasks import InputError, Task

ROWS = 512
"""Inputs of the sample, and of a chunk, so that each operation is compiled for one shape."""
MOST_READINGS = 1500
"""More readings than this are refused: an option must be given."""
FINALISTS = 8
"""Readings whose accuracy is counted over all inputs; and those that are best for a value of an option."""
DEVIATIONS = 4.0
"""How many standard deviations of a difference of two shares make it clear."""
MARGIN_RATIO = 1.25
"""Ratio of two mean margins in units of their standard deviations that makes it clear."""
EVEN_SHARE = 0.2
"""Share of the inputs in the shortest interval of margins whose length says how even these are."""
EVEN_RATIO = 1.5
"""Ratio of two evennesses that makes it clear which is the activation. Of 160 networks that were trained with
relu, gelu, silu or a square (p = 13 and 23, 300 to 3,000 steps, four weight decays), it decides 138, none of
them wrongly; a ratio of 1.25 decides 155, one of them wrongly."""
LEAST_EVENNESS = 5.0
"""Evenness below which a network has not memorised, and its margins say nothing about its activation."""
NATS = 10.0
"""Difference of two log-likelihoods of the table that makes it clear."""
NEARLY_PERFECT = 0.99
"""Accuracy from which margins decide; below it the likelihood does."""
TEMPERATURES = tuple(4.0**power for power in range(-2, 4))
"""Factors of the logits of which the best counts, so that the likelihood does not depend on their scale."""
BY_CONVENTION = frozenset({"joined", "activations behind", "tokens", "attention"})
"""Options whose conventional value is taken unless another is clearly more accurate."""


@dataclass(frozen=True, eq=False)
class Reading:
    """One way to read the weights.

    Arguments:
        build: makes the network.
        forward: (network, inputs) -> logits, without compiling.
        choices: option -> value, of what the weights leave open.
        conventional: names of options whose value here is that of a convention.
    """

    build: Callable[[], Any]
    forward: Callable[[Any, np.ndarray], np.ndarray]
    choices: dict[str, str] = field(default_factory=dict)
    conventional: frozenset[str] = frozenset()

    @cached_property
    def network(self) -> Any:
        """The network, made once."""
        return self.build()


@dataclass(frozen=True)
class Decision:
    """What settled one option.

    Arguments:
        value: that was taken.
        accuracy: over all inputs with it.
        others: value -> the best accuracy with it.
        by: `accuracy`; `margins` or `likelihood`, where accuracies are equal; `evenness` of an activation
            with which margins are clearly more even, whatever the accuracies; `equality`, where the values
            give the same logits; `convention`, where the table cannot tell.
    """

    value: str
    accuracy: float
    others: dict[str, float]
    by: str


@dataclass(frozen=True, eq=False)
class ReadingChoice:
    """The reading that was taken.

    Arguments:
        network: as it is read.
        accuracy: over all inputs.
        decisions: by option; of the options that the weights left open.
    """

    network: Any
    accuracy: float
    decisions: dict[str, Decision]


@dataclass(frozen=True)
class _Score:
    """How a reading answers a set of inputs.

    Arguments:
        accuracy: a tie is an error.
        loss: cross-entropy of all together, at the best of `TEMPERATURES`.
        steadiness: mean margin over its standard deviation.
        evenness: of margins; see `evenness_of`.
    """

    accuracy: float
    loss: float
    steadiness: float
    evenness: float


def logits_of(reading: Reading, inputs: np.ndarray) -> np.ndarray:
    """Return a reading's logits, float64, in chunks of one shape."""
    rows = min(ROWS, len(inputs))
    padded = np.pad(np.asarray(inputs, np.int32), ((0, -len(inputs) % rows), (0, 0)))
    parts = [reading.forward(reading.network, padded[at : at + rows]) for at in range(0, len(padded), rows)]
    return np.concatenate(parts)[: len(inputs)].astype(np.float64)


def score(reading: Reading, inputs: np.ndarray, labels: np.ndarray) -> _Score:
    """Return how a reading answers."""
    logits = logits_of(reading, inputs)
    if not np.isfinite(logits).all():
        return _Score(0.0, np.inf, -np.inf, 0.0)
    ahead = margins(logits, labels)
    scale = float(np.abs(ahead).mean()) or 1.0
    gaps = ((logits - logits.max(1, keepdims=True)) / scale).astype(np.float32)
    behind = float(-np.minimum(ahead, 0).sum()) / scale
    losses = [float(np.log(np.exp(f * gaps).sum(1)).sum()) + f * behind for f in TEMPERATURES]
    steadiness = float(ahead.mean() / (ahead.std() + 1e-12 * scale))
    return _Score(float((ahead > 0).mean()), min(losses), steadiness, evenness_of(ahead))


def evenness_of(margins: np.ndarray) -> float:
    """Return the middle over the length of the interval with a fifth of the margins where that is largest.

    Training inputs that are memorised have nearly equal margins, whatever those of other inputs are.

    Example:
        >>> margins = np.array([-4.0, 1.0, 2.0, 9.9, 10.1, 3.0, -1.0, 6.0, 7.0, 20.0])
        >>> round(evenness_of(margins))
        50
    """
    values, count = np.sort(margins), max(2, round(EVEN_SHARE * len(margins)))
    low, high = values[: len(values) - count + 1], values[count - 1 :]
    scale = float(np.abs(values).mean()) or 1.0
    return max(0.0, float(((low + high) / 2 / (high - low + 1e-6 * scale)).max()))


def clearly_above(high: float, low: float, n: int) -> bool:
    """Say whether a share is above another by more than chance allows, each counted over n inputs.

    Example:
        >>> clearly_above(1.0, 0.1, 49), clearly_above(0.999, 0.998, 9409)
        (True, False)
    """
    middle = (high + low) / 2
    return high - low > max(0.005, DEVIATIONS * sqrt(2 * middle * (1 - middle) / n))


def choose(readings: Sequence[Reading], task: Task, settles: dict[str, str]) -> ReadingChoice:
    """Take one of several readings.

    Arguments:
        readings: at least one; the first of those that follow the conventions is preferred.
        task: its table decides.
        settles: option -> how a user gives it, for the message.

    Raises:
        InputError: no reading is clearly the right one.
    """
    if len(readings) > MOST_READINGS:
        raise InputError(
            f"{_open(readings, settles)}: must be given, since {len(readings):,} readings fit these weights, "
            "got none"
        )
    inputs, labels = task.inputs(), task.labels()
    if len(readings) == 1:
        return ReadingChoice(readings[0].network, score(readings[0], inputs, labels).accuracy, {})
    finalists = _finalists(readings, inputs, labels)
    scores = {reading: score(reading, inputs, labels) for reading in finalists}
    considered, settled = _of_even_activation(finalists, scores)
    n, chance = len(inputs), task.majority_share
    best = max(scores[r].accuracy for r in considered)
    equal = [r for r in considered if not clearly_above(best, scores[r].accuracy, n)]
    signal = clearly_above(best, chance, n)
    if signal:
        usual = [r for r in equal if not _unconventional(r, readings, BY_CONVENTION)] or equal
        narrow = _steadiest if best >= NEARLY_PERFECT else _likeliest
        least = [r for group in _by_activation(usual).values() for r in narrow(group, scores)]
    else:
        usual = [r for r in considered if not _unconventional(r, readings)] or considered
        least = usual
    distinct = _distinct(least, inputs)
    winner = distinct[0]
    for other in distinct[1:]:
        differing = [name for name in winner.choices if winner.choices[name] != other.choices.get(name)]
        undecided = [
            name for name in differing if name not in winner.conventional or (signal and name == "activation")
        ]
        if undecided:
            raise InputError(_refusal(undecided[0], winner, other, scores, settles))
    if signal and not settled:
        _check_no_power(winner, considered, scores, settles)
    decisions = {
        name: _decision(name, winner, scores, equal, least, inputs, signal=signal)
        for name in winner.choices
        if len({reading.choices.get(name) for reading in readings}) > 1
    }
    if settled and "activation" in decisions:
        decisions["activation"] = replace(decisions["activation"], by="evenness")
    return ReadingChoice(winner.network, scores[winner].accuracy, decisions)


def _by_activation(readings: Sequence[Reading]) -> dict[str, list[Reading]]:
    groups: dict[str, list[Reading]] = {}
    for reading in readings:
        groups.setdefault(reading.choices.get("activation", ""), []).append(reading)
    return groups


def _of_even_activation(readings: list[Reading], scores: dict[Reading, _Score]) -> tuple[list[Reading], bool]:
    """Leave out readings with an activation that makes margins clearly less even than another.

    Returns:
        The others, and whether they have one activation, which the margins settled.
    """
    groups = _by_activation(readings)
    evenness = {phi: max(scores[reading].evenness for reading in group) for phi, group in groups.items()}
    most = max(evenness.values())
    if most < LEAST_EVENNESS:
        return readings, False
    remaining = [phi for phi in groups if evenness[phi] * EVEN_RATIO > most]
    settled = len(remaining) == 1 < len(groups)
    return [reading for reading in readings if reading.choices.get("activation", "") in remaining], settled


def _check_no_power(
    winner: Reading, readings: Sequence[Reading], scores: dict[Reading, _Score], settles: dict[str, str]
) -> None:
    """Refuse a power that its accuracy alone speaks for.

    Raises:
        InputError: the winner has one, and there is a reading with another activation.
    """
    phi = winner.choices.get("activation", "")
    others = [reading for reading in readings if reading.choices.get("activation", "") != phi]
    if phi.startswith("power") and others:
        other = max(others, key=lambda reading: scores[reading].accuracy)
        raise InputError(_refusal("activation", winner, other, scores, settles))


def _steadiest(readings: Sequence[Reading], scores: dict[Reading, _Score]) -> list[Reading]:
    best = max(scores[r].steadiness for r in readings)
    return [r for r in readings if scores[r].steadiness * MARGIN_RATIO >= best]


def _likeliest(readings: Sequence[Reading], scores: dict[Reading, _Score]) -> list[Reading]:
    least = min(scores[r].loss for r in readings)
    return [r for r in readings if scores[r].loss - least <= NATS]


def _finalists(readings: Sequence[Reading], inputs: np.ndarray, labels: np.ndarray) -> list[Reading]:
    """Keep the best on a sample, the conventional ones, and the best for every value of an option."""
    rows = np.random.default_rng(0).permutation(len(inputs))[:ROWS]
    sampled = {reading: score(reading, inputs[rows], labels[rows]) for reading in readings}
    ranked = sorted(readings, key=lambda reading: (-sampled[reading].accuracy, sampled[reading].loss))
    finalists = set(ranked[:FINALISTS])
    finalists |= set([r for r in readings if not _unconventional(r, readings)][:FINALISTS])
    for name in ranked[0].choices:
        for value in {reading.choices.get(name) for reading in readings}:
            finalists.add(next(reading for reading in ranked if reading.choices.get(name) == value))
    return [reading for reading in readings if reading in finalists]


def _unconventional(
    reading: Reading, readings: Sequence[Reading], names: frozenset[str] | None = None
) -> bool:
    """Say whether an option (of these) that has a convention is set against it here."""
    known = frozenset(itertools.chain.from_iterable(other.conventional for other in readings))
    known = known if names is None else known & names
    return not known <= reading.conventional | (known - set(reading.choices))


def _distinct(readings: Sequence[Reading], inputs: np.ndarray) -> list[Reading]:
    """Leave readings out that compute what an earlier one does; conventional ones come first."""
    rows = inputs[np.random.default_rng(1).permutation(len(inputs))[:ROWS]]
    distinct: list[tuple[Reading, np.ndarray]] = []
    for reading in sorted(readings, key=lambda reading: -len(reading.conventional)):
        logits = logits_of(reading, rows)
        size = max(1.0, float(np.abs(logits).max()))
        if not any(np.abs(logits - other).max() <= 1e-5 * size for _, other in distinct):
            distinct.append((reading, logits))
    return [reading for reading, _ in distinct]


def _decision(
    name: str,
    winner: Reading,
    scores: dict[Reading, _Score],
    equal: Sequence[Reading],
    least: Sequence[Reading],
    inputs: np.ndarray,
    *,
    signal: bool,
) -> Decision:
    value = winner.choices[name]
    others: dict[str, float] = {}
    for reading, reached in scores.items():
        other = reading.choices.get(name, value)
        if other != value:
            others[other] = max(others.get(other, 0.0), reached.accuracy)
    tied = [reading for reading in equal if reading.choices.get(name, value) != value]
    rivals = [reading for reading in least if reading.choices.get(name, value) != value]
    by = "accuracy"
    if rivals and len(_distinct([winner, *rivals], inputs)) == 1:
        by = "equality"
    elif rivals or (tied and (name in BY_CONVENTION or not signal)):
        by = "convention"
    elif tied:
        by = "margins" if scores[winner].accuracy >= NEARLY_PERFECT else "likelihood"
    return Decision(value, scores[winner].accuracy, others, by)


def _refusal(
    name: str, winner: Reading, other: Reading, scores: dict[Reading, _Score], settles: dict[str, str]
) -> str:
    pair = " and ".join(
        f"{reading.choices[name]} ({scores[reading].accuracy:.2%} of all inputs right)"
        for reading in (winner, other)
    )
    if name == "activation":
        either = pair.replace(" and ", " or ", 1)
        return f"activation: must be given, since the network may have been trained with {either}, got none"
    return f"{settles.get(name, name)}: must be given, since {pair} fit these weights equally well, got none"


def _open(readings: Sequence[Reading], settles: dict[str, str]) -> str:
    """Return the option with most values."""
    values = {name: len({r.choices.get(name) for r in readings}) for name in readings[0].choices}
    name = max(values, key=lambda option: values[option])
    return settles.get(name, name)
