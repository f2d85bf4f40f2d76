"""Which files of a repository are articles: by patterns, else by the generator of its site.

Without patterns the articles are looked for where the site's generator puts them, as its
configuration says (Hugo, Jekyll, Pelican, MkDocs, Eleventy, Astro, Docusaurus, Next, in subfolders
of a monorepo too); else in the folder of a usual name that has the most dated texts; else anywhere.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import product
from pathlib import PurePosixPath
from typing import NamedTuple

from tracker.errors import TrackerError
from tracker.model import ARTICLE_ENDINGS

FOLDERS = ("articles", "content", "_posts", "posts", "src/content", "docs")
"""Where sites keep their articles."""

_MARKUP = (".html", ".htm", ".xhtml")
"""Articles only where a pattern asks for them: a site's templates end so, too."""

_USUAL = frozenset(
    [
        *("readme", "changelog", "changes", "history", "license", "licence", "copying", "notice"),
        *("contributing", "contributors", "authors", "code_of_conduct", "security", "support"),
        *("governance", "maintainers", "todo", "requirements", "requirements-dev", "constraints"),
        *("robots", "humans"),
    ]
)
_NO_ARTICLES = frozenset(
    [
        *("node_modules", "vendor", "themes", "layouts", "templates", "archetypes"),
        *("test", "tests", "_includes", "_layouts"),
    ]
)
_SAMPLE = 20  # texts of a folder in which a date is looked for
_MOST_PATTERNS = 64  # ways in which one pattern may be read
_DATED_NAME = re.compile(r"\d{4}-\d{1,2}-\d{1,2}-")
_DATE = re.compile(
    rb"(?im)^[ \t\"']{0,9}(?:date|pub(?:lish(?:ed)?)?_?(?:date|at)?)[\"']?[ \t]{0,9}[:=]"
)


_DATED = re.compile(r"\d{4}-\d{1,2}-\d{1,2}-(?=.)")
_LANGUAGE = re.compile(r"[a-z]{2}(?:-[A-Za-z]{2,4})?")


def slug(path: str) -> str:
    """What people call an article: its file's stem, or its folder's for an index file.

    A date that Jekyll wants before the name is no part of it, nor is the language that Hugo has
    after it (``x/index.fr.md``).
    """
    name = PurePosixPath(path)
    first, _, language = name.stem.partition(".")
    if first == "index" and name.parent.name:
        return name.parent.name
    stem = first if language and _LANGUAGE.fullmatch(language) else name.stem
    return _DATED.sub("", stem, count=1) if _DATED.match(stem) else stem


def is_text(path: str) -> bool:
    """True for a file that may be an article by its name: Markdown or text, and no listing."""
    name = PurePosixPath(path)
    return name.suffix.lower() in ARTICLE_ENDINGS and name.stem != "_index"


# --- patterns -------------------------------------------------------------------------------------


def matches(pattern: str, path: str) -> bool:
    """Whether a path is of a pattern: ``*`` stays in a folder, ``**`` crosses folders.

    A pattern of a folder means all that is in it. The time to match grows with the pattern times
    the path, whatever they are. Raises ``TrackerError`` for a pattern with too many stars.
    """
    names = path.split("/")
    return any(_reaches(way, names) for way in _compiled(pattern))


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> list[list[re.Pattern[str] | None]]:
    return [[_name(each) for each in way] for way in _ways(pattern.strip("/"))]


def _ways(pattern: str) -> list[list[str]]:
    """A pattern as names of folders; "a**b" is read as "a*b" and as "a*/**/*b"."""
    ways: list[list[list[str]]] = []
    for name in pattern.split("/"):
        first, *others = re.split(r"\*\*+", name) if name != "**" else [name]
        readings = [[first]]
        for other in others:
            readings = [
                each
                for one in readings
                for each in (
                    [*one[:-1], f"{one[-1]}*{other}"],
                    [*one[:-1], f"{one[-1]}*", "**", f"*{other}"],
                )
            ]
            if len(readings) > _MOST_PATTERNS:
                raise _too_many(pattern)
        ways.append(readings)
    count = 1
    for readings in ways:
        count *= len(readings)
    if count > _MOST_PATTERNS:
        raise _too_many(pattern)
    return [[name for names in way for name in names] for way in product(*ways)]


