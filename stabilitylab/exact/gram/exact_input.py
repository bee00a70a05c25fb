"""The numbers of A and b without any rounding, as float64 columns that are added up, or as Python integers."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import NotFiniteError
from stabilitylab.data.kinds import is_sparse
from stabilitylab.data.places import Places
from stabilitylab.exact.gram.columns import in_runs
from stabilitylab.exact.gram.numbers import Parts, Rest, in_integers, of_integers
from stabilitylab.exact.gram.resolution import Resolutions, by_rule

MATRIX, RIGHT = Places("A"), Places("b")
BLOCK = 1 << 21  # numbers that are made dense, or put side by side, at a time: 16 MB of float64


@dataclass(frozen=True, eq=False)
class Called:
    """What errors call the entries of A and b. column: of b's places; None where b is one column.

    first: how many columns were put in front of the user's; start: the number of the first row of a block. targets: of
    several that are joined, those of each; then all columns of A from number n on, and b, are theirs.
    """

    A: Places = MATRIX
    b: Places = RIGHT
    column: int | None = None
    first: int = 0
    start: int = 0
    targets: tuple["Called", ...] = ()
    n: int = 0

    def not_finite(self, value: object, i: int, j: int | None = None) -> NotFiniteError:
        """The error about entry (i, j) of A, or entry i of b (None)."""
        if self.targets and (j is None or j >= self.n):
            own = self.targets[-1 if j is None else j - self.n]
            return replace(own, start=self.start).not_finite(value, i)
        if j is None:
            column = () if self.column is None else (self.column,)
            return replace(self.b, start=self.start).not_finite(value, i, *column)
        return replace(self.A, start=self.start).not_finite(value, i, j - self.first)


PLAIN = Called()


@dataclass(frozen=True, eq=False)
class ExactInput:
    """The numbers of A (m, n) and b (m,) without any rounding: column j of [A b] is the stored numbers times scales[j].

    floats: A and b are float64 arrays, otherwise object arrays of Python ints. scales (n + 1,), b's last; None for
    ones. rest: what is to be added to the floats before they are multiplied by scales; None for nothing. given: how
    exactly the columns are known, by the type they were passed in as (`resolution.as_given`); None for float64
    throughout. A float64 array that was passed in is not copied. A, and rest's columns with it, may be sparse
    (scipy.sparse, CSR): it is made dense in blocks of rows only, by `blocks`.
    """

    A: Array
    b: Array
    floats: bool
    scales: tuple[Fraction, ...] | None = None
    rest: Rest | None = None
    given: Resolutions | None = None
    called: Called = PLAIN

    @property
    def is_sparse(self) -> bool:
        """Whether A is sparse."""
        return is_sparse(self.A)

    @property
    def resolutions(self) -> Resolutions:
        """How exactly the columns of [A b] are known, by the rule of `gram.resolution`; at most one pass over A."""
        given, found = self.given or Resolutions.of_floats(self.A.shape[1] + 1), None
        for _, block in self.blocks():
            found = by_rule(block.A, block.b, given, self.scales, found, block.rest)
        return given if found is None else found

    @property
    def parts(self) -> tuple[Array, tuple[int, ...]]:
        """[A rest] (m, n + k), and for each of its columns and for b the column of [A b] that it is a part of."""
        n = self.A.shape[1]
        if self.rest is None:
            return self.A, tuple(range(n + 1))
        return np.hstack([self.A, self.rest.columns]), (*range(n), *self.rest.of, n)

    def rows(self, which: slice | Array) -> "ExactInput":
        """Some of the rows; sparse where A is."""
        rest = None if self.rest is None else Rest(self.rest.columns[which], self.rest.of)
        return replace(self, A=self.A[which], b=self.b[which], rest=rest)

    def dense(self, which: slice) -> "ExactInput":
        """Some of the rows, which follow each other, as dense arrays."""
        part = self.rows(which)
        called = replace(self.called, start=self.called.start + which.indices(len(self.b))[0])
        if not self.is_sparse:
            return replace(part, called=called)
        rest = None if part.rest is None else Rest(_dense(part.rest.columns), part.rest.of)
        return replace(part, A=_dense(part.A), rest=rest, called=called)

    def blocks(self) -> Iterator[tuple[slice, "ExactInput"]]:
        """All rows in dense blocks, with where they are: in one where A is dense."""
        m, n = self.A.shape
        if not self.is_sparse:
            yield slice(0, m), self
            return
        for rows in in_runs(slice(0, m), max(1, BLOCK // (n + 1))):
            yield rows, self.dense(rows)

    def entries(self, rows: slice | Array, columns: slice | Sequence[int] = slice(None)) -> Array:
        """Some entries of A, without rest: dense."""
        part = self.A[rows]
        return _dense(part[:, columns])

    def rest_of(self, j: int, rows: slice | Array) -> list[Array]:
        """What is to be added to some entries of column j of A, or n for b: dense columns."""
        if self.rest is None:
            return []
        taken = self.rest.columns[rows]
        return [_dense(taken[:, [k]])[:, 0] for k, own in enumerate(self.rest.of) if own == j]

    def constant(self, j: int, rows: slice | Array) -> Fraction | None:
        """The number that column j of A has in all of these rows, in the units of the column; None where it varies."""
        columns = [self.entries(rows, [j])[:, 0], *self.rest_of(j, rows)]
        if not all((column == column[0]).all() for column in columns):
            return None
        return sum((Fraction(column[0]) for column in columns), Fraction(0))

    def refuse_not_finite(self) -> None:
        """Raise NotFiniteError, with the place in the user's own words, where A or b hold a NaN or an infinity."""
        for values in (self.A, self.b):
            finite = np.isfinite(values)
            if not finite.all():
                place = tuple(int(i) for i in np.argwhere(~finite)[0])
                raise self.called.not_finite(values[place], *place)

    @property
    def digest(self) -> str:
        """SHA-256 of the numbers and scales, in hexadecimal: equal for equal data, on every machine; A is dense."""
        # In hexadecimal, for Python refuses to write integers of more than 4300 digits in decimal.
        scales = self.scales and [f"{scale.numerator:x}/{scale.denominator:x}" for scale in self.scales]
        E, of = self.parts
        digest = hashlib.sha256(repr((E.shape, self.floats, scales, of)).encode())
        for values in (E, self.b):
            digest.update(
                np.ascontiguousarray(values).data
                if self.floats
                else " ".join(f"{value:x}" for value in values.ravel().tolist()).encode()
            )
        return digest.hexdigest()


