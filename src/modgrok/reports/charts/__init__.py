"""A drawing kit: axes, marks, colours and labels. It knows no runs."""
