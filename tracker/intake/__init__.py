"""Revisions from a CMS over HTTP, for ``tracker intake``: what is sent is recorded, no more."""
