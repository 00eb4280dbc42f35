"""Import a network that another program trained: weights in, a network file with its task out.

Owns: the steps, and saying what was understood.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from ...io import is_folder
from ...models.networks import network_type
from ...runs import NetworkFile, read_network_file
from ...tasks import InputError, NamedTask, Task, TaskSource, named_task, task_from_table
from ...tasks.errors import shorten
from ..rebuild import check_options
from .agreement import check_logits
from .keys import has_attention, shared_prefix, transformer_roles
from .mlp import MOST_LAYERS, OPERANDS, mlp_parts, mlp_readings
from .readings import Decision, ReadingChoice, choose
from .recorded import recorded_form, recorded_task
from .state import SavedWeights, read_state
from .transformer import transformer_readings
from .transformer_options import ImportOptions, checked_options, stated_by, with_config
from .transformer_weights import weights_of

TRANSFORMER_ROLES = (
    "W_E", "W_pos", "W_U", "b_U", "W_Q", "W_K", "W_V", "W_O", "b_Q", "b_K", "b_V", "b_O", "W_QKV", "b_QKV",
    "W_in", "b_in", "W_out", "b_out", "ln1.w", "ln1.b", "ln2.w", "ln2.b", "ln_final.w", "ln_final.b",
)  # fmt: skip
OUTER_ROLES = ("W_E", "W_pos", "W_U", "b_U", "ln_final.w", "ln_final.b")
"""Roles that belong to no layer."""
MLP_ROLES = (
    "W_E", "W_U", "b_U",
    *(f"{part}_{letter}" for letter in OPERANDS for part in "Wb"),
    *(f"{part}_1{letter}" for letter in OPERANDS for part in "Wb"),
    *(f"{part}_{number}" for number in range(1, MOST_LAYERS + 1) for part in "Wb"),
)  # fmt: skip
SETTLES = {
    "tokens": "tokens", "orientation": "map", "norms": "post_norm", "mask": "causal", "attention": "mix",
    "joined": "map", "activations behind": "map",
}  # fmt: skip
"""Option that is open -> argument that settles it, where the names differ."""


@dataclass(frozen=True, eq=False)
class Imported:
    """A network from elsewhere, as modgrok holds it.

    Arguments:
        content: the network with its task; `modgrok.runs.write_network` stores it.
        task: what it was tested on.
        accuracy: over all inputs of the task.
        used: role -> name in the file.
        ignored: names in the file that were left out.
        decisions: option -> what settled it, of those that the weights left open.
        warnings: sentences on what is doubtful.
        stated: option -> value, of those that settings beside the weights decided.
    """

    content: NetworkFile
    task: Task
    accuracy: float
    used: dict[str, str]
    ignored: tuple[str, ...]
    decisions: dict[str, Decision]
    warnings: tuple[str, ...]
    stated: dict[str, str] = field(default_factory=dict)

    @property
    def network(self) -> Any:
        """The weights with their forward pass."""
        return self.content.network

    @property
    def kind(self) -> str:
        """What the network is, a name in `NETWORKS`."""
        return network_type(self.network).name


def import_network(
    source: str | Path | Mapping[str, Any],
    expression: str | None = None,
    *,
    p: int | None = None,
    group: str | None = None,
    table: Any = None,
    heads: int | None = None,
    layout: str | None = None,
    activation: str | None = None,
    tokens: Sequence[int] | None = None,
    causal: bool | None = None,
    post_norm: bool | None = None,
    mix: float | None = None,
    ignore: Iterable[str] = (),
    roles: Mapping[str, str] | None = None,
    key: str | None = None,
    logits: Any = None,
) -> Imported:
    """Read a network that another program trained, from its weights.

    MLPs (operands as one-hot values or embeddings, side by side or added, one or more hidden layers) and
    transformers (with or without signs, positions, norms, biases, a causal mask). What the weights leave open
    is settled by the task's table: by the accuracy over all inputs, of the activation by the margins first.
    `decisions` says how.

    Arguments:
        source: a .safetensors, .npz, .pt, .pth, .ckpt or .bin file, a folder with model.safetensors or .npy
            files, or a state dict, with arrays of any framework. PyTorch is not needed.
        expression, p, group, table: the task, by one of the three; `table` is an array. A file that names
            its task needs none.
        heads: number of heads, where the weights do not show it.
        layout: of a sequence: `infix` x op y, `equals` x y op, `infix-equals` x op y =, `two` x y.
        activation: a name from `modgrok.models.activations`.
        tokens: numbers of the signs in the vocabulary, in the order of the sequence; usually p and p + 1.
        causal: whether attention is causal; matters with two or more layers.
        post_norm: whether norms follow the parts of a block.
        mix: alpha of attention patterns alpha softmax + (1 - alpha).
        ignore: names to leave out; * stands for anything.
        roles: role -> name, or name and `.T` for a transposed matrix.
        key: dotted name of the state dict in what was saved.
        logits: what the network itself gives on all inputs, in the order of the table: shape (p^k, p), or the
            table's shape and p; an array of any framework or the path of an .npy file. The network as it is
            read must agree, up to a constant for each input and a common factor.

    Raises:
        InputError: what does not fit, or is ambiguous, with the argument that settles it.

    Example:
        >>> import numpy as np
        >>> x, waves = np.arange(5)[:, None], 2 * np.pi * np.arange(5) / 5 * np.ones((5, 1))
        >>> rng = np.random.default_rng(0)
        >>> phase = rng.uniform(0, 2 * np.pi, (2, 400))
        >>> first = [np.cos(2 * np.pi * x * (1 + np.arange(400) % 2) / 5 + f) for f in phase]
        >>> last = np.cos(2 * np.pi * x * (1 + np.arange(400) % 2) / 5 + phase.sum(0))
        >>> state = {"fc1.weight": np.concatenate(first).T, "fc2.weight": last}
        >>> net = import_network(state, "x + y", p=5, activation="power2")
        >>> net.kind, net.accuracy, sorted(net.used.values())
        ('mlp', 1.0, ['fc1.weight', 'fc2.weight'])
    """
    explicit = checked_options(layout, heads, activation, tokens, causal, post_norm, mix)
    if isinstance(ignore, str) or not isinstance(ignore, Iterable):
        raise InputError(f"ignore: must be a list of names, got {shorten(ignore)}")
    ignore = tuple(ignore)
    if not all(isinstance(name, str) for name in ignore):
        raise InputError(f"ignore: must be a list of names, got {shorten(ignore)}")
    if roles is not None and not (
        isinstance(roles, Mapping) and all(isinstance(name, str) for pair in roles.items() for name in pair)
    ):
        raise InputError(f"roles: must be a mapping of roles to names, got {shorten(roles)}")
    if not isinstance(key, str | None):
        raise InputError(f"key: must be a name, got {shorten(key)}")
    own = _own(source, expression, p, group, table)
    if own is not None:
        _refuse(
            {"heads": heads, "layout": layout, "activation": activation, "tokens": tokens, "causal": causal}
            | {"post_norm": post_norm, "mix": mix, "ignore": ignore, "roles": roles, "key": key},
            "a file of modgrok, which says it itself",
        )
        more = () if logits is None else check_logits(own.task, own.network, logits)
        return replace(own, warnings=(*own.warnings, *more))
    state = read_state(source, key)
    named = _task_of(source, state, expression, p, group, table)
    task = named.task
    if task.parts:
        raise InputError(f"expression: must be one task, got {len(task.parts)} separated by semicolons")
    arrays, left_out = _without(state.arrays, ignore)
    chosen_roles, transposed = _named_roles(roles or {}, arrays)
    check_options(_transformerlens_options(state.config))
    if layout is None and isinstance(source, str | Path):
        explicit = replace(explicit, layout=recorded_form(Path(source)).get("layout"))
    options = with_config(explicit, state.config)
    prefix = shared_prefix(arrays)
    short = {name.removeprefix(prefix): name for name in arrays}
    transformer = has_attention(short) or any(
        role.rpartition(".")[2] in ("W_Q", "W_QKV") for role in chosen_roles
    )
    if transformer:
        used, chosen = _transformer(short, arrays, chosen_roles, transposed, task, options)
    else:
        parts = {"heads": heads, "tokens": tokens, "causal": causal, "post_norm": post_norm, "mix": mix}
        _refuse(parts, "an MLP")
        used, chosen = _mlp(short, arrays, chosen_roles, transposed, task, options)
    _check_all_used(arrays, used, chosen_roles, transformer=transformer)
    ignored = (*left_out, *state.ignored)
    name = str(source) if isinstance(source, str | Path) else "a state dict"
    stated = stated_by(explicit, options)
    if not transformer:
        stated = {name: value for name, value in stated.items() if name == "activation"}
    warnings = [*state.odd_types, *_warnings(chosen, task)]
    if logits is not None:
        warnings += check_logits(task, chosen.network, logits)
    notes = {
        "imported": name,
        "made": "elsewhere",
        "accuracy": chosen.accuracy,
        "used": used,
        "ignored": list(ignored)[:200],
        "read": {**stated, **{option: decision.value for option, decision in chosen.decisions.items()}},
        "warnings": warnings,
    }
    values = None if named.source.table is None else np.asarray(task.table)
    content = NetworkFile(chosen.network, named.source, values, notes)
    return Imported(content, task, chosen.accuracy, used, ignored, chosen.decisions, tuple(warnings), stated)


def _own(
    source: Any, expression: str | None, p: int | None, group: str | None, table: Any
) -> Imported | None:
    """Return what a file of modgrok holds; None for others."""
    if not isinstance(source, str | Path) or is_folder(Path(source)):
        return None
    if "kind" not in recorded_form(Path(source)):
        return None
    content = read_network_file(Path(source))
    if any(value is not None for value in (expression, p, group, table)) or content.source is None:
        named = _named_task(expression, p, group, table)
        values = None if named.source.table is None else np.asarray(named.task.table)
        content = NetworkFile(content.network, named.source, values, content.notes)
    task = content.task()
    check_shapes(content.network, task)
    from ...analytic import verify

    accuracy = verify(content.network, task.table, task.p).accuracy
    return Imported(
        content, task, accuracy, {}, (), {}, ("The file was written by modgrok; nothing had to be inferred.",)
    )


def _refuse(options: Mapping[str, Any], source: str) -> None:
    """Refuse options that have nothing to say of what is read."""
    for name, value in options.items():
        if value not in (None, (), {}):
            raise InputError(f"{name}: must be left out for {source}, got {shorten(value)}")


def check_shapes(network: Any, task: Task) -> None:
    """Refuse a task of another number of classes or operands than a network has.

    Raises:
        InputError: naming p or the expression.
    """
    if network.classes != task.p:
        raise InputError(f"p: must be {network.classes}, the network's number of classes, got {task.p}")
    if network.operands not in (task.k, task.k - bool(task.parts)):
        raise InputError(
            f"expression: must have {network.operands} operands as the network does, got {shorten(task.name)}"
        )


def _named_task(expression: str | None, p: int | None, group: str | None, table: Any) -> NamedTask:
    if expression is None and group is None and table is None:
        raise InputError("expression: must name the network's task (or --group, --table), got none")
    task_table = (
        None if table is None else table if isinstance(table, Task) else task_from_table(np.asarray(table))
    )
    return named_task(expression, p=p, group=group, table=task_table)


def _task_of(
    source: Any, state: SavedWeights, expression: str | None, p: int | None, group: str | None, table: Any
) -> NamedTask:
    if expression is None and group is None and table is None:
        recorded = _recorded(source)
        if recorded is not None:
            return NamedTask(recorded.build(), recorded)
    if p is None and isinstance(state.config.get("p"), int) and expression is not None:
        p = state.config["p"]
    return _named_task(expression, p, group, table)


def _recorded(source: Any) -> TaskSource | None:
    """Return the task that a folder for TransformerLens names."""
    if not isinstance(source, str | Path):
        return None
    return recorded_task(Path(source))


def _transformerlens_options(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the configuration if it is TransformerLens's."""
    return dict(config) if "d_vocab" in config and "n_ctx" in config else {}


