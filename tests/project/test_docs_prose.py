"""The documentation: examples run, links resolve, and nothing that exists is missing from its page."""

from __future__ import annotations

import contextlib
import doctest
import io
import re
import runpy
import sqlite3
from pathlib import Path

import pytest

from modgrok.learners.base.contract import LearnerDefinition
from modgrok.learners.catalogue import LEARNERS
from modgrok.measures import MEASURES, Measure
from modgrok.runs import Experiment, precision_of, prepare
from modgrok.runs.store.database import migrations
from modgrok.version import __version__

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
PROSE = [*PAGES, *(path for path in (ROOT / "README.md", ROOT / "CONTRIBUTING.md") if path.exists())]
RUN_ELSEWHERE = {"construct.md", "exact-networks.md"}
"""Pages whose examples another test runs."""
TO_COME: set[str] = set()
"""Pages that are linked before they are written; a page that exists needs no entry."""
WALKED = {f"howto/{name}.md" for name in ("kernel", "measure", "optimiser", "learner", "paper")}
"""Pages whose extensions `test_extension.py` installs and uses by default."""

FENCE = re.compile(r"^```python *(?P<flags>[^\n]*)\n(?P<code>.*?)^```", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?P<target>[^)\s]+)\)")


def examples(text: str) -> list[tuple[int, str]]:
    """Runnable python fences of a page, each with its first line's number."""
    results = [match for match in FENCE.finditer(text) if match["flags"].strip() != "no-run"]
    return [(text.count("\n", 0, match.start("code")), match["code"]) for match in results]


def failures_of(text: str, name: str) -> str:
    """Run a page's fences in order in one namespace, as a session or as a script; what failed, in words."""
    names: dict[str, object] = {"__name__": name}
    output = io.StringIO()
    for line, code in examples(text):
        if ">>>" not in code:
            exec(compile("\n" * line + code, name, "exec", dont_inherit=True), names)
            continue
        session = doctest.DocTestParser().get_doctest(code, {}, name, name, line)
        session.globs = names
        runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
        runner.run(session, out=output.write, clear_globs=False)
    return output.getvalue()


def broken_links(page: Path, text: str) -> list[str]:
    """Relative links of a page that lead nowhere, or to a heading that is not there."""
    broken = []
    for match in LINK.finditer(text):
        target, _, heading = match["target"].partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        file = (page.parent / target).resolve() if target else page
        if not file.exists():
            if file.name not in TO_COME:
                broken.append(match["target"])
        elif heading and heading not in anchors(file.read_text(encoding="utf-8")):
            broken.append(match["target"])
    return broken


def anchors(text: str) -> set[str]:
    """Names that headings of a page are linked by."""
    headings = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def mentions(text: str, name: str) -> bool:
    """Say whether a page writes a name as code: alone between backquotes."""
    return f"`{name}`" in text


def read(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(
            page,
            id=page.relative_to(DOCS).as_posix(),
            marks=[pytest.mark.long] if page.relative_to(DOCS).as_posix() in WALKED else [],
        )
        for page in PAGES
        if page.name not in RUN_ELSEWHERE
    ],
)
@pytest.mark.usefixtures("_lists_as_before")
def test_examples_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        output = failures_of(page.read_text(encoding="utf-8"), page.name)
    assert not output, output


def test_the_runner_notices_wrong_examples() -> None:
    assert failures_of("```python\n>>> 1 + 1\n3\n```\n", "page")
    assert not failures_of("```python\n>>> a = 1\n```\n```python\n>>> a\n1\n```\n", "page")
    assert not failures_of("```python no-run\n>>> 1 + 1\n3\n```\n", "page")
    with pytest.raises(AssertionError):
        failures_of("```python\nassert 1 + 1 == 3\n```\n", "page")


def products_read_as_emphasis(text: str) -> list[str]:
    """Find paragraphs and cells with two products such as x*y that are neither code, formula nor alt text."""
    bare = re.sub(r"^```.*?^```|`[^`\n]*`|\$[^$]*\$|!\[[^\]]*\]", "", text, flags=re.DOTALL | re.MULTILINE)
    pieces = re.split(r"\n\s*\n|\|", bare)
    return [piece.strip() for piece in pieces if re.search(r"\w\*\w.*?\w\*\w", piece, re.DOTALL)]


