"""Weights seen through the basis of their task: wave coefficients of every weight vector.

Owns: the spectra that all Fourier measures share, so that they are computed once an observation.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from ...algebra import Basis, real_components, wave_frames
from ...models import MLP
from ...models.on_device import on_device


class Frames(eqx.Module):
    """`algebra.WaveFrames` on the device, with the overlaps between frequencies where they are needed.

    For a group that is not cyclic, a frequency is an irreducible representation, c is the largest number
    of its real dimensions, and missing rows are 0.
    """

    frames: Float[Array, "f c p"]
    solve: Float[Array, "f c c"]
    doubled: Float[Array, " f"]
    overlaps: Float[Array, "g c g c"]
    orthogonal: bool = eqx.field(static=True)


class FourierFrames(eqx.Module):
    """A basis laid out for the device.

    Arguments:
        blocks: frames of each operand, then of the output.
        outputs: group element -> class, int32, shape (n,).
        name: the basis's name.
        components: names of the irreducible representations that stand for frequencies 0, 1, ...; None for a
            cyclic group.
    """

    blocks: tuple[Frames, ...]
    outputs: Int[Array, " n"]
    name: str = eqx.field(static=True)
    components: tuple[str, ...] | None = eqx.field(static=True, default=None)

    @property
    def bins(self) -> int:
        """Number of frequencies but the constant: n//2, or one less than there are representations."""
        return len(self.blocks[0].doubled) - 1

    @property
    def order(self) -> int:
        """n, the order of the group."""
        return len(self.outputs)


def make_fourier_frames(basis: Basis) -> FourierFrames:
    """Build the frames of every block of a basis.

    Example:
        >>> from modgrok.algebra import group_basis
        >>> make_fourier_frames(group_basis("S3", 6)).components
        ('(3)', '(2,1)', '(1,1,1)')
    """
    if basis.group is not None:
        return _of_group(basis, basis.group)
    identity = np.arange(basis.order, dtype=np.int64)
    blocks = tuple(_frames(labels, basis.order) for labels in (*basis.operands, identity))
    return FourierFrames(blocks, on_device(basis.outputs, np.int32), basis.name)


def shared_frames(basis: Basis) -> FourierFrames:
    """Return the frames of a basis, built once for all networks that are measured in it; not inside `jit`."""
    return _shared(_Content(basis))


class _Content:
    """A basis that equals any other of the same content."""

    def __init__(self, basis: Basis) -> None:
        self.basis = basis
        labels = (np.asarray(values).tobytes() for values in (*basis.operands, basis.outputs))
        self.key = (basis.name, basis.group, basis.order, *labels)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Content) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


@lru_cache(maxsize=8)
def _shared(content: _Content) -> FourierFrames:
    return make_fourier_frames(content.basis)


def _of_group(basis: Basis, group: str) -> FourierFrames:
    """Lay out the irreducible representations of a group in place of frequencies."""
    components = real_components(group)
    most = max(len(part.waves) for part in components)
    frames = np.zeros((len(components), most, basis.order))
    for frame, part in zip(frames, components, strict=True):
        frame[: len(part.waves)] = part.waves
    block = Frames(
        frames=on_device(frames, np.float32),
        solve=on_device(np.zeros((len(components), most, most)), np.float32),
        doubled=on_device(np.ones(len(components)), np.float32),
        overlaps=on_device(np.zeros((0, most, 0, most)), np.float32),
        orthogonal=True,
    )
    names = tuple(part.name for part in components)
    outputs = on_device(basis.outputs, np.int32)
    return FourierFrames((block,) * (len(basis.operands) + 1), outputs, basis.name, names)


def _frames(labels: np.ndarray, order: int) -> Frames:
    waves = wave_frames(labels, order)
    overlaps = np.einsum("fcp,gdp->fcgd", waves.frames, waves.frames)
    return Frames(
        frames=on_device(waves.frames, np.float32),
        solve=on_device(waves.solve, np.float32),
        doubled=on_device(waves.doubled, np.float32),
        overlaps=on_device(overlaps, np.float32),
        orthogonal=waves.orthogonal,
    )


