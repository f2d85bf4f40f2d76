"""Small sites with a history, as newsrooms have them: an example of docs/ and its articles."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import html5lib

from tests.desk import Desk

EXAMPLES = Path(__file__).parents[1] / "docs" / "examples"
XHTML = "{http://www.w3.org/1999/xhtml}"

HOSTILE = (
    '<script>alert(1)</script> "><img src=x onerror=alert(1)> [x](javascript:alert(1)) '
    "{{ 7 | times: 7 }} {% raw %} </section> &amp; the price was wrong."
)
CORRECTION = "An earlier version of this article misstated the [price](https://example.org/fares)."
FERRY = "A ticket costs $12.\n\nThe ferry leaves from Pier 4.\n"


def site(desk: Desk, example: str) -> None:
    """Make the desk's folder the repository of a site like the example."""
    shutil.copytree(EXAMPLES / example, desk.folder, dirs_exist_ok=True)
    desk.git("init", "-q", "-b", "main")
    desk.git("add", "-A")
    desk.git("commit", "-q", "-m", "The site", "--date=2022-05-01T09:00:00-04:00")


def articles(desk: Desk, folder: str, ferry: str, other: str, head: str = "") -> None:
    """Record two articles: one corrected and updated, one with a note that means harm.

    ``folder`` is where they are, ``ferry`` and ``other`` their files' names, ``head`` more lines
    of their front matter.
    """
    path = f"{folder}/{ferry}"
    matter = f"---\ntitle: The night ferry returns\n{head}---\n\n"
    desk.write(path, matter + FERRY)
    desk.ok("record", path, "--at", "05/10/22 4:30 p.m. ET")
    told = desk.read(path).replace("$12", "$21")
    desk.write(path, told)
    desk.ok("record", path, "--correction", CORRECTION, "--at", "05/11/22 9 a.m. ET")
    told = desk.read(path).replace("Pier 4", "Pier 9")
    desk.write(path, told)
    desk.ok("record", path, "--update", "to add the new pier", "--at", "05/12/22 7:45 a.m. ET")
    path = f"{folder}/{other}"
    desk.write(path, matter.replace("night ferry", "<b>other</b> ferry") + "A ticket costs $3.\n")
    desk.ok("record", path, "--at", "05/13/22 4:30 p.m. ET")
    desk.write(path, desk.read(path).replace("$3", "$4"))
    desk.ok("record", path, "--correction", HOSTILE, "--at", "05/14/22 4:30 p.m. ET")


def run(folder: Path, *words: str, **variables: str) -> str:
    """What another program prints on both streams; the test fails where it fails."""
    done = subprocess.run(
        words,
        cwd=folder,
        env={**os.environ, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def page(file: Path) -> ElementTree.Element:
    """A page as a browser takes it; it must be without a fault of HTML."""
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    with file.open("rb") as read:
        return parser.parse(read)  # type: ignore[no-any-return]


def fragment(text: str) -> ElementTree.Element:
    """A piece of HTML as a browser takes it; it must be without a fault."""
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    return parser.parseFragment(text)  # type: ignore[no-any-return]


def words(element: ElementTree.Element) -> str:
    """The text that a reader sees, spaces as one."""
    return " ".join("".join(element.itertext()).split())


def of_class(root: ElementTree.Element, name: str) -> Iterator[ElementTree.Element]:
    """The elements of a class, in order."""
    for element in root.iter():
        if isinstance(element.tag, str) and name in element.get("class", "").split():
            yield element


def harmless(root: ElementTree.Element) -> None:
    """Nothing of the hostile note runs, leads anywhere or closes what it stands in."""
    for element in root.iter():
        assert element.tag != "img"
        assert "alert" not in (element.text or "") or element.tag not in ("script", "style")
        for name, value in element.attrib.items():
            assert not name.startswith("on")
            assert not re.match(r"\s*javascript:", value, re.IGNORECASE)


def hostile_words() -> str:
    """What a reader sees of the hostile note."""
    return HOSTILE.replace("[x](javascript:alert(1))", "x").replace("&amp;", "&")
