"""Certified least squares of blocks by the processes of Python's own library, or by any `concurrent.futures` executor.

    from functools import partial
    from stabilitylab.distributed.processes import lstsq

    if __name__ == "__main__":
        fit = lstsq((partial(read, path) for path in paths), processes=4)  # read(path) returns (A, b)

An executor of another library does as well: lstsq(blocks, executor=MPIPoolExecutor()). With a multiprocessing.Pool:

    total(pool.imap_unordered(block_sums, blocks)).solve()  # both from stabilitylab.distributed.tasks
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from contextlib import nullcontext
from multiprocessing import get_context
from os import cpu_count
from typing import Any

from stabilitylab.core.types import Policy
from stabilitylab.distributed.tasks import Blocks, block_id, block_sums, total
from stabilitylab.exact import CertifiedFit, GramAccumulator


def accumulate(
    blocks: Blocks,
    *,
    processes: int | None = None,
    executor: Executor | None = None,
    intercept: bool = False,
    like: GramAccumulator | None = None,
    ids: str | None = None,
) -> GramAccumulator:
    """The exact sums of blocks (A, b) or (A, b, weights), or of functions that return one.

    processes: how many are started, by default one for each core, and how many blocks are with an executor at a time,
    twice over. executor: one that is there already. ids: block k gets the id f"{ids}-{k}". intercept, like: as for
    `tasks.block_sums`, whose errors are raised, and those of `GramAccumulator.merge`.
    """
    count = processes or cpu_count() or 1
    made = nullcontext(executor) if executor else ProcessPoolExecutor(count, mp_context=get_context("spawn"))
    with made as running:

        def submitted() -> Iterator["Future[GramAccumulator]"]:
            for k, block in enumerate(blocks):
                yield running.submit(block_sums, block, block_id(ids, k), intercept=intercept, like=like)

        return total(_as_they_come(submitted(), 2 * count))


def lstsq(
    blocks: Blocks,
    *,
    processes: int | None = None,
    executor: Executor | None = None,
    intercept: bool = False,
    names: Sequence[str] | None = None,
    policy: Policy = "full-rank",
) -> CertifiedFit | Any:
    """x minimising |b - A x| over all blocks, each coefficient the double nearest to the exact one.

    The arguments are those of `accumulate`; names and policy as for `sl.lstsq`. Raises the errors of `accumulate` and
    of `GramAccumulator.solve`.
    """
    sums = accumulate(blocks, processes=processes, executor=executor, intercept=intercept)
    return sums.solve(names=names, policy=policy)


def _as_they_come(futures: Iterator["Future[GramAccumulator]"], most: int) -> Iterator[GramAccumulator]:
    """The results, in the order in which tasks end; `most` are under way at a time, so that blocks are not all kept."""
    running: set[Future[GramAccumulator]] = set()
    for future in futures:
        running.add(future)
        if len(running) >= most:
            done, running = wait(running, return_when=FIRST_COMPLETED)
            yield from (one.result() for one in done)
    yield from (one.result() for one in wait(running).done)
