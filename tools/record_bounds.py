"""Record bounds of claims that are new or have moved: `python tools/record_bounds.py [--seen] REASON`.

Adds a dated line with the reason to `bounds.json` for every expectation whose bound is not the last recorded
one. `--seen` says that numbers of the claim had been seen when the bound was set. Claims that are given after
`--` are recorded alone.
"""

from __future__ import annotations

import datetime
import json
import sys
from pathlib import Path

from modgrok.papers import read_papers
from modgrok.papers.claims import bounds

PATH = Path(bounds.__file__).with_name(bounds.RECORD)


def main(words: list[str]) -> None:
    """Write the record anew."""
    seen = "--seen" in words
    words = [word for word in words if word != "--seen"]
    only = words[words.index("--") + 1 :] if "--" in words else []
    reason = words[0] if words else ""
    if not reason or reason.startswith("-"):
        sys.exit("REASON: must say in words why the bounds are as they are, got nothing or an option")
    today = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    record = json.loads(PATH.read_text(encoding="utf-8"))
    added = 0
    for claim in (claim for paper in read_papers() for claim in paper.claims):
        for expected in claim.expected:
            changes = bounds.bound_changes(claim.id, expected)
            if (changes and changes[-1].same_bound(expected)) or (only and claim.id not in only):
                continue
            record = bounds.with_change(record, claim, expected, date=today, reason=reason, observed=seen)
            added += 1
    PATH.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    sys.stdout.write(f"{added} bounds recorded in {PATH}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
