"""The book of claims: its text, as HTML and as Markdown."""
