"""Makes the pictures of the documentation again, from the sample newsroom that ``make demo`` left.

python docs/pictures/make.py
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from threading import Thread

from playwright.sync_api import sync_playwright
from waitress.server import create_server

from tracker.newsroom.newsroom import Newsroom
from tracker.web import addresses, create_app

HERE = Path(__file__).parent
NEWSROOM = HERE.parents[1] / "demo"
ARTICLE = "articles/pier-9-ferry-terminal"


def main() -> None:
    """Take each picture."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None or not NEWSROOM.is_dir():
        sys.exit("Run make demo first, where there is a chromium.")
    revisions = Newsroom(NEWSROOM).history(f"{ARTICLE}.md")
    corrected = addresses.stamp_of(revisions[2])
    server = create_server(create_app(NEWSROOM), host="127.0.0.1", port=0)
    Thread(target=server.run, daemon=True).start()
    base = f"http://127.0.0.1:{server.effective_port}"
    pictures = {
        "change": (addresses.change(corrected, ARTICLE), 900, 1260, "light"),
        "history": (addresses.history(ARTICLE), 390, 780, "dark"),
        "corrections": (addresses.corrections(), 1000, 640, "light"),
        "passages": (addresses.blame(ARTICLE), 900, 900, "light"),
        "numbers": (addresses.statistics(), 900, 1000, "light"),
    }
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name, (address, width, height, scheme) in pictures.items():
            page = browser.new_page(
                viewport={"width": width, "height": height},
                color_scheme="dark" if scheme == "dark" else "light",
            )
            while (
                answer := page.goto(base + address)
            ) and answer.status == 503:  # the articles are being read
                page.wait_for_timeout(1000)
            page.screenshot(path=HERE / f"{name}.png")
        browser.close()


if __name__ == "__main__":
    main()
