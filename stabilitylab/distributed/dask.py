"""Certified least squares of Dask arrays, dataframes, bags and delayed blocks: a tree of exact sums.

    import dask.dataframe as dd
    from dask.distributed import Client
    from stabilitylab.distributed.dask import lstsq

    with Client():  # or without one, on the threads of this process
        table = dd.read_parquet("rows/*.parquet")
        fit = lstsq(table[["age", "income"]], table["price"], intercept=True)

The fit has the bits of `sl.lstsq` on all rows at once, whatever the chunks, the workers, and the order in which they
end. Each worker sends sums, O(n²) numbers, and no rows. Needs the extra `dask`.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from stabilitylab.core.errors import InputError, ShapeError
from stabilitylab.core.types import Policy
from stabilitylab.distributed.tasks import Block, block_id, block_sums, engine, merged, total
from stabilitylab.exact import CertifiedFit, GramAccumulator

EXTRA = "'stabilitylab[dask]'"


def accumulate(
    A: Any,
    b: Any = None,
    weights: Any = None,
    *,
    intercept: bool = False,
    like: GramAccumulator | None = None,
    ids: str | None = None,
    split_every: int = 8,
) -> GramAccumulator:
    """The exact sums of all rows, computed by the scheduler that Dask has: a client's, or that of its configuration.

    A, b, weights: arrays (m, n), (m,) or (m, targets), and (m,), chunked alike or not; or dataframes and series with
    the same partitions. Or A alone: a bag of blocks (A, b) or (A, b, weights), or a list of such blocks, each delayed.
    ids: block k gets the id f"{ids}-{k}", block i of partition k of a bag f"{ids}-{k}-{i}". split_every: how many
    partial sums are merged in a task. intercept, like: as for `tasks.block_sums`. Raises MissingLibraryError without
    Dask, InputError and ShapeError for what is none of these, and the errors of `GramAccumulator.add` and `merge`.
    """
    dask = engine("dask", EXTRA)
    block, bag = dask.delayed(block_sums, pure=False), dask.delayed(_bag_sums, pure=False)
    options = {"intercept": intercept, "like": like}
    if split_every < 2:
        raise InputError(f"split_every must be at least 2; got {split_every}")
    if b is not None:
        tasks = zip(*_aligned(A, b, weights), strict=True)
        sums = [block(part, block_id(ids, k), **options) for k, part in enumerate(tasks)]
    elif hasattr(A, "to_delayed"):
        sums = [bag(part, block_id(ids, k), **options) for k, part in enumerate(A.to_delayed())]
    else:
        sums = [block(part, block_id(ids, k), **options) for k, part in enumerate(A)]
    merge = dask.delayed(merged, pure=False)
    while len(sums) > 1:
        sums = [merge(sums[k : k + split_every]) for k in range(0, len(sums), split_every)]
    return total(dask.compute(*sums))


def lstsq(
    A: Any,
    b: Any = None,
    weights: Any = None,
    *,
    intercept: bool = False,
    names: Sequence[str] | None = None,
    policy: Policy = "full-rank",
    split_every: int = 8,
) -> CertifiedFit | Any:
    """x minimising |b - A x|, each coefficient the double nearest to the exact one, as `sl.lstsq` gives it.

    The arguments are those of `accumulate`; names and policy as for `sl.lstsq`. Rows are not kept. Raises the errors of
    `accumulate` and of `GramAccumulator.solve`.
    """
    sums = accumulate(A, b, weights, intercept=intercept, split_every=split_every)
    return sums.solve(names=names, policy=policy)


def _bag_sums(blocks: Iterable[Block], name: str | None, **options: Any) -> GramAccumulator | None:
    """The sums of the blocks of a partition of a bag, which may have none."""
    return merged(block_sums(block, block_id(name, i), **options) for i, block in enumerate(blocks))


def _aligned(A: Any, b: Any, weights: Any) -> list[list[Any]]:
    """The delayed chunks of A, of b and of the weights, row by row. Raises InputError and ShapeError."""
    given = {"A": A, "b": b} | ({} if weights is None else {"weights": weights})
    for name, values in given.items():
        if not hasattr(values, "to_delayed"):
            raise InputError(f"{name} must be a Dask array or dataframe, as A is; got {type(values).__name__}")
    if hasattr(A, "numblocks"):
        rows = A.chunks[0]
        known = not any(size != size for size in rows)  # unknown sizes are NaN
        given = {
            name: values.rechunk({0: rows, **({1: -1} if values.ndim == 2 else {})} if known else {})
            for name, values in given.items()
        }
    chunks = {name: [*_flat(values.to_delayed())] for name, values in given.items()}
    for name, parts in chunks.items():
        if len(parts) != len(chunks["A"]):
            raise ShapeError(
                f"{name} has {len(parts)} partitions and A {len(chunks['A'])}: take them from one table, or "
                "repartition both alike"
            )
    return list(chunks.values())


def _flat(chunks: Any) -> list[Any]:
    return list(chunks.ravel()) if hasattr(chunks, "ravel") else list(chunks)
