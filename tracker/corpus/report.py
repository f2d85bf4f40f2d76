"""The tables and plots of a paper, asked of the verdicts by DuckDB: CSV, SVG, and one page."""

from __future__ import annotations

import csv
import io
from base64 import b64encode
from collections.abc import Iterator, Sequence
from hashlib import sha256
from math import sqrt
from pathlib import Path
from typing import Any, NamedTuple

from markupsafe import Markup

from tracker.corpus.folder import VERDICTS, CorpusFolder, read_manifest, status
from tracker.errors import TrackerError
from tracker.processes import interrupts_wait
from tracker.render.plain import filled
from tracker.store.files import Folder

_MOST_ROWS = 30  # sections, and outlets in a plot; a table has them all

# A note tells of the changes within the 24 hours before it, as in ``tracker check``.
_PREPARED = """
CREATE TEMP TABLE told AS
SELECT *, CASE WHEN hours < 1 THEN '0 under 1 h' WHEN hours < 3 THEN '1 1 to 3 h'
    WHEN hours < 6 THEN '2 3 to 6 h' WHEN hours < 12 THEN '3 6 to 12 h'
    WHEN hours < 24 THEN '4 12 to 24 h' WHEN hours < 48 THEN '5 1 to 2 days'
    WHEN hours < 168 THEN '6 2 to 7 days' WHEN hours < 720 THEN '7 7 to 30 days'
    ELSE '8 over 30 days' END AS span
FROM (
    SELECT source, article, section, substantive, notes_added,
           (epoch(new_at) - min(epoch(old_at)) OVER article) / 3600 AS hours,
           max(len(notes_added)) OVER (
               PARTITION BY source, article ORDER BY epoch(new_at)
               RANGE BETWEEN CURRENT ROW AND 86400 FOLLOWING
           ) > 0 AS disclosed
    FROM read_parquet($files, hive_partitioning = false)
    WHERE error IS NULL
    WINDOW article AS (PARTITION BY source, article)
)
"""

_SHARES = """
SELECT {key} AS key, count(DISTINCT (source, article)), count(*),
       count(*) FILTER (substantive), count(*) FILTER (substantive AND NOT disclosed)
FROM told GROUP BY key ORDER BY {order}
"""

_CORRECTIONS = """
WITH one AS (SELECT source, hours, unnest(notes_added) AS note FROM told)
SELECT source, count(*), quantile_cont(hours, 0.25), median(hours), quantile_cont(hours, 0.75),
       quantile_cont(hours, 0.9)
FROM one WHERE note.kind = 'correction' GROUP BY source ORDER BY source
"""

_CORRECTION_HOURS = """
WITH one AS (SELECT span, unnest(notes_added) AS note FROM told)
SELECT span, count(*) FROM one WHERE note.kind = 'correction' GROUP BY span ORDER BY span
"""


class ReportTable(NamedTuple):
    name: str  # of its files
    title: str
    about: str  # what it shows, and how it was counted
    heads: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    plot: Markup  # SVG


def write_report(verdicts: CorpusFolder, to: Path) -> list[str]:
    """Write the tables, the plots and the page; the names of the files.

    Raises ``TrackerError`` where there are no verdicts, or where they cannot be read.
    """
    found = status(verdicts)
    if not found.done.rows:
        raise TrackerError(
            f"{verdicts.address} has no verdicts yet.", "Judge first: tracker corpus judge."
        )
    tables = _tables(verdicts)
    files: dict[str, str] = {}
    for table in tables:
        files[f"{table.name}.csv"] = _csv(table)
        files[f"{table.name}.svg"] = f"{table.plot}\n"
    sources = len(read_manifest(verdicts).sources)
    left = found.pairs - found.done.rows
    files["index.html"] = _page(
        tables,
        f"{found.done.rows - found.done.errors:,} pairs of {sources:,}"
        f" {'outlet' if sources == 1 else 'outlets'}, judged by tracker {found.tracker}."
        + f" {found.done.errors:,} could not be judged." * bool(found.done.errors)
        + f" {left:,} are not judged yet." * bool(left),
    )
    with Folder.open(to, make=True) as folder:
        for name, text in files.items():
            folder.write(name, text.encode("utf-8", "replace"))
    return sorted(files)


def _tables(verdicts: CorpusFolder) -> list[ReportTable]:
    with interrupts_wait():  # DuckDB makes a fault of one, or ends the process
        return _asked(verdicts)


