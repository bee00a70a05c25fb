"""An independent check of a certificate, in exact rationals: slow, simple, and without a line of the engine."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import Any

import numpy as np

from stabilitylab.core.arithmetic.processor import in_default_mode
from stabilitylab.core.errors import EmptyError, OutOfRangeError, ShapeError
from stabilitylab.exact.proof.certificate import Certificate, Factor
from stabilitylab.exact.proof.entries import entries, number, shown

Vector = Sequence[Fraction]
FractionRows = Sequence[Sequence[Fraction]]
LARGEST_POWER = 2**20  # of two, in a factor: beyond it the numbers would fill the memory


@dataclass(frozen=True)
class Checked:
    """Whether every claim of a certificate holds, and in words what was proven, or which claim fails and by how much.

    True in a condition just when valid.
    """

    valid: bool
    reason: str

    def __bool__(self) -> bool:
        return self.valid


@in_default_mode
def check(certificate: Certificate, A: Any, b: Any, *, ridge: Any = None) -> Checked:
    """Whether the claims of the certificate about min |b - A x|, A (m, n), b (m,), hold: rank, enclosures, doubles.

    Entries are floats, each exactly the number it stores, or int, str (a decimal), Decimal, Fraction; moments and
    durations are seconds. With G = A'A,
    c = A'b in rationals:
    1. With an inverse factor X: |I - X'G X|_F <= alpha < 1 proves rank n. For d = c - G x, g = X'd the solution is
       x* = x + X B^-1 g, B = X'G X, hence |x* - x|_i <= |X g|_i + |X_i| |g| alpha/(1 - alpha): at most radius_i.
    2. Without one: G x* = c is solved by elimination, and |x* - x|_i <= radius_i.
    3. rank < n: G x = c exactly and x lies in the row space of A, which holds for the solution of least norm only; or,
       where a radius is not 0, x* = G_K w by elimination, K independent columns of G, and |x* - x|_i <= radius_i.
    With a penalty, lambda >= 0 as one number or one for each column, G is A'A + diag(lambda) in all of that, and rank
    its rank.
    4. nearest_i is the double nearest to all that x*_i can be, ties to even; where that leaves two, to x*_i itself.
    Cost: m n² products of integers and n³ of long ones. The route and the seconds are told, not claimed: not checked.
    Raises ShapeError, EmptyError, NotFiniteError, ComplexError, NotNumericError for A, b that are no regression; a
    certificate that makes no sense is not valid, whatever is in it.
    Source: for the bound, Rump, Acta Numerica 19 (2010) 287-449, section 10, in principle; derived above.
    """
    G, c = _normal_equations(A, b)
    if ridge is not None:
        for j, penalty in enumerate(_penalties(ridge, len(c))):
            G[j][j] += penalty
    reason = _malformed(certificate, len(c)) or next(filter(None, _objections(certificate, G, c)), "")
    if reason:
        return Checked(False, reason)
    how = "exact elimination" if certificate.factor is None else "an inverse factor"
    return Checked(True, f"rank {certificate.rank} and {len(c)} coefficients are proven by {how}")


def _objections(certificate: Certificate, G: FractionRows, c: Vector) -> Iterator[str]:
    """What speaks against each claim in turn, "" where nothing does; a claim may rest on those before it."""
    x, radius, n = certificate.x, certificate.radius, len(c)
    solution: Vector | None = None
    if certificate.factor is not None:
        X, alpha = certificate.factor.entries(), certificate.factor.alpha
        yield _not_an_inverse(X, alpha, G)
        yield _wrong_rank(certificate.rank, n)
        yield _too_narrow(radius, X, Fraction(alpha), G, c, x)
    else:
        echelon, rank = _eliminated([[*row, right] for row, right in zip(G, c, strict=True)], n)
        yield _wrong_rank(certificate.rank, rank)
        if rank == n:
            solution = _back_substituted(echelon)
            yield _too_far(radius, solution, x)
        elif any(radius):
            solution = _least_norm(G, c, echelon[:rank])
            yield _too_far(radius, solution, x)
        else:
            yield _not_a_minimiser(G, c, x)
            yield _not_of_least_norm(G, x, rank)
    yield _not_nearest(certificate.nearest, x, radius, G, c, solution)


# --- the steps: each gives the reason to say no, "" where there is none


def _malformed(certificate: Certificate, n: int) -> str:
    """Whether every field has the type and the shape by which it means something."""
    if not isinstance(certificate, Certificate):
        return f"a Certificate was expected, and a {type(certificate).__name__} came: pass fit.certificate"
    for name in ("middle", "spread", "ratios", "nearest"):
        values = getattr(certificate, name)
        if isinstance(values, tuple) and len(values) == n + 1:
            return (
                f"the certificate is of {n + 1} coefficients and A has {n} columns: of a fit with an intercept, give A "
                f"with a column of ones in front"
            )
        if not isinstance(values, tuple) or len(values) != n:
            return f"{name} must be a tuple of {n} entries, one for each column of A; it is {shown(values)}"
    entries = zip(certificate.middle, certificate.spread, certificate.ratios, certificate.nearest, strict=True)
    for j, (middle, spread, ratio, nearest) in enumerate(entries):
        pair = isinstance(ratio, tuple) and len(ratio) == 2 and _integers(ratio) and ratio[1] != 0
        if not (_integers((middle, spread)) and pair and isinstance(nearest, float)):
            came = ", ".join(map(shown, (middle, spread, ratio, nearest)))
            return f"entry {j} must be integers middle and spread, a ratio of integers and a float nearest; got {came}"
    denominator, rank = certificate.denominator, certificate.rank
    if not _integers((denominator, rank)) or denominator == 0:
        return f"denominator (not 0) and rank must be integers; they are {shown(denominator)} and {shown(rank)}"
    return "" if certificate.factor is None else _malformed_factor(certificate.factor, n)


def _malformed_factor(factor: Factor, n: int) -> str:
    if not isinstance(factor, Factor):
        return f"a Factor was expected, and a {type(factor).__name__} came"
    planes, powers = factor.planes, factor.powers
    if not isinstance(planes, np.ndarray) or planes.dtype != np.float64 or planes.shape[1:] != (n, n):
        return f"planes must be float64 (L, {n}, {n}); they are {shown(getattr(planes, 'shape', planes))}"
    if not isinstance(powers, np.ndarray) or powers.dtype.kind != "i" or powers.shape != (len(planes), n):
        return f"powers must be integers ({len(planes)}, {n}); they are {shown(getattr(powers, 'shape', powers))}"
    if not np.isfinite(planes).all() or not ((powers >= -LARGEST_POWER) & (powers <= LARGEST_POWER)).all():
        return f"planes must be finite, and powers within {LARGEST_POWER} of 0; some are not"
    units = factor.row_units
    if not isinstance(units, tuple) or len(units) != n or not all(isinstance(unit, Fraction) for unit in units):
        return f"row_units must be {n} fractions; they are {shown(units)}"
    # A NaN is not below 1.
    if not isinstance(factor.alpha, float) or not 0 <= factor.alpha < 1:
        return f"alpha must be a float from 0 up to below 1 to prove anything; it is {shown(factor.alpha)}"
    return ""


def _wrong_rank(claimed: int, rank: int) -> str:
    return "" if claimed == rank else f"the rank of A is {rank}, and the certificate says {shown(claimed)}"


def _not_an_inverse(X: FractionRows, alpha: float, G: FractionRows) -> str:
    """Whether |I - X'G X|_F <= alpha, in integers."""
    X_whole, X_unit = _whole(X)
    G_whole, G_unit = _whole(G)
    one = X_unit**2 * G_unit
    columns = [*zip(*X_whole, strict=True)]
    GX = [[_dot(row, column) for row in G_whole] for column in columns]
    squares = sum((one * (i == j) - _dot(p, q)) ** 2 for i, p in enumerate(columns) for j, q in enumerate(GX))
    if squares <= Fraction(alpha) ** 2 * one**2:
        return ""
    return f"the square of |I - X'A'A X|_F is {shown(Fraction(squares, one**2))}, and alpha is {alpha!r} only"


