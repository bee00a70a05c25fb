"""Certified least squares of blocks by joblib: on processes, threads, or whatever backend is registered.

    from functools import partial
    from stabilitylab.distributed.joblib import lstsq

    fit = lstsq((partial(read, path) for path in paths), n_jobs=8)  # read(path) returns (A, b)

A function is called by the worker, so that rows are read where they are summed; a pair (A, b) is sent. The fit has the
bits of `sl.lstsq` on all rows at once. Partial sums are merged as they come, in no order.
"""

from collections.abc import Sequence
from typing import Any

from stabilitylab.core.types import Policy
from stabilitylab.distributed.tasks import Blocks, block_id, block_sums, engine, total
from stabilitylab.exact import CertifiedFit, GramAccumulator


def accumulate(
    blocks: Blocks,
    *,
    n_jobs: int = -1,
    intercept: bool = False,
    like: GramAccumulator | None = None,
    ids: str | None = None,
) -> GramAccumulator:
    """The exact sums of blocks (A, b) or (A, b, weights), or of functions that return one.

    n_jobs: as for joblib.Parallel. ids: block k gets the id f"{ids}-{k}". intercept, like: as for `tasks.block_sums`,
    whose errors are raised, and those of `GramAccumulator.merge`.
    """
    joblib = engine("joblib", "stabilitylab")
    task = joblib.delayed(block_sums)
    tasks = (task(block, block_id(ids, k), intercept=intercept, like=like) for k, block in enumerate(blocks))
    return total(joblib.Parallel(n_jobs=n_jobs, return_as="generator_unordered")(tasks))


def lstsq(
    blocks: Blocks,
    *,
    n_jobs: int = -1,
    intercept: bool = False,
    names: Sequence[str] | None = None,
    policy: Policy = "full-rank",
) -> CertifiedFit | Any:
    """x minimising |b - A x| over all blocks, each coefficient the double nearest to the exact one.

    The arguments are those of `accumulate`; names and policy as for `sl.lstsq`. Raises the errors of `accumulate` and
    of `GramAccumulator.solve`.
    """
    return accumulate(blocks, n_jobs=n_jobs, intercept=intercept).solve(names=names, policy=policy)
