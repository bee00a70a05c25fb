"""Columns of a matrix that depend on each other within the rounding of their numbers, shown exactly.

A matrix of exactly full rank may owe it to rounding alone: z = u + 0.7 v, computed in floats, is no longer in the span
of u and v. If |A w|_i <= sum_j h_ij |w_j| in every row i for some w, h_ij half a unit in the last place of a_ij, then a
matrix within h of A maps w to 0 (Oettli and Prager 1964): the numbers as they are known do not tell A from it. Where a
sum was rounded twice on its way into a column, a whole unit may be needed: then that is what is said. For sums whose
rows were not kept the same is shown in norms: if |A w|_2 <= sum_j d_j |w_j|, a matrix whose columns are within d_j of
those of A maps w to 0, d_j the root sum square of the half units.

Candidates for w come from float64: each column that Cholesky factorisation finds dependent on those before it, said in
terms of these, with weights rounded to short fractions and decimals. None found proves nothing: to decide whether there
is one is NP-hard. Source: Oettli and Prager, Numer. Math. 6 (1964) 405-409.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt, lcm, sqrt
from typing import TypeAlias

import numpy as np

from stabilitylab.core import lapack
from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.arithmetic.norms import column_norms
from stabilitylab.exact.dependent import relation
from stabilitylab.exact.gram.inputs import ExactInput
from stabilitylab.exact.gram.normal_equations import NormalEquations
from stabilitylab.exact.gram.numbers import in_integers
from stabilitylab.exact.gram.resolution import Resolutions
from stabilitylab.exact.solve.interval import quotient
from stabilitylab.exact.solve.rational import in_flint, solution, taken
from stabilitylab.exact.supported import Known

DIGITS = 12  # decimal digits of a weight that are tried, at most
SMALL = 12  # denominator of a weight that is tried, at most
LONGEST = 6  # columns in a relation, at most
MOST = 8  # columns for which a relation is looked for
MANY = 20_000  # rows from which one relation that holds is enough
SAMPLE = 256  # rows in which a relation is looked for, or four for each column
ROOM = 4  # times the rounding of all numbers in a relation: what leaves more is none
NEGLIGIBLE = 1e-9  # a weight, for columns of norm 1, that is taken for 0 at least
EPS = float(np.finfo(float).eps)
HALF, WHOLE = Fraction(1, 2), Fraction(1)

Weights: TypeAlias = dict[int, Fraction]  # w, by column


@dataclass(frozen=True)
class NearRelation:
    """column = sum of weights times others, within so many units in the last place of every entry: 1/2 or 1.

    weights: exact, by the column's name. in_rows: whether that holds in every row, or else for the norms of columns.
    """

    column: str
    weights: tuple[tuple[str, Fraction], ...]
    units: Fraction
    in_rows: bool

    @property
    def is_strict(self) -> bool:
        """Whether half a unit in every entry is enough, row by row: then the rank is owed to rounding alone."""
        return self.in_rows and self.units == HALF

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that take part, the one that is said in terms of the others last."""
        return (*(name for name, _ in self.weights), self.column)

    def __str__(self) -> str:
        said = relation(self.column, {name: _as_printed(weight) for name, weight in self.weights})
        if not self.in_rows:
            return f"{said} up to the rounding of the numbers (by its root mean square, for the rows were not kept)"
        return (
            f"{said}, {'to the last place' if self.units == HALF else 'within one in the last place'} of every number"
        )


