"""What a learner is: one record of functions and types, from which everything else is built.

Owns: the record and the two protocols it speaks of. The list of learners is `learners.catalogue`; the
training loop, the store, sweeps, commands and reports read the record and know no learner by its name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import jax
from jaxtyping import Array, Float, PRNGKeyArray

from ...algebra import Basis
from ...tasks import Task
from ...training.descent import LossGradient
from ...training.problem import Problem
from .memory import MemoryNeed
from .observation import LogitObserver, Observer
from .operations import LearnerOperations, plain_operations
from .settings import Settings
from .wording import Wording

Assets = Mapping[str, Any]
"""SHA-256 -> content: the matrices and networks that settings name."""


@runtime_checkable
class State(Protocol):
    """What the next step needs: a tree of arrays with the number of updates made."""

    step: Any

    @property
    def weights(self) -> Any:
        """The network: what is measured and kept; called with inputs, it returns logits."""


@runtime_checkable
class Learner(Protocol):
    """A learner made concrete for one problem: pure functions, compiled by whoever iterates them.

    Also a tree of arrays (an `equinox.Module`): numbers are traced, names and sizes are compiled in.
    """

    def init(self, key: PRNGKeyArray, batch_key: PRNGKeyArray, problem: Problem) -> Any:
        """Return the state at step 0.

        Arguments:
            key: of the weights.
            batch_key: of mini-batches and random masks.
            problem: what is learned.
        """

    def step(self, state: Any, problem: Problem) -> tuple[Any, Array]:
        """Return (the next state, whether all its numbers are finite)."""

    def logits(self, weights: Any, inputs: Array) -> Float[Array, "n c"]:
        """Return the logits of inputs, shape (n, k)."""


@runtime_checkable
class DescentLearner(Learner, Protocol):
    """A learner whose step has two parts, so that observations can read the gradient that the step takes.

    Its states hold the trained weights in `trained` (`training.descent.DescentState`); a gradient is a tree
    of the same arrays.
    """

    @property
    def takes_full_gradient(self) -> bool:
        """Whether `step` is `update` of `loss_gradient`: no mini-batches, no random masks, no other state."""

    def loss_gradient(self, state: Any, problem: Problem) -> LossGradient:
        """Return the loss over all training examples, and its gradient in the trained weights."""

    def update(self, state: Any, here: LossGradient) -> tuple[Any, Array]:
        """Return (the next state, one step on; whether the loss and all its numbers are finite)."""


@dataclass(frozen=True, eq=False)
class LearnerDefinition:
    """A learner, as the whole package knows it.

    Arguments:
        name: in commands, settings (`kind`) and records.
        settings: the type of its settings.
        build: (settings, problem, basis, assets) -> learner, called inside its precision; raises InputError
            where they do not fit together.
        default_steps: budget when none is given, >= 1.
        wording: its words in reports and messages.
        observer: (learner, problem, basis) -> what is recorded at an observation.
        trains: whether its runs are trained here; false where they are recorded from another program.
        stops_early: whether a run stops some time after it grokked unless told otherwise.
        double_precision: settings -> whether it runs in float64.
        keeps_every_observation: whether the weights of every observation are kept.
        takes_mixtures: whether it can learn several tasks at once.
        takes_extended_domain: whether operands may run over values that are not residues.
        can_pad: settings -> whether the training set may be padded with masked examples.
        shape_follows_seed: whether array shapes depend on which inputs train, not only on how many.
        products_per_step: (settings, n, task) -> multiplications of the matrix products of a step on n
            training inputs; read where `operations` is None.
        operations: (settings, n, task) -> all that a step and an observation compute on n training inputs,
            from which times are estimated; None counts the products alone.
        common_shape: (learner, problem) -> the learner with arrays whose shapes do not depend on which inputs
            train, as far as that can be: what a stack of several seeds is made of. Equal to rounding.
        context: settings -> what a reader of the records must know of the computation.
        memory: (settings, n, task) -> what a run on n training inputs needs at its peak, checked before any
            work; None where nothing is known.
    """

    name: str
    settings: type[Settings]
    build: Callable[[Any, Problem, Basis, Assets], Learner]
    default_steps: int
    wording: Wording
    products_per_step: Callable[[Any, float, Task], float] = lambda settings, n, task: 0.0
    operations: Callable[[Any, float, Task], LearnerOperations] | None = None
    observer: Callable[[Any, Problem, Basis], Observer] = LogitObserver
    trains: bool = True
    stops_early: bool = True
    double_precision: Callable[[Any], bool] = lambda settings: False
    keeps_every_observation: bool = False
    takes_mixtures: bool = False
    takes_extended_domain: bool = False
    can_pad: Callable[[Any], bool] = lambda settings: False
    shape_follows_seed: bool = False
    common_shape: Callable[[Any, Problem], Any] = lambda learner, problem: learner
    context: Callable[[Any], dict[str, Any]] = lambda settings: {}
    memory: Callable[[Any, int, Task], MemoryNeed | None] = lambda settings, n, task: None

    def count(self, settings: Any, n: float, task: Task) -> LearnerOperations:
        """Count the operations of a step and of an observation.

        Arguments:
            settings: of the learner.
            n: number of training inputs.
            task: what is learned.
        """
        if self.operations is not None:
            return self.operations(settings, n, task)
        return plain_operations(self.products_per_step(settings, n, task), n, task)

    def precision(self, settings: Settings) -> AbstractContextManager[object]:
        """Return the context in which a run takes place: float32, or float64 where the learner asks for it.

        Scoped: JAX is as it was afterwards.
        """
        return jax.enable_x64(self.double_precision(settings))
