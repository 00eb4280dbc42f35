"""What a trained transformer computes: logits split by Fourier components, neurons, attribution."""
