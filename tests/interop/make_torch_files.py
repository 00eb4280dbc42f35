"""Write the files of PyTorch that tests read, in both layouts of torch.save.

    python tests/interop/make_torch_files.py

Written with PyTorch 1.13; a test marked `torch` writes them again with the PyTorch at hand.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch

DATA = Path(__file__).parent / "data"


def write_files(folder: Path) -> None:
    """Write an MLP on two operands mod 7, what training code keeps beside it, and its arrays in NumPy."""
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(14, 12), torch.nn.ReLU(), torch.nn.Linear(12, 7, bias=False))
    state = model.state_dict()
    content = {
        "model": state,
        "step": 3,
        "optimizer": torch.optim.Adam(model.parameters()).state_dict(),
        "turned": state["0.weight"].t(),
        "part": state["0.weight"][2:4, 1:9:3],
        "half": state["0.weight"].half(),
        "bfloat16": state["0.weight"].bfloat16(),
        "integers": torch.arange(5),
        "parameter": torch.nn.Parameter(state["0.bias"]),
        "empty": torch.zeros(0, 3),
    }
    torch.save(content, folder / "torch_archive.pt")
    torch.save(content, folder / "torch_stream.pt", _use_new_zipfile_serialization=False)
    torch.save(model, folder / "torch_module.pt")
    inputs = torch.tensor(np.stack(np.indices((7, 7)), -1).reshape(-1, 2))
    hot = torch.nn.functional.one_hot(inputs, 7).reshape(-1, 14).float()
    arrays = {name: value.numpy() for name, value in state.items()}
    np.savez(folder / "torch_arrays.npz", logits=model(hot).detach().numpy(), **arrays)


if __name__ == "__main__":
    write_files(Path(sys.argv[1]) if len(sys.argv) > 1 else DATA)