class Spectra(eqx.Module):
    """Waves in every weight vector of a network.

    Arguments:
        power: share of each frequency in each vector, weighed as |rfft|^2; rows sum to 1, or are 0 for
            a zero vector. Shape (k + 1, h, f): operands, then the readout.
        coordinates: of each vector in the frame of each frequency, shape (k + 1, h, f, c).
        solve: coordinates -> coefficients (a, b) of a cos + b sin fitted at each frequency, shape
            (k + 1, f, c, c); zeros where frequencies are representations.
        dominant: each neuron's frequency 1..n//2 of greatest power over all its vectors, shape (h,).
        whole: whether all vectors of a neuron lie in the basis, shape (h,); false for neurons of zeros, and
            for the zero neuron of a product, whose weights sit on the values that have no logarithm.
    """

    power: Float[Array, "b h f"]
    coordinates: Float[Array, "b h f c"]
    solve: Float[Array, "b f c c"]
    dominant: Int[Array, " h"]
    whole: Bool[Array, " h"]

    @property
    def waves(self) -> Float[Array, "b h f c"]:
        """Coefficients of the wave fitted at each frequency."""
        return jnp.einsum("bfcd,bhfd->bhfc", self.solve, self.coordinates)

    @property
    def dominant_waves(self) -> Float[Array, "b h c"]:
        """Coefficients of the wave fitted at each neuron's dominant frequency."""
        at = self.coordinates[:, jnp.arange(len(self.dominant)), self.dominant]
        return jnp.sum(self.solve[:, self.dominant] * at[:, :, None, :], axis=-1)


ROUNDING_TOLERANCE = 1e-9
"""Share of a vector's energy below which its part inside the basis is rounding, not a spectrum."""


@eqx.filter_jit
def spectra(weights: MLP, frames: FourierFrames) -> Spectra:
    """Decompose every weight vector into waves of the task's basis.

    Where the basis is one to one this is the real DFT; elsewhere (squares for x^2 + y^2, say) waves of
    different frequencies overlap, and the power of each is what matching pursuit takes out with it: the
    strongest wave is subtracted, again and again. A pure wave has all its power at one frequency in both.

    The readout is read at `outputs[t]` for every group element t, so that h need not be one to one.
    """
    blocks = frames.blocks
    coordinates = _coordinates(blocks, (*weights.embedding, weights.readout[frames.outputs]))
    sizes = jnp.stack([jnp.sum(v * v, axis=0) for v in (*weights.embedding, weights.readout)])
    squares = _sum_of_squares(coordinates)
    inside = squares.sum(-1) > ROUNDING_TOLERANCE * sizes
    energies = [
        squares[i] if block.orthogonal else _matching_pursuit(block, coordinates[i])
        for i, block in enumerate(blocks)
    ]
    weighed = jnp.stack(energies) * jnp.stack([block.doubled for block in blocks])[:, None, :]
    total = weighed.sum(-1, keepdims=True)
    counts = inside[..., None] & (total > 0)
    power = jnp.where(counts, weighed / jnp.where(counts, total, 1), 0)
    dominant = 1 + jnp.argmax(power.sum(0)[:, 1:], axis=-1)
    solve = jnp.stack([block.solve for block in blocks])
    return Spectra(power, coordinates, solve, dominant, (power.sum(-1) > 0).all(0))


def _coordinates(blocks: Sequence[Frames], vectors: Sequence[Array]) -> Float[Array, "b h f c"]:
    """Return the coordinates of the vectors of each block: one product where blocks have the same shape."""
    frames = [block.frames for block in blocks]
    if len({frame.shape for frame in frames}) == 1:
        return jnp.einsum("bfcp,bph->bhfc", jnp.stack(frames), jnp.stack(vectors))
    return jnp.stack([jnp.einsum("fcp,ph->hfc", frame, v) for frame, v in zip(frames, vectors, strict=True)])


def _sum_of_squares(coordinates: Float[Array, "b h f c"]) -> Float[Array, "b h f"]:
    if coordinates.shape[-1] > 2:
        return jnp.sum(coordinates**2, axis=-1)
    return sum((coordinates[..., i] ** 2 for i in range(1, coordinates.shape[-1])), coordinates[..., 0] ** 2)


def _matching_pursuit(block: Frames, coordinates: Float[Array, "h f 2"]) -> Float[Array, "h f"]:
    """Matching pursuit, in coordinates: subtracting a wave changes the others by its overlaps."""
    rows = jnp.arange(coordinates.shape[0])

    def take(_: Any, carry: tuple[Array, Array]) -> tuple[Array, Array]:
        left, energy = carry
        strength = jnp.sum(left**2, axis=-1)
        best = jnp.argmax(strength, axis=-1)
        values = left[rows, best]
        left = left - jnp.einsum("hdfc,hd->hfc", block.overlaps[best], values)
        return left, energy.at[rows, best].add(strength[rows, best])

    start = (coordinates, jnp.zeros(coordinates.shape[:2], coordinates.dtype))
    return jax.lax.fori_loop(0, coordinates.shape[1], take, start)[1]
