"""Judge a corpus on Spark: spark-submit spark_judge.py PAIRS OUT VERDICTS

OUT is where the corpus was counted: tracker corpus work PAIRS OUT --count
"""

import sys
from collections.abc import Iterator

import pyarrow
from pyspark.sql import SparkSession

from tracker.corpus import SPARK_SCHEMA, judge, terms

pairs, out, verdicts = sys.argv[1:]
known = terms(out)


def judged(batches: Iterator[pyarrow.RecordBatch]) -> Iterator[pyarrow.RecordBatch]:
    return (judge(batch, **known) for batch in batches)


spark = SparkSession.builder.config("spark.sql.session.timeZone", "UTC").getOrCreate()
spark.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", 500)
# The folders' names say nothing that the columns do not.
files = spark.read.option("recursiveFileLookup", "true").option("pathGlobFilter", "*.parquet")
files.parquet(pairs).mapInArrow(judged, SPARK_SCHEMA).write.mode("overwrite").parquet(verdicts)
spark.stop()
