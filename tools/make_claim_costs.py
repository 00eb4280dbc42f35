"""Write src/modgrok/papers/reference.json: `uv run python tools/make_claim_costs.py RUNS [BUDGET]`.

RUNS is a folder in which `modgrok reproduce` has tested claims, the probe's run among them.
"""

from __future__ import annotations

import json
import statistics
import sys
from pathlib import Path

from modgrok.papers.claims.catalogue import read_papers
from modgrok.papers.claims.cost import PROBE, STARTING, probe_seconds, step_products
from modgrok.papers.claims.result import claims_folder, read_result
from modgrok.runs import Experiment, RunRow, Store
from modgrok.sweeps.forecast import measure_cost

TARGET = Path(__file__).parent.parent / "src" / "modgrok" / "papers" / "claims" / "reference.json"


def main(runs: Path, budget: str = "laptop") -> None:
    """Gather seconds of all planned runs that have ended, and of what claims need beside them."""
    seconds: dict[str, float] = {}
    claims: dict[str, float] = {}
    stepping: dict[str, float] = {}
    products: dict[str, float] = {}
    with Store(claims_folder(runs, budget), read_only=True) as store:
        for claim in (claim for paper in read_papers() for claim in paper.claims):
            plan = claim.groups(budget).values()
            known = {m.experiment.id: m.experiment for g in plan if not g.needs for m in g.members()}
            rows = {run: row for run in known if (row := ended(store, run)) is not None}
            for run in rows.keys() - seconds.keys():
                seconds[run] = round(rows[run].seconds, 2)
                kind, work = known[run].learner.kind, rows[run].step * step_products(known[run])
                stepping[kind] = stepping.get(kind, 0.0) + max(rows[run].seconds - STARTING, 0.0)
                products[kind] = products.get(kind, 0.0) + work
            result = read_result(runs, budget, claim)
            if result is None or result.verdict is None or len(rows) < len(known):
                sys.stderr.write(f"not complete: {claim.id}, {len(rows)} of {len(known)} runs\n")
                continue
            own = sum(rows[run].seconds for run in result.runs if run in rows)
            claims[f"{claim.id}@{budget}"] = round(max(result.seconds - own, 0.0), 2)
        then = store.get(Experiment.of(**PROBE).id).seconds_per_step
    content = {
        "probe": then * probe_share(),
        "rates": {kind: stepping[kind] / products[kind] for kind in products},
        "runs": seconds,
        "claims": claims,
    }
    TARGET.write_text(json.dumps(content, indent=1) + "\n")


def ended(store: Store, run: str) -> RunRow | None:
    """Return a run that has ended; None if there is none."""
    row = store.find(run)
    return row if row is not None and row.status in ("finished", "diverged") else None


def probe_share(repeats: int = 7) -> float:
    """Return NumPy's time for the probe over that of its compiled step, both here and now.

    The store knows how long the step took while the claims were run, with all that the machine did meanwhile.
    """
    experiment = Experiment.of(**PROBE)
    measure_cost(experiment)
    pairs = [(probe_seconds(), measure_cost(experiment).seconds_per_step) for _ in range(repeats)]
    return statistics.median(numpy / step for numpy, step in pairs)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:3])
