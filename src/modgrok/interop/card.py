"""The model card of an exported network, in the form of the Hugging Face Hub: YAML, then Markdown.

Owns: what a stranger must know to use the weights. It is written beside them; nothing is uploaded.
"""

from __future__ import annotations

import json
from math import isfinite, nan
from typing import Any

from ..models.networks import network_type
from ..models.transformer import Transformer
from ..runs import Experiment, NetworkFile, Record, RunRow
from ..runs.experiment import experiment_of
from ..tasks import InputError
from ..version import __version__

STATED_ELSEWHERE = ("kind", "initialisation")
"""Settings of a learner that the card says elsewhere."""


def card(row: RunRow, net: Transformer, step: int, record: Record | None) -> str:
    """Write README.md for the weights of a run at a step.

    Arguments:
        row: the run.
        net: its transformer at that step.
        step: number of updates made.
        record: what was observed then; None if nothing was.
    """
    experiment = experiment_of(row)
    settings = experiment.learner.model_dump(mode="json")
    plain = experiment.task.expression is not None
    task = f"{row.expression} mod {row.p}" if plain else f"{row.expression} on 0..{row.p - 1}"
    scalars = {} if record is None else record.scalars
    sides = [(side, scalars.get(f"{side}_accuracy", nan)) for side in ("train", "test")]
    accuracies = [(side, value) for side, value in sides if isfinite(value)]
    lines = [
        "---",
        "library_name: transformer-lens",
        "tags:",
        *(
            f"- {tag}"
            for tag in ("grokking", "modular-arithmetic", "mechanistic-interpretability", "modgrok")
        ),
        *_results(row.id, task, accuracies),
        "---",
        "",
        f"# {task}: a transformer of {len(net.blocks)} {'layer' if len(net.blocks) == 1 else 'layers'}",
        "",
        f"Trained by modgrok {__version__}, run `{row.id}`, step {step:,}.",
        "",
        "| | |",
        "| --- | --- |",
        *(f"| {name} | {value} |" for name, value in _facts(row, experiment, settings, step, accuracies)),
        "",
        "## Settings",
        "",
        "| setting | value |",
        "| --- | --- |",
        *(
            f"| {name} | {_text_of(value)} |"
            for name, value in settings.items()
            if name not in STATED_ELSEWHERE
        ),
        "",
        *_tokens(net, row.p),
        *_LOADING,
    ]
    return "\n".join(lines) + "\n"


def card_of_file(content: NetworkFile) -> str:
    """Write README.md for a network that has no run: made in closed form, or elsewhere.

    Arguments:
        content: the network with its task and notes.

    Raises:
        InputError: it is not a transformer.
    """
    net, notes = content.network, content.notes
    if network_type(net).type is not Transformer:
        raise InputError(
            f"format: transformerlens must be used with a transformer, got a {network_type(net).noun}"
        )
    task = "of an unnamed task" if content.source is None else content.task().name
    origin = f"Imported from `{notes['imported']}`" if "imported" in notes else "Read from a file"
    head = ["---", "library_name: transformer-lens", "tags:", "- grokking", "- modular-arithmetic", "---", ""]
    layers = f"{len(net.blocks)} {'layer' if len(net.blocks) == 1 else 'layers'}"
    lines = [
        *head,
        f"# {task}: a transformer of {layers}",
        "",
        f"{origin} by modgrok {__version__}; its training is not known.",
        "",
        *_tokens(net, net.classes),
        *_LOADING,
    ]
    return "\n".join(lines) + "\n"


