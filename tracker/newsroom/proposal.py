"""What ``init`` proposes for a site that is there already, from its generator's configuration."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import NamedTuple

from tracker.errors import TrackerError
from tracker.house.dates import names
from tracker.newsroom.names import slug
from tracker.newsroom.workspace import Workspace
from tracker.store.files import Folder

_FILES = (
    *(f"{name}.{end}" for name in ("hugo", "config") for end in ("toml", "yaml", "yml", "json")),
    *(f"config/_default/{name}.toml" for name in ("hugo", "config")),
    *("_config.yml", "_config.yaml", "mkdocs.yml", "pelicanconf.py"),
)
"""Where Hugo, Jekyll, MkDocs and Pelican are told of the site."""

_NAME = ("title", "site_name", "SITENAME", "name")
_ZONE = ("timeZone", "timezone", "TIMEZONE")

_NO_NEWS = re.compile(
    r"about(?:-us)?|team|staff|masthead|jobs|careers|donate|donations|support(?:-us)?|membership|"
    r"contact(?:-us)?|privacy(?:-policy)?|terms(?:-of-(?:use|service))?|cookies|imprint|impressum|"
    r"newsletters?|subscribe|search|archives?|sitemap|404|thank-you|corrections(?:-policy)?"
)
_MOST = 40  # pages that are proposed to be left out
_LONGEST = 1_000_000  # characters of a configuration that is looked at


class Proposal(NamedTuple):
    """Settings for a site that is there already; "" and () where nothing is known."""

    name: str
    timezone: str  # IANA
    articles: tuple[str, ...]  # patterns
    exclude: tuple[str, ...]  # paths of articles that are no news: about, jobs, donate
    number: int  # of articles
    taken: str  # one line: which files are taken for articles, and which are not


def proposal(workspace: Workspace) -> Proposal:
    """What the files of a newsroom without settings say."""
    name, zone = _of_generator(workspace)
    paths = workspace.paths() if workspace.repository.head else []
    prefix = f"{workspace.under}/" if workspace.under else ""
    inside = [path[len(prefix) :] for path in paths]
    folders = workspace.selection.folders if workspace.repository.head else ()
    endings = sorted({PurePosixPath(path).suffix.lower() for path in inside})
    patterns = tuple(f"{folder}/**/*{ending}" for folder in folders for ending in endings)
    exclude = [path for path in inside if _NO_NEWS.fullmatch(slug(path).lower())]
    line = workspace.taken_and_left() if paths else ""
    return Proposal(name, zone, patterns, tuple(exclude[:_MOST]), len(paths), line)


def _of_generator(workspace: Workspace) -> tuple[str, str]:
    """The site's name and zone, as the first configuration that names them has it."""
    name = zone = ""
    if workspace.root is None:
        return name, zone
    with Folder.open(workspace.root) as folder:
        for file in _FILES:
            try:
                data = folder.read(file)
            except TrackerError:  # a link, or no file
                continue
            said = (data or b"").decode("utf-8", "replace")[:_LONGEST]
            name = name or next(filter(None, (_setting(said, key) for key in _NAME)), "")
            zone = zone or next(filter(None, (_setting(said, key) for key in _ZONE)), "")
    return name[:200], zone if _is_zone(zone) else ""


def _setting(said: str, key: str) -> str:
    """A value at the top of a configuration, whatever its language; "" for none."""
    found = re.search(
        rf"(?m)^[ \t]{{0,2}}[\"']?{key}[\"']?[ \t]*[:=][ \t]*"
        r"(?:\"([^\"\n]+)\"|'([^'\n]+)'|([^\"'\n#\[\]{}]+))",
        said,
    )
    return next(filter(None, found.groups()), "").strip(" \t,;") if found else ""


def _is_zone(name: str) -> bool:
    try:
        names.zone(name)
    except TrackerError:
        return False
    return bool(name)
