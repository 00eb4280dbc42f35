"""Sentences about a run: title, summary, settings, in plain words.

Owns: the words; numbers come from the store.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from ..algebra import Basis
from ..learners.mlp.settings import MLPSettings
from ..learners.rfm.settings import RFMSettings
from ..learners.transformer.settings import TransformerSettings
from ..runs import Experiment, RunRow
from .panels.curves import percent

OPTIMISERS = {
    "gd": "gradient descent",
    "momentum": "gradient descent with momentum",
    "adam": "Adam",
    "adamw": "AdamW",
    "muon": "Muon",
}
LOSSES = {
    "mse": "mean squared error",
    "cross_entropy": "cross-entropy",
    "stablemax": "StableMax cross-entropy",
}
PARAMETRISATIONS = {"gromov": "Gromov's normalised", "doshi": "Doshi's plain"}


def task_name(row: RunRow, experiment: Experiment) -> str:
    """Name the task: `x + y mod 97`, or the group."""
    if experiment.task.group is not None:
        return f"Composition in {experiment.task.group}"
    return f"{typeset(row.expression)} mod {row.p}"


def typeset(expression: str) -> str:
    """Print squares, cubes and products as in a text, with signs that every font has.

    Example:
        >>> typeset("x^2 + x*y + y^13")
        'x² + x·y + y^13'
    """
    raised = re.sub(r"\^([23])(?!\d)", lambda match: "²³"[int(match[1]) - 2], expression)
    return raised.replace("*", "·")


def title(row: RunRow, experiment: Experiment, last: dict[str, float]) -> str:
    """Say in one line what happened."""
    return f"{task_name(row, experiment)}: {outcome(row, last)}"


def outcome(row: RunRow, last: dict[str, float]) -> str:
    """Say what became of the network or kernel machine."""
    network, unit = NAMES[row.learner], unit_of(row)
    if row.status == "diverged":
        return f"training diverged at {unit} {row.step + 1:,}"
    after = f"after {steps_words(row.step, unit)}"
    if row.grokked_at is None and row.memorised_at is None:
        return f"{network} {after}, neither memorised nor grokked"
    if row.grokked_at is None:
        test = last.get("test_accuracy", float("nan"))
        return f"memorised, {percent(test)} on test inputs {after}" if test >= 0 else f"memorised {after}"
    if row.memorised_at is not None and row.memorised_at < row.grokked_at:
        return f"{network} learns it by grokking"
    return f"{network} learns it without delay"


NAMES = {
    "mlp": "a two-layer network",
    "rfm": "a recursive feature machine",
    "transformer": "a transformer",
}
"""What a learner is called in titles."""


def unit_of(row: RunRow) -> str:
    """Name a step of a run's learner: kernel machines iterate."""
    return "iteration" if row.learner == "rfm" else "step"


def steps_words(steps: int, unit: str = "step") -> str:
    """Count steps: `1 step`, `1,500 steps`."""
    return f"{steps:,} {unit}" + "s" * (steps != 1)


def summary(row: RunRow, last: dict[str, float]) -> str:
    """Say when it memorised and grokked, and where it ended."""
    said, unit = [], unit_of(row)
    if row.memorised_at is not None:
        said.append(f"Training accuracy reaches 99% at {unit} {row.memorised_at:,}")
    if row.grokked_at is not None and row.memorised_at is not None:
        delay = row.grokked_at - row.memorised_at
        if delay > 0:
            said.append(f"test accuracy at {unit} {row.grokked_at:,}, {steps_words(delay, unit)} later")
        else:
            said.append(f"test accuracy at {unit} {row.grokked_at:,}, no later")
    elif row.grokked_at is not None:
        said.append(f"Test accuracy reaches 99% at {unit} {row.grokked_at:,}")
    elif row.memorised_at is not None:
        said.append("test accuracy never does")
    parts = ["; ".join(said) + "."] if said else []
    end = [f"{name} {percent(last[key])}" for name, key in _ENDS if last.get(key, float("nan")) >= 0]
    if end:
        state = f"last finite {unit}" if row.status == "diverged" else "end"
        parts.append(f"At the {state} ({unit} {row.step:,}): {', '.join(end)}.")
    if row.status in ("running", "interrupted"):
        parts.append(f"The run is {row.status}; its budget is {steps_words(row.budget, unit)}.")
    return " ".join(parts)


_ENDS = (("training accuracy", "train_accuracy"), ("test accuracy", "test_accuracy"))


def settings(experiment: Experiment) -> str:
    """Say how it was trained, in one line."""
    s = experiment.learner
    if isinstance(s, MLPSettings):
        parts = network_words(s)
    else:
        parts = machine_words(s) if isinstance(s, RFMSettings) else transformer_words(s)
    parts += [f"corrupted labels {experiment.corruption:g}"] if experiment.corruption else []
    parts += ["symmetric split"] if experiment.symmetric else []
    return ", ".join([*parts, f"seed {experiment.seed}"])


