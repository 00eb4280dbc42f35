"""Panels of `train --help`: one per topic, one per learner, one for the options that learners share.

Owns: their titles and order. Titles of learners are those of their settings.
"""

from __future__ import annotations

from collections.abc import Sequence

from cyclopts import Group

from ...learners.catalogue import LEARNERS

TASK = Group("Task and split", sort_key=(1,))
RUN = Group("Run", sort_key=(2,))
OUTPUT = Group("Output", sort_key=(9,))


def learner_panel(learners: Sequence[str]) -> Group:
    """Return the panel of options that exactly these learners have; shared ones come first.

    Example:
        >>> learner_panel(["mlp", "transformer"]).name
        'MLP and transformer'
    """
    titles = [LEARNERS.named(name).settings.title or name for name in learners]
    title = " and ".join([titles[0], *(text[0].lower() + text[1:] for text in titles[1:])])
    order = -len(learners), [list(LEARNERS.names).index(name) for name in learners]
    return Group(title, sort_key=(3, *order))
