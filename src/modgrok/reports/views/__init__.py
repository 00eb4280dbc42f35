"""What panels draw of a network: its weights as numbers ready to plot."""
