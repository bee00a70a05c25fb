"""Metamorphic laws of linear regression: pairs of problems whose exact coefficients follow from each other.

Each law is a function of X (m, p), y (m,), both of small integers, and an exponent k. It returns the pair of problems
and the relation between their coefficients (intercept, then slopes). Entries and factors are integers and integers
times powers of two, all exact in float64.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.probes.metamorphic.small_problem import Numbers, SmallProblem

UNITS = (-60, 60)  # exponents of a unit: 2**60 nanoseconds are 37 years, a clock's time stamp beside numbers near 1
ORIGINS = (0, 30)  # exponents of an origin: 2**30 seconds are 34 years, a Unix time stamp
INTEGERS = (0, 30)  # exponents for float32: small integers times 2**k are exact there, and below 2**33


@dataclass(frozen=True)
class Pair:
    """Two problems with coefficients x of `one` and z of `other`: x[of[i]] = z[to[i]] factors[i] for each i, exactly.

    other: None where the coefficients are known beforehand: then x[of] = factors. fit: instead of the coefficients the
    law compares R², which is no less for `other`. harder: an upper bound on the condition number of `other` over that
    of `one`.
    """

    one: SmallProblem
    other: SmallProblem | None
    of: tuple[int, ...]
    to: tuple[int, ...]
    factors: Numbers
    fit: bool = False
    harder: float = 1.0


@dataclass(frozen=True)
class Law:
    """A law that every exact least-squares solver obeys.

    name: its column heading in tables. statement: the law in one sentence. pair: makes the two problems of (X, y, k).
    exponents: the least and the largest k. columns: the fewest columns that X must have.
    """

    name: str
    statement: str
    pair: Callable[[Array, Array, int], Pair]
    exponents: tuple[int, int]
    columns: int


LAWS: dict[str, Law] = {}
"""Every law by its name."""

Maker = Callable[[Array, Array, int], Pair]


def law(*, exponents: tuple[int, int] = (0, 0), columns: int = 1) -> Callable[[Maker], Maker]:
    """Register a function as a Law in LAWS, under its name with blanks; its docstring is the statement."""

    def add(make: Maker) -> Maker:
        name = make.__name__.replace("_", " ")
        LAWS[name] = Law(name, (make.__doc__ or "").strip().partition("\n")[0], make, exponents, columns)
        return make

    return add


def _all_coefficients(one: SmallProblem, other: SmallProblem, factors: Array, to: Array | None = None) -> Pair:
    """The pair that compares all n coefficients, those of `other` taken in the order `to`, the given one by default."""
    n = len(factors)
    order = range(n) if to is None else to
    return Pair(one, other, tuple(range(n)), tuple(map(int, order)), tuple(map(float, factors)))


def _equal_coefficients(one: SmallProblem, other: SmallProblem) -> Pair:
    return _all_coefficients(one, other, np.ones(len(one.X[0]) + 1))


def _scaled_last(X: Array, k: int) -> tuple[Array, Array]:
    """X with its last column times 2**k, and the factors (p+1,) on the coefficients."""
    factors = np.ones(X.shape[1] + 1)
    factors[-1] = 2.0**k
    return X * factors[1:], factors


@law(exponents=UNITS)
def unit_of_a_column(X: Array, y: Array, k: int) -> Pair:
    """A column times 2**k: its coefficient times 2**-k, the others as they were."""
    scaled, factors = _scaled_last(X, k)
    return _all_coefficients(SmallProblem.of(X, y), SmallProblem.of(scaled, y), factors)


@law(exponents=UNITS)
def unit_of_y(X: Array, y: Array, k: int) -> Pair:
    """y times 2**k: every coefficient times 2**k."""
    return _all_coefficients(SmallProblem.of(X, y), SmallProblem.of(X, y * 2.0**k), np.full(X.shape[1] + 1, 2.0**-k))


@law(exponents=ORIGINS)
def origin_of_a_column(X: Array, y: Array, k: int) -> Pair:
    """A column plus 2**k, beside an intercept: every slope as it was."""
    moved = X + np.array([0.0] * (X.shape[1] - 1) + [2.0**k])
    slopes = tuple(range(1, X.shape[1] + 1))
    return Pair(SmallProblem.of(X, y), SmallProblem.of(moved, y), slopes, slopes, (1.0,) * len(slopes), harder=2.0**k)


@law()
def order_of_rows(X: Array, y: Array, k: int) -> Pair:
    """Rows from the last to the first: every coefficient as it was."""
    return _equal_coefficients(SmallProblem.of(X, y), SmallProblem.of(X[::-1], y[::-1]))


@law(columns=2)
def order_of_columns(X: Array, y: Array, k: int) -> Pair:
    """Columns from the last to the first: the slopes change places with them."""
    n = X.shape[1] + 1
    return _all_coefficients(
        SmallProblem.of(X, y), SmallProblem.of(X[:, ::-1], y), np.ones(n), np.array([0, *range(n - 1, 0, -1)])
    )


@law()
def every_row_twice(X: Array, y: Array, k: int) -> Pair:
    """Every row twice: every coefficient as it was."""
    return _equal_coefficients(SmallProblem.of(X, y), SmallProblem.of(np.tile(X, (2, 1)), np.tile(y, 2)))


@law()
def weight_four(X: Array, y: Array, k: int) -> Pair:
    """A row with the weight 4 is that row four times."""
    times = np.array([4, *(1 for _ in y[1:])])
    return _equal_coefficients(
        SmallProblem.of(np.repeat(X, times, axis=0), np.repeat(y, times)), SmallProblem.of(X, y, weights=times.tolist())
    )


@law()
def weight_zero(X: Array, y: Array, k: int) -> Pair:
    """A row with the weight 0 is no row."""
    far = np.full((1, X.shape[1]), 9.0)
    weights = [*(1 for _ in y), 0]
    return _equal_coefficients(
        SmallProblem.of(X, y), SmallProblem.of(np.vstack([X, far]), np.append(y, -9.0), weights=weights)
    )


@law()
def sparse_matrix(X: Array, y: Array, k: int) -> Pair:
    """X stored as a sparse matrix: every coefficient as it was."""
    return _equal_coefficients(SmallProblem.of(X, y), replace(SmallProblem.of(X, y), sparse=True))


@law(exponents=UNITS, columns=2)
def added_column(X: Array, y: Array, k: int) -> Pair:
    """One more column, times 2**k: R² does not fall."""
    scaled, _ = _scaled_last(X, k)
    return replace(_equal_coefficients(SmallProblem.of(X[:, :-1], y), SmallProblem.of(scaled, y)), fit=True)


@law()
def exact_fit(X: Array, y: Array, k: int) -> Pair:
    """y = 1 + 2 x1 + 3 x2: the coefficients are 1, 2, 3."""
    x = np.arange(1.0, X.shape[1] + 2)
    known = tuple(x.tolist())
    return Pair(SmallProblem.of(X, x[0] + X @ x[1:]), None, tuple(range(len(x))), (), known)


@law(exponents=INTEGERS)
def float32(X: Array, y: Array, k: int) -> Pair:
    """The same integers, a column times 2**k, in float32: every coefficient as in float64, to float32's digits."""
    scaled, _ = _scaled_last(X, k)
    one = SmallProblem.of(scaled, y)
    return _equal_coefficients(one, replace(one, dtype="float32"))
