"""The papers' claims: runs, numbers, expectations, verdicts."""

from .claims.catalogue import Paper, add_paper, read_papers
from .claims.claim import BUDGETS, Claim, ClaimResult, ClaimVerdict, Expected, Misprint
from .claims.desktop import Desktop
from .claims.evidence import Evidence, RunData
from .claims.plan import RunGroup
from .claims.printed import PrintedCurve, PrintedNumber
from .claims.scale import PaperScale, Shortfall

__all__ = [
    "BUDGETS",
    "Claim",
    "ClaimResult",
    "ClaimVerdict",
    "Desktop",
    "Evidence",
    "Expected",
    "Misprint",
    "Paper",
    "PaperScale",
    "PrintedCurve",
    "PrintedNumber",
    "RunData",
    "RunGroup",
    "Shortfall",
    "add_paper",
    "read_papers",
]
