"""The sizes of a paper's own runs, and in what the runs of a claim fall short of them.

Owns: the comparison. A verdict asks whether it is empty: smaller, shortened or single runs never refute.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ...sweeps.grid.sweep_file import Member
from .plan import RunGroup

LEAST_SEEDS = 2
"""One seed alone never refutes, also where the paper has one."""


@dataclass(frozen=True)
class PaperScale:
    """The sizes of a paper's own runs, as far as it states them.

    Arguments:
        p: modulus, >= 2; None if the paper names none.
        steps: after which it stops, >= 1; None if it does not say.
        seeds: number of its runs that differ in the seed alone, >= 1; 1 if it does not say.
        sizes: setting of the learner -> value, such as `width` or `d_model`.
        complete: whether the paper states its width and learning rate; where it does not, a number out of a
            range of ours may be due to our choice of them, and does not refute.

    Example:
        >>> group = RunGroup({"expression": "x + y", "p": 31, "width": 200, "steps": 900}, {"seed": [0]})
        >>> scale = PaperScale(p=97, steps=2000, sizes={"width": 500})
        >>> [str(short) for short in shortfalls({"gd": group}, scale)]
        ['p = 97 (here 31)', 'width 500 (here 200)', '2,000 steps (here at most 900)', 'a second seed']
    """

    p: int | None = None
    steps: int | None = None
    seeds: int = 1
    sizes: Mapping[str, int] = field(default_factory=dict)
    complete: bool = True


@dataclass(frozen=True)
class Shortfall:
    """One size in which runs fall short of the paper's.

    Arguments:
        kind: `p`, `steps`, `seeds`, a setting of the learner; `least_seeds` where one seed alone was run and
            the paper states no more, `length` where it does not state its steps and something is said not to
            happen within them, `unstated` where it does not state its width or learning rate, `scale` where
            the claim declares no sizes, and `tiny` for formulas at the tiny budget.
        paper: the paper's value; None for `scale` and `tiny`.
        planned: the smallest value of the runs; None likewise.
        most: the largest limit on steps of the runs; None of other kinds.
    """

    kind: str
    paper: int | None = None
    planned: int | None = None
    most: int | None = None

    def __str__(self) -> str:
        """Say what the paper has and what the runs have.

        Example:
            >>> str(Shortfall("seeds", 3, 1)), str(Shortfall("steps", 900, 500, 700))
            ('3 seeds (here 1)', '900 steps (here at most 500 to 700)')
        """
        if self.kind == "tiny":
            return "a budget that does more than check the machinery"
        if self.kind == "least_seeds":
            return "a second seed"
        if self.kind == "unstated":
            return "the paper's width and learning rate, which it does not state"
        if self.kind == "length":
            return "as many steps as the paper's, which it does not state"
        if self.paper is None:
            return "the paper's sizes, which the claim does not declare"
        parts = {
            "p": f"p = {self.paper}",
            "steps": f"{self.paper:,} steps",
            "seeds": f"{self.paper} seeds",
        }.get(self.kind, f"{self.kind.replace('_', ' ')} {self.paper}")
        if self.kind != "steps":
            return f"{parts} (here {self.planned:,})"
        several = f" to {self.most:,}" if self.most is not None and self.most != self.planned else ""
        return f"{parts} (here at most {self.planned:,}{several})"  # runs may stop after grokking


def shortfalls(
    groups: Mapping[str, RunGroup],
    scale: PaperScale | None,
    by_group: Mapping[str, PaperScale] | None = None,
) -> tuple[Shortfall, ...]:
    """List in what planned runs fall short of a paper's.

    Arguments:
        groups: of runs; the result is empty if there are none, since formulas are checked in full.
        scale: of the paper; None if it is not declared.
        by_group: group -> its scale, where that is another one.

    Returns:
        each kind once, with the group that falls short of it furthest.
    """
    by_group_name: dict[str, Shortfall] = {}
    for name, group in groups.items():
        required = (by_group or {}).get(name, scale)
        for short in _group_shortfalls(group.members(), required):
            known = by_group_name.get(short.kind, short)
            furthest = min(known, short, key=_share)
            most = None if short.most is None else max(known.most or 0, short.most)
            by_group_name[short.kind] = replace(furthest, most=most)
    return tuple(by_group_name.values())


def _group_shortfalls(members: Sequence[Member], scale: PaperScale | None) -> list[Shortfall]:
    if scale is None:
        return [Shortfall("scale")]
    seeds: dict[tuple[object, ...], set[int]] = {}
    for member in members:
        key = tuple((name, str(value)) for name, value in sorted(member.point.items()) if name != "seed")
        seeds.setdefault(key, set()).add(member.experiment.seed)
    kind = "seeds" if scale.seeds >= LEAST_SEEDS else "least_seeds"
    planned: list[tuple[str, int | None, int | None]] = [
        ("p", scale.p, _least([member.experiment.task.p for member in members])),
        *((name, size, _least([_setting(m, name) for m in members])) for name, size in scale.sizes.items()),
        ("steps", scale.steps, _least([member.steps for member in members])),
        (kind, max(scale.seeds, LEAST_SEEDS), min(len(each) for each in seeds.values())),
    ]
    longest = max((member.steps for member in members), default=None)
    short = [
        Shortfall(kind, paper, here, longest if kind == "steps" else None)
        for kind, paper, here in planned
        if paper is not None and here is not None and here < paper
    ]
    return short if scale.complete else [*short, Shortfall("unstated")]


def _setting(member: Member, name: str) -> int | None:
    value = getattr(member.experiment.learner, name, None)
    return value if isinstance(value, int) else None


def _least(values: Sequence[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return min(known, default=None)


def _share(short: Shortfall) -> float:
    return (short.planned or 0) / (short.paper or 1)