def _too_narrow(radius: Vector, X: FractionRows, alpha: Fraction, G: FractionRows, c: Vector, x: Vector) -> str:
    """Whether |X g|_i + |X_i| |g| alpha/(1 - alpha) <= radius_i, by squares, so that no root is rounded."""
    d = [right - _dot(row, x) for row, right in zip(G, c, strict=True)]
    g = [_dot(column, d) for column in zip(*X, strict=True)]
    spread = _dot(g, g) * (alpha / (1 - alpha)) ** 2
    for i, row in enumerate(X):
        step, square = abs(_dot(row, g)), _dot(row, row) * spread
        left = radius[i] - step
        if left < 0 or left**2 < square:
            bound = f"{shown(step)} + sqrt({shown(square)})"
            return f"radius[{i}] is {shown(radius[i])}, and only {bound} is proven by alpha"
    return ""


def _too_far(radius: Vector, solution: Vector, x: Vector) -> str:
    errors = [abs(exact - claimed) for exact, claimed in zip(solution, x, strict=True)]
    i = _first(error > bound for error, bound in zip(errors, radius, strict=True))
    away = "" if i is None else f"{shown(errors[i])} from the exact solution, and radius[{i}] is {shown(radius[i])}"
    return away and f"x[{i}] is {away} only"


