"""Write src/modgrok/papers/reference.json: `uv run python tools/make_claim_costs.py RUNS PROBE [BUDGET]`.

RUNS is a folder in which `modgrok reproduce` has tested claims, PROBE the seconds of the probe
(`modgrok.papers.cost.probe_seconds`) on that machine at that time.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from modgrok.papers.catalogue import read_papers
from modgrok.papers.reproduction import digest_of
from modgrok.papers.result import claims_folder, read_result
from modgrok.runs import Store

TARGET = Path(__file__).parent.parent / "src" / "modgrok" / "papers" / "reference.json"


def main(runs: Path, probe: float, budget: str = "laptop") -> None:
    """Gather seconds of runs and of what claims need beside them."""
    seconds: dict[str, float] = {}
    claims: dict[str, float] = {}
    with Store(claims_folder(runs, budget), read_only=True) as store:
        for claim in (claim for paper in read_papers() for claim in paper.claims):
            result = read_result(runs, budget, claim, digest_of(claim, budget))
            if result is None or result.verdict is None:
                continue
            known = {m.experiment.id for g in claim.plan(budget).values() if not g.needs for m in g.members()}
            own = {run: round(store.get(run).seconds, 2) for run in result.runs if run in known}
            claims[f"{claim.id}@{budget}"] = round(max(result.seconds - sum(own.values()), 0.0), 2)
            seconds |= own
    TARGET.write_text(json.dumps({"probe": probe, "runs": seconds, "claims": claims}, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]), *sys.argv[3:4])
