"""Construction: one witness in, one verified closed-form network out.

Owns: the defaults (phases, frequencies, readout) and the record of what was built.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import equinox as eqx
import numpy as np

from modgrok.algebra import exponential_table, is_prime
from modgrok.models.activations import power_of
from modgrok.models.mlp import MLP

from .additive import additive
from .forms import Witness, reachable
from .frequencies import Choice, Separation, choose, margin, smallest
from .multiplicative import multiplicative
from .network import normalised
from .phases import exact_phases
from .precision import rounding_bound
from .readout import preimages
from .verify import Report, verify
from .waves import Waves, exact_waves, random_waves
from .width import smallest_width

PHASES = ("exact", "random")
"""`exact`: all leftover waves cancel. `random`: the papers' uniform phases, leftovers of size 1/sqrt(N)."""

PAPER_WIDTH = 500
"""N of the papers' figures, taken for random phases when no width is given."""


@dataclass(frozen=True, eq=False)
class Construction:
    """A closed-form network and what is known of it.

    Attributes:
        kind: "single" for one two-layer network, "experts" for products, softmax and a sum.
        network: inputs (n, k) -> logits (n, c); an `MLP` when single, an `Experts` otherwise.
        width: hidden neurons, all of them (for experts: product experts and sum expert together).
        form: "additive", "multiplicative" or "experts".
        phases: "exact" or "random".
        frequencies: the distinct frequencies carried by the (last) layer's group, ascending.
        readout: one of `READOUTS`.
        activation: of the network; of the sum expert for experts.
        predicted: the smallest margin on nonzero inputs by the closed formula in float64; None without one.
        rounding: bound on what float32 can move one periodic logit; None for other activations than powers.
        report: the exhaustive check.
        probes: (width, errors) that a search over widths tried, in order; else empty.
    """

    kind: str
    network: eqx.Module
    width: int
    form: str
    phases: str
    frequencies: tuple[int, ...]
    readout: str
    activation: str
    predicted: float | None
    rounding: float | None
    report: Report
    probes: tuple[tuple[int, int], ...] = ()


def construct(
    table: np.ndarray,
    p: int,
    witness: Witness,
    *,
    width: int | str | None = None,
    phases: str | None = None,
    frequencies: int | Sequence[int] | None = None,
    readout: str = "reachable",
    activation: str | None = None,
    normalise: bool = False,
    rng: np.random.Generator | int = 0,
) -> Construction:
    """Build the network of a witness and check it on every input of the table.

    Arguments:
        table: int64 (p,)*k, the class of every input, -1 outside the domain; what the check compares with.
        p: modulus, at least 2; prime for a multiplicative witness.
        witness: form, g (k tables), h.
        width: hidden neurons. None: the fewest that exact phases allow, or 500 with random ones. An integer:
            exactly that many random neurons, or with `phases="exact"` at most that many. "auto": the smallest
            number found without an error.
        phases: one of `PHASES`. None: random if an integer width, an inverse readout, or an activation other
            than z^k is asked for, else exact.
        frequencies: how many (the best are chosen) or which, in 0..m//2 for the group order m, p or p - 1.
            None: with exact phases the fewest whose margin is over twice the float32 bound, or as many as
            `width` holds; with random phases 1..N. A larger number buys a larger margin.
        readout: one of `READOUTS`. `forward` differs from `reachable` where h has arguments without input:
            their waves are noise for the class they name, and a searched h names class 0 there.
        activation: z^k if None.
        normalise: return Gromov's parametrisation (a = 1/sqrt(kp), b = 1/N) instead of the plain one.
        rng: generator or seed of random phases.

    Returns:
        A `Construction` of kind "single". `report.errors` may be positive: what was asked for is built.

    Raises:
        ValueError: an argument out of range, named in the message with the rule and the value.

    Example:
        >>> from modgrok.analytic.forms import tabulate, weighted_sum
        >>> form = weighted_sum(7, (1, 2))
        >>> made = construct(tabulate(form, 7), 7, form)
        >>> made.width, made.frequencies, made.report.errors
        (6, (1,), 0)

    Source: Gromov 2023, Claims I-II; Doshi et al. 2024, Sec. 2-3; exact phases: docs/exact-networks.md.
    """
    style = _style(phases, width, frequencies, readout, activation, len(witness.g))
    plan = _Plan(witness, p, width, frequencies, readout, activation)
    predicted: float | None = None
    probes: tuple[tuple[int, int], ...] = ()
    if style == "exact":
        choice = _chosen(plan)
        net = plan.network(exact_waves(plan.order, plan.k, choice.frequencies))
        _fits(net, width)
        used, predicted = choice.frequencies, choice.margin
    else:
        net, used, probes = _random(plan, table, rng)
    rounding = plan.rounding(net)
    net = normalised(net) if normalise else net
    return Construction(
        kind="single",
        network=net,
        width=net.width,
        form=witness.form,
        phases=style,
        frequencies=used,
        readout=readout,
        activation=net.activation,
        predicted=predicted,
        rounding=rounding,
        report=verify(net, table, p),
        probes=probes,
    )


