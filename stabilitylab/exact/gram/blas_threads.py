"""How many threads BLAS takes inside the engine, and whether those threads compute in the processor's default mode.

Sharing a product of few operations between threads costs more than it saves: where other processes are busy, a thread
that waits for one of them spins through its whole share of time, and a product of 0.1 ms takes 40 ms.
"""

import os
from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache
from typing import Any

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.environment import blas_thread_counts, one_blas_thread

SHARED = 4e7  # floating-point operations of one product, some milliseconds, from which several threads are allowed
WORTH_IT = 1 << 12  # entries of the data from which the 30 microseconds that setting the number takes do not count
ORDER = 512  # of the product that is shared out between all threads of a pool, to see the mode of each


def blas_threads(operations: float, entries: int) -> AbstractContextManager[Any]:
    """A block in which BLAS takes as many threads as it is set to, if its products are large and its threads round.

    operations: of a typical product; below SHARED one thread is taken. entries: of the data; for fewer than WORTH_IT
    nothing is changed, since BLAS shares no product of so few.
    """
    if entries < WORTH_IT:
        return nullcontext()
    if operations >= SHARED and threads_round_to_nearest():
        return nullcontext()
    return one_blas_thread()


def threads_round_to_nearest() -> bool:
    """Whether every thread of the BLAS pools is in the default mode; tested once for a process and its thread counts.

    A thread of a pool keeps the mode that the thread which started the pool had then.
    """
    return _tested(os.getpid(), blas_thread_counts())


@lru_cache(maxsize=16)
def _tested(process: int, counts: tuple[int, ...]) -> bool:
    return max(counts, default=1) == 1 or _rounds(*_operands(ORDER))


def _operands(order: int) -> tuple[Array, Array, Array]:
    """P, Q (order, order) and P Q, of which each entry is one product, rounded once in the default mode.

    Up to the sign, (1 + 2**-30)**2 is rounded down in magnitude, (1 + 3 2**-28)**2 up, and 2**-600 2**-450 is
    subnormal; 2**-1070 2**500 has a subnormal operand. Entry (i, j) is product i mod 8: every thread sees all of them.
    """
    down, up = 1 + 2.0**-30, 1 + 3 * 2.0**-28
    left = np.array([down, -down, up, -up, 2.0**-600, -(2.0**-600), 2.0**-1070, 2.0**500])
    right = np.array([down, down, up, up, 2.0**-450, 2.0**-450, 2.0**500, 2.0**-1070])
    exact = np.array([1 + 2.0**-29, -1 - 2.0**-29, 1 + 3 * 2.0**-27 + 2.0**-52, -1 - 3 * 2.0**-27 - 2.0**-52])
    small = np.array([2.0**-1050, -(2.0**-1050), 2.0**-570, 2.0**-570])
    i = np.arange(order)
    P, Q = np.zeros((order, order)), np.zeros((order, order))
    P[i, i % 8] = left[i % 8]
    Q[:8] = right[:, None]
    return P, Q, np.repeat(np.concatenate([exact, small])[i % 8, None], order, axis=1)


def _rounds(P: Array, Q: Array, expected: Array) -> bool:
    """Whether BLAS computes P Q, and Q'P' by its other operands, as expected, bit for bit."""
    return np.array_equal(P @ Q, expected) and np.array_equal(Q.T @ P.T, expected.T)
