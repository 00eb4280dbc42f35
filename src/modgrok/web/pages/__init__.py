"""The addresses of the page, one file for each part of it; each has `ROUTES`."""