def _without(
    arrays: Mapping[str, np.ndarray], ignore: Iterable[str]
) -> tuple[dict[str, np.ndarray], tuple[str, ...]]:
    left: list[str] = []
    for pattern in ignore:
        matches = [name for name in arrays if fnmatch.fnmatchcase(name, pattern)]
        if not matches:
            raise InputError(
                f"ignore: must name a key of the file, one of {_key_list(arrays)}, got {shorten(pattern)}"
            )
        left += matches
    return {name: value for name, value in arrays.items() if name not in left}, tuple(left)


def _named_roles(
    roles: Mapping[str, str], arrays: Mapping[str, np.ndarray]
) -> tuple[dict[str, str], frozenset[str]]:
    """Return role -> name, and the names of the matrices that are transposed."""
    names_by_role: dict[str, str] = {}
    transposed: set[str] = set()
    known = {*TRANSFORMER_ROLES, *MLP_ROLES}
    for role, text in roles.items():
        _, _, last = role.rpartition("blocks.")
        base = role if not last or role == last else last.partition(".")[2]
        if base not in known:
            raise InputError(
                f"map: role must be one of {', '.join(TRANSFORMER_ROLES[:14])}, …, W_x, W_1, b_1, got "
                f"{shorten(role)}"
            )
        name = text
        if text not in arrays and text.endswith(".T"):
            name = text.removesuffix(".T")
            transposed.add(name)
        if name not in arrays:
            raise InputError(
                f"map: must name a key of the file, one of {_key_list(arrays)}, got {shorten(text)}"
            )
        names_by_role[role] = name
    return names_by_role, frozenset(transposed)


