"""Weights in the Fourier basis of the task: IPR, phases, sparsity."""
