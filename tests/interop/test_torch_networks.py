"""Networks of PyTorch modules, in the layouts of public code, come in with the logits that PyTorch computes.

`test_import_layouts.py` has their twins in NumPy, which need no PyTorch.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

import modgrok
from modgrok.interop import import_network

pytestmark = [pytest.mark.needs("torch"), pytest.mark.torch]
torch = pytest.importorskip("torch")
nn, F = torch.nn, torch.nn.functional

P, D, M, H = 7, 8, 12, 2
PAIRS = np.stack(np.indices((P, P)), -1).reshape(-1, 2).astype(np.int32)


class AddedMLP(nn.Module):
    """An embedding for both operands, added, and a biased linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.l1 = nn.Embedding(P, D), nn.Linear(D, M)
        self.unembed = nn.Linear(M, P, bias=False)

    def forward(self, x: Any) -> Any:
        return self.unembed(F.relu(self.l1(self.embed(x).sum(1))))


class SeparateMLP(nn.Module):
    """An embedding for each operand, added after a linear map each."""

    def __init__(self) -> None:
        super().__init__()
        self.embed_x, self.embed_y = nn.Embedding(P, D), nn.Embedding(P, D)
        self.proj_x, self.proj_y = nn.Linear(D, M, bias=False), nn.Linear(D, M)
        self.out = nn.Linear(M, P)

    def forward(self, x: Any) -> Any:
        return self.out(F.relu(self.proj_x(self.embed_x(x[:, 0])) + self.proj_y(self.embed_y(x[:, 1]))))


class EmbeddedMLP(nn.Module):
    """An embedding for both operands, side by side, a biased layer, and a second hidden layer."""

    def __init__(self) -> None:
        super().__init__()
        self.emb = nn.Embedding(P, D)
        self.net = nn.Sequential(nn.Linear(2 * D, M), nn.ReLU(), nn.Linear(M, M), nn.ReLU(), nn.Linear(M, P))

    def forward(self, x: Any) -> Any:
        return self.net(self.emb(x).flatten(1))


class OneHotMLP(nn.Module):
    """Two layers on the one-hot values side by side."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(2 * P, M), nn.Linear(M, P)

    def forward(self, x: Any) -> Any:
        return self.fc2(F.relu(self.fc1(F.one_hot(x, P).flatten(1).float())))


class TwoTokens(nn.Module):
    """Two operands with one embedding: no sign, no mask, attention mixed with a constant pattern."""

    def __init__(self, mix: float = 1.0, layers: int = 2) -> None:
        super().__init__()
        self.embed, self.pos_embed = nn.Embedding(P, D), nn.Parameter(torch.randn(2, D))
        self.blocks = nn.ModuleList(
            nn.ModuleDict({
                "attn": nn.ModuleDict({name: nn.Linear(D, D, bias=False) for name in "qkvo"}),
                "mlp": nn.Sequential(nn.Linear(D, M), nn.ReLU(), nn.Linear(M, D)),
            })
            for _ in range(layers)
        )  # fmt: skip
        self.unembed, self.mix = nn.Linear(D, P, bias=False), mix

    def forward(self, x: Any) -> Any:
        r = self.embed(x) + self.pos_embed
        for block in self.blocks:
            at = block["attn"]
            q, k, v = (at[name](r).unflatten(-1, (H, -1)).transpose(1, 2) for name in "qkv")
            pattern = torch.softmax(q @ k.transpose(-1, -2) / (D // H) ** 0.5, -1)
            z = (self.mix * pattern + 1 - self.mix) @ v
            r = r + at["o"](z.transpose(1, 2).flatten(2))
            r = r + block["mlp"](r)
        return self.unembed(r[:, -1])


class EqualsSign(nn.Module):
    """x y = with positions, PyTorch's own attention, a causal mask, and biases in the MLP only."""

    def __init__(self) -> None:
        super().__init__()
        self.tok_emb, self.pos_emb = nn.Embedding(P + 1, D), nn.Embedding(3, D)
        self.attn = nn.MultiheadAttention(D, H, bias=False, batch_first=True)
        self.mlp = nn.Sequential(nn.Linear(D, M), nn.ReLU(), nn.Linear(M, D))
        self.head = nn.Linear(D, P, bias=False)

    def forward(self, x: Any) -> Any:
        tokens = F.pad(x, (0, 1), value=P)
        r = self.tok_emb(tokens) + self.pos_emb.weight
        mask = torch.triu(torch.ones(3, 3, dtype=torch.bool), 1)
        r = r + self.attn(r, r, r, attn_mask=mask, need_weights=False)[0]
        return self.head((r + self.mlp(r))[:, -1])


class LayerNorms(nn.Module):
    """x op y = through PyTorch's own encoder layers, with norms after each part, and biases everywhere."""

    def __init__(self) -> None:
        super().__init__()
        self.token_embeddings, self.position_embeddings = nn.Embedding(P + 2, D), nn.Embedding(4, D)
        layer = nn.TransformerEncoderLayer(D, H, M, dropout=0.0, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2)
        self.head = nn.Linear(D, P + 2)

    def forward(self, x: Any) -> Any:
        sign = torch.full_like(x[:, :1], P)
        tokens = torch.cat([x[:, :1], sign, x[:, 1:], sign + 1], 1)
        r = self.token_embeddings(tokens) + self.position_embeddings.weight
        mask = torch.triu(torch.ones(4, 4, dtype=torch.bool), 1)
        return self.head(self.encoder(r, mask=mask)[:, -1])[:, :P]