def inputs_of_parts(
    columns: Sequence[tuple[Parts, Fraction]],
    targets: Sequence[tuple[Parts, Fraction]],
    given: Sequence[Resolutions | None] = (None,),
    called: Sequence[Called] = (PLAIN,),
) -> tuple[ExactInput, ...]:
    """One for each target b, all with the same A: columns as parts (see `numbers`) and a scale.

    All are in Python ints if one is. given, called: one for each target.
    """
    floats = all(parts[0].dtype == np.float64 for parts, _ in (*columns, *targets))
    if not floats:
        columns, targets = ([in_integers(parts, scale) for parts, scale in some] for some in (columns, targets))
    A = np.stack([parts[0] for parts, _ in columns], axis=1)
    of_A = [(part, j) for j, (parts, _) in enumerate(columns) for part in parts[1:] if part.any()]
    found = []
    for (parts, scale), own, names in zip(targets, given, called, strict=True):
        scales = (*(one for _, one in columns), scale)
        rest = [*of_A, *((part, len(columns)) for part in parts[1:] if part.any())]
        found.append(
            ExactInput(
                A,
                parts[0],
                floats,
                None if floats and all(one == 1 for one in scales) else scales,
                Rest(np.stack([part for part, _ in rest], axis=1), tuple(j for _, j in rest)) if rest else None,
                own,
                names,
            )
        )
    return tuple(found)


def from_integers(columns: Sequence[tuple[Sequence[int], Fraction]], given: Resolutions | None = None) -> ExactInput:
    """The columns of [A b], b's last, each as integers and a scale."""
    *left, right = ((of_integers(integers), scale) for integers, scale in columns)
    return inputs_of_parts(left, [right], [given])[0]


def with_intercept(inputs: Sequence[ExactInput]) -> tuple[ExactInput, ...]:
    """The same regressions, which have one A, with a column of ones in front of A, which is copied once."""
    A = _behind_ones(inputs[0].A)
    found = []
    for data in inputs:
        rest = None if data.rest is None else Rest(data.rest.columns, tuple(j + 1 for j in data.rest.of))
        found.append(
            replace(
                data,
                A=A,
                scales=None if data.scales is None else (Fraction(1), *data.scales),
                rest=rest,
                given=None if data.given is None else data.given.with_first(),
                called=replace(data.called, first=data.called.first + 1),
            )
        )
    return tuple(found)


def joined(inputs: Sequence[ExactInput], rows: slice) -> ExactInput:
    """[A b_0 ... b_(k-1)] in some rows, dense, its last column as b: of regressions that have one A."""
    first = inputs[0].dense(rows)
    n, last = first.A.shape[1], len(inputs) - 1
    if not last:
        return first
    rest: list[tuple[Array, int]] = []
    if first.rest is not None:
        rest = [(first.rest.columns[:, p], j) for p, j in enumerate(first.rest.of) if j < n]
    for k, one in enumerate(inputs):
        rest += [(part, n + k) for part in one.rest_of(n, rows)]
    scales = None
    if any(one.scales is not None for one in inputs):
        ones = (Fraction(1),) * (n + 1)
        scales = (*(inputs[0].scales or ones)[:n], *((one.scales or ones)[n] for one in inputs))
    given = None
    if any(one.given is not None for one in inputs):
        plain = Resolutions.of_floats(n + 1)
        given = Resolutions.joined([one.given or plain for one in inputs])
    return ExactInput(
        np.hstack([first.A, *(one.b[rows, None] for one in inputs[:-1])]),
        inputs[-1].b[rows],
        first.floats,
        scales,
        Rest(np.stack([part for part, _ in rest], axis=1), tuple(j for _, j in rest)) if rest else None,
        given,
        replace(first.called, targets=tuple(one.called for one in inputs), n=n),
    )


def joined_blocks(inputs: Sequence[ExactInput]) -> Iterator[tuple[slice, ExactInput]]:
    """All rows of `joined` in blocks, with where they are: those of A where there is one target."""
    if len(inputs) == 1:
        yield from inputs[0].blocks()
        return
    m, n = inputs[0].A.shape
    for rows in in_runs(slice(0, m), max(1, BLOCK // (n + len(inputs)))):
        yield rows, joined(inputs, rows)


def _behind_ones(A: Any) -> Array:
    ones = np.ones((A.shape[0], 1), dtype=A.dtype)
    if not is_sparse(A):
        return np.hstack([ones, A])
    from scipy import sparse

    stacked: Array = sparse.hstack([sparse.csr_array(ones), A], format="csr")
    return stacked


def _dense(values: Any) -> Array:
    dense: Array = values.toarray() if is_sparse(values) else values
    return dense
