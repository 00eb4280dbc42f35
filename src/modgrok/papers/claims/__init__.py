"""The machinery of claims: what a claim is, its runs, its result and its verdict."""
