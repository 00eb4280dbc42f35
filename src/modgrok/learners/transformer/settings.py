"""What a transformer's training depends on: one frozen record, its defaults those of Furuta et al. 2024.

Owns: the parameters, their ranges, and the rules between them.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, field_validator

from ...models.activations import activation
from ...tasks import InputError, Task
from ...tasks.catalogue import OneOf
from ...training.losses import LOSSES
from ...training.optimisers import OPTIMISERS, numbers_without_effect
from ..base.settings import Asset, Settings

DIGEST = "^[0-9a-f]{64}$"


class TransformerSettings(Settings):
    """Settings of the `transformer` learner; None means the documented default, filled in by `resolve`.

    Example:
        >>> TransformerSettings().resolve(97, 2).d_head
        32
    """

    ASSETS: ClassVar[dict[str, Asset]] = {
        "embedding_from": Asset("embedding_digest", "network"),
        "body_from": Asset("body_digest", "network"),
    }

    title: ClassVar[str] = "Transformer"

    kind: Literal["transformer"] = "transformer"
    layers: int = Field(1, ge=1, le=12, description="Number of layers.")
    heads: int = Field(4, ge=1, le=256, description="Number of attention heads in each layer.")
    d_model: int = Field(128, ge=1, le=8192, description="Width of the residual stream.")
    d_head: int | None = Field(
        None, ge=1, le=8192, description="Width of each head; default d_model / heads."
    )
    d_mlp: int = Field(512, ge=1, le=65_536, description="Number of hidden units of the MLP in each layer.")
    activation: str = Field("relu", description="Activation of the MLP: relu, gelu, silu or powerS (z^S).")
    biases: Literal["none", "mlp", "all"] = Field("none", description="Layers that have biases.")
    positional_embedding: bool = Field(False, description="Add a learned embedding of the position.")
    layer_norm: bool = Field(
        False, description="Apply layer normalisation before attention, MLP and unembedding."
    )
    layout: Literal["infix", "equals", "infix-equals"] = Field(
        "infix",
        description="Sequence of tokens: infix (x op y), equals (x y op, with the sign in the place of =) or "
        "infix-equals (x op y =).",
    )
    initialisation: Literal["furuta2024", "nanda2023", "pytorch"] = Field(
        "furuta2024",
        description="Distribution of the initial weights: furuta2024 and nanda2023 are normal, pytorch is "
        "PyTorch's default.",
    )
    init_scale: float = Field(1.0, gt=0, description="Factor on the initial weights.")
    loss: Annotated[str, OneOf(LOSSES)] = Field(
        "cross_entropy",
        description="cross_entropy is written so that rounding cannot set its gradient to 0; log_softmax is "
        "the usual form, in float32 or float64.",
    )
    optimiser: Annotated[str, OneOf(OPTIMISERS)] = Field(
        "adamw", description="Optimiser; gd is plain gradient descent."
    )
    lr: float = Field(1e-3, gt=0, description="Learning rate.")
    weight_decay: float = Field(1.0, ge=0, description="Decoupled weight decay (coupled in adam).")
    momentum: float = Field(0.9, ge=0, lt=1, description="Momentum of the momentum and muon optimisers.")
    beta1: float = Field(0.9, ge=0, lt=1, description="Decay of Adam's first moment.")
    beta2: float = Field(0.98, ge=0, lt=1, description="Decay of Adam's second moment.")
    batch_size: int | None = Field(None, ge=1, description="Mini-batch size; default the full training set.")
    grokfast: float = Field(0.0, ge=0, description="Strength lambda of the Grokfast filter; 0 is off.")
    grokfast_decay: float = Field(
        0.98, ge=0, lt=1, description="Decay alpha of the Grokfast filter's moving average."
    )
    orthogonal_gradient: bool = Field(
        False, description="Project the gradient onto the orthogonal complement of the weights."
    )
    freeze_embedding: bool | None = Field(
        None, description="Do not train W_E; by default only if it is taken from another run."
    )
    freeze_body: bool | None = Field(
        None,
        description="Do not train attention and MLP; by default only if they are taken from another run.",
    )
    embedding_digest: str | None = Field(
        None, pattern=DIGEST, description="SHA-256 of the weights that W_E is taken from."
    )
    body_digest: str | None = Field(
        None, pattern=DIGEST, description="SHA-256 of the weights that attention and MLP are taken from."
    )
    forward: Literal["auto", "plain"] = Field(
        "auto",
        description="Forward pass: auto uses a faster one for one layer; plain is the one of textbooks.",
    )

    @field_validator("activation")
    @classmethod
    def _known_activation(cls, name: str) -> str:
        activation(name)
        return name

    def without_effect(self, task: Task) -> dict[str, str]:
        """Return the numbers that the optimiser does not read; see `Settings.without_effect`."""
        return numbers_without_effect(self.optimiser, self.grokfast)

    def resolve(self, p: int, k: int) -> TransformerSettings:
        """Fill in the width of a head and what is frozen.

        Raises:
            InputError: heads that do not divide d_model without d_head, or Muon with weights that are no
                matrices.
        """
        if self.d_head is None and self.d_model % self.heads:
            raise InputError(
                f"heads: must divide d_model = {self.d_model} when d_head is not given, got {self.heads}"
            )
        if OPTIMISERS.named(self.optimiser).matrices_only and (self.biases != "none" or self.layer_norm):
            raise InputError(
                "optimiser: muon must be used with matrices only, got biases or layer norms as well"
            )
        chosen = {
            "d_head": self.head_width,
            "freeze_embedding": _frozen(self.freeze_embedding, self.embedding_digest),
            "freeze_body": _frozen(self.freeze_body, self.body_digest),
        }
        return self.model_copy(update=chosen)

    @property
    def head_width(self) -> int:
        """Width of each head: `d_head`, or an equal part of `d_model`."""
        return self.d_head or max(1, self.d_model // self.heads)

    def fixed_parts(self) -> tuple[str, ...]:
        """Return the parts that are not trained, of `embedding` and `body`; of resolved settings."""
        frozen = {"embedding": self.freeze_embedding, "body": self.freeze_body}
        return tuple(part for part, held in frozen.items() if held)


def _frozen(option: bool | None, digest: str | None) -> bool:
    return digest is not None if option is None else option
