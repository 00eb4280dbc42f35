"""What weights leave open: settled by the table and said, or refused with the option that settles it.

trained.npz holds small transformers that answer x - y mod 7 on every input, one for each layout of tokens;
see make_trained.py.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from networks import OPTIONS, every_input, made
from safetensors.numpy import save_file

import modgrok
from conftest import Result
from modgrok.interop import from_transformerlens, import_network, write_transformerlens
from modgrok.interop.importing.forward import mlp_logits, transformer_logits
from modgrok.interop.names import state_of
from modgrok.models import MLP, DeepMLP, Dense
from modgrok.runs import NetworkFile
from modgrok.tasks import InputError

DATA = Path(__file__).parent / "data"
P = 7
PAIRS = np.stack(np.indices((P, P)), -1).reshape(-1, 2)
State = dict[str, np.ndarray]
Call = Callable[..., Result]


def trained(layout: str) -> State:
    """The weights of a trained transformer under TransformerLens's names."""
    names = {
        "W_E": "embed.W_E", "W_pos": "pos_embed.W_pos", "W_U": "unembed.W_U",
        **{f"W_{letter}": f"blocks.0.attn.W_{letter}" for letter in "QKVO"},
        **{name: f"blocks.0.mlp.{name}" for name in ("W_in", "b_in", "W_out", "b_out")},
    }  # fmt: skip
    arrays = np.load(DATA / "trained.npz")
    return {key: arrays[f"{layout}/{name}"].astype(np.float32) for name, key in names.items()}


def flat(state: State) -> State:
    """The same transformer as PyTorch modules keep it: one matrix for all heads, (out, in)."""
    found = {}
    for letter in "QKV":
        weight = state[f"blocks.0.attn.W_{letter}"]
        found[f"block.attn.{letter.lower()}_proj.weight"] = weight.transpose(0, 2, 1).reshape(
            -1, weight.shape[1]
        )
    found["block.attn.out_proj.weight"] = state["blocks.0.attn.W_O"].reshape(-1, 16).T
    for role, name in (("in", "0"), ("out", "2")):
        found[f"block.mlp.{name}.weight"] = state[f"blocks.0.mlp.W_{role}"].T
        found[f"block.mlp.{name}.bias"] = state[f"blocks.0.mlp.b_{role}"]
    return {
        **found, "tok.weight": state["embed.W_E"], "pos": state["pos_embed.W_pos"],
        "head.weight": state["unembed.W_U"].T,
    }  # fmt: skip


@pytest.mark.parametrize("layout", ["infix", "equals"])
def test_the_sequence_and_the_heads_are_found(layout: str) -> None:
    found = import_network(flat(trained(layout)), "x - y", p=P, activation="relu")
    assert found.accuracy == 1
    assert (found.network.layout, len(found.network.blocks[0].query)) == (layout, 2)
    decided = found.decisions
    assert decided["layout"].by == "accuracy"
    assert all(value < 0.6 for value in decided["layout"].others.values())
    assert set(decided["heads"].others) == {"1", "4", "8", "16"}


def test_the_order_of_tokens_is_found() -> None:
    state = trained("infix-equals")
    state["embed.W_E"] = np.roll(state["embed.W_E"][[*range(P), P + 1, P]], 1, axis=0)  # op 0, numbers, =
    found = import_network(state, "x - y", p=P, activation="relu")
    assert found.accuracy == 1
    assert found.decisions["tokens"].value == "numbers from 1, op 0, = 8"


def test_the_side_of_square_matrices_is_found() -> None:
    state = flat(trained("equals"))
    bare = {name.removesuffix(".weight") if "attn" in name else name: value for name, value in state.items()}
    found = import_network(bare, "x - y", p=P, activation="relu", heads=2)
    assert found.accuracy == 1
    assert found.decisions["orientation"].value == "matrices times columns"
    turned = {name: value.T if "attn" in name else value for name, value in bare.items()}
    again = import_network(turned, "x - y", p=P, activation="relu", heads=2)
    assert again.decisions["orientation"].value == "rows times matrices"
    assert np.allclose(found.network(PAIRS), again.network(PAIRS), atol=1e-5)


def test_the_activation_is_found_or_said() -> None:
    found = import_network(trained("equals"), "x - y", p=P, layout="equals")
    assert found.network.activation == "relu"
    assert set(found.decisions["activation"].others) == {"gelu", "silu"}


def random_state(layout: str = "equals") -> State:
    rng = np.random.default_rng(0)
    return {
        name: rng.standard_normal(value.shape).astype(np.float32) for name, value in trained(layout).items()
    }


