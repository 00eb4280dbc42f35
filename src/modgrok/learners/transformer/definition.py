"""The transformer, as the whole package knows it."""

from __future__ import annotations

from ...algebra import Basis
from ...models.transformer import Transformer
from ...tasks import InputError, Task
from ...training.problem import Problem, check_batch_size
from ..base.contract import Assets, LearnerDefinition
from .learner import PretrainedParts, TransformerLearner, pass_of, transformer_learner
from .memory import transformer_memory
from .observer import transformer_observer
from .settings import TransformerSettings
from .words import WORDING


def _build(
    settings: TransformerSettings, problem: Problem, basis: Basis, assets: Assets
) -> TransformerLearner:
    check_batch_size(settings.batch_size, problem)
    pretrained = PretrainedParts(
        _network_of(assets, settings.embedding_digest), _network_of(assets, settings.body_digest)
    )
    return transformer_learner(settings, pretrained)


def _network_of(assets: Assets, digest: str | None) -> Transformer | None:
    """Return the network that parts are taken from; None where none is named, or it is not at hand.

    Raises:
        InputError: it is no transformer.
    """
    content = None if digest is None else assets.get(digest)
    network = getattr(content, "network", content)
    if network is not None and not isinstance(network, Transformer):
        kind = type(network).__name__
        raise InputError(f"embedding_from, body_from: must be a transformer's weights, got {kind}")
    return network


def _products(settings: TransformerSettings, n: float, task: Task) -> float:
    """Count 3 n d (4 d + 2 d_mlp + c) a layer: each product of matrices forwards, and twice backwards."""
    d = settings.d_model
    layer = d * (4 * d + 2 * settings.d_mlp + task.p)
    return 3 * min(n, float(settings.batch_size or n)) * settings.layers * layer


TRANSFORMER_DEFINITION = LearnerDefinition(
    name="transformer",
    settings=TransformerSettings,
    build=_build,
    default_steps=40_000,
    wording=WORDING,
    products_per_step=_products,
    observer=transformer_observer,
    double_precision=lambda settings: settings.loss == "log_softmax_float64",
    takes_mixtures=True,
    takes_extended_domain=True,
    memory=transformer_memory,
    context=lambda settings: {"forward": pass_of(settings)},
)
