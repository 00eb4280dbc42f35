"""The transformer, as the whole package knows it."""

from __future__ import annotations

from ...algebra import Basis
from ...models.transformer import Transformer
from ...tasks import InputError
from ...training.problem import Problem, check_batch_size
from ..base.contract import Assets, LearnerDefinition
from .learner import PretrainedParts, TransformerLearner, pass_of, transformer_learner
from .memory import transformer_memory
from .observer import transformer_observer
from .operations import transformer_operations
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


TRANSFORMER_DEFINITION = LearnerDefinition(
    name="transformer",
    settings=TransformerSettings,
    build=_build,
    default_steps=40_000,
    wording=WORDING,
    operations=transformer_operations,
    observer=transformer_observer,
    double_precision=lambda settings: settings.loss == "log_softmax_float64",
    takes_mixtures=True,
    takes_extended_domain=True,
    memory=transformer_memory,
    context=lambda settings: {"forward": pass_of(settings)},
)
