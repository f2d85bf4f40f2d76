"""Blame in a simulation where the true origin of each word is known, and its time per revision.

An article of about 1,000 words goes through edits, insertions, moves, deletions and returns of
sentences and paragraphs; every word carries its true origin. ``python benchmarks/blame.py``.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from dataclasses import dataclass

from tracker.text.blame import blame

Word = tuple[str, int]  # the word and the revision that first brought it
Sentence = list[Word]
Paragraph = list[Sentence]

_SYLLABLES = [first + second for first in "bdfgklmnprstvz" for second in "aeo"]
_COMMON = "the a of in to and on for with that said was is by from at after over about more"


@dataclass
class Simulation:
    """An article that is edited at random; the same for the same seed."""

    seed: int
    words: int = 1000

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.vocabulary = [
            "".join(self.random.choices(_SYLLABLES, k=self.random.randint(2, 4)))
            for _ in range(3000)
        ]
        self.revision = 1
        self.deleted: list[Paragraph | Sentence] = []
        self.article: list[Paragraph] = []
        while sum(len(s) for p in self.article for s in p) < self.words:
            self.article.append([self.sentence() for _ in range(self.random.randint(2, 5))])

    def word(self) -> str:
        if self.random.random() < 0.4:
            return self.random.choice(_COMMON.split())
        return self.random.choice(self.vocabulary)

    def sentence(self) -> Sentence:
        length = self.random.randint(6, 26)
        found = [(self.word(), self.revision) for _ in range(length)]
        found[0] = (found[0][0].capitalize(), self.revision)
        found[-1] = (found[-1][0] + ".", self.revision)
        return found

    def text(self) -> tuple[str, list[int]]:
        paragraphs = [" ".join(w for s in p for w, _ in s) for p in self.article]
        origins = [origin for p in self.article for s in p for _, origin in s]
        return "\n\n".join(paragraphs) + "\n", origins

    def step(self) -> None:
        self.revision += 1
        for _ in range(self.random.choice((1, 1, 2, 3))):
            self.random.choices(
                (self.edit, self.insert, self.delete, self.move, self.restore, self.paragraph),
                (40, 18, 12, 10, 12, 8),
            )[0]()

    def _pick(self) -> tuple[Paragraph, int]:
        paragraph = self.random.choice(self.article)
        return paragraph, self.random.randrange(len(paragraph))

    def edit(self) -> None:
        """Words replaced or put in; never by one that stands there, which nobody could tell."""
        paragraph, at = self._pick()
        sentence = paragraph[at]
        for _ in range(self.random.randint(1, 3)):
            place = self.random.randrange(1, max(2, len(sentence) - 1))
            around = {word for word, _ in sentence[place - 1 : place + 2]}
            word = next((new, self.revision) for new in iter(self.word, "") if new not in around)
            if self.random.random() < 0.6:
                sentence[place] = word
            else:
                sentence.insert(place, word)

    def insert(self) -> None:
        paragraph, at = self._pick()
        paragraph.insert(at, self.sentence())

    def delete(self) -> None:
        paragraph, at = self._pick()
        if len(paragraph) > 1:
            self.deleted.append(paragraph.pop(at))
        elif len(self.article) > 10:
            self.article.remove(paragraph)
            self.deleted.append(paragraph)

    def move(self) -> None:
        paragraph = self.random.choice(self.article)
        if self.random.random() < 0.5 and len(paragraph) > 1:
            sentence = paragraph.pop(self.random.randrange(len(paragraph)))
            target, at = self._pick()
            target.insert(at, sentence)
        elif len(self.article) > 3:
            self.article.remove(paragraph)
            self.article.insert(self.random.randrange(len(self.article) + 1), paragraph)

    def restore(self) -> None:
        if not self.deleted:
            return
        back = self.deleted.pop(self.random.randrange(len(self.deleted)))
        if isinstance(back[0], tuple):
            paragraph, at = self._pick()
            paragraph.insert(at, back)
        else:
            self.article.insert(self.random.randrange(len(self.article) + 1), back)

    def paragraph(self) -> None:
        at = self.random.randrange(len(self.article) + 1)
        self.article.insert(at, [self.sentence() for _ in range(self.random.randint(1, 3))])
        if sum(len(s) for p in self.article for s in p) > self.words * 1.2:
            self.deleted.append(self.article.pop(self.random.randrange(len(self.article))))


def right(text: str, origins: list[int], texts: list[str]) -> tuple[int, int]:
    """How many words have their true origin, of how many."""
    spans = blame(texts)
    found: list[int] = []
    at = span = 0
    for word in text.split():
        at = text.index(word, at)
        while spans[span].end <= at:
            span += 1
        found.append(spans[span].revision)
        at += len(word)
    return sum(a == b for a, b in zip(found, origins, strict=True)), len(origins)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=10)
    parser.add_argument("--revisions", type=int, default=200)
    options = parser.parse_args()
    shares, times = [], []
    for seed in range(options.articles):
        simulation = Simulation(seed)
        texts = [simulation.text()[0]]
        for _ in range(options.revisions - 1):
            simulation.step()
            texts.append(simulation.text()[0])
        text, origins = simulation.text()
        started = time.perf_counter()
        blame(texts)
        times.append((time.perf_counter() - started) / len(texts) * 1000)
        good, whole = right(text, origins, texts)
        shares.append(good / whole)
    print(
        f"{options.articles} articles, {options.revisions} revisions each: "
        f"{statistics.mean(shares):.2%} of words with their true origin "
        f"(worst article {min(shares):.2%}), {statistics.median(times):.2f} ms a revision"
    )


if __name__ == "__main__":
    main()
