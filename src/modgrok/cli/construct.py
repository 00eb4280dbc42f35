"""`modgrok construct`: the network written down in closed form, and checked on every input."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter
from typing import Annotated, Any

import numpy as np
from cyclopts import Parameter

from ..analytic import READOUTS, Construction, Experts, accuracy_table, construct_experts
from ..analytic import construct as construct_single
from ..decide import Verdict, decide_table
from ..display import percent
from ..io.whole_numbers import digits
from ..models import MLP
from ..runs import NetworkFile, write_network
from ..tasks import InputError, NamedTask, expand
from ..tasks.errors import shorten
from .shared.command_line import command_line
from .shared.computing import prepare_to_compute
from .shared.options import Expression, Group, Json, Modulus, Table, number, whole, whole_numbers
from .shared.output import cannot_write, check_output, note, say, say_json
from .shared.source import source_of

BETA = 100.0
"""The inverse temperature that Doshi et al. 2024 name."""
MOST_BETA = 1e30
"""Logits times a larger inverse temperature would leave float32."""


class NoConstruction(RuntimeError):
    """A task without a closed form here; not the user's mistake."""


def construct(
    expression: Expression = None,
    /,
    *,
    p: Modulus = None,
    group: Group = None,
    table: Table = None,
    width: Annotated[
        str | None,
        Parameter(
            help="Number of hidden neurons: a number builds the papers' network with random phases, auto "
            "the narrowest one without an error; default the fewest that a network with exact phases "
            "needs."
        ),
    ] = None,
    phases: Annotated[
        str | None,
        Parameter(
            help="exact (all leftover waves cancel) or random (the papers'); default exact where it applies."
        ),
    ] = None,
    frequencies: Annotated[
        str | None,
        Parameter(
            help="Number of frequencies, of which the best are chosen, or the frequencies themselves, "
            "separated by commas."
        ),
    ] = None,
    readout: Annotated[
        str,
        Parameter(
            help=f"How the readout sums over the preimages of a class: {', '.join(READOUTS)}; inverse uses "
            "one preimage only."
        ),
    ] = "reachable",
    activation: Annotated[
        str | None,
        Parameter(help="Activation, with the same weights: powerS, relu, gelu or silu; default powerS."),
    ] = None,
    experts: Annotated[
        bool,
        Parameter(
            negative=(),
            help="Build experts (one network for each product, a softmax and a network for the sum) even "
            "where one network suffices.",
        ),
    ] = False,
    beta: Annotated[
        float | None,
        Parameter(converter=number, help="Inverse temperature of the experts' softmax; default 100."),
    ] = None,
    widths: Annotated[
        str | None, Parameter(help="Print accuracy against width for these widths, separated by commas.")
    ] = None,
    seed: Annotated[
        int | None, Parameter(converter=whole, help="Seed of random phases, of experts too; default 0.")
    ] = None,
    output: Annotated[
        Path | None, Parameter(name=["--output", "-o"], help="Write the network to this .safetensors file.")
    ] = None,
    json: Json = False,
) -> int:
    """Write the network of a task in closed form and check it on every input.

    A task of the form h(g1(x)+g2(y)) or h(g1(x)*g2(y)) gives one two-layer network. Any other polynomial is
    composed of experts: a network for each product, a softmax, and a network for their sum.
    """
    prepare_to_compute()
    if output is not None:
        check_output(output, (".safetensors",))
    if beta is not None and not 0 < beta <= MOST_BETA:
        raise InputError(f"beta: must be above 0 and at most {MOST_BETA:g}, got {beta:g}")
    if seed is not None and seed < 0:
        raise InputError(f"seed: must be at least 0, got {seed}")
    named = source_of(expression, p, group, table)
    title = named.title
    started = perf_counter()
    verdict = decide_table(named.task.table, named.task.p)
    shape = {
        "width": _width(width),
        "phases": phases,
        "frequencies": _frequencies(frequencies),
        "readout": readout,
        "activation": activation,
    }
    drawing = seed or 0
    try:
        construction = None if experts else _single(named, verdict, shape, drawing)
        own_seed = None if widths else seed  # else the table of widths uses it
        _check_used(beta, own_seed, construction)
        rows = (
            None if widths is None else _rows(named, verdict, shape, whole_numbers("widths", widths), drawing)
        )
        if construction is None:
            options = _experts_shape(shape, own_seed)
            construction = _composed(named, verdict, title, options, beta or BETA, drawing)
    except InputError:
        raise
    except ValueError as error:
        raise InputError(str(error)) from None
    seconds = perf_counter() - started
    tell(construction, title)
    if output is not None:
        _write(output, construction, named)
    if json:
        say_json(
            {"expression": named.task.name, "p": named.task.p, **as_json(construction, seconds, output, rows)}
        )
    return 0


def _check_used(beta: float | None, seed: int | None, construction: Construction | None) -> None:
    """Refuse options that a single network, or one with exact phases, has no use for.

    Raises:
        InputError: one is named; experts, of which there is no construction yet, take both.
    """
    if construction is None:
        return
    if beta is not None:
        raise InputError(f"beta: must be used with experts, got {beta:g} for a single network")
    if seed is not None and construction.phases == "exact":
        raise InputError(f"seed: must be used with random phases, got {seed} with exact ones")


def _single(named: NamedTask, verdict: Verdict, shape: dict[str, Any], seed: int) -> Construction | None:
    if verdict.witness is None:
        return None
    return construct_single(named.task.table, named.task.p, verdict.witness, rng=seed, **shape)


