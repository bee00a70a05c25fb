"""Certified least squares of a Spark DataFrame: a treeReduce of the exact sums of its partitions.

from stabilitylab.distributed.spark import accumulate

fit = accumulate(spark.read.parquet("rows"), ["age", "income"], "price", intercept=True).solve()
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from stabilitylab.distributed.tasks import merged
from stabilitylab.exact import GramAccumulator

ROWS = 10_000  # that a task has in memory at a time


def accumulate(table: Any, columns: Sequence[str], target: str, *, intercept: bool = False) -> GramAccumulator:
    """The exact sums of columns of a pyspark.sql.DataFrame; with their errors, those of `GramAccumulator.add`."""
    zero = GramAccumulator(len(columns), intercept=intercept, names=list(columns), target_names=[target])

    def partition_sums(rows: Iterable[Sequence[Any]]) -> Iterator[GramAccumulator]:
        sums, left = zero.zero(), iter(rows)
        while block := [tuple(row) for _, row in zip(range(ROWS), left, strict=False)]:
            sums.add([list(row[:-1]) for row in block], [row[-1] for row in block])
        yield sums

    chosen = table.select(*columns, target).rdd
    found: GramAccumulator = chosen.mapPartitions(partition_sums).treeReduce(lambda *parts: merged(parts))
    return found