def _transformer(
    short: Mapping[str, str],
    arrays: Mapping[str, np.ndarray],
    chosen_roles: Mapping[str, str],
    transposed: frozenset[str],
    task: Task,
    options: ImportOptions,
) -> tuple[dict[str, str], ReadingChoice]:
    assigned = set(chosen_roles.values())
    free = [name for name, full in short.items() if full not in assigned]
    short_names, _ = transformer_roles(free, {name: arrays[short[name]].ndim for name in free})
    roles = {role: short[name] for role, name in short_names.items()}
    for role, name in chosen_roles.items():
        layered = role not in OUTER_ROLES and not role.startswith("blocks.")
        roles[f"blocks.0.{role}" if layered else role] = name
    unknown = [name for name in arrays if name not in set(roles.values())]
    _refuse_unknown(unknown, arrays)
    weights = weights_of(arrays, roles, transposed, frozenset(assigned))
    chosen = choose(transformer_readings(weights, task, options), task, SETTLES)
    return {"W_U": roles["W_E"], **roles}, chosen


def _mlp(
    short: Mapping[str, str],
    arrays: Mapping[str, np.ndarray],
    chosen_roles: Mapping[str, str],
    transposed: frozenset[str],
    task: Task,
    options: ImportOptions,
) -> tuple[dict[str, str], ReadingChoice]:
    parts, unknown = mlp_parts(arrays, chosen_roles, task)
    _refuse_unknown(unknown, arrays)
    readings = mlp_readings(
        arrays, transposed, frozenset(chosen_roles.values()), parts, task, options.activation, options.layout
    )
    return parts.used, choose(readings, task, SETTLES)


