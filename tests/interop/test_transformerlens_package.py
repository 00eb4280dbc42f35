"""The real TransformerLens opens what modgrok exports, strictly, and gives the same logits.

Too large for every run; docs/interoperability.md has the command. TransformerLens 3.5 to
3.9 is asked through HookedTransformer, 4 through TransformerBridge.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from networks import OPTIONS, every_input, named, random_network

from modgrok.interop import from_transformerlens, load, write_transformerlens
from modgrok.models.transformer import Transformer
from modgrok.runs import NetworkFile

pytestmark = [
    pytest.mark.transformerlens,
    pytest.mark.filterwarnings("ignore"),  # TransformerLens and what it imports warn of themselves
]
TOLERANCE = 1e-4


@pytest.fixture(autouse=True, scope="module")
def package() -> None:
    """Skip where the package is absent; importing it takes seconds."""
    pytest.importorskip("transformer_lens", reason="TransformerLens is not installed")


def config_in(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "config.json").read_text())


def hooked(folder: Path) -> Any:
    from safetensors.torch import load_file

    try:
        from transformer_lens import HookedTransformer, HookedTransformerConfig
    except ImportError:
        pytest.skip("TransformerLens 4 has no HookedTransformer")
    model = HookedTransformer(HookedTransformerConfig.from_dict(config_in(folder)))
    model.load_state_dict(load_file(folder / "model.safetensors"), strict=True)
    return model


def bridged(folder: Path) -> Any:
    from safetensors.torch import load_file

    try:
        from transformer_lens.config import TransformerBridgeConfig
        from transformer_lens.conversion_utils import convert_tl_checkpoint
        from transformer_lens.model_bridge import TransformerBridge
    except ImportError:
        pytest.skip("TransformerLens 3 has no convert_tl_checkpoint")
    config = TransformerBridgeConfig.from_dict(config_in(folder))
    model = TransformerBridge.boot_native(config)
    state = convert_tl_checkpoint(load_file(folder / "model.safetensors"), config)
    model.load_state_dict(state, strict=True)
    return model


def tokens_of(net: Transformer, inputs: np.ndarray) -> Any:
    import torch

    return torch.tensor(np.asarray(net.tokens(jnp.asarray(inputs))), dtype=torch.long)


def logits_of(model: Any, net: Transformer) -> np.ndarray:
    import torch

    tokens = tokens_of(net, every_input(net))
    with torch.no_grad():
        return model(tokens)[:, -1].numpy()


@pytest.mark.parametrize("opened", [hooked, bridged])
@pytest.mark.parametrize("options", OPTIONS, ids=named)
def test_logits_are_equal_over_all_inputs(tmp_path: Path, opened: Any, options: dict) -> None:
    net = random_network(**options)
    write_transformerlens(tmp_path, NetworkFile(net), "")
    ours = load(tmp_path)(every_input(net))
    theirs = logits_of(opened(tmp_path), net)
    assert np.abs(ours - theirs).max() < TOLERANCE


@pytest.mark.parametrize("opened", [hooked, bridged])
@pytest.mark.parametrize("options", OPTIONS, ids=named)
def test_activations_have_the_same_names_and_values(tmp_path: Path, opened: Any, options: dict) -> None:
    net = random_network(**options)
    write_transformerlens(tmp_path, NetworkFile(net), "")
    model = opened(tmp_path)
    inputs = every_input(net)[:20]
    ours = load(tmp_path).activations(inputs)
    _, cache = model.run_with_cache(tokens_of(net, inputs))
    for name, value in ours.items():
        if name == "logits" or (opened is bridged and name.endswith("hook_attn_scores")):
            continue  # TransformerLens 4.3's own networks hand the pattern to that hook
        theirs = cache[name].detach().numpy()
        finite = np.isfinite(value)
        assert np.abs(value[finite] - theirs[finite]).max() < TOLERANCE, name


@pytest.mark.parametrize("opened", [hooked, bridged])
@pytest.mark.parametrize("options", OPTIONS, ids=named)
def test_a_state_dict_of_theirs_is_read(tmp_path: Path, opened: Any, options: dict) -> None:
    import torch

    net = random_network(**options)
    write_transformerlens(tmp_path / "ours", NetworkFile(net), "")
    model = opened(tmp_path / "ours")
    torch.save(model.state_dict(), tmp_path / "theirs.pt")
    (tmp_path / "config.json").write_text((tmp_path / "ours" / "config.json").read_text())
    read = from_transformerlens(tmp_path / "theirs.pt", layout=options["layout"]).network
    assert isinstance(read, Transformer)
    inputs = jnp.asarray(every_input(net))
    assert np.allclose(read(inputs), net(inputs), atol=TOLERANCE)
