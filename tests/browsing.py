"""A browser and a server for the tests of the pages: Chromium and waitress, on the loopback."""

from __future__ import annotations

import os
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, Request, sync_playwright
from waitress.channel import HTTPChannel

from tests.web_newsroom import NOW
from tracker.web import create_app
from tracker.web import server as web_server

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser") if (found := shutil.which(name))), None
)
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@contextmanager
def served(newsroom: Path, **limits: int) -> Iterator[str]:
    """The pages of a newsroom, served as ``tracker serve`` does; gives their address."""
    with serving(create_app(newsroom, now=lambda: NOW), **limits) as base:
        yield base


@contextmanager
def serving(app: Flask, **limits: int) -> Iterator[str]:
    """An application, served as ``tracker serve`` serves ours."""
    server = web_server.create(app, [socket.create_server(("127.0.0.1", 0))], **limits)
    sockets: dict[int, Any] = server._map
    stopping = threading.Event()

    def run() -> None:
        while not stopping.is_set():
            server.asyncore.loop(timeout=0.05, map=sockets, count=1)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        stopping.set()
        thread.join(60)
        server.task_dispatcher.shutdown()
        for channel in list(sockets.values()):
            if isinstance(channel, HTTPChannel):
                channel.handle_close()  # with what was not sent
            else:
                channel.close()
        server.close()


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser; the test is skipped where there is none."""
    if CHROMIUM is None:
        pytest.skip("there is no chromium here: install Debian's package of that name")
    # The browser's own files go where the test's do.
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=list(ARGUMENTS), env={**os.environ, "TZ": "UTC"}
        )
        try:
            yield browser
        finally:
            browser.close()


class Watched:
    """A page, and what happened on it that must not."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.faults: list[str] = []
        page.on("dialog", self._dialog)
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        page.on("request", self._request)

    def _dialog(self, dialog: Dialog) -> None:
        self.faults.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _console(self, message: ConsoleMessage) -> None:
        # A page that is meant to be an error is told of by the browser, and is none of ours.
        if message.type in ("error", "warning") and "the server responded" not in message.text:
            self.faults.append(f"console: {message.text}")

    def _request(self, request: Request) -> None:
        if urlsplit(request.url).hostname != "127.0.0.1":
            self.faults.append(f"foreign request: {request.url}")
