"""What weights leave open: settled by the table and said, or refused with the option that settles it.

The networks are written down by hand: they answer x - y mod 7 on every input, in one layout alone.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from networks import OPTIONS, every_input, random_network
from safetensors.numpy import save_file

import modgrok
from modgrok.interop import from_transformerlens, import_network, write_transformerlens
from modgrok.interop.importing.forward import mlp_logits, transformer_logits
from modgrok.interop.importing.readings import Reading, choose
from modgrok.interop.names import state_of
from modgrok.models import MLP, DeepMLP, Dense
from modgrok.models.transformer import SIGNS, length_of
from modgrok.runs import NetworkFile
from modgrok.tasks import InputError

P = 7
PAIRS = np.stack(np.indices((P, P)), -1).reshape(-1, 2).astype(np.int32)
State = dict[str, np.ndarray]
Call = Callable[..., Any]


PLACES = {"infix": (0, 2), "equals": (0, 1), "infix-equals": (0, 2)}
D = 36


def trained(layout: str) -> State:
    """Weights under TransformerLens's names: two heads fetch the operands, a neuron for each pair answers.

    The residual stream holds the token, the place, the first and the second operand, and the answer.
    """
    rng = np.random.default_rng(0)
    v, length, e = P + SIGNS[layout], length_of(layout, 2), D // 2
    state = {
        "embed.W_E": np.zeros((v, D)), "pos_embed.W_pos": np.zeros((length, D)),
        "unembed.W_U": np.zeros((D, P)),
        **{f"blocks.0.attn.W_{letter}": np.zeros((2, D, e)) for letter in "QKV"},
        "blocks.0.attn.W_O": np.zeros((2, e, D)), "blocks.0.mlp.W_in": np.zeros((D, P * P)),
        "blocks.0.mlp.b_in": np.full(P * P, -1.0), "blocks.0.mlp.W_out": np.zeros((P * P, D)),
        "blocks.0.mlp.b_out": np.zeros(D),
    }  # fmt: skip
    number, place, operand, answer = np.arange(P), v, (v + length, v + length + P), D - P
    state["embed.W_E"][np.arange(v), np.arange(v)] = 1
    state["pos_embed.W_pos"][np.arange(length), place + np.arange(length)] = 1
    for head in range(2):
        asking = place + length - 1 if layout == "infix" else v - 1  # the last place, or the sign there
        state["blocks.0.attn.W_Q"][head, asking, 0] = 12 * np.sqrt(e)
        state["blocks.0.attn.W_K"][head, place + PLACES[layout][head], 0] = 1
        state["blocks.0.attn.W_V"][head, number, e - P + number] = 1
        state["blocks.0.attn.W_O"][head, e - P + number, operand[head] + number] = 1
    x, y = PAIRS.T
    pair = np.arange(P * P)
    state["blocks.0.mlp.W_in"][operand[0] + x, pair] = 1
    state["blocks.0.mlp.W_in"][operand[1] + y, pair] += 1
    state["blocks.0.mlp.W_out"][pair, answer + (x - y) % P] = 10
    state["unembed.W_U"][answer + number, number] = 1
    return {
        name: (value + 0.01 * rng.standard_normal(value.shape)).astype(np.float32)
        for name, value in state.items()
    }


def flat(state: State) -> State:
    """The same transformer as PyTorch modules keep it: one matrix for all heads, (out, in)."""
    values = {}
    for letter in "QKV":
        weight = state[f"blocks.0.attn.W_{letter}"]
        values[f"block.attn.{letter.lower()}_proj.weight"] = weight.transpose(0, 2, 1).reshape(
            -1, weight.shape[1]
        )
    values["block.attn.out_proj.weight"] = state["blocks.0.attn.W_O"].reshape(-1, D).T
    for role, name in (("in", "0"), ("out", "2")):
        values[f"block.mlp.{name}.weight"] = state[f"blocks.0.mlp.W_{role}"].T
        values[f"block.mlp.{name}.bias"] = state[f"blocks.0.mlp.b_{role}"]
    return {
        **values, "tok.weight": state["embed.W_E"], "pos": state["pos_embed.W_pos"],
        "head.weight": state["unembed.W_U"].T,
    }  # fmt: skip


@pytest.mark.parametrize("layout", ["infix", "equals"])
def test_the_sequence_and_the_heads_are_found(layout: str) -> None:
    result = import_network(flat(trained(layout)), "x - y", p=P, activation="relu")
    assert result.accuracy == 1
    assert (result.network.layout, len(result.network.blocks[0].query)) == (layout, 2)
    decided = result.decisions
    assert decided["layout"].by == "accuracy"
    assert all(value < 0.6 for value in decided["layout"].others.values())
    assert set(decided["heads"].others) == {"1", "3", "4", "6", "9", "12"}


def test_the_order_of_tokens_is_found() -> None:
    state = trained("infix-equals")
    state["embed.W_E"] = np.roll(state["embed.W_E"][[*range(P), P + 1, P]], 1, axis=0)  # op 0, numbers, =
    result = import_network(state, "x - y", p=P, activation="relu")
    assert result.accuracy == 1
    assert result.decisions["tokens"].value == "numbers from 1, op 0, = 8"


@pytest.mark.long
def test_the_side_of_square_matrices_is_found() -> None:
    state = flat(trained("equals"))
    bare = {name.removesuffix(".weight") if "attn" in name else name: value for name, value in state.items()}
    result = import_network(bare, "x - y", p=P, activation="relu", heads=2)
    assert result.accuracy == 1
    assert result.decisions["orientation"].value == "matrices times columns"
    transposed = {name: value.T if "attn" in name else value for name, value in bare.items()}
    again = import_network(transposed, "x - y", p=P, activation="relu", heads=2)
    assert again.decisions["orientation"].value == "rows times matrices"
    assert np.allclose(result.network(jnp.asarray(PAIRS)), again.network(jnp.asarray(PAIRS)), atol=1e-5)


def test_the_activation_is_found_or_said() -> None:
    result = import_network(trained("equals"), "x - y", p=P, layout="equals")
    assert result.network.activation == "relu"
    assert set(result.decisions["activation"].others) == {"gelu", "silu"}


def test_even_margins_settle_the_activation_against_the_accuracy() -> None:
    """Weights trained with relu that answer more inputs if they are read with a square, as real ones do."""
    task = modgrok.task_from_expression("x + y", 11)
    rng, n = np.random.default_rng(0), task.size
    training = np.arange(n) < 0.7 * n
    margins = {
        "relu": np.where(training, 10 + 0.2 * rng.standard_normal(n), 6 + 4 * rng.standard_normal(n)),
        "power2": 20 + 5 * rng.standard_normal(n),
    }
    logits = {phi: margins[phi][:, None] * np.eye(11)[task.labels()] for phi in margins}
    right = {phi: (values > 0).mean() for phi, values in margins.items()}
    assert right["power2"] > right["relu"]

    def reading(phi: str) -> Reading:
        def forward(_: Any, inputs: np.ndarray) -> np.ndarray:
            return logits[phi][inputs[:, 0] * 11 + inputs[:, 1]]

        return Reading(lambda: phi, forward, {"activation": phi}, frozenset())

    chosen = choose([reading("power2"), reading("relu")], task, {})
    assert chosen.network == "relu"
    assert chosen.decisions["activation"].by == "evenness"
    assert chosen.decisions["activation"].others == {"power2": right["power2"]}


def random_state(layout: str = "equals") -> State:
    rng = np.random.default_rng(0)
    return {
        name: rng.standard_normal(value.shape).astype(np.float32) for name, value in trained(layout).items()
    }


def test_an_untrained_network_is_refused_where_no_convention_helps() -> None:
    with pytest.raises(
        InputError, match=r"^layout: must be given, since (infix|equals) .* fit these weights equally well"
    ):
        import_network(random_state(), "x - y", p=P)
    with pytest.raises(InputError, match=r"^heads: must be given"):
        import_network(flat(random_state()), "x - y", p=P, layout="equals")
    bare = {name.removesuffix(".weight"): value for name, value in flat(random_state()).items()}
    with pytest.raises(InputError, match=r"^map: must be given"):
        import_network(bare, "x - y", p=P, layout="equals", heads=2)
    result = import_network(random_state(), "x - y", p=P, layout="equals")
    assert result.decisions["activation"].by == "convention"
    assert "guessing" in result.warnings[0]


VOCABULARY = ((14, "embed.W_E"), (2, "pos_embed.W_pos"))
BAD: dict[str, tuple[Callable[[State], State], dict[str, Any], str]] = {
    "p of another network": (lambda s: s, {"p": 5}, "^p: must"),
    "a group of another order": (lambda s: s, {"group": "S3", "p": None, "expression": None}, "^p: must"),
    "operands too many": (lambda s: s, {"expression": "x + y + z"}, "^layout: must fit"),
    "a position too many": (
        lambda s: s | {"pos_embed.W_pos": np.ones((4, D), np.float32)}, {}, "^layout: must fit.* got 4 pos",
    ),
    "a vocabulary for each operand": (
        lambda s: s | {name: np.ones((n, D), np.float32) for n, name in VOCABULARY},
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
    "tokens that are no sequence": (lambda s: s, {"tokens": 13}, "^tokens: must be a sequence"),
    "tokens that are text": (lambda s: s, {"tokens": "78"}, "^tokens: must be a sequence"),
    "heads that are text": (lambda s: s, {"heads": "4"}, "^heads: must be an integer, got '4'"),
    "roles that are a list": (lambda s: s, {"roles": ["W_E"]}, "^roles: must be a mapping"),
    "ignoring a text": (lambda s: s, {"ignore": "embed"}, "^ignore: must be a list of names"),
    "a mask that is text": (lambda s: s, {"causal": "yes"}, "^causal: must be true or false"),
    "roles of numbers": (lambda s: s, {"roles": {"W_E": 5}}, "^roles: must be a mapping"),
    "ignoring a number": (lambda s: s, {"ignore": 5}, "^ignore: must be a list of names"),
    "an activation that is a number": (lambda s: s, {"activation": 5}, "^activation: must be a name"),
    "a key that is a number": (lambda s: s, {"key": 3}, "^key: must be a name"),
    "true as a share": (lambda s: s, {"mix": True}, "^mix: must be in 0..1"),
    "no share of a softmax": (lambda s: s, {"mix": 1.5}, "^mix: must be in 0..1"),
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
    keywords = {"expression": "x - y", "p": P, **options}
    with pytest.raises(InputError, match=rule) as caught:
        import_network(change(trained("equals")), keywords.pop("expression"), **keywords)
    assert "\n" not in str(caught.value)


class Short:
    """A tensor on another device in bfloat16, as PyTorch has them: NumPy reads only float32 on the CPU."""

    def __init__(self, values: np.ndarray, dtype: str = "torch.bfloat16", ready: int = 0) -> None:
        self.values, self.dtype, self.ready = values, dtype, ready

    def detach(self) -> Short:
        return Short(self.values, self.dtype, self.ready + 1)

    def cpu(self) -> Short:
        return Short(self.values, self.dtype, self.ready + 1)

    def float(self) -> Short:
        return Short(self.values, "torch.float32", self.ready)

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        if self.ready < 2 or self.dtype != "torch.float32":
            raise TypeError("Got unsupported ScalarType BFloat16")
        return self.values


def test_a_state_dict_in_bfloat16_on_another_device_is_read() -> None:
    state = {name: Short(value) for name, value in trained("equals").items()}
    imported = import_network(state, "x - y", p=P, layout="equals", activation="relu")
    assert imported.accuracy == 1


def test_extra_keys_wrappers_and_roles() -> None:
    state = trained("equals")
    wrapped = {"state_dict": {"module." + name: value for name, value in state.items()}, "epoch": 3}
    wrapped["state_dict"]["module.probe"] = np.ones(3, np.float32)
    result = import_network(wrapped, "x - y", p=P, layout="equals", ignore=["*.probe"])
    assert result.accuracy == 1
    assert set(result.ignored) == {"module.probe", "epoch"}
    strange = {f"a{number}": value for number, value in enumerate(state.values())}
    strange["a0"] = strange["a0"].T
    roles = [name.rpartition(".")[2] for name in state]
    keywords = {role: f"a{number}" for number, role in enumerate(roles)} | {"W_E": "a0.T"}
    named = import_network(strange, "x - y", p=P, layout="equals", roles=keywords)
    assert np.array_equal(named.network(jnp.asarray(PAIRS)), result.network(jnp.asarray(PAIRS)))


@pytest.mark.few(2)
@pytest.mark.parametrize("options", [*OPTIONS[1::4], OPTIONS[-1]], ids=str)
def test_readings_compute_what_records_do(options: dict) -> None:
    net = random_network(**options)
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
    net = random_network(layout="two", k=2, layers=1, biases=True, norms=False, activation="relu")
    save_file(state_of(net), tmp_path / "net.safetensors")
    read = from_transformerlens(tmp_path / "net.safetensors", activation="relu").network
    assert (read.operands, read.classes, read.layout) == (2, P, "two")
    inputs = every_input(net)
    assert np.allclose(read(jnp.asarray(inputs)), net(jnp.asarray(inputs)), atol=1e-5)


@pytest.mark.parametrize(
    "task",
    [{"expression": "x + y", "p": 5}, {"group": "S3"}, {"expression": "S3", "p": 7}, {"expression": "x+y+z"}],
)
def test_a_task_of_other_shapes_is_refused(tmp_path: Path, task: dict[str, Any]) -> None:
    save_file(trained("equals"), tmp_path / "net.safetensors")
    for layout in (None, "equals"):
        with pytest.raises(InputError, match=r"^(p|layout|path): "):
            from_transformerlens(tmp_path / "net.safetensors", layout=layout, **task)


@pytest.mark.long
def test_a_group_is_named(tmp_path: Path) -> None:
    net = random_network(layout="equals", k=2, layers=1, biases=True, norms=False, activation="relu", p=6)
    save_file(state_of(net), tmp_path / "net.safetensors")
    assert (
        from_transformerlens(tmp_path / "net.safetensors", group="S3", activation="relu").task().name == "S3"
    )
    loaded = modgrok.load(tmp_path / "net.safetensors", group="S3", layout="equals", activation="relu")
    inputs = every_input(net)
    assert np.allclose(loaded(inputs), net(jnp.asarray(inputs)), atol=1e-5)


def test_a_file_is_imported_explained_and_exported(call: Call, tmp_path: Path) -> None:
    np.savez(tmp_path / "net.npz", **flat(trained("equals")))
    task = ("--expression", "x - y", "--p", "7", "--activation", "relu")
    result = call("import", "net.npz", *task, "-o", "net.safetensors", "--json")
    assert result.code == 0, result.err
    values = result.json
    assert {"path", "kind", "accuracy", "used", "ignored"} <= set(values)
    assert (values["kind"], values["accuracy"], values["path"]) == ("transformer", 1, "net.safetensors")
    assert values["used"]["blocks.0.W_in"] == "block.mlp.0.weight"
    assert "layout: equals (100%" in result.out
    over = call("import", "net.safetensors", "-o", "./net.safetensors")
    assert (over.code, over.err.partition(":")[2].partition(",")[0]) == (
        2,
        " output: must be another file than the one that is read",
    )
    same = ("--layout", "equals", "--heads", "2")
    for arguments in (("net.safetensors",), ("net.npz", *task, *same)):
        explained = call("explain", *arguments, "--json")
        assert explained.code == 0, explained.err
        assert explained.json["accuracy"] == 1
    exported = call("export", "net.safetensors", "--format", "transformerlens", "-o", "out")
    assert exported.code == 0, exported.err
    assert modgrok.load("out").task.name == "x - y"
    assert np.allclose(modgrok.load("out")(PAIRS), modgrok.load("net.safetensors")(PAIRS), atol=1e-5)


@pytest.mark.long
def test_a_file_is_measured_and_drawn(call: Call, tmp_path: Path) -> None:
    np.savez(tmp_path / "net.npz", **flat(trained("equals")))
    task = ("--expression", "x - y", "--p", "7", "--activation", "relu")
    same = ("--layout", "equals", "--heads", "2")
    measured = call("measure", "net.npz", *task, *same, "--json")
    assert measured.code == 0, measured.err
    assert measured.json["measures"][0]["accuracy"] == 1
    assert measured.json["measures"][0]["reasons"] == ["imported"]
    assert call("report", "net.npz", *task, *same, "-o", "net.svg").code == 0


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
        (("measure", "bytes.pt", "--expression", "x - y", "--p", "7"), "path: must hold only tensors"),
        (("report", "bytes.safetensors", "--expression", "x - y", "--p", "7"), "path: must be a safetensors"),
        (("explain", "bytes.npz", "x - y", "--p", "7"), "path: must be an .npz of plain arrays"),
        (("measure", "net.npz", "--expression", "x - y", "--p", "5"), "p: must"),
        (("measure", "latest", "--p", "7"), "p: must be used with a file"),
    ],
)
def test_bad_commands_say_one_line(call: Call, tmp_path: Path, arguments: tuple[str, ...], rule: str) -> None:
    np.savez(tmp_path / "net.npz", **trained("equals"))
    (tmp_path / "text.npz").write_text("no weights")
    for suffix in ("pt", "safetensors", "npz"):
        (tmp_path / f"bytes.{suffix}").write_bytes(bytes(range(256)))
    result = call(*arguments)
    assert result.code == 2
    assert rule in result.err
    assert result.err.count("\n") == 1


def test_a_network_that_transformerlens_has_not_is_not_exported(tmp_path: Path) -> None:
    net = random_network(**OPTIONS[0])
    for options, rule in (({"post_norm": True}, "norms before"), ({"softmax_weight": 0.5}, "only softmax")):
        changed = type(net)(**{**{name: getattr(net, name) for name in net.__dataclass_fields__}, **options})
        with pytest.raises(InputError, match=rule):
            write_transformerlens(tmp_path, NetworkFile(changed), "")
