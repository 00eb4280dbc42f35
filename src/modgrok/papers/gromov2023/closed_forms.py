"""Gromov 2023: what the closed form rests on (Sec. 3, Eq. 12 and 20, App. A), without training.

Owns: these claims. Networks are checked on all inputs.
"""

from __future__ import annotations

import numpy as np

from ...analytic import Witness, weighted_sum
from ...models import MLP
from ..claims.claim import Claim, ClaimResult, Expected, Misprint
from ..claims.evidence import Evidence
from ..claims.formulas import at_every_budget, formula_result
from ..claims.plan import no_runs
from .functions import closed, size, squares
from .runs import REAL
from .solutions import shares, spectrum

DRAWS = 3
WIDTH = 500


def accuracy_of(first: np.ndarray, second: np.ndarray, readout: np.ndarray) -> float:
    """Return the accuracy on n + m of logits Re (u_n + v_m)^2 w, over all inputs.

    Arguments:
        first, second: u and v, shape (p, N), real or complex.
        readout: w, shape (N, p).
    """
    p = len(first)
    hidden = (first[:, None] + second[None]).reshape(p * p, -1) ** 2
    predictions = np.real(hidden @ readout).argmax(axis=1).reshape(p, p)
    n = np.arange(p)
    return float(np.mean(predictions == (n[:, None] + n) % p))


