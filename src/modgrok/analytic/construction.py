"""Construction: one witness in, one verified closed-form network out.

Owns: the defaults (phases, frequencies, readout) and the record of what was built.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import equinox as eqx
import numpy as np

from ..algebra import exponential_table, is_prime
from ..models.activations import power_of
from ..models.mlp import MLP
from .additive import additive
from .characters import Factors, opposite, representatives
from .codes import Code, codes
from .forms import Witness, reachable
from .frequencies import Choice, Separation, choose, margin, smallest
from .multiplicative import coded, multiplicative
from .network import normalised
from .phases import exact_phases
from .precision import rounding_bound
from .readout import preimages
from .verify import VerificationReport, verify
from .waves import Waves, block, exact_waves, random_waves
from .width import smallest_width

PHASES = ("exact", "random")
"""`exact`: all leftover waves cancel. `random`: the papers' uniform phases, leftovers of size 1/sqrt(N)."""

PAPER_WIDTH = 500
"""N of the papers' figures, taken for random phases when no width is given."""

CODED_FLOOR = 1e-3
"""The margin that a search on a product of groups asks for from the start, to save searches."""

LARGEST_SECOND_CODE = 64
"""The largest group of a second code that is tried beside the smaller one."""


@dataclass(frozen=True, eq=False)
class Construction:
    """A closed-form network and what is known of it.

    Attributes:
        kind: "single" for one two-layer network, "experts" for products, softmax and a sum.
        network: inputs (n, k) -> logits (n, c); an `MLP` when single, an `Experts` otherwise.
        width: hidden neurons, all of them (for experts: product experts and sum expert together).
        form: "additive", "multiplicative" or "experts".
        phases: "exact" or "random".
        frequencies: the distinct frequencies carried, ascending; for a product mod a composite p the numbers
            of the characters of `group`, digits in mixed radix, of each conjugate pair the smaller.
        readout: one of `READOUTS`.
        activation: of the network; of the sum expert for experts.
        predicted: the smallest margin on nonzero inputs by the closed formula in float64; None without one.
        rounding: bound on what float32 can move one periodic logit; None for other activations than powers.
        report: the exhaustive check.
        probes: (width, errors) that a search over widths tried, in order; else empty.
        group: orders of the cyclic factors whose waves the neurons are: (p,) for a sum, (p - 1,) for a
            product mod a prime, those of its code mod a composite p; empty for experts.
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
    report: VerificationReport
    probes: tuple[tuple[int, int], ...] = ()
    group: tuple[int, ...] = ()


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
        p: modulus, at least 2.
        witness: form, g (k tables), h.
        width: hidden neurons. None: the fewest found with exact phases, or 500 with random ones. An integer:
            exactly that many random neurons, or with `phases="exact"` at most that many. "auto": the smallest
            number found without an error.
        phases: one of `PHASES`. None: random if an integer width, an inverse readout, or an activation other
            than z^k is asked for, else exact.
        frequencies: how many (the best are chosen) or which, in 0..m//2 for the group order m, p or p - 1;
            for a product mod a composite p which of the `representatives` of its smaller code's group.
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
        ValueError: an argument out of range, named in the message with the rule and the value; no witness,
            which a task without a form has.

    Example:
        >>> from modgrok.analytic.forms import tabulate, weighted_sum
        >>> form = weighted_sum(7, (1, 2))
        >>> built = construct(tabulate(form, 7), 7, form)
        >>> built.width, built.frequencies, built.report.errors
        (6, (1,), 0)

    Source: Gromov 2023, Claims I-II; Doshi et al. 2024, Sec. 2-3; exact phases: docs/exact-networks.md.
    """
    if witness is None:  # as of a verdict that is not checked first
        raise ValueError("witness: must be that of a task with a form, got None: modgrok.decide found none")
    width = int(width) if isinstance(width, np.integer) else width
    frequencies = int(frequencies) if isinstance(frequencies, np.integer) else frequencies
    style = _style(phases, width, frequencies, readout, activation, len(witness.g))
    plan = _Plan(witness, p, width, frequencies, readout, activation).coded()
    predicted: float | None = None
    probes: tuple[tuple[int, int], ...] = ()
    if style == "exact":
        plan, choice, net = _exact(plan)
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
        group=plan.factors or (plan.order,),
    )


