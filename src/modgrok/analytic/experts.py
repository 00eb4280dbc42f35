"""Experts: an arbitrary polynomial as product networks, a softmax, and a network for their sum.

    t_s = f_mul,s(n_1..n_k),   u_s = softmax(beta t_s),   z = W phi(sum_s u_s U_s),   phi(x) = x^S

Owns: how a list of monomials becomes the parts of `models.experts.Experts`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log

import jax.numpy as jnp
import numpy as np

from ..algebra import is_prime
from ..models.experts import BETA, Experts
from ..models.mlp import MLP
from .additive import additive
from .codes import codes
from .construction import PHASES, Construction
from .forms import Witness, monomial, weighted_sum
from .frequencies import Separation, smallest
from .multiplicative import coded, multiplicative
from .readout import preimages
from .verify import verify
from .waves import Waves, exact_waves, random_waves

PRODUCT_WIDTH, SUM_WIDTH = 500, 2000
"""N1 and N2 of Doshi et al. 2024, App. B."""

LEFT_ON_RIGHT = 1e-6
"""With exact phases, how little softmax may leave on all wrong values together."""

Monomials = Mapping[tuple[int, ...], int] | Sequence[tuple[int, tuple[int, ...]]]


@dataclass(frozen=True)
class Terms:
    """A polynomial mod p as plain data, like terms joined and zero terms dropped.

    Attributes:
        coefficients: c_s in 1..p-1.
        exponents: one tuple of k integers >= 0 a term, not all zero.
        constant: the term without operands, in 0..p-1.
    """

    coefficients: tuple[int, ...]
    exponents: tuple[tuple[int, ...], ...]
    constant: int


def collect(p: int, monomials: Monomials) -> Terms:
    """Join like terms of sum_s c_s prod n_j^a_sj mod p.

    Arguments:
        p: modulus.
        monomials: pairs (coefficient, exponents), or a mapping exponents -> coefficient.

    Raises:
        ValueError: no monomial, a negative exponent, or exponent tuples of different lengths.

    Example:
        >>> collect(5, [(7, (1, 1)), (-2, (1, 1)), (4, (2, 0)), (8, (0, 0))])
        Terms(coefficients=(4,), exponents=((2, 0),), constant=3)
    """
    pairs = [(c, e) for e, c in monomials.items()] if isinstance(monomials, Mapping) else list(monomials)
    lengths = {len(e) for _, e in pairs}
    if len(lengths) != 1 or 0 in lengths:
        raise ValueError(f"monomials: must name the same operands, got exponents of length {lengths}")
    coefficients: dict[tuple[int, ...], int] = {}
    for c, e in pairs:
        if min(e) < 0:
            raise ValueError(f"monomials: exponents must be at least 0, got {tuple(e)}")
        coefficients[tuple(e)] = (coefficients.get(tuple(e), 0) + c) % p
    constant = coefficients.pop((0,) * lengths.pop(), 0)
    nonzero = {e: c for e, c in coefficients.items() if c}
    if not nonzero:
        nonzero = {(1, *[0] * (len(pairs[0][1]) - 1)): 0}
    return Terms(tuple(nonzero.values()), tuple(nonzero), constant)


def experts(
    p: int,
    monomials: Monomials,
    *,
    product_width: int | None = None,
    sum_width: int | None = None,
    beta: float = BETA,
    phases: str | None = None,
    rng: np.random.Generator | int = 0,
) -> Experts:
    """Write down the experts of c_1 m_1 + ... + c_S m_S + c_0 mod p.

    A product expert is the multiplicative closed form on the operands its monomial contains (of its code mod
    a composite p), the others have embedding 0; with one such operand it is the additive form of n -> n^a.
    The sum expert is the additive form of sum c_s t_s, its classes rolled by c_0.

    Arguments:
        p: modulus, at least 2.
        monomials: pairs (c_s, (a_s1..a_sk)), or a mapping exponents -> c_s; at most 12 remain after joining.
        product_width, sum_width: N1 and N2 with random phases; 500 and 2000 if None. Not with exact phases,
            which take the fewest neurons that leave softmax 1e-6 on wrong values.
        beta: > 0.
        phases: "exact" or "random"; exact if None and no width is given.
        rng: generator or seed of random phases.

    Returns:
        `Experts`.

    Raises:
        ValueError: more than 12 monomials, beta too small for exact
            phases, or a bad monomial.

    Source: Doshi et al. 2024, Eq. 6 and App. B; constants, exact phases and the roll are additions.
    """
    terms = collect(p, monomials)
    if len(terms.coefficients) > 12:
        raise ValueError(f"monomials: must be at most 12, got {len(terms.coefficients)}")
    if not beta > 0:
        raise ValueError(f"beta: must be positive, got {beta}")
    style = phases or ("exact" if product_width is None and sum_width is None else "random")
    if style not in PHASES:
        raise ValueError(f"phases: must be one of {', '.join(PHASES)}, got {phases!r}")
    stream = np.random.default_rng(rng) if isinstance(rng, int) else rng
    sizes = (None, None) if style == "exact" else (product_width or PRODUCT_WIDTH, sum_width or SUM_WIDTH)
    products = tuple(_product(p, e, sizes[0], beta, stream) for e in terms.exponents)
    return Experts(products, _sum(p, terms, sizes[1], beta, stream), beta)


def construct_experts(
    table: np.ndarray,
    p: int,
    monomials: Monomials,
    *,
    product_width: int | None = None,
    sum_width: int | None = None,
    beta: float = BETA,
    phases: str | None = None,
    rng: np.random.Generator | int = 0,
) -> Construction:
    """Build experts and check them on every input of a table; arguments as `experts`, record as `construct`.

    Example:
        >>> n = np.arange(5)
        >>> table = (n[:, None] ** 2 + n[:, None] * n + 1) % 5
        >>> construct_experts(table, 5, [(1, (2, 0)), (1, (1, 1)), (1, (0, 0))]).report.errors
        0
    """
    net = experts(
        p, monomials, product_width=product_width, sum_width=sum_width, beta=beta, phases=phases, rng=rng
    )
    style = phases or ("exact" if product_width is None and sum_width is None else "random")
    return Construction(
        kind="experts",
        network=net,
        width=net.width,
        form="experts",
        phases=style,
        frequencies=(),
        readout="forward",
        activation=net.total.activation,
        predicted=None,
        rounding=None,
        report=verify(net, table, p, chunk=1024),
    )


def _product(
    p: int, exponents: tuple[int, ...], width: int | None, beta: float, rng: np.random.Generator
) -> MLP:
    """Write down one product expert; operands with exponent 0 get embedding 0."""
    active = [s for s, a in enumerate(exponents) if a]
    form = monomial(p, [exponents[s] for s in active])
    if len(active) == 1:
        small = additive(Witness("additive", form.g, form.h), _waves(_every(p), 1, width, beta, rng))
    elif is_prime(p):
        periodic = None if width is None else width - 1
        small = multiplicative(form, _waves(_every(p - 1), len(active), periodic, beta, rng))
    else:
        code = codes(form, p)[0]
        read = preimages(code.label, code.reach, p, "reachable")
        problem = Separation(code.order, code.label, code.reach, read, code.factors)
        small = coded(code, _waves(problem, len(active), width, beta, rng), p)
    embedding = jnp.zeros((len(exponents), p, small.width)).at[jnp.array(active)].set(small.embedding)
    return MLP(embedding, small.readout, small.activation)


def _sum(p: int, terms: Terms, width: int | None, beta: float, rng: np.random.Generator) -> MLP:
    """Write down the sum expert; a constant moves class q to q + c_0."""
    net = additive(
        weighted_sum(p, terms.coefficients), _waves(_every(p), len(terms.coefficients), width, beta, rng)
    )
    return MLP(net.embedding, jnp.roll(net.readout, terms.constant, axis=0), net.activation)


def _every(m: int) -> Separation:
    """Return the problem of telling all elements of Z_m apart."""
    return Separation(m, np.arange(m), np.ones(m, dtype=bool), np.eye(m))


def _waves(problem: Separation, k: int, width: int | None, beta: float, rng: np.random.Generator) -> Waves:
    """Return random waves of a width, or exact ones whose margin lets softmax at beta decide."""
    m, factors = problem.order, problem.factors
    if width is not None:
        return random_waves(m, k, width, rng, factors=factors)
    if m == 1:
        return exact_waves(1, k, (0,), factors)
    wrong = len(problem.preimages)
    floor = log(wrong / LEFT_ON_RIGHT) / beta
    if floor >= 1:
        raise ValueError(f"beta: must exceed {log(wrong / LEFT_ON_RIGHT):.1f} for exact phases, got {beta}")
    return exact_waves(m, k, smallest(problem, floor).frequencies, factors)
