"""Revisions from a CMS over HTTP: ``tracker intake``. What is sent is recorded, and nothing else.

``create_app`` makes the Flask application; ``inbox`` keeps what came, ``writer`` records it,
``signatures`` and ``hooks`` know the CMSs.
"""

from tracker.intake.api import create_app

__all__ = ["create_app"]
