"""Published versions of a Wagtail site, from its database: ``python wagtail.py db.sqlite3``.

A revision is what was saved; the page log says which were published, and when. The body's field is
called ``body`` here, rich text or a StreamField with paragraphs and headings: see your page model.
PostgreSQL: put its connection in the place of SQLite's. Prints JSON Lines for ``tracker import -``.
"""

import json
import sqlite3
import sys

from tracker.sources.versions import html_body


def html(body: str) -> str:
    """The body's HTML: rich text as it is, of a StreamField its blocks of text."""
    if not body.startswith("["):
        return body
    blocks = json.loads(body)
    return "".join(
        f"<h2>{each['value']}</h2>" if each["type"] == "heading" else str(each["value"])
        for each in blocks
        if isinstance(each["value"], str)
    )


rows = sqlite3.connect(sys.argv[1]).execute(
    "SELECT r.id, r.content, log.timestamp, page.url_path, u.first_name, u.last_name, u.email"
    " FROM wagtailcore_pagelogentry log JOIN wagtailcore_revision r ON r.id = log.revision_id"
    " JOIN wagtailcore_page page ON page.id = log.page_id"
    " LEFT JOIN auth_user u ON u.id = log.user_id"
    " WHERE log.action = 'wagtail.publish' ORDER BY log.timestamp"
)
for number, content, at, url, first, last, email in rows:
    page = json.loads(content)
    front = f"---\ntitle: {json.dumps(page['title'], ensure_ascii=False)}\n---\n\n"
    version = {
        "path": f"articles/{url.strip('/') or 'index'}.md",
        "at": f"{at.replace(' ', 'T')}+00:00",
        "text": front + html_body(html(page["body"])) + "\n",
        "id": number,
    }
    if name := f"{first or ''} {last or ''}".strip():
        version["author"] = {"name": name, "email": email or ""}
    print(json.dumps(version))
