"""Corpora: millions of pairs of versions, judged on an engine that exists.

``judge`` is what an engine calls; it needs pyarrow. ``tracker corpus`` runs it by Dask.
"""

from __future__ import annotations

from tracker.corpus.judge import PAIRS, SCHEMA, SPARK_SCHEMA, judge, judge_table

__all__ = ["PAIRS", "SCHEMA", "SPARK_SCHEMA", "judge", "judge_table"]
