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
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Literal, NamedTuple

from tracker.errors import TrackerError
from tracker.house.settings import Settings
from tracker.model import History
from tracker.render.naming import addresses, inside
from tracker.render.plain import SCHEMA_VERSION, encodable, plain
from tracker.render.site_links import Links
from tracker.render.told import Account, account

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
    links = Links.of(base, (life.article.path for life in found), under)
    names = addresses((life.article.path for life in found), under)
    index: dict[str, str] = {}
    notes: list[tuple[Account, str]] = []
    for life in found:
        told = account(life, settings, links)
        if told.published is None:
            continue
        name = key(names[told.path])
        index[inside(told.path, under)] = name
        notes.append((told, name))
        yield f"articles/{name}.{form}", _text(_members(told, under), form)
    yield f"index.{form}", _text({"paths": index}, form)
    yield f"notes.{form}", _text({"notes": _newest(notes, under)}, form)


def _members(told: Account, under: str) -> dict[str, object]:
    found = plain(told)
    assert isinstance(found, dict)
    return {**found, "path": encodable(inside(told.path, under))}


def _newest(accounts: Iterable[tuple[Account, str]], under: str) -> list[dict[str, object]]:
    """The notes that stand, of all articles, newest first, each with its article."""
    found = []
    for told, name in accounts:
        article = {
            "path": encodable(inside(told.path, under)),
            "key": name,
            "slug": encodable(told.slug),
            "headline": encodable(told.headline),
            "history_url": told.history_url,
        }
        for note in told.updates:
            members = plain(note)
            assert isinstance(members, dict)
            found.append((note.at, told.path, {"article": article, **members}))
    found.sort(key=lambda each: each[:2], reverse=True)
    return [members for _, _, members in found]


def _text(parts: dict[str, object], form: Form) -> str:
    value = plain({"schema": SCHEMA_VERSION, **parts})
    if form == "json":
        return json.dumps(value, ensure_ascii=False, indent=1) + "\n"
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
    be written, or is a file.
    """
    before = _earlier(folder)
    names: list[str] = []
    written = 0
    try:
        for name, text in contents:
            written += _put(folder / name, text.encode())
            names.append(name)
            if done is not None:
                done(name)
        removed = 0
        for name in sorted(before - set(names)):
            gone = folder / name
            if gone.is_file() and not gone.is_symlink():
                gone.unlink()
                removed += 1
    except OSError as error:
        raise TrackerError(
            f"The data files could not be written into {folder}: {error.strerror}.",
            "Name a folder that you may write, or that does not exist yet.",
        ) from None
    articles = sum(name.startswith("articles/") for name in names)
    return Written(articles, written, removed)


def _put(file: Path, data: bytes) -> bool:
    """Make the file hold these bytes, all at once; False where it did already."""
    if file.is_file() and file.read_bytes() == data:
        return False
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_name(f".{file.name}.new")
    new.write_bytes(data)
    new.replace(file)
    return True


_KEY = re.compile(r"[a-z0-9_-]{1,120}", re.ASCII)


def _earlier(folder: Path) -> set[str]:
    """The files that an earlier run put there, as its index names them; none where it is broken."""
    found: set[str] = set()
    for form in ("json", "yaml"):
        index = _read(folder / f"index.{form}")
        paths = index.get("paths") if isinstance(index, dict) else None
        if not isinstance(paths, dict):
            continue
        found |= {f"index.{form}", f"notes.{form}"}
        keys = [each for each in paths.values() if isinstance(each, str)]
        found |= {f"articles/{each}.{form}" for each in keys if _KEY.fullmatch(each)}
    return found


def _read(file: Path) -> object:
    try:
        text = file.read_text(encoding="utf-8")
        if file.suffix == ".json":
            return json.loads(text)
        import yaml

        return yaml.safe_load(text)
    except Exception:  # another program's file, in any state
        return None
