"""`modgrok import`: a network that another program trained, checked against its task."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter
from typing import Annotated, Any

from cyclopts import Parameter

from ..display import percent
from ..interop import Imported
from ..interop import import_network as imported_network
from ..io import is_file
from ..models.networks import network_type
from ..runs import CorruptFile, write_network
from ..tasks import InputError, read_table
from ..tasks.errors import shorten
from .report import free_name
from .shared.file_options import Activation, Heads, Layout
from .shared.options import Group, Json, Modulus, Real, Table, whole_numbers
from .shared.output import cannot_write, check_output, note, say, say_json

MOST_SHOWN = 40
"""Keys listed for a reader; the JSON object has all of them."""


def import_file(
    file: Annotated[
        Path,
        Parameter(
            help="A .safetensors, .npz, .pt, .pth, .ckpt or .bin file of weights, or a folder with "
            "model.safetensors or .npy files."
        ),
    ],
    expression: Annotated[
        str | None,
        Parameter(
            name=["--expression"],
            allow_leading_hyphen=True,
            help='Task of the network, such as "x + y"; needs --p.',
        ),
    ] = None,
    *,
    p: Modulus = None,
    group: Group = None,
    table: Table = None,
    heads: Heads = None,
    layout: Layout = None,
    activation: Activation = None,
    tokens: Annotated[
        str | None,
        Parameter(
            help="Tokens of the signs, in the order of the sequence, such as 98,97; default p, then p + 1."
        ),
    ] = None,
    causal: Annotated[
        bool | None,
        Parameter(help="Whether attention is causal; makes a difference only with two or more layers."),
    ] = None,
    post_norm: Annotated[
        bool | None, Parameter(help="Whether layer normalisation follows the parts of a block.")
    ] = None,
    mix: Annotated[
        Real | None,
        Parameter(
            help="Weight of the softmax in the attention patterns, in 0..1; the rest is spread evenly over "
            "all positions."
        ),
    ] = None,
    ignore: Annotated[
        list[str] | None,
        Parameter(negative="", help="Key of the file to leave out; * matches any characters."),
    ] = None,
    map: Annotated[
        list[str] | None,
        Parameter(
            negative="",
            help="ROLE=KEY, or ROLE=KEY.T for a transposed matrix. Roles: W_E, W_pos, W_Q, W_K, W_V, W_O, "
            "W_in, b_in, W_out, b_out, W_U, b_U; of an MLP W_E, W_x, W_y, W_1, b_1, W_2, b_2.",
        ),
    ] = None,
    key: Annotated[
        str | None, Parameter(help="Key of the state dict in the file; default the usual names.")
    ] = None,
    logits: Annotated[
        Path | None,
        Parameter(
            help="A .npy file with the network's own logits on all inputs, in the order of the table: the "
            "network is refused unless, as modgrok has read it, it gives the same."
        ),
    ] = None,
    output: Annotated[
        Path | None,
        Parameter(
            name=["--output", "-o"], help="File to write, .safetensors; default NAME-imported.safetensors."
        ),
    ] = None,
    json: Json = False,
) -> int:
    """Import a network that another program trained, and check it on every input of its task.

    MLPs and transformers are read from the names and shapes of their weights. What these leave open is
    settled by the accuracy on all inputs (for the activation, by the margins first), and the choice is
    reported. If that does not settle it, the network is refused, and the message names the option that does.
    """
    started = perf_counter()
    if output is not None:
        check_output(output, (".safetensors",))
        if is_file(output) and is_file(file) and output.samefile(file):
            raise InputError(f"output: must be another file than the one that is read, got {shorten(output)}")
    task_table = None if table is None else read_table(table)
    try:
        network = imported_network(
            file,
            expression,
            p=p,
            group=group,
            table=task_table,
            heads=heads,
            layout=layout,
            activation=activation,
            tokens=None if tokens is None else whole_numbers("tokens", tokens),
            causal=causal,
            post_norm=post_norm,
            mix=mix,
            ignore=ignore or (),
            roles=_roles(map or []),
            key=key,
            logits=logits,
        )
    except CorruptFile as error:
        raise InputError(f"path: must hold a network, got {shorten(error, 200)}") from None
    path = free_name(Path(f"{file.stem}-imported.safetensors")) if output is None else output
    try:
        write_network(path, network.content)
    except OSError as error:
        raise cannot_write(path, error) from None
    tell(network)
    say(f"wrote {path}")
    if json:
        say_json({"path": str(path), **as_json(network), "seconds": perf_counter() - started})
    return 0


def tell(network: Imported) -> None:
    """Say what was understood."""
    noun, shape = network_type(network.network).noun, network.network
    say(f"{network.task.name} on {network.task.p} classes  ·  {noun}")
    say(f"  {shape!r}")
    say(f"  accuracy on all {network.task.size:,} inputs: {percent(network.accuracy)}")
    for option, decision in network.decisions.items():
        others = ", ".join(f"{value} {percent(accuracy)}" for value, accuracy in decision.others.items())
        choice = f"{decision.value} ({percent(decision.accuracy)}; others: {others})"
        say(f"  {option}: {choice}, {WORDS[decision.by]}")
    for option, value in network.stated.items():
        say(f"  {option}: {value}, as the settings beside the weights say")
    for role, key in list(network.used.items())[:MOST_SHOWN]:
        say(f"  {role:<16} {key}")
    if len(network.used) > MOST_SHOWN:
        say(f"  and {len(network.used) - MOST_SHOWN} more")
    if network.ignored:
        say(f"  left out: {', '.join(network.ignored[:MOST_SHOWN])}")
    for sentence in network.warnings:
        note(f"modgrok: {sentence}")


WORDS = {
    "accuracy": "by accuracy",
    "margins": "by margins, since accuracies do not differ significantly",
    "likelihood": "by likelihood, since accuracies do not differ significantly",
    "evenness": "by the evenness of margins, whatever the accuracies",
    "equality": "either gives the same logits",
    "convention": "by convention, since the table does not decide it",
}


def as_json(network: Imported) -> dict[str, Any]:
    """Return what scripts rely on."""
    return {
        "kind": network.kind,
        "expression": network.task.name,
        "p": network.task.p,
        "accuracy": network.accuracy,
        "used": network.used,
        "ignored": list(network.ignored),
        "decisions": {
            option: {"value": d.value, "accuracy": d.accuracy, "others": d.others, "by": d.by}
            for option, d in network.decisions.items()
        },
        "stated": network.stated,
        "warnings": list(network.warnings),
    }


def _roles(texts: list[str]) -> dict[str, str]:
    roles: dict[str, str] = {}
    for text in texts:
        role, equals, key = text.partition("=")
        if not equals or not role or not key:
            raise InputError(f"map: must be ROLE=KEY, got {shorten(text)}")
        if role in roles:
            raise InputError(f"map: must name each role once, got {shorten(role)} twice")
        roles[role] = key
    return roles