@dataclass(frozen=True, eq=False)
class _Plan:
    """What was asked for, seen as a problem on one group."""

    witness: Witness
    p: int
    width: int | str | None
    frequencies: int | Sequence[int] | None
    readout: str
    activation: str | None
    code: Code | None = None
    rivals: tuple[Code, ...] = ()

    def __post_init__(self) -> None:
        if self.witness.form not in ("additive", "multiplicative"):
            raise ValueError(f"witness: form must be additive or multiplicative, got {self.witness.form!r}")
        lengths = [len(g) for g in (*self.witness.g, self.witness.h)]
        if set(lengths) != {self.p}:
            raise ValueError(f"witness: tables must have length p = {self.p}, got {lengths}")
        if not (self.width is None or self.width == "auto" or isinstance(self.width, int)):
            raise ValueError(f'width: must be an integer, "auto" or None, got {self.width!r}')

    def coded(self) -> _Plan:
        """Return the plan with its codes where products need them: mod a composite p."""
        if not self.multiplies or is_prime(self.p):
            return self
        first, *others = codes(self.witness, self.p)
        return replace(self, code=first, rivals=tuple(c for c in others if c.order <= LARGEST_SECOND_CODE))

    @property
    def multiplies(self) -> bool:
        return self.witness.form == "multiplicative"

    @property
    def k(self) -> int:
        return len(self.witness.g)

    @property
    def factors(self) -> Factors:
        return () if self.code is None else self.code.factors

    @property
    def order(self) -> int:
        if self.code is not None:
            return self.code.order
        return self.p - 1 if self.multiplies else self.p

    @property
    def extra(self) -> int:
        """How many neurons zero takes."""
        if self.code is not None:
            return 0
        return int(self.multiplies and any((np.asarray(g) == 0).any() for g in self.witness.g))

    def network(self, waves: Waves) -> MLP:
        if self.code is not None:
            return coded(self.code, waves, self.p, readout=self.readout, activation=self.activation)
        build = multiplicative if self.multiplies else additive
        return build(self.witness, waves, readout=self.readout, activation=self.activation)

    def separation(self) -> Separation:
        if self.code is not None:
            mode = "reachable" if self.readout == "forward" else self.readout
            read = preimages(self.code.label, self.code.reach, self.p, mode)
            return Separation(self.order, self.code.label, self.code.reach, read, self.factors)
        label, reach = np.asarray(self.witness.h, dtype=np.int64), reachable(self.witness, self.p)
        if self.multiplies:
            power = exponential_table(self.p)
            label, reach = label[power], reach[power]
        return Separation(self.order, label, reach, preimages(label, reach, self.p, self.readout))

    def waves(self, frequencies: Sequence[int]) -> Waves:
        return exact_waves(self.order, self.k, frequencies, self.factors)

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
        free = not isinstance(width, int)
        return "exact" if matching and free and readout != "inverse" else "random"
    if phases not in PHASES:
        raise ValueError(f"phases: must be one of {', '.join(PHASES)}, got {phases!r}")
    if phases == "exact" and not matching:
        raise ValueError(f"activation: must be power{k} with exact phases, got {activation!r}")
    return phases


