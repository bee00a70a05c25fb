"""A, b and weights as they were passed in, read into exact numbers with the names that the user gave."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import InputError, NotNumericError, OutOfRangeError, ShapeError
from stabilitylab.data.frames import columns_with_names, exact_in_float64, names_of_columns
from stabilitylab.data.index import refuse_misaligned
from stabilitylab.data.places import Places
from stabilitylab.data.series import is_series
from stabilitylab.data.validation import Given, check_shapes, given, refuse_complex
from stabilitylab.exact.gram.exact_input import Called, ExactInput, inputs_of_parts
from stabilitylab.exact.gram.numbers import Rest, exact_numbers
from stabilitylab.exact.gram.resolution import Resolutions, as_given
from stabilitylab.exact.gram.sparse import exact_sparse, sparse_table

UNITS = {"M": " [s since 1970]", "m": " [s]"}  # of moments and of durations, behind the name of a column


@dataclass(frozen=True, eq=False)
class Read:
    """What was passed in as A and b. inputs: one for each target, all with the same A.

    features: the names of the columns of A; () where they have none. targets: one name for each target.
    """

    inputs: tuple[ExactInput, ...]
    features: tuple[str, ...]
    targets: tuple[str, ...]


def exact_input(A: Any, b: Any, *, wide: bool = False, sparse: bool = False) -> ExactInput:
    """A (m, n) and b (m,) without any rounding: floats of every format, integers of any size, decimals, Fractions.

    Decimals are text or Decimal; moments and durations are seconds. wide: allow m < n. sparse: take a sparse A. NaN and
    infinity in float64 arrays are met when they are summed.
    Raises ComplexError, EmptyError, NotFiniteError, NotNumericError, ShapeError, UnderdeterminedError unless wide, and
    InputError where the indexes of pandas do not fit.
    """
    return read(A, b, wide=wide, sparse=sparse, several=False).inputs[0]


def read(A: Any, b: Any, *, wide: bool = False, sparse: bool = True, several: bool = True, name: str = "A") -> Read:
    """As `exact_input`, with names; several: take b (m, k) as well, k targets. A column (m, 1) is one.

    name: what errors call A.
    """
    _refuse_names(A, b)
    matrix = sparse_table(A) if sparse else None
    left = A if isinstance(A, Given) else given(A, name) if matrix is None else _names_alone(A, name)
    shape = left.shape if matrix is None else matrix.shape
    b = columns_with_names(b, shape[0] if shape else 0)
    right = given(b, "b")
    for one in b.values() if isinstance(b, Mapping) else (b,):
        refuse_misaligned(A, one, "b")
    for one in (left, right):
        _refuse_no_numbers(one)
    targets = _targets(right)
    fit = several and len(shape) == len(right.shape) == 2 and right.shape[1] > 0 and right.shape[0] == shape[0]
    check_shapes(shape, shape[:1] if fit else right.shape, wide=wide)
    names = _target_names(right, targets)
    columns = right.array is None or right.array.ndim == 2
    called = [Called(left.places, right.places, k if columns else None) for k in range(len(targets))]
    if matrix is not None:
        return Read(_of_sparse(matrix, targets, called), left.places.columns, names)
    return Read(_of_dense(left, targets, called), features_of(left), names)


def _names_alone(A: Any, name: str) -> Given:
    return Given(None, (), Places(name, names_of_columns(A)))


def features_of(table: Given) -> tuple[str, ...]:
    """The names that the coefficients of columns have: "when [s since 1970]" for moments; () where none is needed."""
    n = table.shape[1]
    kinds = [one.dtype.kind for one in table.columns or table.arrays * n]
    if not UNITS.keys() & set(kinds):
        return table.places.columns
    names = table.places.columns or tuple(f"a{j}" for j in range(n))
    return tuple(name + UNITS.get(kind, "") for name, kind in zip(names, kinds, strict=True))


def _refuse_names(A: Any, b: Any) -> None:
    """Raise InputError for the name of a column where its numbers are meant, and for a column where a table is."""
    names = names_of_columns(A) if isinstance(b, str) or is_series(A) else ()
    if isinstance(b, str) and b in names:
        raise InputError(
            f"b must hold numbers; got the name {b!r} of a column of A: pass that column as b, and A without it"
        )
    if getattr(A, "ndim", 2) == 1 and getattr(b, "ndim", 1) == 2 and b.shape[1] > 1:
        raise ShapeError(
            f"A is one column and b has {b.shape[1]}: are they swapped? lstsq(A, b) takes the table of regressors first"
        )
    if is_series(A) and hasattr(A, "to_frame"):
        raise ShapeError("A must be a table; got one column: pass A.to_frame() for a table of one column")


def _of_dense(left: Given, targets: Sequence[Array], called: Sequence[Called]) -> tuple[ExactInput, ...]:
    if all(map(exact_in_float64, (*left.arrays, *targets))):
        whole = left.whole
        matrix = whole.astype(np.float64, copy=False)
        found = []
        for b, names in zip(targets, called, strict=True):
            plain = {whole.dtype, b.dtype} == {np.dtype(np.float64)}
            types = [whole] * whole.shape[1]
            own = None if plain else as_given([*types, b], [Fraction(1)] * (len(types) + 1))
            found.append(ExactInput(matrix, b.astype(np.float64, copy=False), True, given=own, called=names))
        return tuple(found)
    columns = left.columns if left.array is None else tuple(left.array.T)
    parts = [exact_numbers(a, left.places, j) for j, a in enumerate(columns)]
    right = [exact_numbers(b, names.b, names.column) for b, names in zip(targets, called, strict=True)]
    scales = [scale for _, scale in parts]
    known = [as_given([*columns, b], [*scales, scale]) for b, (_, scale) in zip(targets, right, strict=True)]
    return inputs_of_parts(parts, right, known, called)


def _of_sparse(A: Any, targets: Sequence[Array], called: Sequence[Called]) -> tuple[ExactInput, ...]:
    from scipy import sparse

    csr, rest = exact_sparse(A, called[0].A)
    n, found = A.shape[1], []
    relative = as_given([A.tocsr().data], [Fraction(1)]).relative
    for b, names in zip(targets, called, strict=True):
        parts, scale = exact_numbers(b, names.b, names.column)
        if parts[0].dtype != np.float64:
            raise OutOfRangeError("b holds numbers too long for sums with a sparse A: pass A.toarray()")
        of_b = [sparse.csr_array(part[:, None]) for part in parts[1:] if part.any()]
        more, of = ([], ()) if rest is None else ([rest.columns], rest.of)
        own_rest = None
        if more or of_b:
            own_rest = Rest(sparse.hstack([*more, *of_b], format="csr"), (*of, *[n] * len(of_b)))
        right = as_given([b], [scale])
        absolute = None if right.absolute is None else ((Fraction(0),) * n + right.absolute)
        scales = None if scale == 1 else (*[Fraction(1)] * n, scale)
        own = Resolutions(np.append(np.repeat(relative, n), right.relative), absolute)
        found.append(ExactInput(csr, parts[0], True, scales, own_rest, own, names))
    return tuple(found)


def _targets(right: Given) -> tuple[Array, ...]:
    if right.array is None:
        return right.columns
    return tuple(right.array.T) if right.array.ndim == 2 else (right.array,)


def _target_names(right: Given, targets: Sequence[Array]) -> tuple[str, ...]:
    named = right.places.columns
    if not named:
        named = ("b",) if len(targets) == 1 else tuple(f"b{k}" for k in range(len(targets)))
    return tuple(name + UNITS.get(b.dtype.kind, "") for name, b in zip(named, targets, strict=True))


def _refuse_no_numbers(one: Given) -> None:
    """Raise ComplexError and NotNumericError for types that are no real numbers."""
    for j, array in enumerate(one.arrays):
        name = one.places.what if one.array is not None else one.places.column(j)
        refuse_complex(array, name)
        if array.dtype.kind not in "fbiuOUMm" or (array.ndim == 0 and array.dtype.kind == "O"):
            raise NotNumericError(f"{name} must hold real numbers; its dtype is {array.dtype}: pass an array of floats")
