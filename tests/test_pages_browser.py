"""The pages in a browser: for every reader, by keyboard alone, on a phone, on paper, without
JavaScript; and hostile articles do nothing there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import pytest
from axe_playwright_python.sync_playwright import Axe
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser

from tests.browsing import Watched, chromium, served
from tests.hostile_pages import Hostile, attempts, play
from tests.repositories import Builder
from tests.web_newsroom import EVIL_NAME, NOW, SETTINGS, build, client
from tracker.newsroom.newsroom import Newsroom
from tracker.web import addresses
from tracker.web.site import SiteOptions, write

STEPPED = "articles/stepped"


class Stage(NamedTuple):
    """A browser, and the pages of a newsroom."""

    browser: Browser
    base: str
    pages: dict[str, str]  # a name for each kind of page -> its address


@pytest.fixture(scope="module")
def newsroom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("browser") / "newsroom"
    build(folder)
    _more(folder)
    return folder


WIDE = f"""\
---
title: Wide {"o" * 90}
updates:
  - id: u1
    kind: correction
    at: 2022-01-02T09:00:00-05:00
    text: It was https://example.org/{"x" * 300} all the time.
  - id: u2
    kind: retraction
    at: 2022-01-02T10:00:00-05:00
    text: It was not.
---
| {" | ".join("abcdefgh")} |
|{"---|" * 8}
| {" | ".join(each * 30 for each in "abcdefgh")} |

    a line of code of {"many " * 60} words

