"""No code outside a learner's own folder asks which learner it has, in any form."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from modgrok.learners.catalogue import EXTERNAL_DEFINITION, LEARNERS

SOURCE = Path(__file__).parents[2] / "src" / "modgrok"
NAMES = frozenset((*LEARNERS.names, EXTERNAL_DEFINITION.name))
TYPES = frozenset(
    f"{prefix}{suffix}"
    for prefix in ("MLP", "RFM", "Transformer", "External")
    for suffix in ("Settings", "Learner", "State")
)
"""Types that are one learner's; names of networks (MLP, Transformer) are not among them."""


def own_places() -> set[Path]:
    """The folders and files in which a learner is itself at home."""
    homes = {SOURCE / "learners" / name for name in NAMES}
    return homes | {SOURCE / "reports" / "learners" / f"{name}.py" for name in NAMES}


def shared_files() -> list[Path]:
    homes = own_places()
    return [file for file in sorted(SOURCE.rglob("*.py")) if not homes & {file, *file.parents}]


def questions(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield (line, what is asked) of every place that asks which learner it has."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            asks = node.func.id in ("isinstance", "issubclass") and len(node.args) == 2
            if asks and types_in(node.args[1]):
                yield node.lineno, f"{node.func.id} of {', '.join(types_in(node.args[1]))}"
        elif isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            results = [name for side in sides for name in (*names_in(side), *types_in(side))]
            if results:
                yield node.lineno, f"comparison with {', '.join(results)}"
        elif isinstance(node, ast.Dict):
            results = [name for key in node.keys if key for name in (*names_in(key), *types_in(key))]
            if results:
                yield node.lineno, f"dictionary by {', '.join(results)}"
        elif isinstance(node, ast.match_case):
            results = [*names_in(node.pattern), *types_in(node.pattern)]
            if results:
                yield node.pattern.lineno, f"match of {', '.join(results)}"


def names_in(node: ast.AST) -> list[str]:
    """Learners' names among the strings of an expression, but for those inside calls."""
    if isinstance(node, ast.Call):
        return []
    if isinstance(node, ast.Constant):
        return [node.value] if node.value in NAMES else []
    return [name for child in ast.iter_child_nodes(node) for name in names_in(child)]


def types_in(node: ast.AST) -> list[str]:
    return [
        result
        for inner in ast.walk(node)
        for result in [getattr(inner, "id", getattr(inner, "attr", None))]
        if result in TYPES
    ]


@pytest.mark.parametrize("file", shared_files(), ids=lambda file: file.relative_to(SOURCE).as_posix())
def test_nobody_asks_which_learner_it_has(file: Path) -> None:
    type_questions = list(questions(ast.parse(file.read_text(encoding="utf-8"))))
    assert type_questions == []


@pytest.mark.parametrize(
    "code",
    [
        'if settings.kind == "rfm": pass',
        'if learner in ("mlp", "transformer"): pass',
        'words = {"mlp": 1}[row.learner]',
        "if isinstance(settings, (int, RFMSettings)): pass",
        "if isinstance(learner, learners.MLPLearner | None): pass",
        "if type(state) is RFMState: pass",
        "table = {TransformerSettings: 1}",
        "match settings:\n    case MLPSettings(): pass",
        'match kind:\n    case "rfm": pass',
    ],
)
def test_every_form_is_noticed(code: str) -> None:
    assert list(questions(ast.parse(code)))


def test_naming_a_learner_is_no_question() -> None:
    code = 'e = Experiment.of("x + y", learner="rfm")\nbase = {"learner": "mlp"}\nassert isinstance(net, MLP)'
    assert not list(questions(ast.parse(code)))