def _exact(plan: _Plan) -> tuple[_Plan, Choice, MLP]:
    """Return the exact network, and of several codes the best: fewest neurons, or largest margin if fixed.

    Given frequencies are those of the first code.
    """
    free = plan.frequencies is None and not isinstance(plan.width, int)
    fixed_frequencies = not (plan.frequencies is None or isinstance(plan.frequencies, int))
    candidates: list[tuple[_Plan, Choice, MLP]] = []
    for code in (plan.code, *(() if fixed_frequencies else plan.rivals)):
        candidate = replace(plan, code=code)
        try:
            choice = _choice(candidate)
        except ValueError:
            if not candidates:
                raise
            continue
        candidates.append((candidate, choice, candidate.network(candidate.waves(choice.frequencies))))
    return min(candidates, key=lambda one: (one[2].width if free else 0, -one[1].margin))


def _choice(plan: _Plan) -> Choice:
    """Return the frequencies of an exact network: those given, the best of a number, or the fewest."""
    problem = plan.separation()
    if isinstance(plan.frequencies, int):
        return choose(problem, plan.frequencies)
    if plan.frequencies is not None:
        frequencies = _checked(plan.frequencies, plan.order, plan.factors)
        return Choice(frequencies, margin(problem, frequencies), False)
    if isinstance(plan.width, int):
        return choose(problem, _room(problem, plan, plan.width))
    return _safest(problem, plan)


def _checked(frequencies: Sequence[int], m: int, factors: Factors) -> tuple[int, ...]:
    ordered = tuple(sorted(int(f) for f in frequencies))
    if factors:
        allowed = representatives(m, factors)
        if not ordered or len(set(ordered)) != len(ordered) or not set(ordered) <= set(allowed):
            rule = f"must be distinct and the smaller of f, -f on {factors}"
            raise ValueError(f"frequencies: {rule}, got {tuple(frequencies)}")
        return ordered
    if not ordered or len(set(ordered)) != len(ordered) or ordered[0] < 0 or ordered[-1] > m // 2:
        raise ValueError(f"frequencies: must be distinct integers in 0..{m // 2}, got {tuple(frequencies)}")
    return ordered


def _fits(net: MLP, width: int | str | None) -> None:
    if isinstance(width, int) and net.width > width:
        raise ValueError(f"width: must be at least {net.width} for these exact phases, got {width}")


def _room(problem: Separation, plan: _Plan, width: int) -> int:
    """Return how many frequencies fit into a width."""
    most = exact_phases(plan.k).shape[1]
    pool = problem.candidates
    available = width - plan.extra
    if available >= sum(block(plan.order, plan.k, f, plan.factors)[0].shape[1] for f in pool):
        return len(pool)
    if available < most:
        raise ValueError(f"width: must be at least {most + plan.extra} for exact phases, got {width}")
    return min(available // most, len(pool))


def _safest(problem: Separation, plan: _Plan) -> Choice:
    """Return the fewest frequencies found whose margin is over twice the float32 bound of their network."""
    floor = CODED_FLOOR if plan.factors else 0.0
    choice = smallest(problem, floor)
    while len(choice.frequencies) < len(problem.candidates):
        net = plan.network(plan.waves(choice.frequencies))
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
    frequencies = plan.frequencies
    if isinstance(frequencies, int):
        frequencies = choose(plan.separation(), frequencies).frequencies
    carried = None if frequencies is None else _checked(frequencies, plan.order, plan.factors)
    seed = int(rng.integers(2**63)) if isinstance(rng, np.random.Generator) else rng

    def waves(width: int) -> Waves:
        stream = np.random.default_rng(seed)
        return random_waves(plan.order, plan.k, width - plan.extra, stream, carried, plan.factors)

    probes: tuple[tuple[int, int], ...] = ()
    width = PAPER_WIDTH if plan.width is None else plan.width
    if isinstance(width, str):
        search = smallest_width(lambda n: plan.network(waves(n)), table, plan.p)
        width, probes = search.width, search.probes
    network_waves = waves(width)
    carrying = np.unique(network_waves.frequency).tolist()
    folded = sorted({min(f, opposite(plan.order, plan.factors, f)) for f in carrying})
    return plan.network(network_waves), tuple(folded), probes