def test_an_untrained_network_is_refused_where_no_convention_helps() -> None:
    with pytest.raises(
        InputError, match=r"^layout: must be given, for (infix|equals) .* fit these weights alike"
    ):
        import_network(random_state(), "x - y", p=P)
    with pytest.raises(InputError, match=r"^heads: must be given"):
        import_network(flat(random_state()), "x - y", p=P, layout="equals")
    bare = {name.removesuffix(".weight"): value for name, value in flat(random_state()).items()}
    with pytest.raises(InputError, match=r"^map: must be given"):
        import_network(bare, "x - y", p=P, layout="equals", heads=2)
    found = import_network(random_state(), "x - y", p=P, layout="equals")
    assert found.decisions["activation"].by == "convention"
    assert "guessing" in found.warnings[0]


VOCABULARY = ((14, "embed.W_E"), (2, "pos_embed.W_pos"))
BAD: dict[str, tuple[Callable[[State], State], dict[str, Any], str]] = {
    "p of another network": (lambda s: s, {"p": 5}, "^p: must"),
    "a group of another order": (lambda s: s, {"group": "S3", "p": None, "expression": None}, "^p: must"),
    "operands too many": (lambda s: s, {"expression": "x + y + z"}, "^layout: must fit"),
    "a position too many": (
        lambda s: s | {"pos_embed.W_pos": np.ones((4, 16), np.float32)}, {}, "^layout: must fit.* got 4 pos",
    ),
    "a vocabulary for each operand": (
        lambda s: s | {name: np.ones((n, 16), np.float32) for n, name in VOCABULARY},
        {}, "one vocabulary",
    ),
    "a key without a role": (lambda s: s | {"extra": np.ones(3, np.float32)}, {}, "^keys: .*ignore 'extra'"),
    "an unknown role": (lambda s: s, {"roles": {"W_K2": "embed.W_E"}}, "^map: role must be one of"),
    "a role of an unknown key": (lambda s: s, {"roles": {"W_E": "nothing"}}, "^map: must name a key"),
    "ignoring what is not there": (lambda s: s, {"ignore": ["nothing"]}, "^ignore: must name a key"),
    "no such layout": (lambda s: s, {"layout": "prefix"}, "^layout: must be one of"),
    "no such activation": (lambda s: s, {"activation": "sine"}, "^activation: must be"),
    "heads of others": (lambda s: s, {"heads": 3}, "^heads: must be 2"),
    "tokens outside": (lambda s: s, {"layout": "equals", "tokens": (9,)}, "^tokens: must be"),
    "no task": (lambda s: s, {"expression": None, "p": None}, "^expression: must name"),
    "no attention output": (
        lambda s: {n: v for n, v in s.items() if "W_O" not in n}, {}, "^map: must name.*W_O",
    ),
    "not finite": (lambda s: {**s, "embed.W_E": s["embed.W_E"] * np.nan}, {}, "finite"),
    "no weights": (lambda s: {"a": np.ones(3, np.float32)}, {}, "matrices"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_what_does_not_fit_is_refused_in_one_line(case: str) -> None:
    change, options, rule = BAD[case]
    given = {"expression": "x - y", "p": P, **options}
    with pytest.raises(InputError, match=rule) as caught:
        import_network(change(trained("equals")), given.pop("expression"), **given)
    assert "\n" not in str(caught.value)


def test_extra_keys_wrappers_and_roles() -> None:
    state = trained("equals")
    wrapped = {"state_dict": {"module." + name: value for name, value in state.items()}, "epoch": 3}
    wrapped["state_dict"]["module.probe"] = np.ones(3, np.float32)
    found = import_network(wrapped, "x - y", p=P, layout="equals", ignore=["*.probe"])
    assert found.accuracy == 1
    assert set(found.ignored) == {"module.probe", "epoch"}
    strange = {f"a{number}": value for number, value in enumerate(state.values())}
    strange["a0"] = strange["a0"].T
    roles = [name.rpartition(".")[2] for name in state]
    given = {role: f"a{number}" for number, role in enumerate(roles)} | {"W_E": "a0.T"}
    named = import_network(strange, "x - y", p=P, layout="equals", roles=given)
    assert np.array_equal(named.network(PAIRS), found.network(PAIRS))


@pytest.mark.parametrize("options", [*OPTIONS[1::4], OPTIONS[-1]], ids=str)
def test_readings_compute_what_records_do(options: dict) -> None:
    net = made(**options)
    inputs = every_input(net)
    assert np.allclose(transformer_logits(net, inputs), net(jnp.asarray(inputs)), atol=1e-4)


def test_readings_of_mlps_compute_what_records_do() -> None:
    rng = np.random.default_rng(0)
    tables, first, last = (
        jnp.asarray(rng.standard_normal(s), jnp.float32) for s in ((2, P, 5), (4, 5), (P, 4))
    )
    bias = jnp.arange(float(P))
    nets = [
        MLP(tables, jnp.asarray(rng.standard_normal((P, 5)), jnp.float32), "gelu", readout_bias=bias),
        DeepMLP(tables, (Dense(first, jnp.ones(4)),), last, bias, "silu"),
    ]
    for net in nets:
        assert np.allclose(mlp_logits(net, PAIRS), net(jnp.asarray(PAIRS)), atol=1e-4)


def test_two_tokens_without_a_sign_are_two_operands(tmp_path: Path) -> None:
    net = made(layout="two", k=2, layers=1, biases=True, norms=False, activation="relu")
    save_file(state_of(net), tmp_path / "net.safetensors")
    read = from_transformerlens(tmp_path / "net.safetensors").network
    assert (read.operands, read.classes, read.layout) == (2, P, "two")
    inputs = every_input(net)
    assert np.allclose(read(inputs), net(inputs), atol=1e-5)


@pytest.mark.parametrize(
    "task",
    [{"expression": "x + y", "p": 5}, {"group": "S3"}, {"expression": "S3", "p": 7}, {"expression": "x+y+z"}],
)
def test_a_task_of_other_shapes_is_refused(tmp_path: Path, task: dict[str, Any]) -> None:
    save_file(trained("equals"), tmp_path / "net.safetensors")
    for layout in (None, "equals"):
        with pytest.raises(InputError, match=r"^(p|layout|path): "):
            from_transformerlens(tmp_path / "net.safetensors", layout=layout, **task)


def test_a_group_is_named(tmp_path: Path) -> None:
    net = made(layout="equals", k=2, layers=1, biases=True, norms=False, activation="relu", p=6)
    save_file(state_of(net), tmp_path / "net.safetensors")
    assert from_transformerlens(tmp_path / "net.safetensors", group="S3").task().name == "S3"
    loaded = modgrok.load(tmp_path / "net.safetensors", group="S3", layout="equals", activation="relu")
    inputs = every_input(net)
    assert np.allclose(loaded(inputs), net(inputs), atol=1e-5)


def test_every_command_takes_the_file(call: Call, tmp_path: Path) -> None:
    np.savez(tmp_path / "net.npz", **flat(trained("equals")))
    task = ("--expression", "x - y", "--p", "7", "--activation", "relu")
    found = call("import", "net.npz", *task, "-o", "net.safetensors", "--json")
    assert found.code == 0, found.err
    values = found.json
    assert {"path", "kind", "accuracy", "used", "ignored"} <= set(values)
    assert (values["kind"], values["accuracy"], values["path"]) == ("transformer", 1, "net.safetensors")
    assert values["used"]["blocks.0.W_in"] == "block.mlp.0.weight"
    assert "layout: equals (100%" in found.out
    same = ("--layout", "equals", "--heads", "2")
    for arguments in (("net.safetensors",), ("net.npz", *task, *same)):
        explained = call("explain", *arguments, "--json")
        assert explained.code == 0, explained.err
        assert explained.json["accuracy"] == 1
    measured = call("measure", "net.npz", *task, *same, "--json")
    assert measured.code == 0, measured.err
    assert measured.json["measures"][0]["accuracy"] == 1
    assert measured.json["measures"][0]["reasons"] == ["imported"]
    assert call("report", "net.safetensors", "-o", "net.svg").code == 0
    exported = call("export", "net.safetensors", "--format", "transformerlens", "-o", "out")
    assert exported.code == 0, exported.err
    assert modgrok.load("out").task.name == "x - y"
    assert np.allclose(modgrok.load("out")(PAIRS), modgrok.load("net.safetensors")(PAIRS), atol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        (("import", "net.npz"), "expression: must name the network's task"),
        (("import", "net.npz", "x - y", "--p", "5"), "p: must"),
        (("import", "nothing.npz", "x - y", "--p", "7"), "path: must be a file of weights"),
        (("import", "text.npz", "x - y", "--p", "7"), "path: must be an .npz of plain arrays"),
        (("import", "net.npz", "x - y", "--p", "7", "--map", "W_E"), "map: must be ROLE=KEY"),
        (("import", "net.npz", "x - y", "--p", "7", "-o", "net.txt"), "output: must end in .safetensors"),
        (("measure", "net.npz"), "expression: must name the task"),
        (("explain", "net.npz"), "expression: must name the task"),
        (("report", "net.npz"), "expression: must name the task"),
        (("measure", "latest", "--p", "7"), "p: must be used with a file"),
    ],
)
def test_bad_commands_say_one_line(call: Call, tmp_path: Path, arguments: tuple[str, ...], rule: str) -> None:
    np.savez(tmp_path / "net.npz", **trained("equals"))
    (tmp_path / "text.npz").write_text("no weights")
    found = call(*arguments)
    assert found.code == 2
    assert rule in found.err
    assert found.err.count("\n") == 1


def test_a_network_that_transformerlens_has_not_is_not_exported(tmp_path: Path) -> None:
    net = made(**OPTIONS[0])
    for options, rule in (({"post_norm": True}, "norms before"), ({"softmax_weight": 0.5}, "softmaxes")):
        changed = type(net)(**{**{name: getattr(net, name) for name in net.__dataclass_fields__}, **options})
        with pytest.raises(InputError, match=rule):
            write_transformerlens(tmp_path, NetworkFile(changed), "")
