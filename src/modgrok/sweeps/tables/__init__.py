"""Results of a sweep as tables."""