def _not_a_minimiser(G: FractionRows, c: Vector, x: Vector) -> str:
    d = [right - _dot(row, x) for row, right in zip(G, c, strict=True)]
    i = _first(v != 0 for v in d)
    return "" if i is None else f"x does not minimise |b - A x|: entry {i} of A'(b - A x) is {shown(d[i])}"


def _not_of_least_norm(G: FractionRows, x: Vector, rank: int) -> str:
    """Whether x is a combination of the rows of A, which span what those of A'A do."""
    if _eliminated([*G, x], len(x))[1] == rank:
        return ""
    return f"x does not lie in the row space of A: appended to the rows of A'A it raises their rank {rank}"


def _not_nearest(
    nearest: Sequence[float], x: Vector, radius: Vector, G: FractionRows, c: Vector, solution: Vector | None
) -> str:
    """Whether nearest_i is what all of [x_i - radius_i, x_i + radius_i] rounds to, or else what x*_i does."""
    for i, value in enumerate(nearest):
        low, high = _rounded(x[i] - radius[i]), _rounded(x[i] + radius[i])
        if low != high:
            # Two doubles or two zeros: a tie, x*_i = 0, or a wide radius. The exact solution decides.
            if solution is None:
                solution = _back_substituted(_eliminated([[*row, v] for row, v in zip(G, c, strict=True)], len(c))[0])
            low = _rounded(solution[i])
        if value.hex() != low:
            return f"nearest[{i}] is {value.hex()}, and the double nearest to the solution is {low}"
    return ""


# --- arithmetic in rationals


def _penalties(ridge: Any, n: int) -> Vector:
    """lambda_j >= 0 for each column (n,)."""
    if isinstance(ridge, str) or not hasattr(ridge, "__len__"):
        found = [number(ridge, "ridge")] * n
    else:
        found = [number(v, f"ridge[{j}]") for j, v in enumerate(ridge)]
    if len(found) != n:
        raise ShapeError(f"ridge must be one number or {n}, one for each column of A; got {len(found)}")
    if any(v < 0 for v in found):
        raise OutOfRangeError(f"ridge must be 0 or more; got {shown(min(found))}")
    return found


