"""Relations between columns that hold exactly, within the rounding of the numbers, or nearly.

A near one is found in the smallest singular vector of the columns in norm 1: the columns in it, as few as leave at most
twice what all would leave, and their weights by least squares. Weights are then rounded to short fractions, by
continued fractions, and short decimals, as long as what that leaves is half as much again at most, or no more than
chance explains: by the F statistic of the rounded weights against the best ones. The column that was said is put aside,
and the next relation is looked for among the others.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isfinite, sqrt

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.diagnosis.dependence.columns import Columns
from stabilitylab.diagnosis.result import NearDependence
from stabilitylab.exact import CertifiedFit
from stabilitylab.exact.dependent import listed, relation
from stabilitylab.exact.relation import NearRelation
from stabilitylab.exact.solve.dependence import dependent_columns, independent_columns

LARGE = 30.0  # condition index from which a dependence is reported (Belsley, Kuh and Welsch 1980, section 3.2)
MUCH = 0.5  # of a variance, from which a column takes part in a dependence (the same)
MOST = 8  # relations that are looked for
FEW = 2.0  # times what all columns leave, that fewer of them may leave
SMALL = 1e-3  # a component of the singular vector, of the largest, below which a column is not looked at first
NEARLY = 1.5  # times what the best weights leave, that short ones may leave
CHANCE = 4.0  # the F statistic up to which rounded weights are as good as the best ones
SHORT = 4  # decimal digits of a weight that are tried, at most
DENOMINATOR = 12  # of a weight that is tried, at most
RESOLVED = 1e-13  # a distance that float64 resolves; below it is said to be less


@dataclass(frozen=True)
class Near:
    """column = sum of weights times others, nearly: by index, in the units of the columns as they are.

    distance: what is left over the norm of the column.
    """

    column: int
    weights: Mapping[int, float]
    short: Mapping[int, Fraction] | None
    distance: float


def exact_relations(columns: Columns, fit: CertifiedFit) -> list[NearDependence]:
    """The columns that depend on those before them exactly, each with those it depends on."""
    n = len(columns.names)
    normal = fit.evidence.normal
    independent = independent_columns(normal)
    dependent = [j for j in range(n) if j not in independent]
    found = dependent_columns(normal, dependent[:MOST])
    return [
        _said(
            columns,
            relation(columns.names[j], {columns.names[i]: c for i, c in others.items()}),
            {columns.names[i]: float(c) for i, c in others.items()},
            columns.names[j],
            n - 1 - at,
            0.0,
            is_exact=True,
        )
        for at, (j, others) in enumerate(found.items())
    ]


def within_rounding(columns: Columns, found: Sequence[NearRelation]) -> list[NearDependence]:
    """Those that a certified fit has proven to hold within the rounding of the numbers."""
    n = len(columns.names)
    return [
        _said(
            columns,
            str(one),
            {name: float(weight) for name, weight in one.weights},
            one.column,
            n - 1 - at,
            None,
            within_rounding=True,
        )
        for at, one in enumerate(found[:n])
    ]


def of_powers(columns: Columns, least: float) -> list[NearDependence]:
    """The highest power of one variable in terms of the lower ones, where their index is `least` or more."""
    *lower, last = range(len(columns.names))
    if columns.indexes[-1] < least:
        return []
    w, distance = _fitted(columns.R, lower, last)
    raw = {columns.names[j]: _in_units(columns, v, j, last) for j, v in zip(lower, w.tolist(), strict=True)}
    text = f"{listed([columns.names[last]])} is nearly a combination of the lower powers, {_left(distance)}"
    return [_said(columns, text, raw, columns.names[last], last, distance)]


def near_relations(columns: Columns, rows: int, least: float, skipped: Sequence[str] = ()) -> list[NearDependence]:
    """Those of condition index `least` or more, the nearest first; skipped: columns that are said already."""
    start = [j for j, name in enumerate(columns.names) if name not in skipped]
    n, first = len(columns.names), len(columns.names) - len(start)
    return [
        _said(
            columns,
            sentence(columns, one),
            {columns.names[j]: weight for j, weight in one.weights.items()},
            columns.names[one.column],
            n - 1 - first - at,
            one.distance,
        )
        for at, one in enumerate(_near(columns, rows, least, start))
    ]


def sentence(columns: Columns, one: Near) -> str:
    """z = u + 0.7 v, to 1e-06 of its size; what it nearly depends on, where that is long."""
    short = sorted((one.short or {}).items(), key=lambda term: (term[1] < 0, term[0]))
    name, others = columns.names[one.column], {columns.names[j]: c for j, c in short}
    left = _left(one.distance)
    if list(one.weights) == [columns.constant]:
        (value,) = one.weights.values()
        return f"{relation(name, {})[: -len(' is 0 in every row')]} is nearly constant: {value:.6g}, {left}"
    text = relation(name, others) if others else ""
    if others and " = " in text:
        return f"{text}, {left}"
    of = listed([columns.names[j] for j in sorted(one.weights)])
    what = "a multiple" if len(one.weights) == 1 else "a combination"
    return f"{listed([name])} is nearly {what} of {of}, {left}"


def _left(distance: float) -> str:
    return f"to {distance:.1g} of its size" if distance > RESOLVED else f"to {RESOLVED:.0e} of its size or less"


def _near(columns: Columns, rows: int, least: float, start: Sequence[int]) -> Iterator[Near]:
    left, R = list(start), columns.R
    for _ in range(MOST):
        if len(left) < 2:
            return
        _, s, Vt = np.linalg.svd(R[:, left])
        if s[-1] > 0 and s[0] / s[-1] < least:
            return
        found = _relation_of(columns, left, Vt[-1], rows)
        if found is None:
            return
        yield found
        left.remove(found.column)


def _relation_of(columns: Columns, left: Sequence[int], v: Array, rows: int) -> Near | None:
    """The relation in which the columns of the largest components of v (k,) take part."""
    R, sizes = columns.R, np.abs(v)
    free = [at for at in np.argsort(-sizes).tolist() if left[at] != columns.constant]
    if not free:
        return None
    pivot = left[free[0]]
    every = [j for j in left if j != pivot]
    likely = [j for at, j in enumerate(left) if j != pivot and sizes[at] > SMALL * sizes.max()]
    least = _fitted(R, every, pivot)[1]
    some = likely if likely and _fitted(R, likely, pivot)[1] <= FEW * least else every
    some = _fewest(R, some, pivot, FEW * max(least, RESOLVED))
    # Any of the columns can be the one that is said: that with the shortest weights, or else the last of them.
    best: Near | None = None
    best_length = float("inf")
    for column in sorted((j for j in [pivot, *some] if j != columns.constant), reverse=True):
        others = [j for j in [pivot, *some] if j != column]
        w, distance = _fitted(R, others, column)
        if distance > FEW * FEW * max(least, RESOLVED) and column != pivot:
            continue
        raw = {j: _in_units(columns, v_j, j, column) for j, v_j in zip(others, w.tolist(), strict=True)}
        if not all(isfinite(value) for value in raw.values()):
            continue
        short, left_over = _shortened(columns, raw, column, distance, rows)
        length = float("inf") if short is None else sum(len(str(c)) for c in short.values())
        if best is None or length < best_length:
            best, best_length = Near(column, raw, short, left_over), length
    return best


def _fitted(R: Array, others: Sequence[int], column: int) -> tuple[Array, float]:
    """The weights (k,) of columns in norm 1 that leave the least of another, and what they leave."""
    if not others:
        return np.zeros(0), 1.0
    w = np.linalg.lstsq(R[:, others], R[:, column], rcond=0)[0]
    return w, float(np.linalg.norm(R[:, column] - R[:, others] @ w))


def _fewest(R: Array, some: Sequence[int], pivot: int, allowed: float) -> list[int]:
    """As few of the columns as leave no more than is allowed: the one that matters least goes, again and again."""
    some = list(some)
    while len(some) > 1:
        w, _ = _fitted(R, some, pivot)
        upper = np.linalg.qr(R[:, some], mode="r")
        diagonal = np.abs(np.diag(upper))
        if diagonal.min() > RESOLVED * diagonal.max():
            inverse = np.linalg.inv(upper)
            costs = w**2 / np.einsum("ij,ij->i", inverse, inverse)  # of the square of what is left
        else:
            costs = w**2
        out = int(np.argmin(costs))
        without = some[:out] + some[out + 1 :]
        if _fitted(R, without, pivot)[1] > allowed:
            return some
        some = without
    return some


def _shortened(
    columns: Columns, raw: Mapping[int, float], column: int, distance: float, rows: int
) -> tuple[Mapping[int, Fraction] | None, float]:
    """The weights in few digits, None where that leaves too much; and what is left over the norm of the column."""
    others, k = list(raw), len(raw)
    allowed = distance * max(NEARLY, sqrt(1 + CHANCE * k / max(1, rows - k))) + RESOLVED
    for digits in range(SHORT + 1):
        short = {j: _short(value, digits) for j, value in raw.items()}
        if not all(short.values()):
            continue
        w = [float(c) * np.exp2(columns.sizes[j] - columns.sizes[column]) for j, c in short.items()]
        left = float(np.linalg.norm(columns.R[:, column] - columns.R[:, others] @ w))
        if left <= allowed:
            return short, left
    return None, distance


def _short(value: float, digits: int) -> Fraction:
    """A fraction of a small denominator by continued fractions, or a decimal of so many digits."""
    return Fraction(f"{value:.{digits - 1}e}") if digits else Fraction(value).limit_denominator(DENOMINATOR)


def _in_units(columns: Columns, weight: float, j: int, column: int) -> float:
    with np.errstate(over="ignore"):
        return float(weight * np.exp2(columns.sizes[column] - columns.sizes[j]))


def _said(
    columns: Columns,
    text: str,
    weights: Mapping[str, float],
    column: str,
    k: int,
    distance: float | None,
    *,
    is_exact: bool = False,
    within_rounding: bool = False,
) -> NearDependence:
    """A relation with index k of the columns, which is the largest for the nearest of them."""
    index, shares = float(columns.indexes[k]), columns.proportions[k].tolist()
    return NearDependence(
        relation=text,
        weights={column: -1.0, **weights},
        is_exact=is_exact,
        within_rounding=within_rounding,
        condition_index=index,
        proportions=dict(zip(columns.names, shares, strict=True)),
        distance=distance,
    )
