"""Certified least squares of a Ray dataset: an aggregation whose states are the bytes of exact sums.

from stabilitylab.distributed.ray import aggregation

found = ray.data.read_parquet("s3://rows").aggregate(aggregation(["age", "income"], "price", intercept=True))
fit = found["sums"].solve()
"""

from collections.abc import Sequence
from typing import Any

from stabilitylab.distributed.tasks import engine
from stabilitylab.exact import GramAccumulator


def aggregation(columns: Sequence[str], target: str, *, intercept: bool = False) -> Any:
    """An AggregateFnV2 named "sums", for Dataset.aggregate. Raises MissingLibraryError without Ray."""
    zero = GramAccumulator(len(columns), intercept=intercept, names=list(columns), target_names=[target])
    aggregate = engine("ray.data.aggregate", "'ray[data]'")
    accessor = engine("ray.data.block", "'ray[data]'").BlockAccessor

    class ExactSums(aggregate.AggregateFnV2):  # type: ignore[name-defined, misc]
        def __init__(self) -> None:
            super().__init__("sums", zero.to_bytes, on=None, ignore_nulls=False)

        def aggregate_block(self, block: Any) -> bytes:
            table = accessor.for_block(block).to_pandas()
            return (zero.zero().add(table[list(columns)], table[target]) if len(table) else zero).to_bytes()

        def combine(self, current_accumulator: bytes, new: bytes) -> bytes:
            sums = map(GramAccumulator.from_bytes, (current_accumulator, new))
            return next(sums).merge(next(sums)).to_bytes()

        def finalize(self, accumulator: bytes) -> GramAccumulator:
            return GramAccumulator.from_bytes(accumulator)

    return ExactSums()