def _facts(
    row: RunRow,
    experiment: Experiment,
    settings: dict[str, Any],
    step: int,
    accuracies: list[tuple[str, float]],
) -> list[tuple[str, str]]:
    context = row.context
    split = (
        f"{experiment.fraction:g} of {context['inputs']:,} inputs train ({context['train']:,}), the rest test"
    )
    split += f" ({context['test']:,})"
    if experiment.symmetric:
        signs = ", with any signs," if experiment.orbits == "sign" else ""
        split += f"; permuted inputs{signs} are on the same side"
    if experiment.folds:
        split += f"; fold {experiment.fold} of {experiment.folds} is tested"
    if experiment.corruption:
        split += f"; {experiment.corruption:g} of the training labels are redrawn at random"
    reached = [("memorised", row.memorised_at), ("grokked", row.grokked_at)]
    return [
        ("Task", f"`{row.expression}`"),
        ("p", str(row.p)),
        ("Operands", ", ".join(context["operands"])),
        ("Split", split),
        ("Seed", f"{experiment.seed} (split, initial weights)"),
        *(("Initialisation", str(value)) for name, value in settings.items() if name == "initialisation"),
        ("Step", f"{step:,}"),
        *((f"{side.capitalize()} accuracy", f"{value:.6f}") for side, value in accuracies),
        ("Chance", f"1/p = {context['chance']:.6f}, most frequent value {context['majority']:.6f}"),
        *_null(context),
        *((f"The run {word} at step", "never" if at is None else f"{at:,}") for word, at in reached),
        ("Command", f"`{context['command']}`".replace("|", "\\|")),  # a bar would end the cell
    ]


def _null(context: dict[str, Any]) -> list[tuple[str, str]]:
    """Say what knowing the task's symmetries is worth on this split, where the run recorded it."""
    if context.get("orbit_accuracy") is None:
        return []
    share = "none" if context["swap_share"] is None else f"{context['swap_share']:.6f}"
    text = f"{context['orbit_accuracy']:.6f}, with signs {context['sign_accuracy']:.6f}"
    return [("Orbit null", text), ("Test inputs with a permutation in the training set", share)]


def _text_of(value: Any) -> str:
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _results(run: str, task: str, accuracies: list[tuple[str, float]]) -> list[str]:
    """Accuracies in the Hub's `model-index`; JSON strings are YAML strings."""
    if not accuracies:
        return []
    return [
        "model-index:",
        f"- name: modgrok-{run}",
        "  results:",
        "  - task:",
        "      type: modular-arithmetic",
        f"      name: {json.dumps(task, ensure_ascii=False)}",
        "    dataset:",
        "      type: modgrok",
        f"      name: {json.dumps(task, ensure_ascii=False)}",
        "    metrics:",
        *(
            line
            for side, value in accuracies
            for line in ("    - type: accuracy", f"      value: {value!r}", f"      name: {side} accuracy")
        ),
    ]


def _tokens(net: Transformer, p: int) -> list[str]:
    k, last = net.operands, len(net.embedding) - 1
    names = [f"x_{s + 1}" for s in range(k)]
    if net.layout == "two":
        sequence = names
    else:
        sequence = [*names, str(p)] if net.layout == "equals" else f" {p} ".join(names).split()
    if net.layout == "infix-equals":
        sequence.append(str(last))
    return [
        "## Tokens",
        "",
        f"Tokens 0..{p - 1} are the numbers; token {p} is the sign of the operation (in a mixture of tasks,",
        "the following tokens are the signs of the other tasks). An input is the sequence",
        "",
        f"    {' '.join(sequence)}",
        "",
        f"and the answer is the largest of the {net.classes} logits at the last position.",
        "",
    ]


_LOADING = """\
## Loading

TransformerLens 4:

```python
import json
from safetensors.torch import load_file
from transformer_lens.config import TransformerBridgeConfig
from transformer_lens.conversion_utils import convert_tl_checkpoint
from transformer_lens.model_bridge import TransformerBridge

config = TransformerBridgeConfig.from_dict(json.load(open("config.json")))
model = TransformerBridge.boot_native(config)
model.load_state_dict(convert_tl_checkpoint(load_file("model.safetensors"), config), strict=True)
```

TransformerLens 3.5 to 3.9:

```python
import json
from safetensors.torch import load_file
from transformer_lens import HookedTransformer, HookedTransformerConfig

model = HookedTransformer(HookedTransformerConfig.from_dict(json.load(open("config.json"))))
model.load_state_dict(load_file("model.safetensors"), strict=True)
```

modgrok:

```python
import modgrok

model = modgrok.load("this/folder")
logits = model([[2, 3]])
```""".splitlines()
