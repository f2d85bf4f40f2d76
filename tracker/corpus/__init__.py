"""Corpora: millions of pairs of versions, judged on an engine that exists.

``judge`` is what an engine calls, by ``terms``; ``tracker corpus`` runs it on Dask. It all needs
pyarrow.
"""

from __future__ import annotations

from tracker.corpus.judge import PAIRS, SCHEMA, SPARK_SCHEMA, judge, judge_table
from tracker.corpus.run import terms

__all__ = ["PAIRS", "SCHEMA", "SPARK_SCHEMA", "judge", "judge_table", "terms"]
