"""A y to twice the bits of float64: what is decided is the nearest double, and every part of the radius is needed."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stabilitylab import lstsq
from stabilitylab.exact import rows as module
from stabilitylab.exact.float64 import pairs
from stabilitylab.exact.float64.pairs import DoubleDouble, rows_in_pairs
from stabilitylab.exact.solve.interval import Interval
from wild import FEWER, PROPERTY, double, doubles, matrices

RNG = np.random.default_rng(31)


def exact_rows(A, y):
    """A y in fractions."""
    return [sum((Fraction(v) * w for v, w in zip(row, y, strict=True)), Fraction(0)) for row in A.tolist()]


def interval(value, radius=Fraction(0)):
    low, high = value - radius, value + radius
    return Interval(
        low.numerator * high.denominator, high.numerator * low.denominator, low.denominator * high.denominator
    )


def wrong(A, y, at):
    """How many entries of A y are decided wrongly, for y in intervals and the true vector `at`; and how many are."""
    found = rows_in_pairs(list(A.T), DoubleDouble.of(y)).nearest
    decided = ~np.isnan(found)
    truth = np.array(doubles(exact_rows(A, at)))
    return int((found[decided] != truth[decided]).sum()), int(decided.sum())


@PROPERTY
@given(matrices(rows=(1, 6), n=(1, 5)), st.data())
def test_what_is_decided_is_the_nearest_double(problem, data):
    A, _ = problem
    entry = st.floats(allow_nan=False, allow_infinity=False) | st.floats(-9, 9)
    y = data.draw(st.lists(entry, min_size=A.shape[1], max_size=A.shape[1]).map(lambda v: [*map(Fraction, v)]))
    radius = [abs(v) * Fraction(data.draw(st.integers(0, 3)), 2**110) for v in y]
    part = [v + r * data.draw(st.sampled_from([-1, 0, 1])) for v, r in zip(y, radius, strict=True)]
    assert wrong(A, [interval(v, r) for v, r in zip(y, radius, strict=True)], part)[0] == 0


@FEWER
@given(st.fractions(), st.fractions(0, 1))
def test_a_vector_lies_within_its_radius(value, radius):
    y = DoubleDouble.of([interval(value, radius)])
    for true in (value - radius, value, value + radius):
        assert abs(true - Fraction(y.high[0]) - Fraction(y.low[0])) <= Fraction(y.radius[0])
    assert y.radius[0] <= float(radius) * (1 + 1e-9) + 1e-30 * abs(float(value)) + 1e-320


def test_ordinary_rows_are_decided():
    A, x = RNG.standard_normal((500, 20)), RNG.standard_normal(20)
    assert wrong(A, [interval(Fraction(v) / 3) for v in x], [Fraction(v) / 3 for v in x]) == (0, 500)


def near_ties(count=120, N=24):
    """Rows whose exact products with y are within 2**-100 of a midpoint between two doubles, after cancellation."""
    y = [Fraction(v) / 7 for v in RNG.standard_normal(N)] + [Fraction(1)] * 3
    A = np.zeros((count, N + 3))
    A[:, :N] = RNG.standard_normal((count, N)) * 2.0**20
    for row in A:
        near = RNG.standard_normal()
        gap = Fraction(near) + Fraction(float(np.spacing(near))) / 2 - exact_rows(row[None], y)[0]
        for j in range(3):
            row[N + j] = double(gap)
            gap -= Fraction(row[N + j])
    return A, [interval(v) for v in y], y


def underflowing():
    """A little less than a tie near 2**-1007, and 40 products that are 0 in float64 and pass the tie together."""
    least = 2.0**-1074
    A = np.array([[2.0**-1007, 2.0**-1060 - 2 * least, *[2.0**-600] * 40]])
    y = [Fraction(1), Fraction(1), *[Fraction(63, 64 * 2**475)] * 40]
    return A, [interval(v) for v in y], y


def uncertain():
    """A little less than a tie for the middles of the intervals of y, and more than that for an end."""
    A = np.array([[1.0, 2.0**-53 - 2.0**-104, 1.0]])
    ends = [Fraction(1), Fraction(1), Fraction(1, 2**100)]
    return A, [interval(Fraction(1)), interval(Fraction(1)), interval(Fraction(0), ends[2])], ends


def rounding_forgotten(patch):
    patch.setattr(pairs, "gamma", lambda k: 0.0)


def underflow_forgotten(patch):
    patch.setattr(pairs, "TINY", 0.0)


def radius_forgotten(patch):
    honest = pairs._enclosed
    patch.setattr(pairs, "_enclosed", lambda t, y: honest(t, DoubleDouble(y.high, y.low, np.zeros_like(y.high))))
    patch.setattr(pairs, "gamma", lambda k: 0.0)
    patch.setattr(pairs, "TINY", 0.0)


def error_of_products_forgotten(patch):
    patch.setattr(pairs, "two_product", lambda a, b: (a * b, np.zeros_like(a)))


PLANTED = {
    "rounding": (rounding_forgotten, near_ties),
    "underflow": (underflow_forgotten, underflowing),
    "the radius of y": (radius_forgotten, uncertain),
    "errors of products": (error_of_products_forgotten, near_ties),
}


@pytest.mark.parametrize("name", PLANTED)
def test_no_part_of_the_radius_can_be_left_out(name, monkeypatch):
    fault, made = PLANTED[name]
    data = made()
    assert wrong(*data)[0] == 0
    fault(monkeypatch)
    assert wrong(*data)[0] > 0


def least_rounding(share):
    """A bound that counts only a share of the roundings."""
    honest = pairs.gamma
    return lambda k: share * honest(k)


def test_the_bound_of_the_sum_is_no_more_than_a_hundred_times_what_is_needed(monkeypatch):
    data = near_ties()
    monkeypatch.setattr(pairs, "gamma", least_rounding(0.005))
    assert wrong(*data)[0] > 0


# --- of a fit


@pytest.mark.parametrize(
    "kind", ["float64", "longdouble", "integers of 64 bits", "decimals", "weights of 0", "a float64 factor"]
)
def test_rows_of_fits_of_every_kind_are_decided_in_pairs_and_right(kind, monkeypatch):
    A, b = RNG.standard_normal((60, 3)), RNG.standard_normal(60)
    weights = None
    if kind == "longdouble":
        A, b = A.astype(np.longdouble) / 3, b.astype(np.longdouble) / 7
    if kind == "integers of 64 bits":
        A = (A * 2.0**59).astype(np.int64) | 1
    if kind == "decimals":
        A, b = np.array([[f"{v:.3f}" for v in row] for row in A]), np.array([f"{v:.2f}" for v in b])
    if kind == "weights of 0":
        weights = (np.arange(60) % 3) * 1.0
    if kind == "a float64 factor":
        A, b = RNG.standard_normal((200, 35)), RNG.standard_normal(200)
    fit = lstsq(A, b, weights=weights)
    x = [v.middle for v in fit.evidence.coefficients(60)]
    made = lambda v: Fraction(*v.as_integer_ratio()) if isinstance(v, np.floating) else Fraction(v)  # noqa: E731
    E = np.array([[made(v) for v in row] for row in (A.tolist() if A.dtype != np.longdouble else A)], dtype=object)
    f = np.array([made(v) for v in (b.tolist() if b.dtype != np.longdouble else b)], dtype=object)
    at = E @ np.array(x, dtype=object)
    monkeypatch.setattr(module.ExactRows, "of", None)  # is not asked
    assert fit.residuals.tolist() == doubles(f - at)
    assert fit.fitted_values.tolist() == doubles(at)
