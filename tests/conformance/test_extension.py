"""What the how-to pages add goes the whole way as an installed extension, without a change of the package."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PAGES = ("kernel", "measure", "optimiser", "learner", "paper")
REGISTER = """

def register():
    import modgrok

    modgrok.extend(
        kernels=[RATIONAL],
        measures=[PEAK_SHARE],
        optimisers=[UNIT],
        activations=[("linear", linear)],
        losses=[("hinge", hinge)],
        learners=[LINEAR],
        networks=[LINEAR_NETWORK],
        papers=[FITTING],
    )
"""


def blocks_of(page: str) -> str:
    """The code that a how-to page gives for an extension."""
    text = (ROOT / "docs" / "howto" / f"{page}.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python extension\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)
    assert blocks, page
    return "\n\n".join(blocks)


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a user sees of the extension, from `--help` to the report."""
    folder = tmp_path_factory.mktemp("extension")
    (folder / "toy_extension.py").write_text("\n\n".join(map(blocks_of, PAGES)) + REGISTER, encoding="utf-8")
    metadata = folder / "toy_extension-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: toy-extension\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[modgrok.extensions]\ntoy = toy_extension:register\n")
    work = folder / "work"
    work.mkdir()
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(folder), str(ROOT / "src")]),
        "COLUMNS": "100",
    }
    script = Path(__file__).with_name("walk_extension.py")
    done = subprocess.run(
        [sys.executable, str(script), "seen.json"],
        cwd=work,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    result = json.loads((work / "seen.json").read_text())
    assert isinstance(result, dict)
    return result


def test_help_shows_the_options(seen: dict[str, Any]) -> None:
    words = seen["help"]
    assert "--rate" in words
    assert "Learning rate of gradient descent" in " ".join(words.split())
    for name in ("linear", "rational", "unit", "hinge"):
        assert name in words


def test_a_learner_trains_resumes_and_is_loaded(seen: dict[str, Any]) -> None:
    assert seen["resumed"]["learner"] == "linear"
    assert seen["resumed"]["steps"] == 9
    assert seen["equal"]
    assert seen["kind"] == "Linear"
    assert seen["logits"] == [1, 5]


def test_a_learner_is_measured_shown_exported_and_pictured(seen: dict[str, Any]) -> None:
    assert seen["measured"]["weight_norm"] > 0
    assert 0 <= seen["measured"]["accuracy"] <= 1
    assert "test_accuracy" in seen["csv"]
    assert "linear" in seen["shown"]
    assert "a linear network" in seen["report"]
    assert "gradient descent at rate 2" in re.sub(r"<[^>]*>|\s+", " ", seen["report"])


def test_a_learner_is_swept_by_workers(seen: dict[str, Any]) -> None:
    assert (seen["sweep"]["total"], seen["sweep"]["done"], seen["sweep"]["failed"]) == (2, 2, 0)
    assert re.search(r"^runs,rate,number,(True|true|1)", seen["columns"], flags=re.MULTILINE)


def test_a_kernel_is_trained_stored_and_described(seen: dict[str, Any]) -> None:
    assert seen["rational"]["kernel"] == "Rational"
    assert seen["rational"]["train_accuracy"] == 1
    assert "rational quadratic kernel" in re.sub(r"<[^>]*>|\s+", " ", seen["rational"]["report"])


def test_a_measure_reaches_records_commands_and_reports(seen: dict[str, Any]) -> None:
    assert 0 < seen["unit"]["measures"]["peak_share"] <= 1
    assert 0 < seen["unit"]["measured"]["peak_share"] <= 1
    assert "Peak share" in seen["unit"]["report"]


def test_an_optimiser_is_described(seen: dict[str, Any]) -> None:
    report = re.sub(r"<[^>]*>|\s+", " ", seen["unit"]["report"])
    assert "gradient descent with steps of unit length" in report


def test_a_paper_is_reproduced(seen: dict[str, Any]) -> None:
    (claim,) = seen["reproduced"]["claims"]
    assert (claim["id"], claim["verdict"]) == ("fitting/loss-falls", "reproduced")
    assert claim["measured"]["least_fall"] > 0
