"""Names and sentences: a public class name has one meaning, and no replaced word comes back."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "modgrok"

REPLACED = [
    "Portrait",
    "CircuitPortrait",
    "Machine",
    "portrait",
    "portraits",
    "ghost",
    "frequency_worth",
    "Casualties",
    "casualties",
    "bury",
    "stillborn",
    "guilty",
    "Board",
    "pin",
    "News",
    "Errand",
    "errand",
    "_Flock",
    "_hire",
    "BLAMELESS",
    "PULSE",
    "Trial",
    "Found",
    "Parcel",
    "parcel",
    "Listed",
    "Setting",
    "Kept",
    "LINGER",
    "ever",
    "begin",
    "PairReading",
    "loss_rises",
    "hold",
    "atom",
    "descend",
    "DUST",
    "zero_rows_constant",
    "bets",
    "Tactic",
    "pursue",
    "tranche",
    "TASTE",
    "HOLE",
    "Law",
    "friends",
    "slips",
    "verb",
    "verbs",
    "VERBS",
    "told",
    "_bury",
    "_portraits",
    "natural_levels",
    "level_means",
    "moment_bands",
    "moment_rules",
    "moment_table",
    "MOMENTS",
    "metrics",
    "levels",
    "check_metric",
    "read_metric",
    "metric_digest",
    "metric_maps",
    "initial_metric",
    "donor",
    "_donor",
    "tactic",
    "trial",
    "trials",
    "trials_of",
    "shown_trials",
    "kept_networks",
    "kept_shares",
    "_last_kept",
    "british_names",
    "on_begin",
    "_descend",
    "with_fixed_parts_held",
    "end_answers",
]
"""Identifiers that may not be defined or used."""

PARTICIPLES = {
    "asked",
    "counted",
    "drawn",
    "found",
    "given",
    "judged",
    "kept",
    "listed",
    "made",
    "said",
    "shown",
    "taken",
    "told",
    "turned",
    "wanted",
}
"""What happened to a value is no name for it: variables and parameters are named after what they hold."""

ALIASES = {
    "Lens": {"measures/__init__.py"},
    "TokenLens": {"measures/__init__.py"},
    "make_lens": {"measures/__init__.py"},
    "make_token_lens": {"measures/__init__.py"},
    "Structure": {"learners/__init__.py"},
    "Donors": {"learners/__init__.py"},
    "Report": {"analytic/__init__.py", "reports/", "web/work/drawing.py", "cli/report.py"},
    "Moment": {"sweeps/__init__.py"},
    "moment": {"sweeps/__init__.py", "models/agop.py", "papers/doshi2024/sums.py"},  # of a distribution
    "room": {"runs/loop.py"},  # a former keyword of `run`
    "donors": {"runs/loop.py"},  # likewise
    "metric": {"runs/loop.py", "cli/shared/train_options.py", "models/kernel_machine.py"},
    "METRIC_MEASURES": {"measures/__init__.py"},
    "released": {"cli/shared/train_options.py", "tasks/source.py"},
    "answers": {"tasks/null.py"},
    "rises": {"measures/circuit/circuit.py"},
    "kept_at": {"interop/__init__.py"},
}
"""Former names, and the files that may use them: as an alias, or for another thing."""

STORED = {
    "metric": {
        "models/codec.py": "name of M in files, which older versions and other programs read",
        "runs/asset_kinds.py": "likewise in files of initial matrices",
        "runs/spelling.py": "the former option",
        "runs/experiment.py": "the former keyword",
        "runs/loop.py": "likewise",
    },
    "metrics": {
        "runs/asset_kinds.py": "a folder of stores",
        "runs/store/store.py": "likewise",
    },
    "donors": {
        "runs/asset_kinds.py": "a folder of stores",
        "runs/store/store.py": "likewise",
        "runs/loop.py": "a former keyword",
    },
    "released": {
        "tasks/source.py": "a key of the JSON of which run ids are hashes, and the former keyword",
        "tasks/mixture.py": "the former keyword",
        "tasks/task.py": "likewise",
        "runs/spelling.py": "the former option",
        "runs/experiment.py": "the former keyword",
        "learners/rfm/settings.py": "a value of `convention`, as in the authors' released code",
        "models/kernels/catalogue.py": "likewise",
        "models/kernels/gaussian.py": "likewise",
        "sklearn.py": "likewise",
    },
}
"""Replaced names that are still written as text: files, and why they cannot change there."""

PHRASES = (
    "Share of the inputs that trains",
    "What learns",
    "Most steps",
    "are told of",
    "is no TOML",
    "Other than in the paper",
    "a page a paper",
    "right logit",
    "right class",
    "share of the pairs that trains",
    "a line a seed",
    "one line a seed",
    "run a cell",
    "beside the claim",
    "file a verb",
    "rightly",
    "handed in",
    "verbs",
    "a verb",
)


@cache
def modules() -> list[tuple[str, str, ast.Module]]:
    """Return path, text on one line and syntax tree of every module."""
    texts = []
    for path in sorted(SOURCE.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        texts.append((path.relative_to(SOURCE).as_posix(), " ".join(text.split()), ast.parse(text)))
    return texts


def identifiers(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Yield every identifier of a module with its line."""
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
                yield name, line
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name):
                yield name, line
            case ast.keyword(arg=str(name)):
                yield name, line
            case ast.alias(name=name, asname=other):
                yield other or name, line


