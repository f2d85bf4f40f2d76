"""A small site that shows what its readers were told."""

SITENAME = "The Harbor Ledger"
SITEURL = "https://example.com"
PATH = "content"
TIMEZONE = "America/New_York"
DEFAULT_LANG = "en"
THEME = "theme"
ARTICLE_PATHS = ["posts"]
ARTICLE_URL = "{slug}/"
ARTICLE_SAVE_AS = "{slug}/index.html"
FEED_ALL_ATOM = "feeds/all.atom.xml"

PLUGINS = ["tracker.plugins.pelican"]
