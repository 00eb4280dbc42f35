"""The transformer: settings, initial weights, `init` and `step`."""
