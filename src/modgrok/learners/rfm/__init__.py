"""The recursive feature machine: settings, the solve, `init` and `step`."""