def _composed(
    named: NamedTask, verdict: Verdict, title: str, shape: dict[str, Any], beta: float, seed: int
) -> Construction:
    """Build experts, saying why; refuse a task that is not a polynomial, saying why."""
    why = f"{title} is of neither form" if verdict.form == "neither" else f"{title} is {verdict.form}"
    if named.expression is None:
        raise NoConstruction(f"{why}, and experts need a polynomial: {verdict.certificate}")
    try:
        terms = expand(named.expression, named.task.p)
    except InputError as error:
        raise NoConstruction(
            f"{why}, and experts need a polynomial ({error}): {verdict.certificate}"
        ) from None
    note(f"{why}, so it is composed of experts, one for each of its {len(terms)} products")
    note(f"  why: {verdict.certificate}")
    return construct_experts(named.task.table, named.task.p, terms, beta=beta, rng=seed, **shape)


def _experts_shape(shape: dict[str, Any], seed: int | None) -> dict[str, Any]:
    """Read the options that experts take; a width is that of the sum expert, a quarter each of the others."""
    defaults = {"frequencies": None, "activation": None, "readout": "reachable"}
    for name, default in defaults.items():
        if shape[name] != default:
            raise InputError(f"{name}: is not an option of experts, got {shorten(shape[name])}")
    width = shape["width"]
    if width == "auto":
        raise InputError("width: must be a number for experts, got 'auto'")
    phases = shape["phases"] or ("exact" if width is None else "random")
    for name, value in (("width", width), ("seed", seed)):
        if phases == "exact" and value is not None:
            raise InputError(f"{name}: must be used with random phases, got {value} with exact ones")
    if width is None:
        return {"phases": phases}
    return {"phases": phases, "sum_width": width, "product_width": max(width // 4, 1)}


def _rows(
    named: NamedTask, verdict: Verdict, shape: dict[str, Any], widths: list[int], seed: int
) -> list[dict[str, Any]]:
    """Print accuracy against width for random phases."""
    witness = verdict.witness
    if witness is None:
        raise InputError("widths: must be used with a task of one of the two forms, got a task of neither")
    if min(widths) < 1:
        raise InputError(f"widths: must be at least 1, got {min(widths)}")

    def build(width: int) -> MLP:
        options = {**shape, "width": width, "phases": "random"}
        construction = construct_single(named.task.table, named.task.p, witness, rng=seed, **options)
        assert isinstance(construction.network, MLP)
        return construction.network

    reports = accuracy_table(build, named.task.table, named.task.p, widths)
    say("    width   errors   accuracy         mse")
    rows = []
    for width, report in reports:
        say(f"{width:>9,}{report.errors:>9,}{percent(report.accuracy):>11}{report.mse:>12.5f}")
        rows.append({"width": width, "errors": report.errors, "accuracy": report.accuracy, "mse": report.mse})
    return rows


def tell(construction: Construction, title: str) -> None:
    """Say what was built and what the check found."""
    report = construction.report
    say(f"{title}  ·  {construction.form}  ·  {construction.width:,} neurons, {construction.phases} phases")
    if construction.frequencies:
        carried = ", ".join(map(str, construction.frequencies[:12])) + (
            " …" if len(construction.frequencies) > 12 else ""
        )
        say(f"  frequencies {carried}")
    accuracy = percent(report.accuracy)
    say(f"  checked on all {report.inputs:,} inputs: {report.errors:,} errors, accuracy {accuracy}")
    peak = f"mean correct-class logit {report.peak:.4f}"
    say(f"  smallest margin {report.margin:.4g}, {peak}, MSE {report.mse:.5g}")
    if construction.rounding is not None:
        say(f"  float32 rounding moves a logit by at most {construction.rounding:.2g}")
    for width, errors in construction.probes:
        say(f"    width {width:>6,}: {errors:,} errors")


def as_json(
    construction: Construction, seconds: float, output: Path | None, rows: list[dict[str, Any]] | None
) -> dict[str, Any]:
    """A construction as scripts rely on it; `seconds` is building and checking together."""
    report = construction.report
    return {
        "kind": construction.kind,
        "form": construction.form,
        "width": construction.width,
        "phases": construction.phases,
        "frequencies": construction.frequencies,
        "readout": construction.readout,
        "inputs": report.inputs,
        "errors": report.errors,
        "accuracy": report.accuracy,
        "margin": report.margin,
        "mse": report.mse,
        "peak": report.peak,
        "rounding": construction.rounding,
        "seconds": seconds,
        "path": None if output is None else str(output),
        "widths": rows,
    }


def _write(output: Path, construction: Construction, named: NamedTask) -> None:
    table_values = np.asarray(named.task.table) if named.source.table is not None else None
    notes = {
        "construction": construction.kind,
        "phases": construction.phases,
        "readout": construction.readout,
        "form": construction.form,
        "command": command_line(),
    }
    assert isinstance(construction.network, MLP | Experts)
    try:
        write_network(output, NetworkFile(construction.network, named.source, table_values, notes))
    except OSError as error:
        raise cannot_write(output, error) from None
    say(f"  wrote {output}")


def _width(text: str | None) -> int | str | None:
    if text is None or text == "auto":
        return text
    value = digits(text.strip())
    if value is None:
        raise InputError(f"width: must be a whole number or auto, got {shorten(text)}")
    if not 1 <= value <= 1_000_000:
        raise InputError(f"width: must be in 1..1000000, got {value}")
    return value


def _frequencies(text: str | None) -> int | list[int] | None:
    if text is None:
        return None
    frequencies = whole_numbers("frequencies", text)
    return frequencies[0] if len(frequencies) == 1 and "," not in text else frequencies
