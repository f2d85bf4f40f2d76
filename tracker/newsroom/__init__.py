"""The use cases: what people do in a newsroom, each a few lines that join the rooms below."""

from tracker.newsroom.room import Newsroom

__all__ = ["Newsroom"]
