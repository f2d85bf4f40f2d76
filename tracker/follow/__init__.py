"""Other people's sites: what is due is fetched, read, and recorded where it changed."""

from __future__ import annotations

from importlib.util import find_spec

from tracker.errors import TrackerError

_NEEDED = (
    "cssselect",
    "feedparser",
    "httpx",
    "lxml_html_clean",
    "protego",
    "trafilatura",
    "warcio",
)


def require() -> None:
    """Raise ``TrackerError`` where the libraries of the extra ``follow`` are not installed."""
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise TrackerError(
            f"Following sites needs libraries that are not installed: {', '.join(missing)}.",
            'Install them: pip install "article-tracker[follow]"',
        )
