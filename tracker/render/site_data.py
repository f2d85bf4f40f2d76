"""Data files that the templates of a site generator read: ``tracker export --format data``.

A folder for Hugo's ``data/``, Jekyll's or Eleventy's ``_data/``:

- ``articles/KEY.json`` (or ``.yaml``), one for each published article: its notes, its changelog,
  its versions, all with links;
- ``index.json``: from an article's path in the newsroom to its KEY. A key is made of small Latin
  letters, digits, ``-`` and ``_``, because Jekyll takes other letters out of the names of data
  files; it says nothing beyond that;
- ``notes.json``: the notes of all articles, newest first, for a corrections page.

The schema is in ``docs/site-data.schema.json``.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Literal, NamedTuple

from tracker.house.settings import Settings
from tracker.model import History
from tracker.render.plain import SCHEMA_VERSION, json_text, plain, record
from tracker.render.told import Account, account
from tracker.render.urls import Links, addresses, inside
from tracker.store.files import Folder

Form = Literal["json", "yaml"]

_PLAIN = re.compile(r"[a-z0-9_]+(?:[-/][a-z0-9_]+)*", re.ASCII)
_OTHER = re.compile(r"[^a-z0-9_]+")
_LONGEST = 100  # characters of a key
_STEM = 60  # of which so many say what the article is, where a digest has to tell it apart


class Written(NamedTuple):
    """What became of a folder of data files."""

    articles: int  # that have a file now
    written: int  # files that are new or changed; the others were not touched
    removed: int  # files of articles that are no more


def key(address: str) -> str:
    """The name of an article's data file: its address, ``--`` for each slash, where it can be.

    Other addresses get their Latin letters and a digest.
    """
    if _PLAIN.fullmatch(address) and len(address) <= _LONGEST:
        return address.replace("/", "--")
    stem = _OTHER.sub("-", address.lower()).strip("-")[:_STEM].rstrip("-")
    digest = sha256(os.fsencode(address)).hexdigest()[:10]
    return f"{stem}---{digest}" if stem else digest


def files(
    lives: Iterable[History],
    settings: Settings,
    *,
    under: str = "",
    base_url: str | None = None,
    form: Form = "json",
) -> Iterator[tuple[str, str]]:
    """The data files, each its name in the folder and its text.

    ``lives`` are the histories of all articles, compared (``Newsroom.lives``); those that readers
    could never see have no file. ``under`` is the newsroom's folder in its repository
    (``Newsroom.place.under``). ``base_url`` is where the pages of ``tracker serve`` or ``tracker
    site`` are, for links to them; without it, it is that of the settings; "" for no links.
    """
    found = sorted(lives, key=lambda life: life.article.path)
    base = settings.site.url if base_url is None else base_url
    names = addresses((life.article.path for life in found), under)
    links = Links(base.rstrip("/"), names.__getitem__)
    index: dict[str, str] = {}
    notes: list[tuple[Account, str]] = []
    for life in found:
        told = account(life, settings, links)
        if told.published is None:
            continue
        name = key(names[told.path])
        index[inside(told.path, under)] = name
        notes.append((told, name))
        members = {**record(told), "path": inside(told.path, under)}
        yield f"articles/{name}.{form}", _text(members, form)
    yield f"index.{form}", _text({"paths": index}, form)
    yield f"notes.{form}", _text({"notes": _newest(notes, under)}, form)


def _newest(accounts: Iterable[tuple[Account, str]], under: str) -> list[dict[str, object]]:
    """The notes that stand, of all articles, newest first, each with its article."""
    found = []
    for told, name in accounts:
        article = {
            "path": inside(told.path, under),
            "key": name,
            "slug": told.slug,
            "headline": told.headline,
            "history_url": told.history_url,
        }
        found += [
            (note.at, told.path, {"article": article, **record(note)}) for note in told.updates
        ]
    found.sort(key=lambda each: each[:2], reverse=True)
    return [members for _, _, members in found]


def _text(parts: dict[str, object], form: Form) -> str:
    value = plain({"schema": SCHEMA_VERSION, **parts})
    if form == "json":
        return json_text(value, 1) + "\n"
    import yaml

    text = yaml.dump(value, Dumper=yaml.SafeDumper, allow_unicode=True, sort_keys=False, width=4096)
    assert isinstance(text, str)
    return text


def write(
    folder: Path, contents: Iterable[tuple[str, str]], done: Callable[[str], None] | None = None
) -> Written:
    """Put data files into a folder, which is made where it is not there.

    A file that holds this already is not touched, so that a generator that watches does nothing.
    Files of articles that are no more are removed, if an earlier index says that they are ours.
    ``done`` is called with the name of each file. Raises ``TrackerError`` where the folder cannot
    be written, is a file, or is reached through a link.
    """
    with Folder.open(folder, make=True) as place, place.locked():
        before = _earlier(place)
        names: list[str] = []
        written = 0
        for name, text in contents:
            data = text.encode()
            if place.read(name) != data:
                place.write(name, data)
                written += 1
            names.append(name)
            if done is not None:
                done(name)
        gone = [
            name for name in sorted(before.keys() - set(names)) if _is_ours(place, name, before)
        ]
        removed = sum(map(place.remove, gone))
    articles = sum(name.startswith("articles/") for name in names)
    return Written(articles, written, removed)


_KEY = re.compile(r"[a-z0-9_-]{1,120}", re.ASCII)


def _earlier(folder: Folder) -> dict[str, str]:
    """The files that an earlier run put there, as its index names them, and each one's article.

    Empty where the index is broken.
    """
    found: dict[str, str] = {}
    for form in ("json", "yaml"):
        index = _read(folder, f"index.{form}")
        paths = index.get("paths") if isinstance(index, dict) else None
        if not isinstance(paths, dict):
            continue
        found |= {f"index.{form}": "", f"notes.{form}": ""}
        for path, name in paths.items():
            if isinstance(name, str) and _KEY.fullmatch(name):
                found[f"articles/{name}.{form}"] = str(path)
    return found


def _is_ours(folder: Folder, name: str, before: Mapping[str, str]) -> bool:
    """Whether a file is one of these data files: an index is no more than somebody's word."""
    content = _read(folder, name)
    if not isinstance(content, dict) or content.get("schema") != SCHEMA_VERSION:
        return False
    return not before[name] or content.get("path") == before[name]


def _read(folder: Folder, name: str) -> object:
    try:
        text = (folder.read(name) or b"").decode()
        if name.endswith(".json"):
            return json.loads(text)
        import yaml

        return yaml.safe_load(text)
    except Exception:  # another program's file, in any state
        return None
