"""For the site that one has: extensions of Python-Markdown, MkDocs and Pelican."""