{"supercalifragilistic" * 12}
"""
"""What is too wide for every screen, with notes above and below it."""


def _more(folder: Path) -> None:
    """An article with a history of two pages, findings for the dashboard, and one that is wide."""
    import subprocess

    def git(*words: str) -> None:
        subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True)

    first = (
        "commit refs/heads/main\n"
        "author Ada Editor <ada@example.org> 1641200000 +0000\n"
        "committer Ada Editor <ada@example.org> 1641200000 +0000\n"
        "data 4\nWide\nfrom refs/heads/main^0\n"
        f"M 100644 inline articles/wide.md\ndata {len(WIDE)}\n{WIDE}\n"
    )
    script = [first]
    for number in range(1, 106):
        text = f"# A count\n\nThe mayor's office counted {number} buses.\n\nThey left at dusk.\n"
        script.append(
            f"commit refs/heads/main\nmark :{number}\n"
            f"author Ada Editor <ada@example.org> {1_641_200_000 + 3600 * number} +0000\n"
            f"committer Ada Editor <ada@example.org> {1_641_200_000 + 3600 * number} +0000\n"
            "data 5\nCount\n"
            f"M 100644 inline {STEPPED}.md\ndata {len(text)}\n{text}\n"
        )
    subprocess.run(
        ["git", "fast-import", "--quiet"],
        cwd=folder,
        input="".join(script).encode(),
        check=True,
        capture_output=True,
    )
    git("reset", "--hard", "main")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def stage(browser: Browser, newsroom: Path) -> Iterator[Stage]:
    with served(newsroom) as base:
        yield Stage(browser, base, _pages(newsroom))


def _pages(newsroom: Path) -> dict[str, str]:
    """One page of each kind."""
    asked = client(newsroom)

    def stamps(address: str) -> list[str]:
        page = asked.get(f"/history/{address}/").data.decode()
        return list(dict.fromkeys(re.findall(r"/version/([^/\"]+)/", page)))

    war, evil = stamps("articles/war"), quote(EVIL_NAME.removesuffix(".md"))
    cruel = stamps(evil)
    return {
        "latest": "/",
        "some of the latest": "/?kind=correction&untold=",
        "articles": "/articles/",
        "corrections": "/corrections/",
        "corrections of a month": "/corrections/2022-01/",
        "corrections of a kind": "/corrections/2022/correction/",
        "changelog": "/changelog/",
        "check": "/check/",
        "check of a month": "/check/2022-01/",
        "check, some of it": "/check/?rule=silent-change&path=articles",
        "numbers": "/check/statistics/",
        "search": "/search/?q=bridge",
        "search, older too": "/search/?q=59&older=1&since=2000-01-01",
        "article": "/article/articles/war/",
        "history": "/history/articles/war/",
        "long history": f"/history/{STEPPED}/",
        "version": f"/version/{war[1]}/articles/war/",
        "change": f"/change/{war[1]}/articles/war/",
        "side by side": f"/change-sides/{war[1]}/articles/war/",
        "comparison": f"/compare/{war[-1]}/{war[0]}/articles/war/",
        "passages": "/blame/articles/war/",
        "note": "/note/u1/articles/war/",
        "wide article": "/article/articles/wide/",
        "gone article": "/history/articles/gone/",
        "no such article": "/article/articles/gone/",
        "no such month": "/?month=May",
        "hostile article": f"/article/{evil}/",
        "hostile change": f"/change/{cruel[0]}/{evil}/",
        "no such page": "/article/articles/wat/",
    }


STATUS = {"no such page": 404, "no such article": 410, "no such month": 400}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


# --- for every reader ----------------------------------------------------------------------------


@pytest.mark.parametrize("look", ["light", "dark, on a phone"])
def test_no_page_breaks_a_rule_of_accessibility(stage: Stage, look: str) -> None:
    """axe-core finds no violation of WCAG 2.2 AA nor of good practice, in light and in dark."""
    phone = "phone" in look
    context = stage.browser.new_context(
        color_scheme="dark" if "dark" in look else "light",
        viewport={"width": 390 if phone else 1200, "height": 800},
        reduced_motion="reduce",
    )
    page = context.new_page()
    watched = Watched(page)
    wrong: list[tuple[str, str, str]] = []
    for kind in stage.pages:
        answer = page.goto(stage.base + stage.pages[kind])
        assert answer is not None
        assert answer.status == STATUS.get(kind, 200), kind
        for fold in page.query_selector_all("details"):
            fold.evaluate("element => { element.open = true }")
        found = Axe().run(
            page,
            options={"runOnly": RULES, "resultTypes": ["violations"]},
        )
        wrong += [
            (kind, each["id"], each["nodes"][0]["html"]) for each in found.response["violations"]
        ]
    assert wrong == []
    assert watched.faults == []
    context.close()


@pytest.mark.parametrize("width", [320, 1200])
def test_nothing_has_to_be_scrolled_sideways_on_any_screen(stage: Stage, width: int) -> None:
    """Content reflows at 320 CSS pixels (WCAG 2.2, 1.4.10); tables scroll within themselves."""
    context = stage.browser.new_context(viewport={"width": width, "height": 640})
    page = context.new_page()
    for kind in stage.pages:
        page.goto(stage.base + stage.pages[kind])
        assert page.evaluate("document.documentElement.scrollWidth") <= width, kind
    context.close()


def test_targets_are_large_enough_to_be_hit(stage: Stage) -> None:
    """Menus, tabs and steps are 24 CSS pixels high at least (WCAG 2.2, 2.5.8)."""
    context = stage.browser.new_context(viewport={"width": 390, "height": 800}, has_touch=True)
    page = context.new_page()
    for kind in stage.pages:
        page.goto(stage.base + stage.pages[kind])
        small = page.evaluate(
            """[...document.querySelectorAll(`nav a, .actions a, .meta a, .when a, .scroll a,
                    .alone a, .suggestions a, button, select, summary, input`)]
                .filter(each => each.offsetParent !== null)
                .map(each => [each, each.getBoundingClientRect()])
                .filter(([, box]) => box.height < 24 || box.width < 24)
                .map(([each, box]) => [each.outerHTML, box.width, box.height])"""
        )
        assert small == [], kind
    context.close()


def test_every_page_can_be_read_without_javascript(stage: Stage) -> None:
    """What stands in the text of a page is there without any script."""
    context = stage.browser.new_context(java_script_enabled=False)
    page = context.new_page()
    wanted = {
        "latest": "A count",
        "article": "A convoy of nine buses waited at the bridge",
        "history": "misstated the number of the evacuated",
        "version": "Buses reached the town at dusk",
        "change": "misstated the number of the evacuated. It was 95.",
        "passages": "The mayor's office said that a second convoy",
        "corrections": "misstated the number of the evacuated. It was 95.",
        "check": "Readers were not told",
        "search": "waited at the bridge",
    }
    for kind, words in wanted.items():
        page.goto(stage.base + stage.pages[kind])
        assert words in page.inner_text("main"), kind
    page.goto(stage.base + stage.pages["long history"])
    page.click("a[rel=next]")
    assert "/older/" in page.url
    page.goto(stage.base + stage.pages["change"])
    assert page.locator(".steps a").count() == 2
    page.click("a[rel=next]")
    assert "/change/" in page.url
    context.close()


def test_side_by_side_on_a_phone_shows_once_what_stayed(stage: Stage) -> None:
    """There what was stands above what is, with a line of another color at each."""
    context = stage.browser.new_context(viewport={"width": 360, "height": 740})
    page = context.new_page()
    page.goto(stage.base + stage.pages["side by side"])
    rows = page.locator("table.tracker-sides > tbody > tr")
    same = page.locator("table.tracker-sides > tbody > tr.tracker-same")
    assert 0 < same.count() < rows.count()
    for row in same.all():
        assert [cell.is_visible() for cell in row.locator("> td").all()] == [False, True]
    changed = page.locator("table.tracker-sides > tbody > tr:not(.tracker-same)").first
    lines = [
        cell.evaluate("e => [getComputedStyle(e).borderLeftWidth, getComputedStyle(e).borderColor]")
        for cell in changed.locator("> td").all()
    ]
    assert [width for width, _ in lines] == ["4px", "4px"]
    assert lines[0] != lines[1]
    page.set_viewport_size({"width": 1200, "height": 740})
    assert [cell.is_visible() for cell in same.first.locator("> td").all()] == [True, True]
    context.close()


def test_a_phone_has_a_slider_of_its_whole_width_and_no_word_of_keys(stage: Stage) -> None:
    context = stage.browser.new_context(
        viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    page.goto(stage.base + stage.pages["version"])
    box = page.locator("input[type=range]").bounding_box()
    assert box is not None
    assert box["width"] > 300
    assert page.locator(".keys").is_hidden()
    context.close()


def test_paper_has_the_words_and_no_controls(stage: Stage) -> None:
    """In print, what was inserted and deleted is told apart without color."""
    context = stage.browser.new_context(color_scheme="dark")
    page = context.new_page()
    page.emulate_media(media="print")
    page.goto(stage.base + stage.pages["change"])
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    for control in (".masthead nav", ".tabs", ".stepper", ".search"):
        assert page.locator(control).first.is_hidden(), control
    decoration = "element => getComputedStyle(element).textDecorationLine"
    assert page.locator(".tracker-diff ins").first.evaluate(decoration) == "underline"
    assert page.locator(".tracker-diff del").first.evaluate(decoration) == "line-through"
    context.close()


def test_paper_says_where_a_page_is_and_when_it_changed(stage: Stage) -> None:
    context = stage.browser.new_context()
    page = context.new_page()
    page.goto(stage.base + stage.pages["article"])
    foot = page.locator(".printed")
    assert foot.is_hidden()
    page.emulate_media(media="print")
    assert foot.is_visible()
    assert stage.base + stage.pages["article"] in foot.inner_text()
    assert "Last changed December 31, 2021" in foot.inner_text()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert "Printed:" in foot.inner_text()
    context.close()


def test_the_dates_of_an_article_stand_apart_on_a_phone(stage: Stage) -> None:
    context = stage.browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(stage.base + stage.pages["article"])
    facts = page.locator(".facts > li")
    boxes = [facts.nth(number).bounding_box() for number in range(facts.count())]
    tops = [box["y"] for box in boxes if box]
    assert len(tops) == 4  # by whom, since when, newest note, versions
    assert tops == sorted(set(tops))
    context.close()


@pytest.mark.parametrize("width", [390, 1280])
def test_notes_keep_a_distance_from_a_table_above_them(
    browser: Browser, tmp_path: Path, width: int
) -> None:
    one = Builder(tmp_path / "room")
    note = "updates:\n- {id: u1, kind: correction, text: It was not., at: 2022-01-02T09:00:00Z}\n"
    table = "\n| a | b |\n|---|---|\n| 1 | 2 |\n"
    one.commit("a", write={"articles/a.md": f"---\ntitle: A\n{note}---\nWords.\n{table}"})
    one.build(checkout=True)
    with served(one.folder) as base:
        context = browser.new_context(viewport={"width": width, "height": 800})
        page = context.new_page()
        page.goto(f"{base}/article/articles/a/")
        above, below = page.locator(".article table"), page.locator(".note")
        table_box, note_box = above.bounding_box(), below.bounding_box()
        assert table_box is not None
        assert note_box is not None
        assert note_box["y"] - table_box["y"] - table_box["height"] >= 24
        context.close()


def test_changes_are_told_apart_where_colors_are_forced(stage: Stage) -> None:
    context = stage.browser.new_context(forced_colors="active")
    page = context.new_page()
    page.goto(stage.base + stage.pages["change"])
    decoration = "element => getComputedStyle(element).textDecorationLine"
    assert page.locator(".tracker-diff ins").first.evaluate(decoration) == "underline"
    assert page.locator(".tracker-diff del").first.evaluate(decoration) == "line-through"
    context.close()


# --- by keyboard ---------------------------------------------------------------------------------


def test_all_is_reached_by_keyboard_and_seen_to_be(stage: Stage) -> None:
    """Tab comes by every link and control in order, each with a visible outline."""
    context = stage.browser.new_context(viewport={"width": 1200, "height": 800})
    page = context.new_page()
    page.goto(stage.base + stage.pages["history"])
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.locator(".skip").bounding_box()["y"] >= 0  # type: ignore[index]
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.goto(stage.base + stage.pages["history"])
    number = page.evaluate(
        """[...document.querySelectorAll(`a[href], select, button,
                input:not([type=hidden], [type=radio])`)]
            .filter(each => each.offsetParent !== null || each.className == "skip").length"""
    )
    seen = []
    for _ in range(number + 3):  # each group of choices is one stop
        page.keyboard.press("Tab")
        seen.append(
            page.evaluate(
                """(() => {
                  const each = document.activeElement, style = getComputedStyle(each);
                  const width = style.outlineStyle == "none" ? 0 : parseFloat(style.outlineWidth);
                  return [each.tagName + each.textContent.trim() + each.id + each.href, width >= 2];
                })()"""
            )
        )
    assert len({name for name, _ in seen}) >= number - 2  # two links may look alike
    assert [name for name, outlined in seen if not outlined and not name.startswith("BODY")] == []
    context.close()


def test_arrow_keys_and_a_slider_step_through_the_versions(stage: Stage) -> None:
    context = stage.browser.new_context()
    page = context.new_page()
    page.goto(stage.base + stage.pages["version"])
    middle = page.url
    page.wait_for_load_state()  # keys step once the script is there
    page.keyboard.press("ArrowRight")
    page.wait_for_url(lambda url: url != middle)
    newest = page.url
    assert page.locator("a[rel=next]").count() == 0
    page.wait_for_load_state()  # keys step once the script is there
    page.keyboard.press("ArrowLeft")
    page.wait_for_url(middle)
    slider = page.locator("input[type=range]")
    slider.focus()
    page.wait_for_load_state()  # keys step once the script is there
    page.keyboard.press("ArrowRight")
    page.wait_for_url(newest)
    assert page.evaluate("document.activeElement.type") == "range"  # one may go on stepping
    words = page.locator("input[type=range]").get_attribute("aria-valuetext")
    assert words is not None
    assert re.search(r"20\d\d, \d", words)
    # In a field, the keys move the cursor and nothing else.
    page.fill("#search", "words")
    page.wait_for_load_state()  # keys step once the script is there
    page.keyboard.press("ArrowLeft")
    page.wait_for_timeout(100)
    assert page.url == newest
    context.close()


LONG = "# Long\n\n" + "\n\n".join(
    f"Paragraph {number}: the council met on Monday and agreed on the harbor, the ferry, the "
    "bridge and the road to the lighthouse, which had been closed for a month."
    for number in range(40)
)


@pytest.mark.parametrize(("width", "height"), [(1280, 900), (390, 844)])
@pytest.mark.parametrize("script", [True, False])
def test_the_first_change_is_on_the_screen_when_the_page_opens(
    tmp_path: Path, browser: Browser, width: int, height: int, script: bool
) -> None:
    one = Builder(tmp_path)
    edited = LONG.replace("Paragraph 30: the council", "Paragraph 30: the mayor")
    one.commit("Start", write={"tracker.toml": SETTINGS, "articles/long.md": LONG})
    one.commit("Edit", write={"articles/long.md": edited.replace("20: the", "20: a")})
    one.build(checkout=True)
    revision = Newsroom(tmp_path, now=NOW).history("articles/long.md")[-1]
    context = browser.new_context(
        viewport={"width": width, "height": height}, java_script_enabled=script
    )
    page = context.new_page()
    with served(tmp_path) as base:
        page.goto(f"{base}{addresses.change(addresses.stamp_of(revision), 'articles/long')}")
        box = page.locator("#change-1").bounding_box()
        assert box is not None
        assert 0 < box["y"] < height - box["height"]
        assert page.locator("details.unchanged").count() == 3
        assert not page.get_by_text("Paragraph 5:").is_visible()
        page.locator("details.unchanged > summary").first.click()  # opens without any script
        assert page.get_by_text("Paragraph 5:").is_visible()
        if script:
            page.keyboard.press("n")
            page.keyboard.press("n")
            assert page.locator(".at-change").get_attribute("id") == "change-2"
            assert page.locator(".at-change").is_visible()
            page.keyboard.press("p")
            assert page.locator(".at-change").get_attribute("id") == "change-1"
            page.get_by_role("button", name="Show everything").click()
            assert page.get_by_text("Paragraph 39:").is_visible()
    context.close()


def test_two_versions_are_picked_and_the_list_is_filtered(stage: Stage) -> None:
    context = stage.browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(stage.base + stage.pages["long history"])
    assert page.evaluate("document.documentElement.scrollHeight") < 55 * 36 + 500
    rows = page.locator("#timeline > .revision")
    rows.nth(4).locator("input[name=old]").check()
    rows.nth(2).locator("input[name=new]").check()
    page.get_by_role("button", name="Compare the two picked").click()
    page.wait_for_url("**/compare/*/*/**")
    page.goto(stage.base + stage.pages["history"])
    whole = page.locator("#timeline > .revision:visible").count()
    # A line with a note stands where it belongs, like all others, and does not stay at the bottom.
    edges = "all => all.map(e => [e.getBoundingClientRect().left, getComputedStyle(e).position])"
    found = page.locator("#timeline > .revision").evaluate_all(edges)
    assert found == [found[0]] * len(found)
    page.get_by_role("radio", name="With a note").check()
    shown = page.locator("#timeline > .revision:visible")
    assert 0 < shown.count() < whole
    assert "misstated the number" in shown.first.inner_text()
    context.close()


def test_older_history_comes_into_the_page(stage: Stage) -> None:
    context = stage.browser.new_context()
    page = context.new_page()
    watched = Watched(page)
    page.goto(stage.base + stage.pages["long history"])
    assert page.locator("#timeline > .revision").count() == 55
    page.click("a[data-more]")
    page.locator("#timeline > .revision").nth(104).wait_for()
    assert page.url == stage.base + stage.pages["long history"]
    assert page.locator("a[data-more]").count() == 0
    # The focus is on the first of those that came, and its links lead where they did.
    assert page.evaluate("document.activeElement.closest('.revision') !== null")
    page.locator("#timeline > .revision a").last.click()
    page.wait_for_url("**/version/**")
    assert watched.faults == []
    context.close()


def test_passages_of_one_version_are_lit_together_with_its_note(stage: Stage) -> None:
    context = stage.browser.new_context()
    page = context.new_page()
    page.goto(stage.base + stage.pages["passages"])
    page.hover(".passage >> text=95")
    assert page.locator(".pointed").count() >= 1
    told = page.locator(".told")
    assert "misstated the number of the evacuated" in told.inner_text()
    assert told.get_attribute("role") == "status"
    page.focus(".passage >> text=second convoy")
    assert "Second" not in told.inner_text() or "misstated" not in told.inner_text()
    assert page.locator(".passages .pointed").first.inner_text().startswith("The mayor")
    context.close()


def test_the_note_of_a_passage_hides_nothing_and_goes_away(stage: Stage) -> None:
    """WCAG 2.2: what has the focus is not behind it (2.4.11), and Escape takes it away (1.4.13)."""
    context = stage.browser.new_context(
        viewport={"width": 390, "height": 420}, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(stage.base + stage.pages["passages"])
    passages = page.locator(".passages a")
    told = page.locator(".told")
    assert passages.count() > 1
    passages.first.focus()
    for _ in range(passages.count()):
        focused = page.evaluate("document.activeElement.getBoundingClientRect().bottom")
        assert told.is_visible()
        assert focused <= told.bounding_box()["y"] + 1  # type: ignore[index]
        page.keyboard.press("Tab")
    passages.first.focus()
    page.keyboard.press("Escape")
    assert told.is_hidden()
    assert page.locator(".pointed").count() == 0
    context.close()


# --- hostile articles ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def stand(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Hostile:
    return Hostile(browser, tmp_path_factory.mktemp("hostile"))


@settings(max_examples=3, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(st.lists(attempts(), min_size=3, max_size=3))
def test_no_article_note_name_or_search_runs_anything(
    stand: Hostile, tried: list[dict[str, str]]
) -> None:
    """Titles, bodies, notes, file and authors' names, searches: nothing in them runs or loads."""
    play(stand, tried)


