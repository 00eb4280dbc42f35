"""Adding to modgrok from outside the package: learners, kernels, measures, optimisers, networks, papers.

Owns: the one call, `extend`. In Python a call is enough; for commands, a package declares an entry point
that makes it, see `installed_extensions`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def extend(
    *,
    learners: Iterable[Any] = (),
    learner_panels: Iterable[Any] = (),
    networks: Iterable[Any] = (),
    readers: Iterable[Any] = (),
    kernels: Iterable[Any] = (),
    measures: Iterable[Any] = (),
    optimisers: Iterable[Any] = (),
    losses: Iterable[Any] = (),
    activations: Iterable[Any] = (),
    papers: Iterable[Any] = (),
) -> None:
    """Add entries to the lists that settings, commands, records and reports are built from.

    Adding an entry again changes nothing, so that an extension may be loaded twice.

    Arguments:
        learners: `LearnerDefinition`s, for `--learner`; their settings become options of `train`.
        learner_panels: `LearnerPanels`, the pictures of such a learner; without them it has curves.
        networks: `NetworkType`s, so that a learner's weights are stored and loaded.
        readers: `Reader`s, so that measures read such a network.
        kernels: `KernelType`s of kernel machines.
        measures: `Measure`s, recorded by every learner that has what they read.
        optimisers: `Optimiser`s.
        losses: (name, function) pairs; see `training.losses`.
        activations: (name, function) pairs; see `models.activations`.
        papers: `Paper`s, for `reproduce`.

    Raises:
        InputError: a name is taken by another entry.

    Example:
        >>> from modgrok.measures import Measure, MEASURES
        >>> extend(measures=[])
    """
    from .learners.catalogue import LEARNERS
    from .measures.catalogue import MEASURES
    from .measures.readings import READERS
    from .models.activations import ACTIVATIONS
    from .models.kernels import KERNELS
    from .models.networks import NETWORKS
    from .training.losses import LOSSES
    from .training.optimisers import OPTIMISERS

    lists: list[tuple[Any, Iterable[Any]]] = [
        (NETWORKS, networks),
        (READERS, readers),
        (KERNELS, kernels),
        (MEASURES, measures),
        (OPTIMISERS, optimisers),
        (LOSSES, losses),
        (ACTIVATIONS, activations),
        (LEARNERS, learners),
    ]
    if learner_panels:
        from .reports.learners.catalogue import LEARNER_PANELS

        lists.append((LEARNER_PANELS, learner_panels))
    if papers:
        from .papers import add_paper

        for paper in papers:
            add_paper(paper)
    for catalogue, entries in lists:
        for entry in entries:
            catalogue.add(entry)
