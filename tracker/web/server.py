"""The server that ``tracker serve`` runs: waitress, bounded in what one client can take of it."""

from __future__ import annotations

import socket
import time
from collections.abc import Sequence
from typing import Any

import waitress
from flask import Flask
from waitress.channel import HTTPChannel

LIMITS = {
    "threads": 16,
    "connection_limit": 200,  # at once; more wait in the system's queue
    "backlog": 256,
    "channel_timeout": 20,  # seconds for which a client may be silent
    "cleanup_interval": 5,  # seconds between looks for such clients
    "max_request_header_size": 16_384,  # bytes
    "max_request_body_size": 1_024,  # bytes; nothing that is sent is read
    # An answer that a slow reader does not take waits on the disk, and no thread waits with it.
    "outbuf_overflow": 262_144,  # bytes in memory
    "outbuf_high_watermark": 1_073_741_824,  # bytes on the disk
}
"""What one client can take from the others, at most (waitress, "Arguments to serve")."""

RECEIVING = 10.0  # seconds for a whole request, however steadily it drips
SENDING = 300.0  # seconds for a whole answer
CROWDED = 120  # connections from which the slowest makes room for a new one
_SLOW = 1.0  # seconds after which a connection is a slow one


class Connection(HTTPChannel):  # type: ignore[misc]
    """A client's connection, which may be slow for a while, and not for ever."""

    slow_since: float | None = None  # its request is not whole, or its answer not taken

    def __init__(self, server: Any, *given: Any, **named: Any) -> None:
        super().__init__(server, *given, **named)
        self.slow_since = time.time()
        if len(server.active_channels) > CROWDED:
            _make_room(server.active_channels.values(), self.slow_since)

    def received(self, data: bytes) -> bool:
        """Bytes of a request, which must be whole some time after the first of them came."""
        taken: bool = super().received(data)
        if self.request is None:
            self.slow_since = None
        else:
            self.slow_since = self.slow_since or time.time()
            # For waitress, it has been silent since then, whatever drips in.
            patience = min(RECEIVING, self.adj.channel_timeout)
            self.last_activity = self.slow_since - (self.adj.channel_timeout - patience)
        return taken

    def writable(self) -> Any:
        """True when there is something to send; asked all the time."""
        if self.total_outbufs_len:
            self.slow_since = self.slow_since or time.time()
            if time.time() - self.slow_since > SENDING:
                self.will_close = True
        elif self.request is None and self.requests:
            self.slow_since = None
        return super().writable()


def _make_room(connections: Any, now: float) -> None:
    """Let go the connection that has been slow for the longest time."""
    slow = [each for each in connections if each.slow_since and now - each.slow_since > _SLOW]
    if slow:
        min(slow, key=lambda each: each.slow_since).will_close = True


def create(app: Flask, sockets: Sequence[socket.socket], **limits: int) -> Any:
    """A server for the application, listening on these sockets; its ``run`` serves.

    ``limits`` take the place of those in ``LIMITS``.
    """
    parts: dict[int, Any] = {}
    server = waitress.create_server(
        app, map=parts, sockets=list(sockets), ident=None, **{**LIMITS, **limits}
    )
    for each in parts.values():
        if hasattr(each, "channel_class"):
            each.channel_class = Connection
    return server