def test_a_page_that_ran_something_would_be_seen(stage: Stage) -> None:
    """The test of hostile articles can fail: each sign that it looks for is given once."""
    context = stage.browser.new_context()
    page = context.new_page()
    watched = Watched(page)
    page.goto(stage.base + "/")
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=alert(1)>')")
    page.wait_for_timeout(200)
    assert any("Content Security Policy" in fault for fault in watched.faults)
    page.evaluate("alert(2)")
    assert "dialog: 2" in watched.faults
    context.close()


def test_a_site_of_files_works_without_a_server(
    browser: Browser, newsroom: Path, tmp_path: Path
) -> None:
    """Opened from the disk: styles, links, stepping and passages; nothing asks a server."""
    room = Newsroom(newsroom, now=NOW)
    write(room, tmp_path / "site", SiteOptions(workers=1))
    context = browser.new_context()
    page = context.new_page()
    page.goto((tmp_path / "site" / "index.html").as_uri())
    assert page.evaluate("document.styleSheets.length") == 2
    assert page.evaluate("getComputedStyle(document.querySelector('.masthead')).textAlign") == (
        "center"
    )
    page.goto((tmp_path / "site/history/articles/war/index.html").as_uri())
    page.locator(".rows .go a").first.click()
    assert "/change/" in page.url
    assert page.url.endswith("/index.html")
    changed = page.url
    page.wait_for_load_state()  # keys step once the script is there
    page.keyboard.press("ArrowLeft")
    page.wait_for_url(lambda url: url != changed)
    assert page.locator(".tracker-diff").count() == 1
    page.goto((tmp_path / f"site/history/{STEPPED}/index.html").as_uri())
    page.click("a[data-more]")  # an ordinary link here
    page.wait_for_url("**/older/**")
    context.close()
