"""Published revisions of Arc XP stories.

``python arc_xp.py https://api.ORG.arcpublishing.com IDS``: IDS is a file with a story's id on each
line; the token is in ARC_TOKEN. The Draft API gives 25 revisions at a time, the last of which asks
for the next. Prints JSON Lines for ``tracker import -``.
"""

import json
import os
import sys
from pathlib import Path
from urllib.request import Request, urlopen

from tracker.sources.versions import html_body


def revisions(story: str) -> list[dict]:
    """All revisions of a story."""
    found, after = [], ""
    while True:
        url = f"{sys.argv[1]}/draft/v1/story/{story}/revision{after}"
        asked = Request(url, headers={"Authorization": f"Bearer {os.environ['ARC_TOKEN']}"})
        with urlopen(asked, timeout=60) as answer:
            page = json.load(answer)
        found += page["revisions"]
        if "last" not in page:
            return found
        after = f"?after={page['last']}"


for story in Path(sys.argv[2]).read_text().split():
    for each in revisions(story):
        ans = each["ans"]
        if each.get("type") != "PUBLISHED" or "canonical_url" not in ans:
            continue
        parts = (part for part in ans["content_elements"] if part["type"] in ("text", "header"))
        body = "".join(
            f"<h2>{part['content']}</h2>"
            if part["type"] == "header"
            else f"<p>{part['content']}</p>"
            for part in parts
        )
        front = f"---\ntitle: {json.dumps(ans['headlines']['basic'], ensure_ascii=False)}\n---\n\n"
        version = {
            "path": f"articles/{ans['canonical_url'].strip('/')}.md",
            "at": each["created_at"].replace("Z", "+00:00"),
            "text": front + html_body(body) + "\n",
            "id": each["id"],
        }
        if names := [
            one["name"] for one in ans.get("credits", {}).get("by", []) if one.get("name")
        ]:
            version["author"] = {"name": ", ".join(names), "email": None}
        print(json.dumps(version))
