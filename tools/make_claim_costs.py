"""Write src/modgrok/papers/reference.json: `uv run python tools/make_claim_costs.py RUNS [BUDGET]`.

RUNS is a folder in which `modgrok reproduce` has tested claims, the probe's run among them.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from modgrok.papers.catalogue import read_papers
from modgrok.papers.cost import PROBE
from modgrok.papers.result import claims_folder, read_result
from modgrok.runs import Experiment, Store

TARGET = Path(__file__).parent.parent / "src" / "modgrok" / "papers" / "reference.json"


def main(runs: Path, budget: str = "laptop") -> None:
    """Gather seconds of runs and of what claims need beside them."""
    seconds: dict[str, float] = {}
    claims: dict[str, float] = {}
    with Store(claims_folder(runs, budget), read_only=True) as store:
        for claim in (claim for paper in read_papers() for claim in paper.claims):
            result = read_result(runs, budget, claim)
            if result is None or result.verdict is None:
                continue
            known = {m.experiment.id for g in claim.plan(budget).values() if not g.needs for m in g.members()}
            own = {run: round(store.get(run).seconds, 2) for run in result.runs if run in known}
            claims[f"{claim.id}@{budget}"] = round(max(result.seconds - sum(own.values()), 0.0), 2)
            seconds |= own
        probe = store.get(Experiment.of(**PROBE).id).seconds_per_step
    TARGET.write_text(json.dumps({"probe": probe, "runs": seconds, "claims": claims}, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:3])
