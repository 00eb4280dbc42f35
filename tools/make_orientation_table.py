"""Print the table of docs/concepts/structure.md: `uv run python tools/make_orientation_table.py`.

Trains networks on x + y mod 61 as Mallinar et al. 2024 do, and reads from their weights which terms cancel
when summed over neurons. Takes about a minute for each network of width 1024 on two cores.
"""

from __future__ import annotations

import argparse
import sys
from itertools import product

import jax.numpy as jnp
import numpy as np

from modgrok import Experiment, run
from modgrok.measures.features.circulant import circulant_deviation
from modgrok.models import MLP
from modgrok.models.circulant import oriented

P = 61
EPOCHS = 50
BATCH = 32
COLUMNS = (
    "width",
    "seed",
    "deviation from Hankel",
    "from Toeplitz",
    "Hankel sum",
    "Toeplitz sum",
    "random phases",
    "offset left",
    "block / diagonal",
)


def train(width: int, seed: int) -> MLP:
    """Return the network after fifty epochs."""
    experiment = Experiment.of(
        "x + y",
        p=P,
        fraction=0.5,
        seed=seed,
        learner="mlp",
        parametrisation="doshi",
        width=width,
        optimiser="adamw",
        lr=1e-3,
        weight_decay=1.0,
        batch_size=BATCH,
    )
    weights = run(experiment, steps=EPOCHS * (P * P // 2 // BATCH), early_stop=False).weights
    assert isinstance(weights, MLP)
    return weights


def numbers(net: MLP) -> list[float]:
    """Return the numbers of a row, after width and seed.

    Sums run over neurons and are divided by the same sums of absolute values, both added up over the
    frequencies 1..(p-1)/2. U, V, W are the Fourier coefficients of the weights of x, of y and of the classes.
    """
    embedding, readout = np.asarray(net.embedding, float), np.asarray(net.readout, float)
    frequencies = slice(1, (P + 1) // 2)
    u, v = np.fft.fft(embedding, axis=1)[:, frequencies] / P
    w = np.fft.fft(readout, axis=0)[frequencies] / P

    stacked = embedding.reshape(2 * P, -1)
    matrix = jnp.asarray(stacked @ stacked.T)
    deviations = [float(circulant_deviation(matrix, oriented(P, name))) for name in ("hankel", "toeplitz")]

    waves = 2 * np.sum((np.abs(u) ** 2 + np.abs(v) ** 2) * w, axis=1)
    mean_square = np.mean(embedding[0] ** 2, 0) + np.mean(embedding[1] ** 2, 0)
    constant = readout @ (mean_square + 2 * np.mean(embedding[0], 0) * np.mean(embedding[1], 0))
    bias = np.fft.fft(constant)[frequencies] / P

    block, diagonal = np.asarray(matrix[:P, P:]), np.asarray(matrix[:P, :P])
    return [
        *deviations,
        _coherence(u * v),
        _coherence(u * v.conj()),
        _random_coherence(u * v),
        float(np.linalg.norm(bias) / np.linalg.norm(waves)),
        float(np.linalg.norm(block) / np.linalg.norm(diagonal)),
    ]


def _coherence(terms: np.ndarray) -> float:
    return float(np.abs(terms.sum(1)).sum() / np.abs(terms).sum())


def _random_coherence(terms: np.ndarray) -> float:
    """Return what `_coherence` is on average where phases are independent and uniform (Rayleigh's mean)."""
    sizes = np.sqrt((np.abs(terms) ** 2).sum(1))
    return float(np.sqrt(np.pi) / 2 * sizes.sum() / np.abs(terms).sum())


def main() -> None:
    """Print a Markdown table, one row per network."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--widths", type=int, nargs="+", default=[256, 1024, 4096])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    arguments = parser.parse_args()
    sys.stdout.write(f"| {' | '.join(COLUMNS)} |\n|{' --- |' * len(COLUMNS)}\n")
    for width, seed in product(arguments.widths, arguments.seeds):
        cells = [f"{width:,}", str(seed), *(f"{value:.2f}" for value in numbers(train(width, seed)))]
        sys.stdout.write(f"| {' | '.join(cells)} |\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