def angles(p: int, phases: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return 2 pi k n / p for every value and neuron, shape (p, N), frequencies k drawn; and the phases."""
    frequency = rng.integers(1, p // 2 + 1, phases.shape[1])
    return 2 * np.pi * np.outer(np.arange(p), frequency) / p, phases


def measure_complex(evidence: Evidence) -> ClaimResult:
    """Measure the accuracy of complex waves with the same constraint on phases."""
    p, _ = size(evidence)
    values_by_name: dict[int, list[float]] = {}
    for width in (100, WIDTH):
        for seed in range(DRAWS):
            rng = np.random.default_rng(seed)
            angle, (one, two) = angles(p, rng.uniform(-np.pi, np.pi, (2, width)), rng)
            waves = [np.exp(1j * (angle + phase)) for phase in (one, two)]
            readout = np.exp(-1j * (angle + one + two)).T
            values_by_name.setdefault(width, []).append(accuracy_of(waves[0], waves[1], readout))
    values = {f"accuracy_{width}": min(each) for width, each in values_by_name.items()}
    return formula_result(
        values,
        {f"accuracy_{WIDTH}": (0.999, 1.0)},
        "Complex weights",
        f"Accuracy on all inputs of n + m mod {p}, the least of {DRAWS} draws of the phases.",
    )


MODULI = {"tiny": (9,), "laptop": (91, 96, 100), "desktop": (91, 96, 100), "paper": (91, 96, 100)}


def measure_composite(evidence: Evidence) -> ClaimResult:
    """Measure the closed form's accuracy at moduli that are not prime."""
    rows = [
        {"p": p, "accuracy": min(_accuracy(p, seed) for seed in range(DRAWS))}
        for p in MODULI[evidence.budget]
    ]
    values = {"accuracy": min(float(row["accuracy"]) for row in rows)}
    names = ", ".join(str(row["p"]) for row in rows)
    caption = f"Accuracy on all inputs of n + m mod {names}, the least of {DRAWS} draws each."
    return formula_result(values, {"accuracy": (0.999, 1.0)}, "Composite moduli", caption, rows=rows)


def _accuracy(p: int, seed: int) -> float:
    return closed(weighted_sum(p, (1, 1)), p, WIDTH, seed).report.accuracy


def measure_constraint(evidence: Evidence) -> ClaimResult:
    """Compare the closed form with one whose third phase is drawn, too."""
    p, _ = size(evidence)
    rng = np.random.default_rng(0)
    angle, (one, two, three) = angles(p, rng.uniform(-np.pi, np.pi, (3, WIDTH)), rng)
    waves = [np.cos(angle + phase) for phase in (one, two)]
    values = {
        "constrained": accuracy_of(waves[0], waves[1], np.cos(-angle - one - two).T),
        "free": accuracy_of(waves[0], waves[1], np.cos(-angle - three).T),
    }
    return formula_result(
        values,
        {"constrained": (0.999, 1.0), "free": (0.0, 0.2)},
        "Phases with and without the constraint",
        f"Accuracy on all inputs of n + m mod {p}, N = {WIDTH}.",
    )


def measure_leftover(evidence: Evidence) -> ClaimResult:
    """Measure where an output of the closed form has its Fourier power."""
    p, _ = size(evidence)
    net = closed(weighted_sum(p, (1, 1)), p, WIDTH, 0).network
    assert isinstance(net, MLP)
    _, power = spectrum(net, 6)
    signal, leftover = shares(power)
    values = {"wanted": signal, "leftover": leftover, "elsewhere": max(0.0, 1 - signal - leftover)}
    return formula_result(
        values,
        {"wanted": (0.5, 1.0), "leftover": (0.01, 0.5), "elsewhere": (0.0, 1e-6)},
        "Fourier power of output 6 over all inputs",
        "Wanted: frequencies (k, k), of n + m. Leftover: (2k, 0), (0, 2k), (k, -k), of 2n, 2m, n - m.",
    )


def _embedding_ipr(net: object) -> float:
    """Return the mean IPR of the embedding's blocks in the order of the numbers."""
    assert isinstance(net, MLP)
    power = np.abs(np.fft.rfft(np.asarray(net.embedding, np.float64), axis=1)) ** 2
    return float(_ipr(np.moveaxis(power, 1, -1)).mean())


def measure_basis(evidence: Evidence) -> ClaimResult:
    """Take the closed form's IPR in the order of the numbers and in that of the task."""
    p, _ = size(evidence)
    total, of_squares = (closed(form, p, WIDTH, 0).network for form in (_sum(p), squares(p)))
    values = {
        "sum": _embedding_ipr(total),
        "squares_natural": _embedding_ipr(of_squares),
    }
    return formula_result(
        values,
        {"sum": (0.999, 1.0), "squares_natural": (0.0, 0.2)},
        "IPR of closed forms",
        f"Mean over the embeddings of {WIDTH} neurons, p = {p}, in the order of the numbers.",
    )


def _sum(p: int) -> Witness:
    return weighted_sum(p, (1, 1))


def measure_row(evidence: Evidence) -> ClaimResult:
    """Take the IPR of the closed form's rows as a whole, as printed, and of each operand's block."""
    p, _ = size(evidence)
    rng = np.random.default_rng(0)
    frequencies = np.arange(1, p // 2 + 1)
    angle = 2 * np.pi * np.outer(frequencies, np.arange(p)) / p
    phases = rng.uniform(-np.pi, np.pi, (2, len(frequencies), 1))
    blocks = np.cos(angle + phases)
    whole = np.abs(np.fft.rfft(np.concatenate(list(blocks), axis=1), axis=1)) ** 2
    halves = np.abs(np.fft.rfft(blocks, axis=2)) ** 2
    values = {"whole_row": float(_ipr(whole).mean()), "blocks": float(_ipr(halves).mean())}
    return formula_result(
        values,
        {"whole_row": (0.99, 1.0), "blocks": (0.99, 1.0)},
        "IPR of the closed form",
        "Means over frequencies, of rows of 2p weights and of blocks of p, with the real DFT.",
    )


def _ipr(power: np.ndarray) -> np.ndarray:
    share: np.ndarray = power / power.sum(axis=-1, keepdims=True)
    total: np.ndarray = (share**2).sum(axis=-1)
    return total


BRANCHES = (2, 3, 4)


def measure_branches(evidence: Evidence) -> ClaimResult:
    """Measure the closed form of (n + m)^b whose readout inverts one branch of the power."""
    p = 13 if evidence.budget == "tiny" else 97
    n = np.arange(p)
    forms = {b: Witness("additive", (n, n), n**b % p) for b in BRANCHES}
    values = {f"inverse_{b}": _branch(form, p, "inverse") for b, form in forms.items()}
    ranges = {f"inverse_{b}": (1 / b - 0.04, 1 / b + 0.04) for b in BRANCHES}
    return formula_result(
        values,
        ranges,
        "Readout of one branch",
        f"Accuracy on all inputs of (n + m)^b mod {p}, N = {WIDTH}. Shaded: 100%/b, to 4 points.",
    )


def _branch(form: Witness, p: int, readout: str) -> float:
    return closed(form, p, WIDTH, 0, readout).report.accuracy


FORMULAS = at_every_budget("nothing is trained; three draws of the phases at most")

CLAIMS = (
    Claim(
        "gromov2023/appa-complex",
        "App. A",
        "Complex waves exp(2 pi i k n/p + i phi), with the same constraint on their phases, add under the "
        "quadratic activation.",
        no_runs,
        measure_complex,
        (Expected("accuracy_500", "solves addition (App. A): 100% at N = 500", low=0.999),),
        FORMULAS,
    ),
    Claim(
        "gromov2023/composite-moduli",
        "Sec. 2",
        "The closed form does not need p to be prime.",
        no_runs,
        measure_composite,
        (Expected("accuracy", "100% at N = 500, p need not be prime (Sec. 2)", low=0.999),),
        FORMULAS,
    ),
    Claim(
        "gromov2023/eq12-constraint",
        "Eq. 12",
        "The constraint phi1 + phi2 = phi3 is what makes the closed form add: with a third phase "
        "drawn at random it is near chance.",
        no_runs,
        measure_constraint,
        (
            Expected("constrained", "100% with the constraint (Eq. 12)", low=0.999),
            Expected("free", "near chance without it; at most 5%, a bound of ours", high=0.05, budgets=REAL),
            Expected("free", "near chance without it; at most 40%", high=0.4, budgets=("tiny",)),
        ),
        FORMULAS,
    ),
    Claim(
        "gromov2023/fig2-leftover",
        "Fig. 2, Sec. 3",
        "Apart from waves of n + m, the closed form contains only waves of 2n, 2m and n - m.",
        no_runs,
        measure_leftover,
        (
            Expected("elsewhere", "no power elsewhere (Fig. 2, Sec. 3), to 1e-6", high=1e-6),
            Expected("leftover", "extra weak peaks (Fig. 2): above 1% of the power", low=0.01),
            Expected("wanted", "the strongest peaks (Fig. 2): more than half of the power", low=0.5),
        ),
        FORMULAS,
    ),
    Claim(
        "gromov2023/eq20-basis",
        "Eq. 20-21, App. C",
        "The closed form of n + m has IPR 1. That of n^2 + m^2 has about that of random weights in the order "
        "of the numbers.",
        no_runs,
        measure_basis,
        (
            Expected("sum", "1, a wave of one frequency; Fig. 5 has a dashed line at it", low=0.999),
            Expected(
                "squares_natural", "0.052 (third-party report), to a quarter", 0.039, 0.065, budgets=REAL
            ),
            Expected("squares_natural", "below that of a wave", high=0.6, budgets=("tiny",)),
        ),
        FORMULAS,
    ),
    Claim(
        "gromov2023/eq20-printed-row",
        "Eq. 20",
        "The closed form has IPR 1 when all 2p weights of a row are transformed together.",
        no_runs,
        measure_row,
        (
            Expected("whole_row", "1: a row of the closed form is one wave (Eq. 20)", low=0.99),
            Expected("blocks", "1 when each operand's block is transformed by itself", low=0.99),
        ),
        FORMULAS,
        misprint=Misprint(("whole_row",), ("blocks",), "docs/errata.md"),
    ),
    Claim(
        "gromov2023/claim2-branches",
        "Claim II",
        "Where the outer function has b branches, a readout that inverts one of them is correct on about "
        "100%/b of the inputs.",
        no_runs,
        measure_branches,
        (
            *(
                Expected(
                    f"inverse_{b}",
                    f"about 100%/{b} (Claim II), to 4 points",
                    1 / b - 0.04,
                    1 / b + 0.04,
                    budgets=REAL,
                )
                for b in BRANCHES
            ),
            Expected("inverse_2", "about half (Claim II)", 0.4, 0.7, budgets=("tiny",)),
        ),
        FORMULAS,
    ),
)