def _refuse_unknown(unknown: Sequence[str], arrays: Mapping[str, np.ndarray]) -> None:
    if unknown:
        name = unknown[0]
        more = f" and {len(unknown) - 1} more" if len(unknown) > 1 else ""
        raise InputError(
            f"keys: must all have a role; in modgrok import --ignore {shorten(name)} leaves one out, --map "
            f"ROLE={shorten(name)} says what it is, got {shorten(name)} of shape {arrays[name].shape}{more}"
        )


def _check_all_used(
    arrays: Mapping[str, np.ndarray],
    used: Mapping[str, str],
    chosen_roles: Mapping[str, str],
    *,
    transformer: bool,
) -> None:
    for role, name in chosen_roles.items():
        if name not in used.values():
            kind = "transformer" if transformer else "MLP"
            raise InputError(f"map: must name a role of this network, a {kind}, got {shorten(role)}")


def _warnings(chosen: ReadingChoice, task: Task) -> tuple[str, ...]:
    warnings = []
    if chosen.accuracy <= max(2 * task.majority_share, 3 / task.p) and chosen.accuracy < 0.5:
        warnings.append(
            "Its accuracy is no better than guessing: the network is untrained, or its task, p, layout, "
            "tokens, activation or attention scale differ from those given, or its activation is none of "
            "relu, gelu, silu and powers."
        )
    return tuple(warnings)


def _key_list(arrays: Iterable[str]) -> str:
    names = sorted(arrays)
    return ", ".join(names[:12]) + (", …" if len(names) > 12 else "")
