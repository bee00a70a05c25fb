"""Random tasks: float64 problems as they are, and other data, weights, accumulators, processor modes, changed data."""

import itertools
import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np

from stabilitylab.probes.fuzz.modes import AVAILABLE, MODES
from stabilitylab.probes.fuzz.random_problems import (
    FLOAT_KINDS,
    FloatSystem,
    Kind,
    column_scales,
    element_scales,
    near_duplicates,
    nearly_dependent,
    powers_of_two,
    small_integers,
    subnormal_columns,
)
from stabilitylab.probes.fuzz.task import FIGURES, OF_SUMS, Block, Task

TaskKind: TypeAlias = Callable[[np.random.Generator, int, int], Task]

ORDINARY: tuple[Kind, ...] = (small_integers, column_scales, element_scales, near_duplicates, powers_of_two)
EVERY = 4  # one task in so many is asked for its figures too
WIDEST = 9  # the most columns of a task that is asked for them: their exact values take long


def random_task(kind: str, seed: int) -> Task:
    """The task of a kind and a seed: n uniform in 1..6, m in n..3n, or 60 n with probability 1/20.

    Some kinds change these sizes. The bits depend on kind and seed alone. Raises KeyError for an unknown kind.
    """
    make = KINDS[kind]
    rng = np.random.default_rng([zlib.crc32(kind.encode()), seed])
    n = int(rng.integers(1, 7))
    m = 60 * n if rng.random() < 0.05 else int(rng.integers(n, 3 * n + 1))
    task = make(rng, m, n)
    if task.figures or seed % EVERY or len(task.columns) > WIDEST:
        return task
    return replace(task, figures=OF_SUMS if task.blocks else FIGURES)


def mixed_columns(rng: np.random.Generator, m: int, n: int) -> Task:
    """Columns of integers near 2**53 to 2**62 beside floats and small integers; as rows, objects, int64 or uint64."""
    m = min(m, 40)
    form = rng.choice(["rows", "objects", "int64", "uint64"])

    def column(size: int) -> list[Any]:
        large = 2 ** int(rng.integers(53, 62))
        values = [rng.integers(-3, 4, size), large + rng.integers(0, 9, size), rng.standard_normal(size)]
        return list(values[rng.integers(3 if form in ("rows", "objects") else 2)].tolist())

    if form == "uint64":
        A: Any = rng.integers(0, 2 ** int(rng.integers(1, 64)), (m, n), dtype=np.uint64)
    else:
        rows = [list(row) for row in zip(*(column(m) for _ in range(n)), strict=True)]
        A = rows if form == "rows" else np.array(rows, dtype=object if form == "objects" else np.int64)
    return Task(A, column(m))


def decimals(rng: np.random.Generator, m: int, n: int) -> Task:
    """Decimals of 1 to 6 or of 18 to 30 digits, as text or Decimal, some with an exponent."""
    m = min(m, 40)
    digits = int(rng.integers(1, 7)) if rng.random() < 0.7 else int(rng.integers(18, 31))
    kind = str if rng.random() < 0.5 else Decimal

    def number() -> Any:
        whole = int.from_bytes(rng.bytes(13), "little") % 10**digits * int(rng.choice([-1, 1]))
        return kind(f"{whole}e{-int(rng.integers(0, digits + 1))}")

    return Task([[number() for _ in range(n)] for _ in range(m)], [number() for _ in range(m)])


def fractions(rng: np.random.Generator, m: int, n: int) -> Task:
    """Fractions of small numerators and denominators, which no binary or decimal number is."""
    m = min(m, 40)
    p, q = rng.integers(-9, 10, (m, n + 1)).tolist(), rng.integers(1, 10, (m, n + 1)).tolist()
    rows = [list(map(Fraction, numerators, denominators)) for numerators, denominators in zip(p, q, strict=True)]
    return Task([row[:-1] for row in rows], [row[-1] for row in rows])