@dataclass(frozen=True, eq=False)
class _Plan:
    """What was asked for, seen as a problem on one cyclic group."""

    witness: Witness
    p: int
    width: int | str | None
    frequencies: int | Sequence[int] | None
    readout: str
    activation: str | None

    def __post_init__(self) -> None:
        if self.witness.form not in ("additive", "multiplicative"):
            raise ValueError(f"witness: form must be additive or multiplicative, got {self.witness.form!r}")
        lengths = [len(g) for g in (*self.witness.g, self.witness.h)]
        if set(lengths) != {self.p}:
            raise ValueError(f"witness: tables must have length p = {self.p}, got {lengths}")
        if self.multiplies and not is_prime(self.p):
            raise ValueError(f"p: must be prime for a multiplicative closed form, got {self.p}")
        if not (self.width is None or self.width == "auto" or isinstance(self.width, int)):
            raise ValueError(f'width: must be an integer, "auto" or None, got {self.width!r}')

    @property
    def multiplies(self) -> bool:
        return self.witness.form == "multiplicative"

    @property
    def k(self) -> int:
        return len(self.witness.g)

    @property
    def order(self) -> int:
        return self.p - 1 if self.multiplies else self.p

    @property
    def extra(self) -> int:
        """How many neurons zero takes."""
        return int(self.multiplies and any((np.asarray(g) == 0).any() for g in self.witness.g))

    def network(self, waves: Waves) -> MLP:
        build = multiplicative if self.multiplies else additive
        return build(self.witness, waves, readout=self.readout, activation=self.activation)

    def separation(self) -> Separation:
        label, reach = np.asarray(self.witness.h, dtype=np.int64), reachable(self.witness, self.p)
        if self.multiplies:
            power = exponential_table(self.p)
            label, reach = label[power], reach[power]
        return Separation(self.order, label, reach, preimages(label, reach, self.p, self.readout))

    def rounding(self, net: MLP) -> float | None:
        """Bound the periodic neurons' float32 error; the zero neuron is silent where they decide."""
        if power_of(net.activation) is None:
            return None
        return rounding_bound(
            MLP(net.embedding[:, :, self.extra :], net.readout[:, self.extra :], net.activation)
        )


def _style(
    phases: str | None,
    width: int | str | None,
    frequencies: int | Sequence[int] | None,
    readout: str,
    activation: str | None,
    k: int,
) -> str:
    """Return the phases to use: exact where they apply and nothing asks for the papers' random ones."""
    matching = activation is None or power_of(activation) == k
    if phases is None:
        free = frequencies is not None or not isinstance(width, int)
        return "exact" if matching and free and readout != "inverse" else "random"
    if phases not in PHASES:
        raise ValueError(f"phases: must be one of {', '.join(PHASES)}, got {phases!r}")
    if phases == "exact" and not matching:
        raise ValueError(f"activation: must be power{k} with exact phases, got {activation!r}")
    return phases


def _chosen(plan: _Plan) -> Choice:
    """Return the frequencies of an exact network: those given, the best of a number, or the fewest."""
    problem = plan.separation()
    if isinstance(plan.frequencies, int):
        return choose(problem, plan.frequencies)
    if plan.frequencies is not None:
        given = _checked(plan.frequencies, plan.order)
        return Choice(given, margin(problem, given), False)
    if isinstance(plan.width, int):
        return choose(problem, _room(problem, plan, plan.width))
    return _safest(problem, plan)


def _checked(frequencies: Sequence[int], m: int) -> tuple[int, ...]:
    found = tuple(sorted(int(f) for f in frequencies))
    if not found or len(set(found)) != len(found) or found[0] < 0 or found[-1] > m // 2:
        raise ValueError(f"frequencies: must be distinct integers in 0..{m // 2}, got {tuple(frequencies)}")
    return found


def _fits(net: MLP, width: int | str | None) -> None:
    if isinstance(width, int) and net.width > width:
        raise ValueError(f"width: must be at least {net.width} for these exact phases, got {width}")


def _room(problem: Separation, plan: _Plan, width: int) -> int:
    """Return how many frequencies fit into a width."""
    block = exact_phases(plan.k).shape[1]
    pool = problem.candidates
    room = width - plan.extra
    if room >= sum(1 if f == 0 else block for f in pool):
        return len(pool)
    if room < block:
        raise ValueError(f"width: must be at least {block + plan.extra} for exact phases, got {width}")
    return min(room // block, len(pool))


def _safest(problem: Separation, plan: _Plan) -> Choice:
    """Return the fewest frequencies found whose margin is over twice the float32 bound of their network."""
    floor, choice = 0.0, smallest(problem, 0.0)
    while len(choice.frequencies) < len(problem.candidates):
        net = plan.network(exact_waves(plan.order, plan.k, choice.frequencies))
        bound = 2 * (plan.rounding(net) or 0.0)
        if choice.margin > bound:
            break
        floor = max(2 * floor, bound)
        choice = smallest(problem, floor)
    return choice


def _random(
    plan: _Plan, table: np.ndarray, rng: np.random.Generator | int
) -> tuple[MLP, tuple[int, ...], tuple[tuple[int, int], ...]]:
    """Return the papers' network, the frequencies it carries folded into 0..m//2, and the widths probed."""
    given = plan.frequencies
    if isinstance(given, int):
        given = choose(plan.separation(), given).frequencies
    carried = None if given is None else _checked(given, plan.order)
    seed = int(rng.integers(2**63)) if isinstance(rng, np.random.Generator) else rng

    def waves(width: int) -> Waves:
        return random_waves(plan.order, plan.k, width - plan.extra, np.random.default_rng(seed), carried)

    probes: tuple[tuple[int, int], ...] = ()
    width = PAPER_WIDTH if plan.width is None else plan.width
    if isinstance(width, str):
        search = smallest_width(lambda n: plan.network(waves(n)), table, plan.p)
        width, probes = search.width, search.probes
    made = waves(width)
    folded = np.unique(np.minimum(made.frequency, -made.frequency % plan.order))
    return plan.network(made), tuple(int(f) for f in folded), probes