NETWORKS: dict[str, tuple[Callable[[], Any], dict[str, Any]]] = {
    "embedding added, biased layer": (AddedMLP, {"activation": "relu"}),
    "separate embeddings, a map each": (SeparateMLP, {"activation": "relu"}),
    "embedding side by side, two hidden layers": (EmbeddedMLP, {"activation": "relu"}),
    "one-hot values side by side": (OneHotMLP, {"activation": "relu"}),
    "two tokens, no sign, no mask": (TwoTokens, {"causal": False, "heads": H}),
    "attention mixed with a constant": (
        lambda: TwoTokens(0.3), {"causal": False, "heads": H, "mix": 0.3},
    ),
    "positions, equals sign, biases in the MLP": (EqualsSign, {"heads": H, "layout": "equals"}),
    "encoder layers of PyTorch": (
        LayerNorms, {"heads": H, "layout": "infix-equals", "causal": True, "post_norm": True},
    ),
}  # fmt: skip


def module_and_logits(build: Callable[[], Any]) -> tuple[Any, np.ndarray]:
    """Return a module with random weights, and its logits of all pairs."""
    torch.manual_seed(0)
    model = build().eval()
    for value in model.parameters():  # biases and norms, too, are not those of an untrained network
        nn.init.normal_(value, std=0.5)
    with torch.no_grad():
        return model, model(torch.from_numpy(PAIRS).long()).numpy()


def difference(network: Any, expected: np.ndarray) -> float:
    return float(np.abs(np.asarray(network(jnp.asarray(PAIRS))) - expected).max())


@pytest.mark.parametrize("name", NETWORKS)
def test_modules_come_in_with_equal_logits(tmp_path: Path, name: str) -> None:
    build, options = NETWORKS[name]
    model, expected = module_and_logits(build)
    torch.save(model.state_dict(), tmp_path / "net.pt")
    from_file = import_network(tmp_path / "net.pt", "x + y", p=P, **options)
    assert difference(from_file.network, expected) < 1e-4
    assert set(from_file.used.values()) == set(model.state_dict())
    from_memory = import_network(model.state_dict(), "x + y", p=P, **options)
    assert difference(from_memory.network, expected) < 1e-4


def wrapped(model: Any) -> dict[str, Any]:
    """What training code saves, by how it does: each holds the same weights."""
    state = model.state_dict()
    parallel = nn.DataParallel(model).state_dict()
    strided = {
        name: value.t().contiguous().t() if value.ndim == 2 else value for name, value in state.items()
    }
    flat = torch.cat([value.flatten() for value in state.values()])
    shared, at = {}, 0
    for name, value in state.items():
        shared[name] = flat[at : at + value.numel()].view_as(value)
        at += value.numel()
    return {
        "parallel": parallel,
        "compiled": {f"_orig_mod.{name}": value for name, value in state.items()},
        "lightning": {
            "state_dict": {f"model.{name}": value for name, value in state.items()},
            "epoch": 3, "global_step": 100, "hyper_parameters": {"lr": 1e-3}, "optimizer_states": [{}],
        },
        "checkpoint": {"model_state_dict": parallel, "optimizer_state_dict": {"state": {}}, "loss": 0.5},
        "strides": strided,
        "shared storage": shared,
        "parameters": dict(model.named_parameters()),
        "double": {name: value.double() for name, value in state.items()},
    }  # fmt: skip


@pytest.mark.parametrize("zipped", [True, False])
def test_what_training_code_saves_is_read(tmp_path: Path, zipped: bool) -> None:
    model, expected = module_and_logits(OneHotMLP)
    for name, content in wrapped(model).items():
        path = tmp_path / f"{name}.pt"
        torch.save(content, path, _use_new_zipfile_serialization=zipped)
        network = import_network(path, "x + y", p=P, activation="relu")
        assert difference(network.network, expected) < 1e-5, name


@pytest.mark.parametrize(("kind", "error"), [("bfloat16", 2.0**-6), ("half", 2.0**-9)])
def test_short_numbers_are_read(tmp_path: Path, kind: str, error: float) -> None:
    model, expected = module_and_logits(OneHotMLP)
    short = {name: getattr(value, kind)() for name, value in model.state_dict().items()}
    torch.save(short, tmp_path / "net.pt")
    for source in (tmp_path / "net.pt", short):
        network = import_network(source, "x + y", p=P, activation="relu")
        assert difference(network.network, expected) < error * np.abs(expected).max()


def test_logits_with_a_gradient_are_measured() -> None:
    data = modgrok.arrays("x + y", p=P, fraction=0.5, seed=0)
    model, expected = module_and_logits(OneHotMLP)
    logits = model(torch.as_tensor(data.inputs).long())
    assert logits.requires_grad
    hidden = F.relu(model.fc1(F.one_hot(torch.as_tensor(data.inputs).long(), P).flatten(1).float()))
    measured = modgrok.measure_logits(data.task, logits, hidden.bfloat16(), split=data.split)
    assert measured["loss"] == modgrok.measure_logits(data.task, expected, split=data.split)["loss"]
    assert measured["hidden_rank"] > 1