def _normal_equations(A: Any, b: Any) -> tuple[list[list[Fraction]], Vector]:
    """A'A (n, n) and A'b (n,) exactly."""
    left, right = entries(A, "A"), entries(b, "b")
    if left.size == 0:
        raise EmptyError(f"A must have at least one row and one column; got {left.shape}: give the data")
    if left.ndim != 2:
        raise ShapeError(f"A must have shape (m, n); got {left.shape}: pass one row for each observation")
    if right.shape not in ((len(left),), (len(left), 1)):
        way = "pass the column that was fitted" if right.shape[:1] == left.shape[:1] else "pass np.ravel(b)"
        raise ShapeError(f"b must have shape ({len(left)},) to match A {left.shape}; got {right.shape}: {way}")
    right = right.reshape(-1)
    columns, A_unit = _whole([[number(v, f"A[{i}, {j}]") for i, v in enumerate(a)] for j, a in enumerate(left.T)])
    (whole,), b_unit = _whole([[number(v, f"b[{i}]") for i, v in enumerate(right)]])
    G = [[Fraction(_dot(p, q), A_unit**2) for q in columns] for p in columns]
    return G, [Fraction(_dot(p, whole), A_unit * b_unit) for p in columns]


def _whole(rows: FractionRows) -> tuple[list[list[int]], int]:
    """Integers and the unit with rows = integers / unit."""
    unit = lcm(*(v.denominator for row in rows for v in row))
    return [[v.numerator * (unit // v.denominator) for v in row] for row in rows], unit


def _dot(p: Sequence[Any], q: Sequence[Any]) -> Any:
    return sum(v * w for v, w in zip(p, q, strict=True))


def _eliminated(rows: FractionRows, n: int) -> tuple[list[list[int]], int]:
    """Row echelon form of the first n columns, in integers, and their rank. By Bareiss, Math. Comp. 22 (1968) 565."""
    M, _ = _whole(rows)
    previous, rank = 1, 0
    for j in range(n):
        k = _first(row[j] != 0 for row in M[rank:])
        if k is None:
            continue
        M[rank], M[rank + k] = M[rank + k], M[rank]
        top = M[rank]
        for i in range(rank + 1, len(M)):
            left = M[i][j]
            M[i] = [(top[j] * v - left * w) // previous for v, w in zip(M[i], top, strict=True)]
        previous, rank = top[j], rank + 1
    return M, rank


def _back_substituted(echelon: Sequence[Sequence[int]]) -> Vector:
    """y of U y = v for the rows [U v] of an echelon form of full rank."""
    n = len(echelon)
    y = [Fraction(0)] * n
    for i in range(n - 1, -1, -1):
        row = echelon[i]
        y[i] = (row[n] - _dot(row[i + 1 : n], y[i + 1 :])) / Fraction(row[i])
    return y


def _least_norm(G: FractionRows, c: Vector, echelon: Sequence[Sequence[int]]) -> Vector:
    """x = G_K w with G x = c, which lies in the row space of A; K: where the rows of an echelon form of G begin."""
    K = [_first(v != 0 for v in row) or 0 for row in echelon]
    columns = [[row[k] for row in G] for k in K]
    rows = [[*(_dot(p, q) for q in columns), c[k]] for p, k in zip(columns, K, strict=True)]
    w = _back_substituted(_eliminated(rows, len(K))[0])
    return [_dot(w, entries) for entries in zip(*columns, strict=True)] if columns else [Fraction(0)] * len(c)


def _rounded(value: Fraction) -> str:
    """The double nearest to value, ties to even, in hexadecimal: with the sign of a zero, and words beyond float64."""
    try:
        # Python divides integers with a single rounding.
        return (value.numerator / value.denominator).hex()
    except OverflowError:
        return "above every double" if value > 0 else "below every double"


def _first(conditions: Iterable[bool]) -> int | None:
    return next((i for i, holds in enumerate(conditions) if holds), None)


def _integers(values: Iterable[Any]) -> bool:
    """Whether all are Python integers, which do not overflow."""
    return all(type(v) is int for v in values)
