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

from ..analytic import Experts
from ..models import MLP
from ..models.kernel_machine import KernelMachine
from ..models.kernels.tables import features, rows_of
from ..models.transformer import activations
from ..runs import NetworkFile, Store, read_network_file
from ..runs.store.network_file import Network
from ..runs.store.store import Checkpoint
from ..tasks import InputError, Task, TaskSource
from .transformerlens import TORCH_SUFFIXES, from_transformerlens

MARKS = ("embed.W_E", "embed.weight", "blocks.0.attn.W_Q")
"""Keys of which a state dict of TransformerLens holds at least one."""


@dataclass(frozen=True, eq=False)
class Loaded:
    """A network that was stored, ready to be asked.

    Arguments:
        name: the run's id, or the path.
        weights: the record of weights: `MLP`, `Experts`, `KernelMachine` or `Transformer`.
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

        An MLP has `preactivations` and `features`; experts have them for each product (`products.0.features`)
        and for the sum (`total.features`), and `choices` between; a kernel machine has `kernel`, its values
        against the training inputs; a transformer has the names of TransformerLens, at every position. All
        have `logits`.

        Arguments:
            inputs: as in `__call__`.
        """
        with self._precision():
            found = _activations(self.weights, self._checked(inputs))
            return {name: np.asarray(value) for name, value in found.items()}

    @contextmanager
    def _precision(self) -> Iterator[None]:
        double = isinstance(self.weights, KernelMachine)
        with jax.enable_x64(double), jax.default_matmul_precision("float32"):
            yield

    def _checked(self, inputs: Any) -> jax.Array:
        given = np.asarray(inputs)
        if given.ndim != 2 or not np.issubdtype(given.dtype, np.integer):
            raise InputError(f"inputs: must be integers of shape (n, k), got {given.dtype} {given.shape}")
        known = self.source is not None
        sizes = self.task.table.shape if known else _sizes(self.weights, given.shape[1])
        if len(sizes) != given.shape[1]:
            raise InputError(f"inputs: must have {len(sizes)} columns, got {given.shape[1]}")
        for column, size in enumerate(sizes):
            wrong = given[(given[:, column] < 0) | (given[:, column] >= size), column]
            if len(wrong):
                raise InputError(f"inputs: column {column} must lie in 0..{size - 1}, got {wrong[0]}")
        return jnp.asarray(given, dtype=jnp.int32)


def load(run: str | Path, *, runs: str | Path = "runs", step: int | None = None) -> Loaded:
    """Load a run's weights, or the network in a file or folder.

    Arguments:
        run: a run's id, the beginning of one, or `latest`; or the path of a .safetensors file, of a folder
            that `modgrok export --format transformerlens` wrote, or of a state dict of TransformerLens.
        runs: the store's folder, for a run.
        step: which kept weights of a run; None for the last ones.

    Raises:
        InputError: there is no such run, step or file, or the file holds something else.
        CorruptFile: the file is damaged.

    Example:
        >>> from tempfile import mkdtemp
        >>> from modgrok import Experiment, Store, run
        >>> folder = Path(mkdtemp())
        >>> with Store(folder) as store:
        ...     found = run(Experiment.of("x + y", p=5, width=20), store=store, steps=3)
        >>> net = load("latest", runs=folder)
        >>> net.task.name, net.step, net([[2, 4], [0, 1]]).shape
        ('x + y', 3, (2, 5))
        >>> sorted(net.activations([[2, 4]]))
        ['features', 'logits', 'preactivations']
    """
    if names_file(run):
        if step is not None:
            raise InputError(f"step: must be left out for a file, got {step}")
        return _loaded(str(run), read_weights(Path(run)))
    with Store(Path(runs), read_only=True) as store:
        row = store.get(str(run))
        kept = kept_at(store.checkpoints(row.id), step)
        return _loaded(row.id, read_network_file(kept.path, kept.sha256))


def names_file(run: str | Path) -> bool:
    """Say whether this is a path of weights rather than a run: a folder, or a file with a suffix of weights.

    Example:
        >>> names_file("network.safetensors"), names_file("latest")
        (True, False)
    """
    path = Path(run)
    return path.is_dir() or path.suffix in (".safetensors", *TORCH_SUFFIXES)


def read_weights(path: Path) -> NetworkFile:
    """Read a network from a file of modgrok or TransformerLens, or from a folder of the latter.

    Raises:
        InputError: there is none.
        CorruptFile: a file of modgrok is damaged.
    """
    if path.is_dir() or path.suffix in TORCH_SUFFIXES or _is_foreign(path):
        return from_transformerlens(path)
    return read_network_file(path)


def kept_at(kept: list[Checkpoint], step: int | None) -> Checkpoint:
    """Return the weights kept at a step; the last ones if None.

    Raises:
        InputError: none were kept, or none then.
    """
    if not kept:
        raise InputError("run: must have at least one checkpoint, got none")
    matching = kept[-1:] if step is None else [c for c in kept if c.step == step]
    if not matching:
        steps = ", ".join(str(c.step) for c in kept)
        raise InputError(f"step: must be a step with a checkpoint, one of {steps}, got {step}")
    return matching[0]


def _loaded(name: str, content: NetworkFile) -> Loaded:
    return Loaded(name, content.network, content.source, content.table, content.notes)


def _is_foreign(path: Path) -> bool:
    try:
        with safe_open(str(path), framework="numpy") as file:
            return not set(MARKS).isdisjoint(file.keys())
    except (SafetensorError, OSError):
        return False


def _sizes(net: Network, columns: int) -> tuple[int, ...]:
    """Number of values of each operand, and of the task where a column is left for it, by weights alone."""
    if isinstance(net, KernelMachine):
        return net.sizes
    if isinstance(net, MLP | Experts):
        return (net.modulus,) * net.operands
    signs = len(net.embedding) - net.classes
    return (net.classes,) * net.operands + ((signs,) if columns > net.operands else ())


def _activations(net: Network, inputs: jax.Array) -> dict[str, jax.Array]:
    if isinstance(net, MLP):
        hidden = net.features(inputs)
        return {
            "preactivations": net.preactivations(inputs),
            "features": hidden,
            "logits": net.logits(hidden),
        }
    if isinstance(net, KernelMachine):
        rows = rows_of(net.kernel, net.metric, features(net.inputs, net.sizes))
        return {"kernel": rows(features(inputs, net.sizes)), "logits": net(inputs)}
    if isinstance(net, Experts):
        found = {
            f"products.{s}.{name}": value
            for s, part in enumerate(net.products)
            for name, value in _activations(part, inputs).items()
        }
        choices = net.choices(inputs)
        hidden = net.preactivations(choices)
        total = {"total.preactivations": hidden, "total.features": net.features(hidden)}
        return {**found, "choices": choices, **total, "logits": net(inputs)}
    return activations(net, inputs)
