"""Judge a corpus on Ray: python ray_judge.py PAIRS OUT VERDICTS

OUT is where the corpus was counted: tracker corpus work PAIRS OUT --count
"""

import sys

import ray

from tracker.corpus import judge_table, terms

pairs, out, verdicts = sys.argv[1:]

ray.init()
found = ray.data.read_parquet(pairs, partitioning=None)
found.map_batches(
    judge_table, batch_format="pyarrow", batch_size=500, fn_kwargs=terms(out)
).write_parquet(verdicts)