def transformer_words(s: TransformerSettings) -> list[str]:
    """List architecture, optimiser and fixed parts of a transformer."""
    layers = "1 layer" if s.layers == 1 else f"{s.layers} layers"
    parts = [
        f"transformer of {layers}, width {s.d_model}, {s.heads} heads of {s.d_head}",
        f"MLP of {s.d_mlp} {s.activation} units",
        f"tokens {s.layout}",
        f"initial weights {s.initialisation}" + (f" times {s.init_scale:g}" if s.init_scale != 1 else ""),
    ]
    extras = {
        f"biases: {s.biases}": s.biases != "none",
        "positional embedding": s.positional_embedding,
        "layer norm": s.layer_norm,
    }
    parts += [name for name, present in extras.items() if present]
    parts += [f"{s.optimiser} at rate {s.lr:g}, weight decay {s.weight_decay:g}", f"loss {s.loss}"]
    parts += [f"mini-batches of {s.batch_size}"] if s.batch_size else ["full batches"]
    for part, digest, frozen in (
        ("W_E", s.embedding_digest, s.freeze_embedding),
        ("attention and MLP", s.body_digest, s.freeze_body),
    ):
        if digest or frozen:
            parts.append(f"{part} {'of another run' if digest else 'random'}{', fixed' if frozen else ''}")
    return parts


def machine_words(s: RFMSettings) -> list[str]:
    """List kernel, solve and feature update of a recursive feature machine."""
    exponent = "|x − z|²/(2L²)" if s.convention == "released" else "|x − z|²/L"
    kernels = {
        "quadratic": "quadratic kernel",
        "general-quadratic": "general quadratic kernel",
        "gaussian": f"Gaussian kernel of bandwidth {s.bandwidth:g}, exponent {exponent}",
        "laplace": f"Laplace kernel of bandwidth {s.bandwidth:g}",
        "ntk": f"neural tangent kernel of {s.depth} hidden layers",
    }
    starts = {"random-circulant": "a random circulant matrix", "stored": "a stored matrix"}
    parts = [kernels[s.kernel], f"ridge {s.ridge:g}"]
    parts.append(f"M = AGOP^{s.agop_power:g} of {'' if s.centred else 'un'}centred gradients")
    parts.append(f"first M {starts.get(s.initial, 'the identity')}")
    parts += [f"made exactly circulant every {s.enforce_every}"] if s.enforce_every else []
    return parts


def network_words(s: MLPSettings) -> list[str]:
    """List network, loss and optimiser."""
    size = "full batch" if s.batch_size is None else f"batches of {s.batch_size:,}"
    parts = [
        f"width {s.width:,}",
        f"{PARAMETRISATIONS.get(s.parametrisation, s.parametrisation)} parametrisation",
        f"activation {activation_words(s.activation or '')}",
        LOSSES.get(s.loss, s.loss),
        f"{OPTIMISERS.get(s.optimiser, s.optimiser)}, {size}",
        f"learning rate {rate_words(s.lr or 0.0)}",
    ]
    if s.optimiser in ("momentum", "muon"):
        parts.append(f"momentum {s.momentum:g}")
    if s.optimiser in ("adam", "adamw"):
        parts.append(f"betas {s.beta1:g} and {s.beta2:g}")
    optional = (
        ("weight decay", s.weight_decay, 0.0),
        ("dropout", s.dropout, 0.0),
        ("Grokfast", s.grokfast, 0.0),
        ("initial scale", s.init_scale, 1.0),
    )
    parts += [f"{name} {value:g}" for name, value, default in optional if value != default]
    return parts + (["orthogonal gradient"] if s.orthogonal_gradient else [])


def activation_words(name: str) -> str:
    """Print an activation: `z²` for power2.

    Example:
        >>> activation_words("power3"), activation_words("relu")
        ('z³', 'relu')
    """
    return typeset(f"z^{name.removeprefix('power')}") if name.startswith("power") else name


def rate_words(rate: float) -> str:
    """Print a learning rate: powers of ten where they are shorter.

    Example:
        >>> [rate_words(rate) for rate in (1e6, 0.01, 13053.8, 3e-5)]
        ['1e6', '0.01', '13,054', '3e-5']
    """
    if 1e-3 <= rate < 1e5:
        return f"{rate:,.5g}" if rate < 1e4 else f"{rate:,.0f}"
    mantissa, exponent = f"{rate:.4e}".split("e")
    return f"{float(mantissa):g}e{int(exponent)}"


def basis_words(basis: Basis) -> str:
    """Say in which order the Fourier measures read the values."""
    plain = all((labels == np.arange(len(labels))).all() for labels in basis.operands)
    if basis.name == "multiplicative":
        return f"discrete logarithms, cyclic group of order {basis.order}"
    if plain:
        return f"the values themselves, Z_{basis.order}"
    return f"relabelled values g(x), where the task is h(g(x) + g(y)) over Z_{basis.order}"


def data_words(context: dict[str, Any]) -> str:
    """Say how many inputs train and test, what is left out, and the chance levels."""
    train, test = int(context["train"]), int(context["test"])
    said = f"{train:,} training and {test:,} test inputs ({percent(train / (train + test))} train)"
    if context.get("excluded"):
        said += f", {context['excluded']:,} inputs outside the domain"
    if context.get("corrupted"):
        said += f", {context['corrupted']:,} training labels redrawn"
    chance, majority = percent(float(context["chance"])), percent(float(context["majority"]))
    return f"{said}; chance {chance}, most frequent class {majority}"