def relations_in_rows(data: ExactInput, known: Known, names: Sequence[str]) -> tuple[NearRelation, ...]:
    """Those of A (m, n) that hold in every row, one for a column at most, where candidates are found."""
    scales = np.array([float(scale) for scale in data.scales or ()] or [1.0] * len(names))[: len(names)]
    resolutions, n = known.resolutions, len(names)
    absolute = np.array([float(place) for place in resolutions.absolute or [0] * (n + 1)])[:-1]
    # Candidates come from some of the rows: many enough to tell the columns apart.
    parts = (slice(None, None, max(1, len(data.b) // max(SAMPLE, 4 * n))), slice(None))
    with np.errstate(all="ignore"):  # numbers beyond float64 are no candidates
        few = data.entries(parts[0]).astype(np.float64) * scales
        norms = column_norms(few)
        norms[norms == 0] = 1.0
        rounding = np.maximum(resolutions.relative[:-1], absolute * np.sqrt(len(few)) / norms)
        few = few / norms
    if not np.isfinite(few).all():
        return ()

    def needed(w: Weights) -> Fraction | None:
        index, v = list(w), np.array([float(weight) for weight in w.values()])
        factors = v * scales[index]
        halves = 2 * resolutions.relative[index] + len(w) * EPS  # the roundings of this look as well
        for rows in parts:
            entries = data.entries(rows, index)
            with np.errstate(all="ignore"):
                entries = entries.astype(np.float64, copy=False)
                room = np.abs(entries) @ (halves * np.abs(factors)) + 2 * float(absolute[index] @ np.abs(v))
                if not (np.abs(entries @ factors) <= room).all():
                    return None
        least = [units_in_rows(data, resolutions, w, rows) for rows in parts]
        return None if None in least else max(units for units in least if units)

    def possible(direction: dict[int, float]) -> bool:
        # Of all combinations of the other columns the nearest to the last one: any relation leaves at least as much.
        *others, last = direction
        w = np.linalg.lstsq(few[:, others], few[:, last], rcond=None)[0]
        index, sizes = [*others, last], np.abs([*w, 1.0])
        halves = 2 * resolutions.relative[index] + len(index) * EPS
        room = np.abs(few[:, index]) @ (halves * sizes) + 2 * float(absolute[index] @ (sizes / norms[index]))
        return bool(np.linalg.norm(few[:, last] - few[:, others] @ w) <= ROOM * np.linalg.norm(room))

    gram, thorough = few.T @ few, len(data.b) <= MANY
    return tuple(_found(gram, norms, rounding, names, needed, possible, in_rows=True, thorough=thorough))


def relations_in_norm(normal: NormalEquations, known: Known, names: Sequence[str]) -> tuple[NearRelation, ...]:
    """Those that hold for the norms of columns, from exact normal equations."""
    n = normal.n
    with np.errstate(all="ignore"):
        upper = np.triu(normal.leading[:n, :n])
        sizes = np.sqrt(upper.diagonal())
        gram = (upper + np.triu(upper, 1).T) / sizes[:, None] / sizes
        norms = np.array(
            [_root(entry * unit * unit) for entry, unit in zip(normal.diagonal, normal.units, strict=False)]
        )
    rounding = known.rounding(normal)[:n]
    if not (np.isfinite(gram).all() and np.isfinite(norms).all() and norms.all()):
        return ()

    def needed(w: Weights) -> Fraction | None:
        return units_in_norm(normal, rounding, w)

    def possible(direction: dict[int, float]) -> bool:
        # As for rows; exactly, for no float64 of A'A resolves so small a distance.
        *others, last = direction
        C, _ = in_flint(normal)
        right = taken(C, others, [last])
        numerators, over = solution(taken(C, others, others), right)
        square = normal.diagonal[last] * over - sum(map(int.__mul__, numerators, map(int, right.entries())))
        distance = sqrt(quotient(square, normal.diagonal[last] * over))
        w = [
            abs(quotient(v, over)) * sqrt(quotient(normal.diagonal[j], normal.diagonal[last]))
            for j, v in zip(others, numerators, strict=True)
        ]
        return distance <= ROOM * float(rounding[[*others, last]] @ [*w, 1.0])

    return tuple(_found(gram, norms, rounding, names, needed, possible, in_rows=False))


def units_in_rows(data: ExactInput, resolutions: Resolutions, w: Weights, rows: slice) -> Fraction | None:
    """1/2 or 1, the least units with |A w|_i <= 2 units sum_j h_ij |w_j| in some rows, exactly; None for more."""
    total = room = np.zeros(1, dtype=object)
    parts = []
    for j, weight in w.items():
        scale = data.scales[j] if data.scales else Fraction(1)
        values, unit = _integers(data, j, rows)
        absolute = resolutions.absolute[j] if resolutions.absolute else Fraction(0)
        halves, half = _half_units(values, unit * scale, Fraction(float(resolutions.relative[j])), absolute)
        parts.append((values, weight * unit * scale, halves, abs(weight) * half))
    over = lcm(*(factor.denominator for _, p, _, q in parts for factor in (p, q)))
    for values, p, halves, q in parts:
        total, room = total + values * int(p * over), room + halves * int(q * over)
    return HALF if np.all(abs(total) <= room) else WHOLE if np.all(abs(total) <= 2 * room) else None


def units_in_norm(normal: NormalEquations, rounding: Array, w: Weights) -> Fraction | None:
    """1/2 or 1, the least units with |A w|_2 <= 2 units sum_j d_j |w_j|, d_j = rounding_j |a_j|; None for more.

    The left side exactly, the right one from below.
    """
    scaled = {j: weight * normal.units[j] for j, weight in w.items()}
    over = lcm(*(weight.denominator for weight in scaled.values()))
    factors = {j: int(weight * over) for j, weight in scaled.items()}
    square = sum(p * q * normal.C[j][k] for j, p in factors.items() for k, q in factors.items())
    room = sum(
        Fraction(float(rounding[j])) * Fraction(isqrt(p * p * normal.diagonal[j] << 120), 1 << 60)
        for j, p in factors.items()
    )
    most = (room * (1 - Fraction(1, 1 << 40))) ** 2
    return HALF if square <= most else WHOLE if square <= 4 * most else None


def _integers(data: ExactInput, j: int, rows: slice) -> tuple[Array, Fraction]:
    """Column j (k,) in some rows as Python ints, and the number, a power of two for floats, that they are times."""
    column = data.entries(rows, [j])[:, 0]
    if not data.floats:
        return column, Fraction(1)
    if data.rest is not None and j in data.rest.of:
        (integers,), unit = in_integers((column, *data.rest_of(j, rows)), Fraction(1))
        return integers, unit
    # As `as_integers`, at a tenth of its price.
    mantissas, exponents = np.frexp(column)
    least = int(exponents.min(initial=0))
    values = np.ldexp(mantissas, 53).astype(np.int64).astype(object) << (exponents - least).astype(object)
    return values, Fraction(2) ** (least - 53)


def _half_units(values: Array, unit: Fraction, relative: Fraction, absolute: Fraction) -> tuple[Array, Fraction]:
    """Half a unit in the last place of each number, values (k,) in Python ints times unit, as integers times a factor.

    Or less, where that costs less to tell.
    """
    sizes = abs(values)
    if absolute >= relative * unit * max(sizes.tolist(), default=0):
        return np.ones(len(values), dtype=object), absolute
    if unit.numerator & (unit.numerator - 1) or unit.denominator & (unit.denominator - 1):
        return sizes, unit * relative / 2
    # Half an ulp of v is the largest power of two in v times the unit roundoff of the format.
    powers = np.empty(len(values), dtype=object)
    powers[:] = [(1 << v.bit_length()) >> 1 for v in sizes.tolist()]
    return powers, unit * relative


def _found(
    gram: Array,
    norms: Array,
    rounding: Array,
    names: Sequence[str],
    needed: Callable[[Weights], Fraction | None],
    possible: Callable[[dict[int, float]], bool],
    *,
    in_rows: bool,
    thorough: bool = True,
) -> Iterator[NearRelation]:
    """The shortest relation for each dependent column, within half units or else within whole ones.

    needed(w): 1/2 or 1, within how many units |A w| ~ 0 holds; None where it does not. possible(w): whether it may hold
    for any weights of these columns, of which the last is said in terms of the others. thorough: go on to others where
    the first holds for whole units.
    """
    for direction in filter(possible, _directions(gram, rounding)):
        found, tried = None, set()
        for pivot, weights in _shortened(direction, norms):
            if (said := (pivot, *weights.items())) in tried:
                continue
            tried.add(said)
            units = needed({pivot: Fraction(-1), **weights})
            if units is not None and (found is None or units < found.units):
                terms = tuple((names[j], weight) for j, weight in weights.items())
                found = NearRelation(names[pivot], terms, units, in_rows)
                if units == HALF or not thorough:
                    break
        if found is not None:
            yield found


def _directions(gram: Array, rounding: Array) -> Iterator[dict[int, float]]:
    """w with |A w| small, for A in columns of norm 1 with this Gram matrix (n, n), one for each dependent column.

    Cholesky factorisation in the order of the columns leaves out those whose distance from the span of the ones before
    is within rounding: that of the columns, or of float64 in the Gram matrix.
    """
    n = len(gram)
    noise = 8 * n * EPS
    independent: list[int] = []
    R = np.zeros((n, n))
    found = 0
    for j in range(n):
        k = len(independent)
        c = lapack.upper_solve(R[:k, :k], gram[independent, j], transposed=True) if k else np.zeros(0)
        square = gram[j, j] - float(c @ c)
        w = lapack.upper_solve(R[:k, :k], c) if k else np.zeros(0)
        within = 2 * (float(rounding[independent] @ np.abs(w)) + rounding[j])
        if square > max(noise, within**2):
            R[:k, k], R[k, k] = c, np.sqrt(square)
            independent.append(j)
            continue
        small = max(NEGLIGIBLE, 4 * float(rounding.max()))
        taking_part = {i: float(v) for i, v in zip(independent, w, strict=True) if abs(v) > small}
        if 1 <= len(taking_part) < LONGEST:
            found += 1
            yield {**taking_part, j: -1.0}
        if found == MOST:
            return


def _shortened(w: dict[int, float], norms: Array) -> Iterator[tuple[int, Weights]]:
    """Ways to say sum_j w_j a_j / |a_j| ~ 0 as one column in terms of the others, those of short numbers first.

    The weights are fractions of small denominators, decimals of more and more digits, and the doubles nearest to these.
    """
    ratios = {p: {j: -float(v / norms[j] / (w[p] / norms[p])) for j, v in w.items() if j != p} for p in reversed(w)}
    usable = {p: by for p, by in ratios.items() if all(0 < abs(ratio) < np.inf for ratio in by.values())}
    for digits in range(DIGITS + 1):
        ways = [(p, {j: _short(ratio, digits) for j, ratio in by.items()}) for p, by in usable.items()]
        for p, weights in sorted(ways, key=lambda way: sum(len(repr(float(v))) for v in way[1].values())):
            if all(weights.values()):
                yield p, weights
                yield p, {j: Fraction(float(weight)) for j, weight in weights.items()}


def _short(ratio: float, digits: int) -> Fraction:
    return Fraction(f"{ratio:.{digits - 1}e}") if digits else Fraction(ratio).limit_denominator(SMALL)


def _root(square: Fraction) -> float:
    return sqrt(quotient(square.numerator, square.denominator))


def _as_printed(weight: Fraction) -> Fraction:
    """The decimal that a double is printed as; any other weight as it is."""
    if weight.denominator < 1 << 40:
        return weight
    return Fraction(repr(float(weight))) if Fraction(float(weight)) == weight else weight
