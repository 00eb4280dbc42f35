"""The sizes of tiny runs, the same in all papers.

Owns: what makes the tiny budget cheap. Compiling a step takes seconds and making it milliseconds; runs of
equal sizes share what is compiled, whichever paper asks for them.
"""

P = 7
"""Modulus: one with a subgroup of squares and one of cubes."""
WIDTH = 40
"""Neurons of an MLP."""
FRACTION = 0.5
"""Fraction of inputs used for training."""
OTHER_FRACTION = 0.8
"""Where a claim compares shares."""
STEPS = 20
"""Steps of gradient descent."""
ITERATIONS = 3
"""Iterations of a kernel machine."""
TINY_DEVIATION = "p = 7 and a few steps: this checks the machinery, not the claim."
"""How tiny runs deviate from every paper."""