def _too_many(pattern: str) -> TrackerError:
    return TrackerError(f"The pattern {pattern[:70]!r} has too many stars.", "Write it shorter.")


def _name(pattern: str) -> re.Pattern[str] | None:
    """What a name in a path must be; None for ``**``."""
    if pattern == "**":
        return None
    literals = [
        "".join("." if letter == "?" else re.escape(letter) for letter in part)
        for part in pattern.split("*")
    ]
    if len(literals) == 1:
        return re.compile(literals[0], re.DOTALL)
    first, *middle, last = literals
    # What stands between two stars is taken where it first comes, and never looked for again.
    between = "".join(f"(?>.*?{each})" for each in middle)
    return re.compile(f"{first}{between}.*{last}", re.DOTALL)


def _reaches(way: Sequence[re.Pattern[str] | None], names: Sequence[str]) -> bool:
    """Whether the names, or the first of them, are those of a pattern."""
    here = {0}  # how much of the pattern may have been read
    for name in names:
        here |= {at + 1 for at in sorted(here) if at < len(way) and way[at] is None}
        if len(way) in here:
            return True
        here = {after for at in here for after in _after(way, at, name)}
        if len(way) in here:
            return True
    return False


def _after(way: Sequence[re.Pattern[str] | None], at: int, name: str) -> list[int]:
    expected = way[at]
    if expected is None:
        return [at, at + 1]
    return [at + 1] if expected.fullmatch(name) else []


# --- a newsroom's articles ------------------------------------------------------------------------


class ArticleSelection(NamedTuple):
    """Says which paths are a newsroom's articles."""

    under: str  # the newsroom's folder in its repository; "" for all of it
    patterns: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()  # from the newsroom's folder, where no pattern is given

    def holds(self, path: str) -> bool:
        """Whether a path of the repository is that of an article."""
        prefix = f"{self.under}/" if self.under else ""
        if not path.startswith(prefix):
            return False
        inside = path[len(prefix) :]
        if self.patterns:
            asked = is_text(path) or inside.lower().endswith(_MARKUP)
            return asked and any(matches(each, inside) for each in self.patterns)
        if not is_text(path):
            return False
        if self.folders:
            return inside.startswith(tuple(f"{folder}/" for folder in self.folders))
        return not _is_usual(inside)

    def choose(self, paths: Iterable[str]) -> list[str]:
        """Those of some paths that are articles, sorted."""
        return sorted(path for path in paths if self.holds(path))


def _is_usual(path: str) -> bool:
    name = PurePosixPath(path)
    return name.stem.lower() in _USUAL or any(part.startswith(".") for part in name.parts)


def selection_of(
    listed: Mapping[str, str],
    patterns: Sequence[str],
    under: str,
    read: Callable[[Iterable[str]], Mapping[str, bytes]],
) -> ArticleSelection:
    """The selection for the files of a commit, as blobs by path.

    ``read`` gives the contents of blobs, and is asked for few. Raises ``TrackerError`` for a
    pattern that asks for files that are no articles.
    """
    if patterns:
        for pattern in patterns:
            _refuse_other_kind(pattern)
        return ArticleSelection(under, tuple(patterns))
    prefix = f"{under}/" if under else ""
    inside = {path[len(prefix) :]: blob for path, blob in listed.items() if path.startswith(prefix)}
    texts = [path for path in inside if is_text(path) and not _is_hidden(path)]
    candidates = _by_generator(inside, texts, read) or _by_name(texts)
    if len(candidates) > 1:
        weights = _dated(candidates, texts, inside, read)
        candidates.sort(key=lambda each: -weights[each])  # of equal ones, the first
    return ArticleSelection(under, (), candidates[0] if candidates else ())


