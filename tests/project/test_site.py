"""The documentation as a site: it builds without a warning, needs no network, and leads to all there is."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from contents import groups
from docstring import parts
from modgrok.measures import MEASURES
from source_names import SOURCE, file_of, find, public_names

needs_site = pytest.mark.needs("sphinx", "myst_parser", "furo", "latex2mathml")
ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
MODULES = re.findall(
    r"^```\{public-names\} ([\w.]+)$",
    "\n".join(page.read_text(encoding="utf-8") for page in sorted((DOCS / "reference").glob("*.md"))),
    re.MULTILINE,
)


def pages() -> list[str]:
    """Every page but the index, without its suffix: prose and notebooks."""
    prose = [path for path in DOCS.rglob("*.md") if "_build" not in path.parts and path != DOCS / "index.md"]
    results = [*prose, *(DOCS / "notebooks").glob("*.py")]
    return sorted(path.relative_to(DOCS).with_suffix("").as_posix() for path in results)


def test_the_sidebar_has_every_page_once() -> None:
    pages_of_index = [
        page for _, group in groups((DOCS / "index.md").read_text(encoding="utf-8")) for page in group
    ]
    assert sorted(pages_of_index) == pages()


def test_every_module_that_lists_public_names_is_described() -> None:
    values = {
        ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")
        for path in (SOURCE / "modgrok").rglob("*.py")
        if re.search(r"^__all__ = \[", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    missing = values - {"modgrok.cli"} - set(MODULES)  # the command line's reference is its own page
    assert not missing, f"write docs/reference/{min(missing).split('.')[-1]}.md and list it in docs/index.md"
    assert len(MODULES) == len(set(MODULES))


@pytest.mark.parametrize("module", MODULES)
def test_every_public_name_says_what_it_is(module: str) -> None:
    names = public_names(module)
    assert names
    assert [missing for name in names for missing in name.undocumented()] == []


def test_a_name_is_found_where_it_is_defined() -> None:
    assert find("run", "modgrok").home == "modgrok.runs.loop"
    assert find("IPR", "modgrok.measures").text.startswith("mean inverse participation ratio")
    with pytest.raises(LookupError, match="neither defines nor imports"):
        find("nothing", "modgrok.measures")


def test_the_check_notices_missing_documentation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bare.py").write_text('LIMIT = 3\n\nclass A:\n    """An a."""\n\n    def b(self): ...\n')
    monkeypatch.setattr("source_names.SOURCE", tmp_path)
    assert file_of("bare") == tmp_path / "bare.py"
    assert list(find("LIMIT", "bare").undocumented()) == ["LIMIT"]
    assert list(find("A", "bare").undocumented()) == ["A.b"]


def test_docstrings_are_cut_into_their_parts() -> None:
    items = "Arguments:\n    x: one\n        number.\n    y: two."
    text = f"Add.\n\n    x + y\n\n{items}\n\nIt is exact.\n\nSource: Gauss."
    assert [(part.kind, part.title, part.text) for part in parts(text)] == [
        ("text", "", "Add."),
        ("formula", "", "x + y"),
        ("items", "Arguments", ""),
        ("text", "", "It is exact."),
        ("text", "Source", "Gauss."),
    ]
    assert parts(text)[2].items == (("x", "one number."), ("y", "two."))


class Links(HTMLParser):
    """The links of a page, what it loads, its anchors and its words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.anchors: set[str] = set()
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.anchors.add(attributes.get("id", ""))
        if tag == "a":
            self.links.append(attributes.get("href", ""))
        elif tag in ("img", "script", "link", "iframe", "source"):
            self.loaded.append(attributes.get("src", "") or attributes.get("href", ""))

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site. Notebooks are executed on the way; a warning fails the build."""
    out = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-d", str(out / ".doctrees")]
    command += ["-D", "example_checkpoints=1"]
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    build = subprocess.run(
        [*command, str(DOCS), str(out)], capture_output=True, text=True, env=environment, check=False
    )
    assert build.returncode == 0, build.stderr
    return out


@pytest.fixture(scope="module")
def reached(site: Path) -> dict[str, Links]:
    """Every page that can be reached from the index by links."""
    values: dict[str, Links] = {}
    ahead = ["index.html"]
    while ahead:
        page = ahead.pop()
        if page not in values:
            values[page] = Links((site / page).read_text(encoding="utf-8"))
            ahead += following(page, values[page], site)
    return values


def following(page: str, links: Links, site: Path) -> Iterator[str]:
    """Pages of the site that a page links to."""
    for link in links.links:
        target = link.partition("#")[0]
        if target and not re.match(r"[a-z]+:", target):
            path = (site / page).parent / target
            assert path.exists(), f"{page} links to {link}"
            if path.suffix == ".html":
                yield path.resolve().relative_to(site.resolve()).as_posix()


@needs_site
def test_every_page_is_reached_from_the_index(reached: dict[str, Links]) -> None:
    assert {f"{page}.html" for page in pages()} <= set(reached)


@needs_site
def test_nothing_is_loaded_from_elsewhere(site: Path, reached: dict[str, Links]) -> None:
    assert [(page, each) for page, links in reached.items() for each in links.loaded if "//" in each] == []
    sheets = "\n".join(sheet.read_text(encoding="utf-8") for sheet in site.rglob("*.css"))
    assert re.findall(r"@import[^;]*|url\(\s*[\"']?(?:https?:)?//[^)]*", sheets) == []


@needs_site
def test_every_public_name_has_its_place(reached: dict[str, Links]) -> None:
    anchors = {anchor for links in reached.values() for anchor in links.anchors}
    missing = [
        f"{module}.{name.name}"
        for module in MODULES
        for name in public_names(module)
        if f"{module}.{name.name}" not in anchors
    ]
    assert missing == []


@needs_site
def test_every_measure_and_flag_is_told_of(reached: dict[str, Links]) -> None:
    words = " ".join(word for links in reached.values() for word in links.words)
    measures = MEASURES.names
    flags = set(re.findall(r"--[a-z][\w-]*", (DOCS / "commands.md").read_text(encoding="utf-8")))
    assert len(flags) > 50
    assert [
        name for name in (*measures, *flags) if not re.search(rf"(?<![\w-]){re.escape(name)}\b", words)
    ] == []


@needs_site
def test_formulas_are_drawn_by_the_browser(site: Path) -> None:
    page = (site / "concepts" / "fourier-measures.html").read_text(encoding="utf-8")
    assert page.count("<math ") > 50
    assert "$" not in "".join(Links(page).words)


@needs_site
def test_formulas_lead_to_their_functions(site: Path) -> None:
    page = Links((site / "concepts" / "formulas.html").read_text(encoding="utf-8"))
    assert "../reference/measures.html#modgrok.measures.ipr_of_neurons" in page.links
    assert "../reference/learners.html#modgrok.training.losses.stablemax" in page.links


@needs_site
def test_notebooks_show_what_they_draw(site: Path) -> None:
    for notebook in (DOCS / "notebooks").glob("*.py"):
        page = (site / "notebooks" / f"{notebook.stem}.html").read_text(encoding="utf-8")
        assert 'src="data:image/svg+xml;base64,' in page, notebook.name
