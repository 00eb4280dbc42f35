"""What a measure declares about itself, for the reader and for the tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from jaxtyping import Array

from ..models import MLP
from .fourier.lens import Lens


@dataclass(frozen=True)
class Measure:
    """A number computed from the weights of a two-layer network and the basis of its task.

    Arguments:
        name: how commands and records call it.
        title: one sentence for a reader, with the formula.
        direction: `up` if it rises as a network generalises, `down` if it falls, `none`.
        range: least and greatest value.
        random_value: p -> its value on independent normal weights of large width.
        closed_form_value: its value on the closed form with random phases, in the limit of large width.
        function: (weights, lens) -> scalar array.
    """

    name: str
    title: str
    direction: Literal["up", "down", "none"]
    range: tuple[float, float]
    random_value: Callable[[int], float] | None
    closed_form_value: float | None
    function: Callable[[MLP, Lens], Array]
