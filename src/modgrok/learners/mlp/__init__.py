"""The two-layer network: settings, `init` and `step`."""
