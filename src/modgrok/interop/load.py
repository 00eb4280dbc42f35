"""Load: any stored network with its forward pass and its activations by name.

Owns: finding the weights of a run or a file, and asking any kind of network the same two questions.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from safetensors import SafetensorError, safe_open

from ..io import is_file, is_folder, path_exists
from ..io.torch_file import TORCH_SUFFIXES
from ..io.weights_path import WEIGHTS_SUFFIXES, names_file
from ..models.networks import network_type
from ..runs import NetworkFile, Store, read_network_file
from ..runs.store.network_file import Network
from ..runs.store.store import Checkpoint
from ..tasks import InputError, Task, TaskSource
from ..tasks.errors import shorten
from .importing import import_network
from .importing.state import WEIGHTS, read_state
from .transformerlens import from_transformerlens

MARKS = ("embed.W_E", "embed.weight", "blocks.0.attn.W_Q")
"""Keys of which a state dict of TransformerLens holds at least one."""


@dataclass(frozen=True, eq=False)
class Loaded:
    """A network that was stored, ready to be asked.

    Arguments:
        name: the run's id, or the path.
        weights: the record of weights, of a kind in `NETWORKS`.
        source: where its task comes from; None if the file does not say.
        table: the task's table, when it was given directly.
        notes: how the weights were made, such as `step`.
    """

    name: str
    weights: Network
    source: TaskSource | None = None
    table: np.ndarray | None = None
    notes: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def task(self) -> Task:
        """The task that the network belongs to.

        Raises:
            InputError: the file names none.
        """
        return NetworkFile(self.weights, self.source, self.table).task()

    @property
    def step(self) -> int | None:
        """Number of updates made; None for weights in closed form or from elsewhere."""
        return self.notes.get("step")

    def __call__(self, inputs: Any) -> np.ndarray:
        """Return the logits of each input, shape (n, c).

        Arguments:
            inputs: integers, shape (n, k), with entries in 0..p-1; in a mixture of tasks a last column more
                says which task is meant. The task's table, where there is one, says the ranges.

        Raises:
            InputError: other shapes, types or values.
        """
        with self._precision():
            return np.asarray(self.weights(self._checked(inputs)))

    def activations(self, inputs: Any) -> dict[str, np.ndarray]:
        """Return what the network computes on the way to its logits, by name.

        A two-layer network has `preactivations` and `features`, one of more layers has them for each
        (`features.0`); experts have them for each product (`products.0.features`)
        and for the sum (`total.features`), and `choices` between; a kernel machine has `kernel`, its values
        against the training inputs; a transformer has the names of TransformerLens, at every position. All
        have `logits`.

        Arguments:
            inputs: as in `__call__`.
        """
        with self._precision():
            values = network_type(self.weights).activations(self.weights, self._checked(inputs))
            return {name: np.asarray(value) for name, value in values.items()}

    @contextmanager
    def _precision(self) -> Iterator[None]:
        double = network_type(self.weights).double_precision
        with jax.enable_x64(double), jax.default_matmul_precision("float32"):
            yield

    def _checked(self, inputs: Any) -> jax.Array:
        inputs_array = np.asarray(inputs)
        if inputs_array.ndim != 2 or not np.issubdtype(inputs_array.dtype, np.integer):
            raise InputError(
                f"inputs: must be integers of shape (n, k), got {inputs_array.dtype} {inputs_array.shape}"
            )
        known = self.source is not None
        sizes = (
            self.task.table.shape
            if known
            else network_type(self.weights).sizes(self.weights, inputs_array.shape[1])
        )
        if len(sizes) != inputs_array.shape[1]:
            raise InputError(f"inputs: must have {len(sizes)} columns, got {inputs_array.shape[1]}")
        for column, size in enumerate(sizes):
            wrong = inputs_array[(inputs_array[:, column] < 0) | (inputs_array[:, column] >= size), column]
            if len(wrong):
                raise InputError(f"inputs: column {column} must lie in 0..{size - 1}, got {wrong[0]}")
        return jnp.asarray(inputs_array, dtype=jnp.int32)


def load(
    run: str | Path,
    *,
    runs: str | Path = "runs",
    step: int | None = None,
    expression: str | None = None,
    p: int | None = None,
    group: str | None = None,
    table: Any = None,
    **reading: Any,
) -> Loaded:
    """Load a run's weights, or the network in a file or folder.

    Arguments:
        run: a run's id, the beginning of one, or `latest`; or the path of a file or folder: one that modgrok
            or TransformerLens wrote, or any that `modgrok.import_network` takes.
        runs: the store's folder, for a run.
        step: which kept weights of a run; None for the last ones.
        expression, p, group, table: the task of a file that does not name it.
        reading: `heads`, `layout`, `activation`, `ignore`, `roles`, `key` and the others of `import_network`,
            for a file that another program wrote.

    Raises:
        InputError: there is no such run, step or file, or the file holds something else.
        CorruptFile: the file is damaged.

    Example:
        >>> from tempfile import mkdtemp
        >>> from modgrok import Experiment, Store, run
        >>> folder = Path(mkdtemp())
        >>> with Store(folder) as store:
        ...     result = run(Experiment.of("x + y", p=5, width=20), store=store, steps=3)
        >>> net = load("latest", runs=folder)
        >>> net.task.name, net.step, net([[2, 4], [0, 1]]).shape
        ('x + y', 3, (2, 5))
        >>> sorted(net.activations([[2, 4]]))
        ['features', 'logits', 'preactivations']
    """
    if names_file(run):
        if step is not None:
            raise InputError(f"step: must be left out for a file, got {step}")
        content = read_weights(Path(run), expression=expression, p=p, group=group, table=table, **reading)
        return _loaded(str(run), content)
    if any(value is not None for value in (expression, p, group, table, *reading.values())):
        raise InputError(f"expression: must be left out for a run, whose task is known, got {shorten(run)}")
    with Store(Path(runs), read_only=True) as store:
        row = store.get(str(run))
        checkpoint = checkpoint_at(store.checkpoints(row.id), step)
        return _loaded(row.id, read_network_file(checkpoint.path, checkpoint.sha256))


def read_weights(
    path: Path,
    *,
    expression: str | None = None,
    p: int | None = None,
    group: str | None = None,
    table: Any = None,
    **reading: Any,
) -> NetworkFile:
    """Read a network from a file of modgrok, of TransformerLens or of another program.

    Arguments:
        path: of a file or folder.
        expression, p, group, table: its task, where the file does not name it.
        reading: as in `import_network`, for a file of another program.

    Raises:
        InputError: there is none, or it is ambiguous without its task.
        CorruptFile: a file of modgrok is damaged.
    """
    options = {name for name, value in reading.items() if value not in (None, ())}
    without_task = expression is None and group is None and table is None and p is None
    if not (without_task and options <= {"activation"}):
        return import_network(path, expression, p=p, group=group, table=table, **reading).content
    activation = reading.get("activation")
    if (is_folder(path) and not any(path.glob("*.npy"))) or is_file(path / WEIGHTS) or _is_foreign(path):
        return from_transformerlens(path, activation=activation)
    if path.suffix in TORCH_SUFFIXES and is_file(path) and not set(MARKS).isdisjoint(read_state(path).arrays):
        return from_transformerlens(path, activation=activation)
    if activation is not None:
        return import_network(path, **reading).content
    if not _is_of_modgrok(path):
        raise InputError(
            "expression: must name the task (with --p, or --group, --table) of weights from elsewhere, got "
            f"none for {shorten(path)}; modgrok import stores them with their task"
        )
    return read_network_file(path)


def stated_task(path: Path) -> Task | None:
    """Return the task that a file of modgrok names; None if it names none, or is another program's.

    Raises:
        CorruptFile: it is damaged.
    """
    if path.suffix != ".safetensors" or not is_file(path) or not _is_of_modgrok(path):
        return None
    content = read_network_file(path)
    return None if content.source is None else content.task()


def checkpoint_at(checkpoints: list[Checkpoint], step: int | None) -> Checkpoint:
    """Return the checkpoint of a step; the last one if None.

    Raises:
        InputError: there is no checkpoint, or none of that step.
    """
    if not checkpoints:
        raise InputError("run: must have at least one checkpoint, got none")
    matching = checkpoints[-1:] if step is None else [c for c in checkpoints if c.step == step]
    if not matching:
        steps = ", ".join(str(c.step) for c in checkpoints)
        raise InputError(f"step: must be a step with a checkpoint, one of {steps}, got {step}")
    return matching[0]


def _loaded(name: str, content: NetworkFile) -> Loaded:
    return Loaded(name, content.network, content.source, content.table, content.notes)


def _is_of_modgrok(path: Path) -> bool:
    """Say whether `read_network_file` is to read or refuse a path: all but weights without our metadata."""
    if not path_exists(path) or path.suffix not in WEIGHTS_SUFFIXES:
        return True
    if path.suffix != ".safetensors":
        return False
    if not is_file(path):
        return True
    try:
        with safe_open(str(path), framework="numpy") as file:
            return "modgrok" in (file.metadata() or {})
    except (SafetensorError, OSError):
        return True


def _is_foreign(path: Path) -> bool:
    if not is_file(path):
        return False
    try:
        with safe_open(str(path), framework="numpy") as file:
            return not set(MARKS).isdisjoint(file.keys())
    except (SafetensorError, OSError):
        return False
