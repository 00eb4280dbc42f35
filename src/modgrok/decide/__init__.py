"""Is the task h(g1(x) + g2(y)) or h(g1(x) * g2(y))? Exact verdicts, with witness or certificate."""
