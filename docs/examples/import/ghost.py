"""Published versions of a Ghost site, from its database: ``python ghost.py ghost.db``.

Ghost keeps what was saved in ``post_revisions``, as Lexical. MySQL: put its connection in the place
of SQLite's. Prints JSON Lines for ``tracker import -``.
"""

import json
import sqlite3
import sys
from datetime import UTC, datetime

MARKS = {1: "**", 2: "*"}


def markdown(node: dict) -> str:
    """A node of Lexical as Markdown; cards (pictures, embeds) come by their caption alone."""
    if node["type"] in ("text", "extended-text"):
        mark = "".join(sign for bit, sign in MARKS.items() if node.get("format", 0) & bit)
        return f"{mark}{node['text']}{mark[::-1]}"
    inner = [markdown(child) for child in node.get("children", [])]
    if node["type"] == "link":
        return f"[{''.join(inner)}]({node['url']})"
    if node["type"] in ("root", "list"):
        return ("\n\n" if node["type"] == "root" else "\n").join(filter(None, inner))
    before = {
        "heading": "#" * int(str(node.get("tag", "h2"))[-1:] or 2) + " ",
        "listitem": "- ",
        "quote": "> ",
        "extended-quote": "> ",
    }
    kind = node["type"].removeprefix("extended-")
    return before.get(kind, "") + ("".join(inner) or str(node.get("caption", "")))


rows = sqlite3.connect(sys.argv[1]).execute(
    "SELECT slug, r.id, r.title, r.lexical, created_at_ts, users.name, users.email"
    " FROM post_revisions r JOIN posts ON posts.id = post_id"
    " LEFT JOIN users ON users.id = r.author_id WHERE post_status = 'published'"
)
for slug, number, title, lexical, milliseconds, name, email in rows:
    front = f"---\ntitle: {json.dumps(title, ensure_ascii=False)}\n---\n\n"
    version = {
        "slug": slug,
        "at": datetime.fromtimestamp(milliseconds // 1000, UTC).isoformat(),
        "text": front + markdown(json.loads(lexical)["root"]) + "\n",
        "id": number,
    }
    if name:
        version["author"] = {"name": name, "email": email}
    print(json.dumps(version))
