"""The command line is called in process; with `--types`, shapes and types are checked at run time.

That takes a tenth more time, so that it is done where few tests run (`.ci/run`), and with `-m long`.
"""

from __future__ import annotations

import importlib.util
import itertools
import json
import mmap
import os
import re
import shutil
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("MODGROK_CALIBRATION", "off")  # which takes five seconds of a processor
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the tests' processes share the cores already

from jaxtyping import install_import_hook

TYPES = "beartype.beartype(conf=beartype.BeartypeConf(is_pep484_tower=True))"
"""What checks annotations: an integer may stand for a float, as it may for mypy."""
QUICK_FLAGS = {
    "xla_cpu_use_fusion_emitters": "false",  # the slower way to write fused loops
    "xla_cpu_parallel_codegen_split_count": "1",  # programs are small: one piece each
    "xla_cpu_enable_concurrency_optimized_scheduler": "false",
}
"""Flags with which XLA compiles quickly. An unknown one would end the process, so they are looked for."""


def pytest_configure(config: pytest.Config) -> None:
    """Compile quickly, here and in processes that tests start; where long tests run, as users do."""
    long = "not long" not in config.getoption("markexpr")
    if long or config.getoption("types"):
        install_import_hook("modgrok", TYPES)
    if long:
        return
    _share_compiled(config)
    os.environ.setdefault("JAX_DISABLE_MOST_OPTIMIZATIONS", "1")
    os.environ.setdefault("JAX_TRACEBACK_IN_LOCATIONS_LIMIT", "0")
    flags = os.environ.get("XLA_FLAGS", "")
    new = [name for name in QUICK_FLAGS if name not in flags]
    if new:
        known = known_to_xla(new)
        os.environ["XLA_FLAGS"] = " ".join(
            [flags, *(f"--{name}={QUICK_FLAGS[name]}" for name in known)]
        ).strip()
    if "jax" in sys.modules:  # by another conftest
        sys.modules["jax"].config.update("jax_disable_most_optimizations", True)


def _share_compiled(config: pytest.Config) -> None:
    """Compile a program once for all processes of this session, those that tests start among them."""
    if hasattr(config, "workerinput"):  # a worker has inherited the folder
        return
    folder = tempfile.mkdtemp(prefix="modgrok-compiled-")
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    os.environ["JAX_ENABLE_COMPILATION_CACHE"] = "true"
    os.environ["JAX_COMPILATION_CACHE_DIR"] = folder
    os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
    os.environ["JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES"] = "-1"


def known_to_xla(flags: list[str]) -> list[str]:
    """Return those of the flags that the installed XLA has."""
    spec = importlib.util.find_spec("jaxlib")
    libraries = Path(spec.origin).parent.glob("libjax_common*") if spec and spec.origin else ()
    for library in libraries:
        with library.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return [flag for flag in flags if content.find(flag.encode()) >= 0]
    return []


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--require-needs`, so that CI skips no test for an absent module, and `--types`."""
    parser.addoption("--require-needs", action="store_true", help="fail, not skip, without optional modules")
    parser.addoption("--types", action="store_true", help="check shapes and types of all calls")


LONGEST = (
    "reports/test_reports_files",
    "conformance/test_lists",
    "cli/test_commands",
    "conformance/test_extension",
    "project/test_docs_prose",
    "runs/test_loop",
    "rfm/test_rfm_learner",
    "cli/test_first_contact",
    "sweeps/test_sweep_command",
    "runs/test_transformer_runs",
    "project/test_site",
)
"""Modules that take longest, by processor time."""


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Where tests of one mark are asked for, read the modules that have it; the others take a minute."""
    mark = re.match(r"(needs|torch|transformerlens)\b", config.getoption("markexpr"))
    if mark is None or not collection_path.name.startswith("test_"):
        return None
    return None if f"mark.{mark[1]}" in collection_path.read_text(encoding="utf-8") else True


MODULES = itertools.count()
"""Modules of tests that this process has run."""


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Choose examples before tests are selected by their marks, and order what was selected."""
    _leave_examples_to_long_tests(items)
    yield
    items.sort(key=_rank)


def _leave_examples_to_long_tests(items: list[pytest.Item]) -> None:
    """Mark as long all but the first, the last and some between of the examples of a test marked `few`."""
    examples = defaultdict(list)
    for item in items:
        if item.get_closest_marker("few") is not None and item.get_closest_marker("long") is None:
            examples[item.nodeid.partition("[")[0]].append(item)
    for same in examples.values():
        (few,) = same[0].get_closest_marker("few").args
        default = {round(i * (len(same) - 1) / max(1, few - 1)) for i in range(few)}
        for place, item in enumerate(same):
            if place not in default:
                item.add_marker("long")


def _rank(item: pytest.Item) -> int:
    """Begin with the modules that take longest, so that no process is left alone with one of them."""
    name = item.nodeid.partition("::")[0].removeprefix("tests/").removesuffix(".py")
    return LONGEST.index(name) if name in LONGEST else len(LONGEST)


@pytest.fixture(scope="module", autouse=True)
def _forget_compiled() -> Iterator[None]:
    """Free what earlier modules compiled, which fills gigabytes by the end."""
    yield
    if "jax" in sys.modules and next(MODULES) % 16 == 15:
        sys.modules["jax"].clear_caches()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test that needs a module which is not installed, and say which."""
    needed = [module for mark in item.iter_markers("needs") for module in mark.args]
    missing = [module for module in needed if importlib.util.find_spec(module) is None]
    if missing:
        apart = {"torch": "bench", "playwright": "browser"}
        group = next((apart[module] for module in missing if module in apart), "dev")
        reason = f"needs {', '.join(missing)}: uv run --group {group} pytest"
        (pytest.fail if item.config.getoption("require_needs") else pytest.skip)(reason)


@dataclass(frozen=True)
class Result:
    """Exit code and streams of a command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The last line of stdout."""
        result = json.loads(self.out.strip().splitlines()[-1])
        assert isinstance(result, dict)
        return result


@pytest.fixture
def call(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Result]:
    """Call the command line in this process and this test's folder."""
    from modgrok.cli import main

    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Result:
        with pytest.raises(SystemExit) as leaving:
            main(arguments)
        captured = capsys.readouterr()
        return Result(int(leaving.value.code or 0), captured.out, captured.err)

    return run


@pytest.fixture
def _lists_as_before() -> Iterator[None]:
    """Take away afterwards what a test adds to the lists of kernels, measures, learners and so on."""
    from modgrok.learners.catalogue import LEARNERS
    from modgrok.measures.catalogue import MEASURES
    from modgrok.measures.readings import READERS
    from modgrok.models.activations import ACTIVATIONS
    from modgrok.models.kernels import KERNELS
    from modgrok.models.networks import NETWORKS
    from modgrok.papers.claims.catalogue import paper_names, remove_paper
    from modgrok.training.losses import LOSSES
    from modgrok.training.optimisers import OPTIMISERS

    papers = paper_names()
    lists = (LEARNERS, MEASURES, READERS, ACTIVATIONS, KERNELS, NETWORKS, LOSSES, OPTIMISERS)
    before = [dict(catalogue._entries) for catalogue in lists]
    yield
    for name in set(paper_names()) - set(papers):
        remove_paper(name)
    for catalogue, entries in zip(lists, before, strict=True):
        catalogue._entries.clear()
        catalogue._entries.update(entries)
