"""Axes of a grid: the values that a field takes, and their number before any of them is made.

Owns: the three ways to write an axis in a sweep file. Which fields there are is in `sweep_file`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ...tasks import InputError
from ...tasks.errors import shorten

Value = str | int | float | bool
MOST_RUNS = 100_000
"""Largest grid; a larger one is refused with its size."""


@dataclass(frozen=True)
class Axis:
    """Fields that advance together, usually one.

    Arguments:
        fields: names.
        values: one tuple of values a place, in the order of `fields`.
    """

    fields: tuple[str, ...]
    values: tuple[tuple[Value, ...], ...]


def size_of(name: str, spec: object) -> int:
    """Count the values of an axis without making them.

    Arguments:
        name: of the axis, for messages.
        spec: a list, `{start, stop, num}` or `{log = [a, b], num}`.

    Raises:
        InputError: another form, or no value.

    Example:
        >>> size_of("fraction", {"start": 0.3, "stop": 0.9, "num": 7}), size_of("p", [5, 7])
        (7, 2)
    """
    if isinstance(spec, list):
        count = len(spec)
    elif isinstance(spec, Mapping) and set(spec) in ({"start", "stop", "num"}, {"log", "num"}):
        count = spec["num"]
        if type(count) is not int:
            raise InputError(f"axes.{name}: num must be an integer, got {shorten(count)}")
    else:
        raise InputError(
            f"axes.{name}: must be a list, {{start, stop, num}} or {{log = [a, b], num}}, got {shorten(spec)}"
        )
    if count < 1:
        raise InputError(f"axes.{name}: must have at least one value, got {count}")
    return count


def values_of(name: str, spec: object, *, whole: bool = False) -> tuple[Value, ...]:
    """List the values of an axis: both ends as they are, those between rounded to 12 significant digits.

    Arguments:
        name: of the axis, for messages.
        spec: as in `size_of`.
        whole: round to integers.

    Raises:
        InputError: as `size_of`; ends that are no numbers, logarithms of numbers <= 0, or a value twice.

    Example:
        >>> values_of("fraction", {"start": 0.3, "stop": 0.9, "num": 3})
        (0.3, 0.6, 0.9)
        >>> values_of("lr", {"log": [1e4, 1e6], "num": 3})
        (10000.0, 100000.0, 1000000.0)
    """
    count = size_of(name, spec)
    if isinstance(spec, list):
        for value in spec:
            if not isinstance(value, str | int | float):
                raise InputError(f"axes.{name}: must list numbers, strings or booleans, got {shorten(value)}")
        axis_values = tuple(spec)
    else:
        assert isinstance(spec, Mapping)
        axis_values = tuple(
            round(value) if whole else float(value) for value in _spaced(name, spec, count, whole)
        )
    if len(set(axis_values)) < len(axis_values):
        twice = next(value for value in axis_values if axis_values.count(value) > 1)
        raise InputError(f"axes.{name}: must not repeat a value, got {shorten(twice)} twice")
    return axis_values


def _spaced(name: str, spec: Mapping[str, Any], count: int, whole: bool) -> list[Any]:
    ends = spec["log"] if "log" in spec else [spec["start"], spec["stop"]]
    if not isinstance(ends, list) or len(ends) != 2 or not all(_finite(end) for end in ends):
        raise InputError(f"axes.{name}: must have numbers at both ends, got {shorten(ends)}")
    if "log" in spec and min(ends) <= 0:
        raise InputError(f"axes.{name}: log must have ends above 0, got {shorten(ends)}")
    if count == 1 and ends[0] != ends[1]:
        raise InputError(f"axes.{name}: must have num of at least 2 between {shorten(ends)}, got 1")
    if whole and "log" not in spec and all(isinstance(end, int) for end in ends):  # exact beyond 2^53 as well
        return [ends[0] + Fraction(i * (ends[1] - ends[0]), max(count - 1, 1)) for i in range(count)]
    first, last = (math.log(end) if "log" in spec else float(end) for end in ends)
    places = [first + (last - first) * i / max(count - 1, 1) for i in range(count)]
    values = [math.exp(place) for place in places] if "log" in spec else places
    if not all(map(math.isfinite, values)):
        raise InputError(f"axes.{name}: must have finite values between its ends, got {shorten(ends)}")
    between = values[1:-1] if whole else [float(f"{value:.12g}") for value in values[1:-1]]
    return [ends[0], *between, *ends[1:][: count - 1]]


def _finite(value: object) -> bool:
    try:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:  # an integer beyond all floats
        return False


def check_size(sizes: Mapping[str, int]) -> int:
    """Multiply the sizes of all axes.

    Raises:
        InputError: more than `MOST_RUNS` runs, with the number and the axes' sizes.

    Example:
        >>> check_size({"p": 2, "seed": 8})
        16
    """
    total = math.prod(sizes.values())
    if total > MOST_RUNS:
        factors = " x ".join(f"{name} {size:,}" for name, size in sizes.items())
        raise InputError(f"axes: must make at most {MOST_RUNS:,} runs, got {total:,} ({factors})")
    return total