def _asked(verdicts: CorpusFolder) -> list[ReportTable]:
    import duckdb

    with duckdb.connect(config={"autoinstall_known_extensions": "false"}) as database:
        try:
            if "://" in verdicts.address:
                database.register_filesystem(verdicts.files)
            files = f"{verdicts.address}/{VERDICTS}/**/*.parquet"
            database.execute(_PREPARED, {"files": files})
            return [
                _shares(
                    database, "outlets", "By outlet", "source", "key", "Outlet",
                    "Pairs of neighbouring versions in which a reader's belief could change, and"
                    " of these, those of which no note told within 24 hours.",
                ),
                _shares(
                    database, "hours", "By hours after publication", "span", "key",
                    "After publication",
                    "The same, by the time from an article's first version to the newer of a"
                    " pair.",
                ),
                _shares(
                    database, "sections", "By section", "section", "count(*) DESC, key", "Section",
                    "The same, by the section that the front matter or the address names. A plot"
                    f" shows the {_MOST_ROWS} with the most pairs.",
                ),
                _corrections(database),
            ]  # fmt: skip
        except duckdb.Error as error:
            why = " ".join(str(error).split())[:200].rstrip(".")
            raise TrackerError(
                f"The verdicts cannot be read: {why}.", "See: tracker corpus check"
            ) from None


def _shares(
    database: Any, name: str, title: str, key: str, order: str, head: str, about: str
) -> ReportTable:
    rows = []
    for each, articles, pairs, substantive, untold in database.execute(
        _SHARES.format(key=key, order=order)
    ).fetchall():
        label = str(each or "(none)")
        label = label[2:] if name == "hours" else label
        rows.append(
            (label, articles, pairs, substantive, *_share(substantive, pairs), untold,
             *_share(untold, substantive))
        )  # fmt: skip
    shown = rows[:_MOST_ROWS]
    series = (
        ("substantive, of all", [(row[4], row[5], row[6]) for row in shown]),
        ("undisclosed, of the substantive", [(row[8], row[9], row[10]) for row in shown]),
    )
    heads = (
        head, "Articles", "Pairs", "Substantive", "Share", "Low", "High", "Undisclosed", "Share",
        "Low", "High",
    )  # fmt: skip
    return ReportTable(
        name, title, about, heads, rows, bars(title, [row[0] for row in shown], series)
    )


def _corrections(database: Any) -> ReportTable:
    rows = [
        (source, number, *(round(each, 1) for each in hours))
        for source, number, *hours in database.execute(_CORRECTIONS).fetchall()
    ]
    counted = database.execute(_CORRECTION_HOURS).fetchall()
    whole = sum(number for _, number in counted)
    shares = [_share(number, whole) for _, number in counted]
    title = "From publication to correction"
    return ReportTable(
        "corrections",
        title,
        "The hours from an article's first version to the version that brought a correction: a"
        " quarter, half, three quarters and nine of ten came within so many. The plot is of all"
        " outlets together.",
        ("Outlet", "Corrections", "25 %", "50 %", "75 %", "90 %"),
        rows,
        bars(title, [name[2:] for name, _ in counted], (("of all corrections", shares),)),
    )


def _share(part: int, whole: int) -> tuple[float | None, float | None, float | None]:
    """A share with the bounds of its 95 % interval (Wilson, 1927); None where there is no whole."""
    if not whole:
        return None, None, None
    z = 1.959964
    share = part / whole
    middle = (share + z * z / (2 * whole)) / (1 + z * z / whole)
    reach = z * sqrt(share * (1 - share) / whole + z * z / (4 * whole * whole))
    reach /= 1 + z * z / whole
    return round(share, 4), round(max(middle - reach, 0), 4), round(min(middle + reach, 1), 4)


# --- faces ----------------------------------------------------------------------------------------


def _csv(table: ReportTable) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_plain_heads(table.heads))
    writer.writerows(table.rows)
    return out.getvalue()


def _plain_heads(heads: Sequence[str]) -> Iterator[str]:
    """The names of columns for programs: each once, in small letters."""
    last = ""
    for head in heads:
        name = head.lower().replace(" ", "_").replace("_%", "")
        if name in ("share", "low", "high"):
            name = f"{name}_{last}"
        else:
            last = name
        yield f"hours_{name}" if name.isdigit() else name


_Shares = Sequence[tuple[float | None, float | None, float | None]]


def bars(title: str, names: Sequence[str], series: Sequence[tuple[str, _Shares]]) -> Markup:
    """Shares as bars with their intervals, a group for each name: an SVG picture of its own."""
    most = max((high for _, shares in series for *_, high in shares if high), default=1.0)
    top = next(each for each in (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0) if each >= most)
    drawn = filled("bars.svg", title=title, names=names, series=series, top=top)
    return Markup(drawn.strip())  # noqa: S704 - its words are escaped


_STYLE = Markup("""
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;
color:#1a1a1a;background:#fff}table{border-collapse:collapse;font-size:.85rem}
th,td{padding:.2rem .6rem;text-align:right;border-bottom:1px solid #ddd}
th:first-child,td:first-child{text-align:left}svg{width:100%;max-width:680px;height:auto}
.wide{overflow-x:auto}""")


def _page(tables: Sequence[ReportTable], about: str) -> str:
    digest = b64encode(sha256(_STYLE.encode()).digest()).decode()
    return filled(
        "report.html", tables=tables, about=about, style=_STYLE, digest=digest, cell=_cell
    )


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.4g}"
    return f"{value:,}" if isinstance(value, int) else "" if value is None else str(value)
