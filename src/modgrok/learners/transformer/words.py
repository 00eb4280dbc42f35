"""The words of a transformer in reports and messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..base.wording import Numbers, Wording, describe_update
from .settings import TransformerSettings


def describe(s: TransformerSettings) -> list[str]:
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
    parts += describe_update(s)
    parts += [f"mini-batches of {s.batch_size}"] if s.batch_size else ["full batches"]
    for part, digest, frozen in (
        ("W_E", s.embedding_digest, s.freeze_embedding),
        ("attention and MLP", s.body_digest, s.freeze_body),
    ):
        if digest or frozen:
            parts.append(f"{part} {'of another run' if digest else 'random'}{', fixed' if frozen else ''}")
    return parts + (["plain forward pass"] if s.forward == "plain" else [])


def _findings(last: Numbers, context: Mapping[str, Any], records: Sequence[Numbers]) -> str:
    share = f"{100 * last['collapsed']:.1f}%"
    collapse = f"; {share} of the training examples have collapsed" if last["collapsed"] else ""
    waves = [
        f"FFS {last[f'ffs_{part}']:.3f}, FCR {last[f'fcr_{part}']:.3f} on {matrix}; "
        for part, matrix in (("embedding", "W_E"), ("readout", "W_L"))
        if f"ffs_{part}" in last  # tasks of groups have none
    ]
    return f"{''.join(waves)}weight norm {last['weight_norm']:.3g}{collapse}"


def _advice(settings: TransformerSettings) -> str:
    return f"try a smaller rate, such as --lr {settings.lr / 3:.3g}"


WORDING = Wording(
    noun="a transformer",
    heading="Network and training",
    describe=describe,
    advice=_advice,
    findings=_findings,
)
