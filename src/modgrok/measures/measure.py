"""What a measure declares about itself, for readers, records and tests.

Owns: the record. All measures are listed in `measures.catalogue`, whatever they read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

Direction = Literal["up", "down", "none"]


@dataclass(frozen=True, eq=False)
class Measure:
    """A number computed from a network, or from what it says about its inputs.

    Arguments:
        name: in records, commands and exports.
        title: one sentence for a reader, with the formula; it begins in lower case and ends without a stop.
        function: (subject, frame) -> scalar, compiled by its caller. Subject and frame belong to `reads`.
        reads: what it is a function of:
            `weights`: any network, and None;
            `two_layer_weights`: the weights of a two-layer network, and its task's basis as `FourierFrames`;
            `feature_matrix`: M, the AGOP or the NFM, float64, shape (d, d), and the `CirculantStructure`;
            `transformer_weights`: the weights of a transformer, and its `TokenFourierBasis`;
            `counts`: a `Tally`, and None, on the host;
            `gradient`: the gradient of the training loss, and None;
            `training_logits`: (loss, logits, labels) of the training inputs, and None;
            `kernel_solve`: the state of a kernel machine, and None;
            `logits`, `hidden`: what `measures.logits.array_numbers` reads of such arrays, on the host;
            `circuit`: what `circuit_numbers` returns for a transformer of two operands, on the host.
        direction: `up` if it rises as a network generalises, `down` if it falls, `none`.
        range: p -> (least, greatest) value.
        random_value: (p, width) -> its value on independent normal entries; None if it depends on more.
        closed_form_value: p -> its value on the closed form in the limit of large width, or on an exactly
            structured matrix; None if it depends on more.
        defined: frame -> whether the measure exists there; None stands for any frame.
    """

    name: str
    title: str
    function: Callable[[Any, Any], Any]
    reads: str = "two_layer_weights"
    direction: Direction = "none"
    range: Callable[[int], tuple[float, float]] = lambda p: (float("-inf"), float("inf"))
    random_value: Callable[[int, int], float] | None = None
    closed_form_value: Callable[[int], float] | None = None
    defined: Callable[[Any], bool] = lambda frame: True
