"""An explanation as plain values: what `modgrok explain --json` and the page say of it."""

from __future__ import annotations

from typing import Any

from .explanation import Explanation


def explanation_json(explanation: Explanation) -> dict[str, Any]:
    """Return an explanation as scripts rely on it."""
    values: dict[str, Any] = {
        "expression": explanation.task,
        "p": explanation.p,
        "accuracy": explanation.accuracy,
        "train_accuracy": explanation.train_accuracy,
        "formula_accuracy": explanation.formula_accuracy,
        "means_accuracy": explanation.means_accuracy,
        "explained_share": explanation.explained_share,
        "explained_share_train": explanation.explained_share_train,
        "frequencies": explanation.frequencies,
        "amplitudes": explanation.amplitudes,
        "energies": explanation.energies,
        "order": explanation.order,
        "form": None if explanation.index is None else explanation.index.form,
        "index": None if explanation.index is None else explanation.index.description,
        "root": None if explanation.index is None else explanation.index.root,
        "formula": explanation.formula,
        "ranking": explanation.ranking,
        "curve": explanation.curve,
        "curve_train": explanation.curve_train,
        "largest_share": explanation.largest_share,
        "cosets": _cosets_json(explanation),
        "without_form": None,
        "seconds": explanation.seconds,
    }
    if explanation.without_form is not None:
        curve = explanation.without_form
        values["without_form"] = {
            "characters": curve.characters,
            "accuracy": curve.accuracy,
            "random": curve.random,
        }
    if explanation.parts:
        values["tasks"] = [explanation_json(part) for part in explanation.parts]
    return values


def _cosets_json(explanation: Explanation) -> dict[str, Any] | None:
    cosets = explanation.cosets
    if cosets is None:
        return None
    return {
        "explains_more": cosets.explains_more,
        "explained_share": cosets.explained_share,
        "energy": cosets.energy,
        "dimension": cosets.dimension,
        "representation_dimension": cosets.representation_dimension,
        "subgroups": [
            {"side": space.side, "order": space.order, "index": space.index, "elements": space.elements}
            for space in cosets.spaces
        ],
    }