def weights(rng: np.random.Generator, m: int, n: int) -> Task:
    """An ordinary problem with weights: integers with zeros, floats over 200 binades, decimals, Fractions."""
    A, b = _ordinary(rng, min(m, 40), n)
    m = len(b)
    forms: tuple[Callable[[], list[Any]], ...] = (
        lambda: rng.integers(0, 4, m).tolist(),
        lambda: (rng.uniform(1, 2, m) * 2.0 ** rng.integers(-100, 101, m)).tolist(),
        lambda: [f"{v}e-2" for v in rng.integers(0, 300, m).tolist()],
        lambda: [Fraction(p, q) for p, q in rng.integers(1, 8, (m, 2)).tolist()],
    )
    w = forms[rng.integers(4)]()
    while sum(Fraction(v) != 0 for v in w) < A.shape[1]:
        w[int(rng.integers(m))] = 1
    return Task(A, b, w)


def histories(rng: np.random.Generator, m: int, n: int) -> Task:
    """An accumulator that is given the rows in blocks, some merged, and other rows that are removed again."""
    A, b = _ordinary(rng, m, n)
    ends = sorted({0, len(b), *rng.integers(0, len(b), 2).tolist()})
    blocks = [Block(A[i:k], b[i:k], apart=bool(rng.random() < 0.3)) for i, k in itertools.pairwise(ends)]
    other, right = _ordinary(rng, 3, A.shape[1])
    other = other[:, : A.shape[1]] if other.shape[1] >= A.shape[1] else A[:1]
    right = right[: len(other)]
    extra = Block(other, right)
    at = int(rng.integers(len(blocks) + 1))
    blocks.insert(at, extra)
    blocks.insert(int(rng.integers(at + 1, len(blocks) + 1)), replace(extra, sign=-1))
    return Task(A, b, blocks=tuple(blocks))


def processor_modes(rng: np.random.Generator, m: int, n: int) -> Task:
    """An ordinary problem, or one with subnormal numbers, in another rounding direction or with these flushed to 0."""
    kinds = (*ORDINARY, subnormal_columns, nearly_dependent)
    A, b = kinds[rng.integers(len(kinds))](rng, m, n)
    mode = list(MODES)[rng.integers(len(MODES))]
    return Task(A, b, mode=mode if AVAILABLE else "")


def changed_data(rng: np.random.Generator, m: int, n: int) -> Task:
    """A problem of which an entry of b is overwritten after the fit; one in 50 is large enough for another route."""
    if rng.random() < 0.02:
        m, n = 160, 32
    A, b = rng.standard_normal((m + 1, n)), rng.standard_normal(m + 1)
    return Task(A, b, changed=int(rng.integers(m + 1)), figures=FIGURES if n < WIDEST else FIGURES[:2])


def every_route(rng: np.random.Generator, m: int, n: int) -> Task:
    """An ordinary problem by every route that can solve it, those included that are not chosen for its size."""
    return Task(*_ordinary(rng, m, n), every_route=True)


def _ordinary(rng: np.random.Generator, m: int, n: int) -> FloatSystem:
    return ORDINARY[rng.integers(len(ORDINARY))](rng, m, n)


def _as_it_is(make: Kind) -> TaskKind:
    def task(rng: np.random.Generator, m: int, n: int) -> Task:
        return Task(*make(rng, m, n))

    task.__doc__ = make.__doc__
    return task


KINDS: Mapping[str, TaskKind] = {
    **{name: _as_it_is(make) for name, make in FLOAT_KINDS.items()},
    **{
        make.__name__.replace("_", " "): make
        for make in (mixed_columns, decimals, fractions, weights, histories, processor_modes, changed_data, every_route)
    },
}
"""Every kind by the name of its function, with blanks."""


def described(kind: str) -> str:
    """What the problems of a kind are, in a sentence."""
    return (KINDS[kind].__doc__ or "").strip().partition("\n")[0]
