"""What a server loads before it answers, so that no reader waits for it.

Rooms, tables of words and expressions are loaded where they are first used, which keeps commands
quick; a server would load them while its first readers wait, in each of its processes once more.
"""

from __future__ import annotations

from flask import Flask

_BEFORE = """---
title: The ferry
---

The *ferry* carried [40 people](https://example.org/) on May 5, “more than ever”.

* A list

The council will vote on it.
"""
_AFTER = """---
title: The ferry
---

The *ferry* carried [41 people](https://example.org/) on May 6, “more than ever,” she said.

* A list

The council will not vote on it.

Correction: May 6, 2022. An earlier version of this article misstated the day.
"""


def load() -> None:
    """Load what a comparison, an article and its passages are made with, by making some."""
    from tracker.comparison import compare
    from tracker.render import diff_html, jsonld
    from tracker.render.article_html import article, page
    from tracker.text.blame import followed
    from tracker.web.safe_html import fit

    change = compare(_BEFORE, _AFTER)
    fit(diff_html.fragment(change, _BEFORE, _AFTER))
    fit(diff_html.fragment(change, _BEFORE, _AFTER, layout="side-by-side"))
    article(_AFTER)
    page(_AFTER)
    followed([_BEFORE, _AFTER], [(), (0,)], {})
    assert jsonld.__name__


def load_templates(app: Flask) -> None:
    """Read and compile the templates of all pages."""
    for name in app.jinja_env.list_templates():
        app.jinja_env.get_template(name)