def _refuse_other_kind(pattern: str) -> None:
    ending = PurePosixPath(pattern).suffix.lower()
    known = (*ARTICLE_ENDINGS, *_MARKUP)
    if ending and not set(ending) & set("*?[{") and ending not in known and "/" not in ending:
        raise TrackerError(
            f"The pattern {pattern!r} asks for {ending} files, which are not read as articles.",
            f"Articles end in {', '.join(known)}.",
        )


def _is_hidden(path: str) -> bool:
    folders = path.split("/")[:-1]
    return any(each.startswith(".") or each in _NO_ARTICLES for each in folders)


_Folders = tuple[str, ...]


def _by_name(texts: Iterable[str]) -> list[_Folders]:
    """Folders of a usual name that have texts, wherever they are; the usual order."""
    found: dict[str, int] = {}
    for path in texts:
        for order, name in enumerate(FOLDERS):
            at = f"/{path}".find(f"/{name}/")
            if at >= 0:
                found.setdefault(path[:at] + name, order)
    outer = [each for each in found if not any(each.startswith(f"{other}/") for other in found)]
    return [(each,) for each in sorted(outer, key=lambda each: (each.count("/"), found[each]))]


def _dated(
    candidates: Sequence[_Folders],
    texts: Sequence[str],
    blobs: Mapping[str, str],
    read: Callable[[Iterable[str]], Mapping[str, bytes]],
) -> dict[_Folders, float]:
    """About how many dated texts each candidate has: by its names, else by some of its texts."""
    found: dict[_Folders, float] = {}
    for folders in candidates:
        within = tuple(f"{folder}/" for folder in folders)
        here = [path for path in texts if path.startswith(within)]
        undated = [each for each in here if not _DATED_NAME.match(each.rpartition("/")[2])]
        sample = undated[:: max(1, len(undated) // _SAMPLE)][:_SAMPLE]
        known = read([blobs[each] for each in sample])
        dated = sum(bool(_DATE.search(known.get(blobs[each], b"")[:4096])) for each in sample)
        share = dated / len(sample) if sample else 0
        found[folders] = len(here) - len(undated) + share * len(undated) + len(here) / 1000
    return found


# --- the generators of sites ----------------------------------------------------------------------


def _by_generator(
    inside: Mapping[str, str],
    texts: Sequence[str],
    read: Callable[[Iterable[str]], Mapping[str, bytes]],
) -> list[_Folders]:
    """Where each site in the repository keeps its articles, as its configuration says."""
    sites = []
    for path in inside:
        folder, _, name = path.rpartition("/")
        look = _GENERATORS.get(name)
        if look is None or _is_hidden(path):
            continue
        root = folder.removesuffix("config/_default").strip("/")
        sites.append((f"{root}/" if root else "", path, look))
    contents = read([inside[path] for _, path, _ in sites]) if sites else {}
    found = []
    for root, path, look in sites:
        said = contents.get(inside[path], b"").decode("utf-8", "replace")
        here = [each[len(root) :] for each in texts if each.startswith(root)]
        folders = tuple(root + each for each in look(said, here) if each != ".")
        if folders and folders not in found:
            found.append(folders)
    return found


def _setting(said: str, name: str) -> str:
    """A folder that a configuration names, whatever its language; "" where it names none."""
    quoted = rf"[\"']?{name}[\"']?[ \t]{{0,9}}[:=][ \t]{{0,9}}([^\n#,}}]{{1,200}})"
    found = re.search(rf"(?m)(?:^|[{{,])[ \t]{{0,20}}{quoted}", said)
    return found[1].strip(" \t;\"'").removeprefix("./").strip("/") if found else ""


def _those_with_texts(folders: Iterable[str], texts: Sequence[str]) -> _Folders:
    return tuple(each for each in folders if any(path.startswith(f"{each}/") for path in texts))


def _named(key: str, usual: str) -> Callable[[str, Sequence[str]], _Folders]:
    """The folder that a key of the configuration names, else the usual one."""
    return lambda said, texts: _those_with_texts([_setting(said, key) or usual], texts)


def _jekyll(_: str, texts: Sequence[str]) -> _Folders:
    """``_posts`` wherever it is, its drafts beside it, and collections, which begin so too."""
    found = Counter[str]()
    for path in texts:
        names = path.split("/")[:-1]
        for at, name in enumerate(names):
            if name.startswith("_"):
                found["/".join(names[: at + 1])] += 1
                break
    return tuple(sorted(found))


def _eleventy(said: str, texts: Sequence[str]) -> _Folders:
    given = _those_with_texts([_setting(said, "input")], texts)
    return given or _largest([*FOLDERS, "src/posts", "src/blog", "src", "blog"], texts)


def _astro(_: str, texts: Sequence[str]) -> _Folders:
    return _largest(["src/content", "src/pages", "src/data", "content"], texts)


def _docusaurus(_: str, texts: Sequence[str]) -> _Folders:
    return _those_with_texts(["blog", "docs"], texts)


def _next(_: str, texts: Sequence[str]) -> _Folders:
    """One of the usual folders, and in it that of the language that has nearly all."""
    (folder,) = _largest(
        [*FOLDERS, "pages", "src/pages", "app", "src/app", "data", "blog", "src/posts"], texts
    ) or (".",)
    here = [path[len(folder) + 1 :] for path in texts if path.startswith(f"{folder}/")]
    languages = Counter(path.partition("/")[0] for path in here if "/" in path)
    if languages:
        name, count = languages.most_common(1)[0]
        if re.fullmatch(r"[a-z]{2}(?:[-_][A-Za-z]{2,4})?", name) and 2 * count > len(here):
            folder = f"{folder}/{name}"
    return () if folder == "." else (folder,)


def _largest(folders: Iterable[str], texts: Sequence[str]) -> _Folders:
    counts = {each: sum(path.startswith(f"{each}/") for path in texts) for each in folders}
    best = max(counts, key=lambda each: counts[each], default="")
    return (best,) if best and counts[best] else ()


_DATA = ("toml", "yaml", "yml", "json")
_CODE = ("js", "mjs", "cjs", "ts", "mts")
_GENERATORS: Mapping[str, Callable[[str, Sequence[str]], _Folders]] = {
    f"{name}.{ending}": look
    for names, endings, look in (
        (("hugo", "config"), _DATA, _named("contentDir", "content")),
        (("_config",), _DATA, _jekyll),
        (("pelicanconf",), ("py",), _named("PATH", "content")),
        (("mkdocs",), ("yml", "yaml"), _named("docs_dir", "docs")),
        ((".eleventy", "eleventy.config"), _CODE, _eleventy),
        (("astro.config",), _CODE, _astro),
        (("docusaurus.config",), _CODE, _docusaurus),
        (("next.config",), _CODE, _next),
    )
    for name in names
    for ending in endings
}
"""The name of a configuration -> what says where its articles are, of the texts beside it."""


def taken_and_left(selection: ArticleSelection, paths: Iterable[str]) -> str:
    """One line that says which files are taken for articles and which are not.

    "" where the settings say it, and where nothing is left out.
    """
    if selection.patterns:
        return ""
    prefix = f"{selection.under}/" if selection.under else ""
    texts = [path for path in paths if path.startswith(prefix) and is_text(path)]
    taken = sum(selection.holds(path) for path in texts)
    left = sum(not _is_usual(path[len(prefix) :]) for path in texts if not selection.holds(path))
    if not left or not selection.folders:
        return ""
    return (
        f"{taken:,} {'article' if taken == 1 else 'articles'} under "
        f"{', '.join(selection.folders)}; {left:,} other Markdown "
        f"{'file' if left == 1 else 'files'} left out"
    )
