"""Is the task h(g1(x) + g2(y)) or h(g1(x) * g2(y))? Exact verdicts, with witness or certificate."""

from .basis import basis
from .budget import Budget
from .decision import decide_table
from .verdict import FORMS, Verdict, Witness

__all__ = ["FORMS", "Budget", "Verdict", "Witness", "basis", "decide_table"]