@pytest.mark.parametrize("page", PROSE, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_product_is_read_as_emphasis(page: Path) -> None:
    assert products_read_as_emphasis(page.read_text(encoding="utf-8")) == []


def test_the_check_notices_products_in_prose() -> None:
    assert products_read_as_emphasis("of x*y and\nx^2*y") == ["of x*y and\nx^2*y"]
    assert products_read_as_emphasis("| x*y | x^2*y |\n\n`x*y + x^2*y`, **x**, $a*b*c$") == []


@pytest.mark.parametrize("page", PROSE, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_resolve(page: Path) -> None:
    assert broken_links(page, page.read_text(encoding="utf-8")) == []


def test_the_link_check_notices_broken_links() -> None:
    index = DOCS / "index.md"
    assert broken_links(index, "[a](nowhere.md) [b](store.md#nothing) [c](store.md)") == [
        "nowhere.md",
        "store.md#nothing",
    ]


def test_the_index_lists_every_page() -> None:
    index = read("index.md")
    missing = [
        str(page.relative_to(DOCS))
        for page in PAGES
        if page.name != "index.md" and f"({page.relative_to(DOCS).as_posix()})" not in index
    ]
    assert missing == []


PAGE_OF = {
    "transformer_weights": "concepts/transformer-measures.md",
    "circuit": "concepts/transformer-measures.md",
}
"""Where measures of a kind are described, other than in the general pages."""


@pytest.mark.parametrize("measure", MEASURES, ids=lambda m: m.name)
def test_measures_are_described(measure: Measure) -> None:
    general = ("concepts/fourier-measures.md", "rfm.md", "store.md")
    pages = [PAGE_OF[measure.reads]] if measure.reads in PAGE_OF else general
    assert any(mentions(read(page), measure.name) for page in pages)


@pytest.mark.parametrize("learner", LEARNERS, ids=lambda learner: learner.name)
def test_settings_are_described(learner: LearnerDefinition) -> None:
    page = "concepts/tasks-and-learning.md" if learner.name == "mlp" else f"{learner.name}.md"
    text = read(page)
    assert [name for name in learner.settings.model_fields if not mentions(text, name)] == []


def test_the_experiment_is_described() -> None:
    text = read("concepts/tasks-and-learning.md")
    own = [name for name in Experiment.model_fields if name not in ("task", "learner")]
    assert [name for name in own if not mentions(text, name)] == []


def test_the_store_s_page_has_its_schema() -> None:
    """Every column with its type, in both directions: none is missing, and none is there that is not real."""
    text = read("store.md")
    database = sqlite3.connect(":memory:")
    for _, script in migrations():
        database.executescript(script)
    tables = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    real = {
        table: {row[1]: row[2].lower() for row in database.execute(f"PRAGMA table_info({table})")}
        for table in tables
    }
    database.close()
    assert {"runs", "records", "checkpoints", "sweeps", "members"} <= set(real)
    assert {table: told_columns(section(text, table)) for table in real} == real
    assert set(re.findall(r"^### `(\w+)`$", text, flags=re.MULTILINE)) == set(real)


def told_columns(text: str) -> dict[str, str]:
    """Read column and type from the rows of a table; a row may tell of several columns."""
    rows = re.findall(r"^\| (`.*?) \| (\w+) \|", text, flags=re.MULTILINE)
    return {name: kind for names, kind in rows for name in re.findall(r"`(\w+)`", names)}


def section(text: str, table: str) -> str:
    """The part of store.md that describes a table."""
    match = re.search(rf"^### `{table}`$(.*?)(?=^##|\Z)", text, flags=re.DOTALL | re.MULTILINE)
    assert match, f"store.md has no section for the table {table}"
    return match[1]


def test_every_number_of_a_record_is_described() -> None:
    text = read("store.md")
    names = {"dominant_frequency", "phase_sum"}
    for text_of_task, learner in (("x + y", "mlp"), ("x + y; x*y", "rfm"), ("x + y; x*y", "transformer")):
        experiment = Experiment.of(text_of_task, p=5, learner=learner)
        with precision_of(experiment.learner):
            names.update(prepare(experiment).observer.scalars)
    assert {"ipr", "circulant_deviation", "ffs_embedding_log", "test_2_accuracy"} < names
    assert [name for name in names if not mentions(text, name)] == []


def test_the_citation_names_this_version() -> None:
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert re.search(r"^version: (\S+)$", text, flags=re.MULTILINE)[1].strip("\"'") == __version__
    assert f"## [{__version__}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_papers_are_cited_by_number() -> None:
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    for number in ("2301.02679", "2406.03495", "2310.13061", "2407.20199", "2402.16726"):
        assert f"arXiv:{number}" in text


def test_prose_names_no_file_outside_the_repository() -> None:
    named = re.compile(r"`((?:src|docs|tests|benchmarks)/[\w./-]+)`")
    for page in PROSE:
        for path in named.findall(page.read_text(encoding="utf-8")):
            assert (ROOT / path).exists(), f"{page.name} names {path}"


NAMED_TEST = re.compile(r"`(?P<file>tests/[\w/]+\.py)::(?P<test>\w+)`")


def missing_tests(text: str) -> list[str]:
    """Tests that a text names and that do not exist."""
    return [
        match[0]
        for match in NAMED_TEST.finditer(text)
        if f"\ndef {match['test']}(" not in (ROOT / match["file"]).read_text(encoding="utf-8")
    ]


def test_every_slip_names_a_test_that_exists() -> None:
    text = read("errata.md")
    rows = [
        line
        for line in text.splitlines()
        if line.startswith("|") and not line.startswith(("| ---", "| where"))
    ]
    assert len(rows) > 25
    assert [row for row in rows if not NAMED_TEST.search(row)] == []
    assert missing_tests(text) == []
    assert missing_tests("`tests/tasks/test_task.py::test_nothing`") == [
        "`tests/tasks/test_task.py::test_nothing`"
    ]


def test_the_picture_of_the_layers_is_that_of_the_imports() -> None:
    """Made by `tools/make_layers_picture.py`; boxes and lines, not how thick they are."""
    tool = runpy.run_path(str(ROOT / "tools" / "make_layers_picture.py"))
    picture = (DOCS / "images" / "layers.svg").read_text(encoding="utf-8")
    thickness = re.compile(r' stroke-width="[\d.]+"')
    assert thickness.sub("", tool["picture"]()) == thickness.sub("", picture)


def test_every_file_that_the_architecture_names_exists() -> None:
    text = read("architecture.md")
    named = re.findall(r"`((?:[a-z_0-9]+/)+[a-z_0-9]+\.py)`", text)
    assert len(named) > 25
    roots = (ROOT / "src" / "modgrok", ROOT)
    assert [name for name in named if not any((root / name).exists() for root in roots)] == []
