"""The callbacks of `docs/howto/log.md` record what trainers of Lightning and Hugging Face report.

The trainers are stand-ins that call the hooks of these libraries with their arguments and in their order:
`lightning.pytorch.callbacks.Callback` (positional) and `transformers.TrainerCallback` (keywords beside args,
state and control).
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from modgrok.runs import RunRow, Store

P = 5
PAGE = Path(__file__).parents[2] / "docs/howto/log.md"


class Model:
    """A table of logits that learns its training labels at once."""

    def __init__(self) -> None:
        self.table = np.zeros((P * P, P), np.float32)

    def state_dict(self) -> dict[str, np.ndarray]:
        return {"table": self.table}


def callback(library: str, base: str, monkeypatch: pytest.MonkeyPatch, folder: Path) -> Any:
    """Make the callback of the page, of a base class that accepts the hooks it does not override."""
    hooks = ("on_train_start", "on_train_batch_start", "on_train_epoch_end", "on_train_begin", "on_log")
    namespace = {hook: lambda self, *args, **kwargs: None for hook in hooks}
    module = ModuleType(library)
    setattr(module, base, type(base, (), namespace))
    monkeypatch.setitem(sys.modules, library, module)
    fences = re.findall(r"```python no-run\n(import " + library + r"\n.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(fences) == 1
    names: dict[str, Any] = {"logits_of": lambda model: model.table}
    exec(fences[0], names)
    return names["ModgrokCallback"]("x + y", p=P, fraction=0.6, runs=folder)


def learn(model: Model, run: Any) -> None:
    model.table[run.data.train, run.data.train_labels] += 1


def recorded(folder: Path, run: Any) -> tuple[RunRow, list[int], list[int]]:
    with Store(folder, read_only=True) as store:
        checkpoint_steps = [checkpoint.step for checkpoint in store.checkpoints(run.row.id)]
        return store.get(run.row.id), [record.step for record in store.records(run.row.id)], checkpoint_steps


def lightning_fit(model: Model, hooks: Any, *, steps: int, accumulate: int, fails: bool) -> None:
    """Call what `lightning.Trainer.fit` calls; `global_step` counts updates, not batches."""
    trainer = SimpleNamespace(global_step=0)
    hooks.on_train_start(trainer, model)
    for batch in range(steps * accumulate):
        if fails and batch == 3:
            hooks.on_exception(trainer, model, KeyboardInterrupt())
            return
        hooks.on_train_batch_start(trainer, model, None, batch)
        if batch % accumulate == accumulate - 1:
            learn(model, hooks.run)
            trainer.global_step += 1
        hooks.on_train_batch_end(trainer, model, {"loss": 0.1}, None, batch)
    hooks.on_train_epoch_end(trainer, model)
    hooks.on_fit_end(trainer, model)


@pytest.mark.parametrize("fails", [False, True])
def test_lightning(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, fails: bool) -> None:
    hooks = callback("lightning", "Callback", monkeypatch, tmp_path)
    lightning_fit(Model(), hooks, steps=4, accumulate=2, fails=fails)
    row, steps, checkpoint_steps = recorded(tmp_path, hooks.run)
    if fails:
        assert (row.status, steps, checkpoint_steps) == ("interrupted", [0, 1], [])
    else:
        assert (row.status, steps, checkpoint_steps) == ("finished", [0, 1, 2, 3, 4], [4])
    assert row.memorised_at == 1


def test_hugging_face(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    hooks = callback("transformers", "TrainerCallback", monkeypatch, tmp_path)
    model, state = Model(), SimpleNamespace(global_step=0)
    keywords = {"model": model, "processing_class": None, "optimizer": None, "lr_scheduler": None}
    hooks.on_train_begin(None, state, None, **keywords)
    for _ in range(3):
        learn(model, hooks.run)
        state.global_step += 1
        hooks.on_step_end(None, state, None, **keywords)
        hooks.on_log(None, state, None, logs={}, **keywords)
    hooks.on_train_end(None, state, None, **keywords)
    row, steps, checkpoint_steps = recorded(tmp_path, hooks.run)
    assert (row.status, steps, checkpoint_steps, row.memorised_at) == ("finished", [0, 1, 2, 3], [3], 1)
