"""Reports as files: HTML, SVG, PNG and PDF."""
