"""What an explanation amounts to, in one sentence, for the command line, the page and reports."""

from __future__ import annotations

from ...display import percent
from .explanation import Explanation


def explanation_sentence(explanation: Explanation, which: str = "inputs") -> str:
    """Say in one sentence what an explanation amounts to.

    Arguments:
        explanation: the explanation.
        which: what the inputs that were counted are called.
    """
    if not explanation.counts["size"]:
        return f"None of the {which} is one of {explanation.task}, so nothing is counted."
    inputs = f"{explanation.counts['size']:,} {which}"
    answered = f"the network answers {percent(explanation.accuracy)} of them correctly"
    if explanation.explained_share is None:
        return f"No formula: {explanation.task} has no known form in one index; of {inputs} {answered}."
    if explanation.parts:
        share = percent(explanation.explained_share)
        return f"Formulas in one index for each task explain {share} of {inputs}; {answered}."
    return f"{formula_words(explanation, inputs)}; {answered}."


def formula_words(explanation: Explanation, inputs: str) -> str:
    """Say how many of some inputs the formula explains.

    Arguments:
        explanation: of a task with an index.
        inputs: the inputs, in words.
    """
    assert explanation.index is not None
    assert explanation.frequencies is not None
    if explanation.explained_share is None:
        return f"None of {inputs} is one of {explanation.task}"
    if explanation.explained_share == 0:
        return f"No formula in s = {explanation.index.description} explains any of {inputs}"
    number = len(explanation.frequencies)
    cyclic = explanation.index.group is None or explanation.index.group.startswith("C")
    one, many = ("frequency", "frequencies") if cyclic else ("representation", "representations")
    return (
        f"A formula in s = {explanation.index.description} with {number} {one if number == 1 else many} "
        f"explains {percent(explanation.explained_share)} of {inputs}"
    )
