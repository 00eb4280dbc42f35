"""What corrupted labels do: the phases of Doshi et al. 2023, and pruning by IPR."""
