"""Write src/modgrok/papers/reference.json: `uv run python tools/make_claim_costs.py RUNS [BUDGET]`.

RUNS is a folder in which `modgrok reproduce` has tested claims.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from modgrok.learners.base.rates import NOMINAL
from modgrok.papers.claims.catalogue import read_papers
from modgrok.papers.claims.cost import estimate
from modgrok.papers.claims.result import claims_folder, read_result
from modgrok.runs import RunRow, Store

TARGET = Path(__file__).parent.parent / "src" / "modgrok" / "papers" / "claims" / "reference.json"
LEAST = 2.0
"""Seconds from which on a run counts for the pace."""


def main(runs: Path, budget: str = "laptop") -> None:
    """Gather seconds of all planned runs that have ended, and of what claims need beside them."""
    seconds: dict[str, float] = {}
    claims: dict[str, float] = {}
    estimates: dict[str, float] = {}
    with Store(claims_folder(runs, budget), read_only=True) as store:
        for claim in (claim for paper in read_papers() for claim in paper.claims):
            plan = claim.groups(budget).values()
            known = {m.experiment.id: m for g in plan if not g.needs for m in g.members()}
            rows = {run: row for run in known if (row := ended(store, run)) is not None}
            for run in rows.keys() - seconds.keys():
                seconds[run] = round(rows[run].seconds, 2)
                estimates[run] = estimate(known[run], NOMINAL)
            result = read_result(runs, budget, claim)
            if result is None or result.verdict is None or len(rows) < len(known):
                sys.stderr.write(f"not complete: {claim.id}, {len(rows)} of {len(known)} runs\n")
                continue
            own = sum(rows[run].seconds for run in result.runs if run in rows)
            claims[f"{claim.id}@{budget}"] = round(max(result.seconds - own, 0.0), 2)
    long = [run for run, elapsed in seconds.items() if elapsed >= LEAST]
    pace = sum(seconds[run] for run in long) / sum(estimates[run] for run in long)
    content = {"pace": round(pace, 2), "runs": seconds, "claims": claims}
    TARGET.write_text(json.dumps(content, indent=1) + "\n")


def ended(store: Store, run: str) -> RunRow | None:
    """Return a run that has ended; None if there is none."""
    row = store.find(run)
    return row if row is not None and row.status in ("finished", "diverged") else None


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:3])