@pytest.fixture(scope="module")
def used() -> dict[str, list[tuple[str, int]]]:
    """Identifier -> where it stands."""
    places = defaultdict(list)
    for path, _, tree in modules():
        for name, line in identifiers(tree):
            places[name].append((path, line))
    return places


@pytest.mark.parametrize("name", REPLACED)
def test_no_replaced_name_comes_back(name: str, used: dict[str, list[tuple[str, int]]]) -> None:
    assert used.get(name, []) == []


@pytest.mark.parametrize("name", ALIASES)
def test_a_former_name_is_an_alias_alone(name: str, used: dict[str, list[tuple[str, int]]]) -> None:
    allowed = tuple(ALIASES[name])
    assert [place for place in used[name] if not place[0].startswith(allowed)] == []


@pytest.fixture(scope="module")
def literals() -> dict[str, set[str]]:
    """Text that is written in quotes -> the modules where it is."""
    places = defaultdict(set)
    for path, _, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                places[node.value].add(path)
    return places


@pytest.mark.parametrize("name", [*STORED, "portrait", "ghost", "donor", "verb", "answers"])
def test_a_replaced_name_is_a_text_only_where_it_is_stored(name: str, literals: dict[str, set[str]]) -> None:
    assert literals.get(name, set()) == set(STORED.get(name, ()))


def test_no_variable_is_named_after_what_happened_to_it() -> None:
    places = []
    for path, _, tree in modules():
        for node in ast.walk(tree):
            match node:
                case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name) if name in PARTICIPLES:
                    places.append((path, name))
    assert places == [("papers/claims/claim.py", "given")]  # a field that papers outside the package set


@pytest.mark.parametrize("folder", ["tests", "tools", "benchmarks", "docs"])
def test_no_variable_beside_the_package_is_named_so_either(folder: str) -> None:
    fields = {("tests/papers/made_claims.py", "made")}  # what an executor of the tests has made
    places = set()
    for path in sorted((SOURCE.parents[1] / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name) if name in PARTICIPLES:
                    places.add((path.relative_to(SOURCE.parents[1]).as_posix(), name))
    assert places - fields == set()


def test_no_variable_of_the_page_is_named_so() -> None:
    word = re.compile(rf"(?<![\w.'-])(?:{'|'.join(sorted(PARTICIPLES))})\b(?!\s*[:(])")
    places = []
    for path in sorted((SOURCE / "web" / "static").glob("*.js")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            code = re.sub(r'"(?:[^"\\]|\\.)*"', '""', line.partition("//")[0].partition("/*")[0])
            code = re.sub(r"`[^`]*`", lambda text: " ".join(re.findall(r"\$\{([^}]*)", text[0])), code)
            places += [(path.name, number)] if word.search(code) else []
    assert places == []


@pytest.mark.parametrize("phrase", PHRASES)
def test_no_replaced_phrase_comes_back(phrase: str) -> None:
    pattern = re.compile(rf"\b{re.escape(phrase)}\b", re.IGNORECASE)
    assert [path for path, text, _ in modules() if pattern.search(text)] == []


def test_a_public_class_name_stands_for_one_thing() -> None:
    homes = defaultdict(list)
    for path, _, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes[node.name].append(path)
    assert {name: paths for name, paths in homes.items() if len(paths) > 1} == {}


def test_the_name_of_a_public_class_is_no_alias_of_another_type() -> None:
    classes, aliases = set(), defaultdict(set)
    for path, _, tree in modules():
        classes |= {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
        for node in tree.body:
            match node:
                case ast.Assign(targets=[ast.Name(id=name)]) if re.match("[A-Z][a-z]", name):
                    aliases[name].add(path)
    both = {name: aliases[name] for name in classes & aliases.keys()}
    options = {
        "cli/shared/options.py",
        "cli/shared/file_options.py",
    }  # how a command reads one
    assert {name: paths for name, paths in both.items() if not paths <= options} == {
        "Report": {"analytic/__init__.py"}  # the former name of `VerificationReport`
    }
