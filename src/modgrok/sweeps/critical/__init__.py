"""Critical fractions: the bisection, its statistics, its estimate."""
