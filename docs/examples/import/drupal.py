"""Published revisions of a Drupal site, 8 or later, from its database.

``python drupal.py site.db``. JSON:API lists only the newest revision of a node, so they are read
where they are. MySQL or PostgreSQL: put its connection in the place of SQLite's. Prints JSON Lines
for ``tracker import -``.
"""

import json
import sqlite3
import sys
from datetime import UTC, datetime

from tracker.sources.versions import html_body

rows = sqlite3.connect(sys.argv[1]).execute(
    "SELECT n.nid, n.vid, n.title, body_value, revision_timestamp, revision_log, u.name, u.mail,"
    " (SELECT alias FROM path_alias WHERE path = '/node/' || n.nid LIMIT 1)"
    " FROM node_field_revision n JOIN node_revision r ON r.vid = n.vid"
    " JOIN node_revision__body b ON b.revision_id = n.vid AND b.langcode = n.langcode"
    " LEFT JOIN users_field_data u ON u.uid = revision_uid"
    " WHERE n.status = 1 AND n.default_langcode = 1 ORDER BY n.vid"
)
for nid, vid, title, body, seconds, log, name, mail, alias in rows:
    front = f"---\ntitle: {json.dumps(title, ensure_ascii=False)}\n---\n\n"
    version = {
        "path": f"articles/{(alias or f'node-{nid}').strip('/')}.md",
        "at": datetime.fromtimestamp(seconds, UTC).isoformat(),
        "text": front + html_body(body, paragraphs=True) + "\n",
        "id": vid,
    }
    if log:
        version["message"] = log
    if name:
        version["author"] = {"name": name, "email": mail or ""}
    print(json.dumps(version))
