"""What the processes of a server begin with: imported once, by the one that they are copies of.

Rooms, tables of words and expressions are loaded where they are first used, which keeps commands
quick; here a comparison, an article and its passages are made once, so that no reader waits for it.
"""

from __future__ import annotations

from tracker.comparison import compare
from tracker.render import diff_html, jsonld
from tracker.render.article_html import article, page
from tracker.text.blame import followed
from tracker.web import create_app
from tracker.web.safe_html import fit

__all__ = ["create_app", "jsonld"]

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


fit(diff_html.fragment(compare(_BEFORE, _AFTER), _BEFORE, _AFTER, layout="side-by-side"))
article(_AFTER)
page(_AFTER)
followed([_BEFORE, _AFTER], [(), (0,)], {})
