"""Fit the weights of the score on labelled edits, and measure it on newsrooms that were left out.

    python benchmarks/judgement.py             each newsroom left out in turn: precision, recall,
                                               average precision
    python benchmarks/judgement.py --errors    and what is judged otherwise than labelled
    python benchmarks/judgement.py --time      processor time of a pair, all included
    python benchmarks/judgement.py --archives DIR   with what whole archives teach
    python benchmarks/judgement.py --write     and write weights.toml, fitted on all rows

The data is looked for in TRACKER_DATA or ../shared/data: edits-2.jsonl.gz, edits.jsonl. The cases
of tests/cases/changes are always among the rows that are learnt from. What the archive of a
newsroom repeats is counted from the articles of that newsroom that the data holds.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import math
import os
import random
import statistics
import subprocess
import time
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import tracker
from tracker.comparison import Compared, Text
from tracker.model import BoilerplateSettings
from tracker.text.judge.boilerplate import Boilerplate, Counts
from tracker.text.judge.hunks import Verdict
from tracker.text.judge.score import DOUBTED, Weights, never_small, places_of, score_of

HERE = Path(__file__).parent
CASES = HERE.parent / "tests" / "cases" / "changes"
WEIGHTS = HERE.parent / "tracker" / "text" / "judge" / "weights.toml"
RECALL = 0.975  # on what is learnt from, for 0.97 on newsrooms that are not
SURE = 0.87  # where no rule speaks, only signs as sure as this make a change one of substance
LARGEST = 200_000

Signs = Mapping[str, float]


class Row(NamedTuple):
    """One labelled edit: the signs of each place where its words differ."""

    newsroom: str
    substantive: bool
    places: list[Signs]
    verdicts: list[Verdict]
    floored: bool  # the rules alone make it substantive, whatever the weights say
    weight: float
    source: dict[str, Any]


def data_folder() -> Path:
    """Return the folder of the measuring data."""
    named = os.environ.get("TRACKER_DATA")
    return Path(named) if named else HERE.parents[1] / "shared" / "data"


def labelled() -> list[dict[str, Any]]:
    """Return the labelled edits of the data that have texts and a verdict."""
    with gzip.open(data_folder() / "edits-2.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    rows = [row | {"newsroom": row["repo"]} for row in rows]
    for line in (data_folder() / "edits.jsonl").read_text(encoding="utf-8").splitlines():
        rows.append(json.loads(line) | {"newsroom": "edits.jsonl"})
    return [
        row for row in rows
        if row.get("old") is not None and row.get("new") is not None
        and row["substantive"] is not None
    ]  # fmt: skip


def repeated(rows: Sequence[dict[str, Any]], archives: Path | None) -> dict[str, Boilerplate]:
    """Return what the articles of each newsroom repeat, each article counted once.

    Counted are the articles of its repository, where that is at hand, and those of the rows.
    """
    versions: dict[str, dict[str, set[str]]] = {}
    for row in rows:
        if row.get("path"):
            of_room = versions.setdefault(row["newsroom"], {})
            of_room.setdefault(row["path"], set()).update((row["old"], row["new"]))
    found = {}
    for name, articles in versions.items():
        counts = Counts()
        whole = archives / name.replace("/", "+") / "repo" if archives else None
        for path, text in articles_of(whole) if whole and whole.is_dir() else ():
            counts.add(text, *sorted(articles.pop(path, ())))
        for texts in articles.values():
            counts.add(*sorted(texts))
        # The rows are a tenth of their archive: what stands in four articles stands in few of them.
        found[name] = counts.frozen(BoilerplateSettings(4 if counts.articles > 1_000 else 2))
    return found


def articles_of(repository: Path) -> Iterator[tuple[str, str]]:
    """Yield the Markdown files of the newest commit of a repository."""

    def run(*words: str, given: str = "") -> bytes:
        done = subprocess.run(
            ["git", *words], cwd=repository, input=given.encode(), capture_output=True, check=True
        )
        return done.stdout

    listed = [
        line.partition("\t") for line in run("ls-tree", "-r", "-z", "HEAD").decode().split("\0")
    ]
    articles = {path: meta.split()[2] for meta, _, path in listed if path.endswith(".md")}
    found = io.BytesIO(run("cat-file", "--batch", given="\n".join(articles.values())))
    for path in articles:
        size = int(found.readline().split()[2])
        text = found.read(size).decode("utf-8", "replace")
        found.read(1)
        if size < LARGEST:
            yield path, text


def read(row: dict[str, Any], known: Boilerplate | None, weight: float = 1.0) -> Row:
    """Return the signs of a labelled edit."""
    pair = Compared(Text(row["old"]), Text(row["new"]), None, row.get("language"), known)
    verdicts = pair.judged.verdicts
    return Row(
        row["newsroom"], bool(row["substantive"]), places_of(verdicts)[:80], verdicts,
        never_small(verdicts), weight, row,
    )  # fmt: skip


def cases() -> list[Row]:
    """Return the cases of the tests."""
    found = []
    for path in sorted(CASES.glob("*.toml")):
        for case in tomllib.loads(path.read_text(encoding="utf-8"))["case"]:
            row = case | {"newsroom": "cases", "language": case.get("language", "en")}
            found.append(read(row, None, weight=0.5))
    return found


# --- fitting -------------------------------------------------------------------------------------


def fit(rows: Sequence[Row], rounds: int, penalty: float) -> dict[str, float]:
    """Return the weights of a logistic regression on the weightiest place of each row.

    Adam on all rows; ``penalty`` is that of the squares of the weights.
    """
    names = sorted({name for row in rows for place in row.places for name in place})
    index = {name: number for number, name in enumerate(names)}
    bags = [
        (float(row.substantive), row.weight,
         [[(index[n], v) for n, v in place.items() if v] for place in row.places])
        for row in rows
        if row.places
    ]  # fmt: skip
    size = len(names)
    weights, first, second = [0.0] * size, [0.0] * size, [0.0] * size
    total = sum(weight for _, weight, _ in bags)
    for step in range(1, rounds + 1):
        slope = [0.0] * size
        for substantive, weight, places in bags:
            best, most = places[0], -math.inf
            for place in places:
                each = sum([weights[i] * v for i, v in place])
                if each > most:
                    best, most = place, each
            chance = 1 / (1 + math.exp(-max(-30.0, min(30.0, most))))
            for i, v in best:
                slope[i] += weight * (chance - substantive) * v
        rate = 0.08 * (0.1 + 0.9 * (1 - step / rounds))
        for i in range(size):
            grade = slope[i] / total + penalty * weights[i]
            first[i] = 0.9 * first[i] + 0.1 * grade
            second[i] = 0.995 * second[i] + 0.005 * grade * grade
            mean = first[i] / (1 - 0.9**step)
            spread = second[i] / (1 - 0.995**step)
            weights[i] -= rate * mean / (math.sqrt(spread) + 1e-8)
    return dict(zip(names, weights, strict=True))


def score(row: Row, weights: Mapping[str, float], threshold: float) -> float:
    """Return the score of a row."""
    return score_of(row.verdicts, Weights(weights, threshold))


def threshold_for(rows: Sequence[Row], weights: Mapping[str, float], recall: float) -> float:
    """Return the largest threshold that keeps a recall on some rows."""
    found = sorted(
        1.0 if row.floored else score(row, weights, 0.0) for row in rows if row.substantive
    )
    return found[int(len(found) * (1 - recall))]


def average_precision(truth: Sequence[bool], scores: Sequence[float]) -> float:
    """Return the mean of the precisions at each hit, the best scores first."""
    order = sorted(range(len(truth)), key=lambda place: -scores[place])
    hits = 0
    total = 0.0
    for rank, place in enumerate(order, 1):
        if truth[place]:
            hits += 1
            total += hits / rank
    return total / max(hits, 1)


def rates(truth: Sequence[bool], said: Sequence[bool]) -> tuple[float, float]:
    """Return precision and recall."""
    hit = sum(one and other for one, other in zip(truth, said, strict=True))
    return hit / max(sum(said), 1), hit / max(sum(truth), 1)


def tell(name: str, rows: Sequence[Row], scores: Sequence[float], threshold: float) -> None:
    """Print one line of rates."""
    truth = [row.substantive for row in rows]
    precision, recall = rates(truth, [each >= threshold for each in scores])
    print(f"{name:44} {len(rows):5} {sum(truth):5}   {precision:.3f}   {recall:.3f}   "
          f"{average_precision(truth, scores):.3f}")  # fmt: skip


def folds(rows: Sequence[Row], rounds: int, errors: bool, penalty: float) -> float:
    """Print the rates of each newsroom with the weights fitted on the others."""
    names = sorted({row.newsroom for row in rows if row.newsroom != "cases"})
    print(f"{'left out':44} {'rows':>5} {'subst':>5}   prec.   recall  average precision")
    everything: list[tuple[Row, float, float]] = []
    thresholds = []
    for name in names:
        learnt = [row for row in rows if row.newsroom != name]
        tested = [row for row in rows if row.newsroom == name]
        weights = fit(learnt, rounds, penalty)
        threshold = threshold_for(
            [row for row in learnt if row.newsroom != "cases"], weights, RECALL
        )
        threshold = max(threshold, SURE * DOUBTED)
        thresholds.append(threshold)
        scores = [score(row, weights, threshold) for row in tested]
        tell(name, tested, scores, threshold)
        everything += [(row, each, threshold) for row, each in zip(tested, scores, strict=True)]
    truth = [row.substantive for row, _, _ in everything]
    scores = [each for _, each, _ in everything]
    precision, recall = rates(truth, [each >= limit for _, each, limit in everything])
    print(f"{'all that were left out':44} {len(truth):5} {sum(truth):5}   {precision:.3f}   "
          f"{recall:.3f}   {average_precision(truth, scores):.3f}")  # fmt: skip
    sure = [one for one in everything if one[0].source.get("sure", "clear") == "clear"
            and not one[0].source.get("borderline")]  # fmt: skip
    tell("of them, those that no reader doubts", [row for row, _, _ in sure],
         [each + (each >= limit) for _, each, limit in sure], 1.0)  # fmt: skip
    for wanted in (0.95, 0.97, 0.98):
        limit = sorted(each for each, one in zip(scores, truth, strict=True) if one)[
            int(sum(truth) * (1 - wanted))
        ]
        precision, recall = rates(truth, [each >= limit for each in scores])
        print(f"  at the score {limit:.3f}: precision {precision:.3f}, recall {recall:.3f}")
    if errors:
        for row, each, limit in everything:
            if (each >= limit) != row.substantive:
                word = "MISSED" if row.substantive else "FALSE ALARM"
                source = row.source
                print(f"\n{word} {each:.2f} {row.newsroom} {source['kinds']}: {source['why']}")
                change = tracker.compare(source["old"], source["new"])
                for reason in change.reasons[:6]:
                    print("   ", reason[:160])
    return statistics.mean(thresholds)


def tell_time(rows: Sequence[dict[str, Any]], known: Mapping[str, Boilerplate]) -> None:
    """Print the processor time that a pair takes."""
    tracker.compare("warm", "up")
    found = []
    for row in rows:
        start = time.process_time()
        tracker.compare(row["old"], row["new"], boilerplate=known.get(row["newsroom"]))
        found.append((time.process_time() - start) * 1000)
    found.sort()
    print(f"milliseconds of processor time a pair: median {statistics.median(found):.2f}, "
          f"mean {statistics.mean(found):.2f}, most {found[-1]:.0f}")  # fmt: skip


def main() -> None:
    """Fit, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--errors", action="store_true")
    parser.add_argument("--time", action="store_true")
    parser.add_argument("--write", action="store_true")
    parser.add_argument(
        "--archives", type=Path, help="folder of bare repositories owner+name/repo to count in"
    )
    parser.add_argument("--rounds", type=int, default=120)
    parser.add_argument("--penalty", type=float, default=0.01)
    chosen = parser.parse_args()
    random.seed(1)
    sources = labelled()
    known = repeated(sources, chosen.archives)
    if chosen.time:
        tell_time([row for row in sources if row["newsroom"] != "edits.jsonl"], known)
        return
    rows = [read(row, known.get(row["newsroom"])) for row in sources] + cases()
    folds(rows, chosen.rounds, chosen.errors, chosen.penalty)
    if chosen.write:
        weights = fit(rows, chosen.rounds, chosen.penalty)
        threshold = threshold_for([row for row in rows if row.newsroom != "cases"], weights, RECALL)
        threshold = max(threshold, SURE * DOUBTED)
        lines = [
            "# The weight of each sign of judge/score.py, and the score from which a change is",
            "# one of substance. Written by benchmarks/judgement.py --write.",
            f"threshold = {threshold:.4f}", "", "[weights]",
            *(f"{json.dumps(name)} = {weight:.3f}" for name, weight in sorted(weights.items())
              if abs(weight) >= 0.005),
        ]  # fmt: skip
        WEIGHTS.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
