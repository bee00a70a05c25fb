"""Leverages and Cook's distances: against fractions, on floats of every kind, weights, decimals and lower ranks."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from flint import fmpq, fmpq_mat
from hypothesis import given
from hypothesis import strategies as st

from exact_fit import exact_fit, fractions
from stabilitylab import GramAccumulator, lstsq
from stabilitylab.core.errors import InputError, NotCertifiedError, OutOfRangeError, RankDeficientError
from stabilitylab.exact import influence, leverage
from stabilitylab.exact.float64 import forms
from stabilitylab.exact.float64.pairs import DoubleDouble
from stabilitylab.exact.gram.inputs import exact_input
from stabilitylab.exact.leverage import ACCURACIES, RowForms
from stabilitylab.exact.solve import inverse_factor
from wild import FEWER, double, doubles, matrices

RNG = np.random.default_rng(41)


def rational(values, columns):
    """A matrix of FLINT's rationals with so many columns."""
    flat = [fmpq(v.numerator, v.denominator) for v in np.ravel(values)]
    return fmpq_mat(len(flat) // columns, columns, flat)


def plain(matrix):
    """An array of fractions."""
    entries = np.array([Fraction(int(v.p), int(v.q)) for v in matrix.entries()], dtype=object)
    return entries.reshape(matrix.nrows(), matrix.ncols())


def normal(A, weights):
    """A in FLINT, diag(w) A, and w."""
    E = fractions(A)
    w = np.array([Fraction(1)] * len(E) if weights is None else [Fraction(v) for v in weights], dtype=object)
    return rational(E, E.shape[1]), rational(w[:, None] * E, E.shape[1]), w


def hat(A, weights=None):
    """w_i a_i (A'WA)^-1 a_i' in fractions."""
    M, WM, _ = normal(A, weights)
    return (plain(WM * (M.transpose() * WM).inv()) * plain(M)).sum(axis=1)


def cook(A, b, weights=None):
    """Cook's distances in fractions; None where h = 1."""
    (m, n), h = np.shape(A), hat(A, weights)
    M, WM, w = normal(A, weights)
    f = fractions(b)
    x = (M.transpose() * WM).solve(WM.transpose() * rational(f, 1))
    r = f - plain(M * x)[:, 0]
    s2 = (w * r * r).sum() / (sum(v != 0 for v in w) - n)
    return [None if h[i] == 1 else w[i] * r[i] ** 2 * h[i] / (n * s2 * (1 - h[i]) ** 2) for i in range(m)]


def kinds():
    scales = 10.0 ** RNG.integers(-30, 30, 6)
    near = RNG.standard_normal((40, 4))
    near[:, 1] = near[:, 0] + 1e-9 * near[:, 1]
    dummies = np.column_stack([np.ones(12), np.repeat(np.eye(4), 3, axis=0)[:, 1:]])
    alone = np.column_stack([np.ones(9), np.arange(9.0), np.arange(9) == 4])
    return {
        "ordinary": RNG.standard_normal((40, 5)),
        "columns of any size": RNG.standard_normal((20, 6)) * scales,
        "rows of any size": RNG.standard_normal((20, 3)) * 10.0 ** RNG.integers(-30, 30, (20, 1)),
        "polynomial": np.vander(np.linspace(0, 1, 30), 9),
        "two columns nearly the same": near,
        "dummies": dummies,
        "a row that is alone": alone,
        "integers beyond 2**53": RNG.integers(-(2**62), 2**62, (15, 3)),
        "as many rows as columns": RNG.standard_normal((4, 4)),
        "rows of zeros": np.vstack([np.zeros((2, 3)), RNG.standard_normal((9, 3))]),
        "a row that hardly counts": np.vstack([RNG.standard_normal((9, 2)), RNG.standard_normal((1, 2)) * 2.0**-530]),
        "long integers": RNG.integers(-(2**62), 2**62, (8, 2)).astype(object) * 3**120 + 1,
        "hardly of full rank": np.vander(np.linspace(1, 1.01, 14), 8),
    }


KINDS = kinds()


@pytest.mark.parametrize("name", KINDS)
def test_leverages_are_the_nearest_doubles(name):
    A = KINDS[name]
    fit = lstsq(A, RNG.standard_normal(len(A)))
    assert fit.leverage.tolist() == doubles(hat(A))


@pytest.mark.parametrize("name", [name for name in KINDS if name != "as many rows as columns"])
def test_cooks_distances_are_the_nearest_doubles(name):
    A = KINDS[name]
    b = np.rint(RNG.standard_normal(len(A)) * 64) / 64
    found = lstsq(A, b).cooks_distance
    expected = cook(A, b)
    assert np.isnan(found).tolist() == [v is None for v in expected]
    assert [v for v in found.tolist() if v == v] == doubles([v for v in expected if v is not None])


@FEWER
@given(matrices(rows=(3, 8)), st.booleans())
def test_floats_of_every_kind(data, weighted):
    A, b = data
    weights = (np.arange(len(A)) % 4) * 0.1 if weighted else None
    try:
        fit = lstsq(A, b, weights=weights)
    except (RankDeficientError, InputError):
        return
    try:
        found = fit.leverage
    except OutOfRangeError:
        assert any(v and not double(v) for v in hat(A, weights))
        return
    assert found.tolist() == doubles(hat(A, weights))


WEIGHTS = {
    "floats": [0.0, 1e-3, 1e3, *[0.1] * 9],
    "fractions": [Fraction(1, 3)] * 6 + [Fraction(0), Fraction(5, 7), *[Fraction(2, 9)] * 4],
    "decimals": ["0.1", "0.25", *["3"] * 10],
    "floats of any size": [0.0, 1e-300, 1e300, *[0.1] * 9],
    "fractions of any size": [Fraction(1, 3) ** 100, Fraction(10) ** 100, *[Fraction(1, 7)] * 10],
}


@pytest.mark.parametrize("name", WEIGHTS)
def test_weighted_rows(name):
    A, b, weights = RNG.standard_normal((12, 2)), RNG.standard_normal(12), WEIGHTS[name]
    exact = [Fraction(w) for w in weights]
    fit = lstsq(A, b, weights=weights)
    assert fit.leverage.tolist() == doubles(hat(A, exact))
    if name == "floats of any size":
        with pytest.raises(OutOfRangeError, match="Cook's distance of row"):
            _ = fit.cooks_distance
    elif name != "fractions of any size":
        assert fit.cooks_distance.tolist() == doubles(cook(A, b, exact))


def test_decimals_and_an_intercept():
    A = [[Decimal(f"{v:.3f}") for v in row] for row in RNG.standard_normal((11, 2)).tolist()]
    fit = lstsq(A, RNG.standard_normal(11), intercept=True)
    assert fit.leverage.tolist() == doubles(hat([[Fraction(1), *row] for row in A]))


def test_many_columns_and_a_fit_without_normal_equations():
    A, b = np.rint(9 * RNG.standard_normal((50, 32))), RNG.standard_normal(50)
    fit = lstsq(A, b)
    assert fit.system is None  # a float64 factor served
    assert fit.leverage.tolist() == doubles(hat(A))
    assert fit.cooks_distance[:9].tolist() == doubles(cook(A, b)[:9])


def test_a_lower_rank_has_the_hat_matrix_of_independent_columns():
    A = np.column_stack([KINDS["ordinary"], KINDS["ordinary"][:, 0] * 2, np.zeros(40)])
    b = RNG.standard_normal(40)
    fit = lstsq(A, b, policy="minimum-norm")
    assert fit.leverage.tolist() == doubles(hat(KINDS["ordinary"]))
    assert fit.cooks_distance.tolist() == doubles(cook(KINDS["ordinary"], b))


def test_nothing_to_estimate_a_variance_from():
    square = lstsq(KINDS["as many rows as columns"], RNG.standard_normal(4))
    assert square.leverage.tolist() == [1.0] * 4
    assert square.cooks_distance is None
    line = np.column_stack([np.ones(5), np.arange(5.0)])
    assert np.isnan(lstsq(line, line @ [1.0, 2.0]).cooks_distance).all()


def test_the_distance_by_a_known_variance():
    A, b, weights = KINDS["ordinary"], RNG.standard_normal(40), [0.5] * 40
    fit = lstsq(A, b, weights=weights)
    known = replace(fit, weighting="absolute").cooks_distance
    s2 = exact_fit(A, b).rss / 2 / 35
    assert known.tolist() == doubles([v * s2 for v in cook(A, b, weights)])
    line = np.column_stack([np.ones(5), np.arange(5.0)])
    assert not replace(lstsq(line, line @ [1.0, 2.0]), weighting="absolute").cooks_distance.any()


def test_what_is_computed_once_cannot_be_written_to_and_needs_the_rows():
    A, b = RNG.standard_normal((9, 2)), RNG.standard_normal(9)
    fit = lstsq(A, b)
    for values in (fit.leverage, fit.cooks_distance, fit.residuals, fit.fitted_values):
        with pytest.raises(ValueError, match="read-only"):
            values[0] = 1.0
    fit = lstsq(A, b)
    A[3, 1] += 1.0
    for name in ("leverage", "cooks_distance"):
        with pytest.raises(InputError, match="have changed since the fit"):
            getattr(fit, name)
        with pytest.raises(InputError, match="were not kept"):
            getattr(GramAccumulator(2).add(A, b).solve(), name)


# --- the enclosures, and faults planted in their bounds


def forms_of(A, weights=None):
    fit = lstsq(A, RNG.standard_normal(len(A)), weights=weights)
    return RowForms(fit.evidence.normal, fit.data.data, tuple(range(A.shape[1])), weights)


def outside(enclosed, exact):
    """How many of the intervals do not hold the number."""
    inside = (Fraction(v.low, v.over) <= e <= Fraction(v.high, v.over) for v, e in zip(enclosed, exact, strict=True))
    return sum(not one for one in inside)


@pytest.mark.parametrize("accuracy", ACCURACIES)
@pytest.mark.parametrize("name", KINDS)
def test_every_interval_holds_its_number(name, accuracy):
    A = KINDS[name]
    assert outside(forms_of(A).enclosed(np.arange(len(A)), accuracy), hat(A)) == 0


@pytest.mark.parametrize("name", ["ordinary", "a row that is alone"])
def test_distances_from_exact_rationals_alone(name, monkeypatch):
    A, b = KINDS[name], np.rint(RNG.standard_normal(len(KINDS[name])) * 64)
    monkeypatch.setattr(influence, "ACCURACIES", (None,))
    found, expected = lstsq(A, b).cooks_distance, cook(A, b)
    assert np.isnan(found).tolist() == [v is None for v in expected]
    assert [v for v in found.tolist() if v == v] == doubles([v for v in expected if v is not None])


FLOATS = RNG.random(50) * 10.0 ** RNG.integers(-12, 12, 50)
FLOATS[::7] = 0


@pytest.mark.parametrize(
    "weights",
    [FLOATS, np.array([Fraction(k, 3 * 2**40) * 5 ** (k % 60) for k in range(50)])],
    ids=["floats", "fractions"],
)
def test_weighted_intervals_hold_their_numbers_and_decide_nearly_all(weights):
    A = RNG.standard_normal((50, 3))
    A[3] = 0
    fit = lstsq(A, RNG.standard_normal(50), weights=weights)
    made = RowForms(fit.evidence.normal, fit.data.data, (0, 1, 2), fit.data.weights.values)
    exact = hat(A, weights)
    for accuracy in ACCURACIES:
        assert outside(made.enclosed(np.arange(50), accuracy), exact) == 0
    assert np.isnan(made.pairs.nearest).sum() <= 1
    nothing = np.array([v == 0 for v in exact])
    assert not made.pairs.high[nothing].any()
    assert not made.pairs.radius[nothing].any()


@pytest.mark.parametrize("accuracy", ACCURACIES)
def test_rows_in_other_units_than_those_of_the_fit(accuracy):
    left = [[Fraction(k, 7), Fraction(k * k, 100)] for k in range(1, 9)]
    fit = lstsq(left, RNG.standard_normal(8))
    new = [[Fraction(1, 11), Fraction(2, 3)], [Fraction(5, 13), Fraction(-1, 1000)]]
    data = exact_input(new, [0, 0], wide=True)
    made = RowForms(fit.evidence.normal, data, (0, 1))
    H = plain((rational(fractions(left), 2).transpose() * rational(fractions(left), 2)).inv())
    exact = ((fractions(new) @ H) * fractions(new)).sum(axis=1)
    enclosed = made.enclosed(np.arange(2), accuracy)
    assert outside(enclosed, exact) == 0
    assert all((v.high - v.low) * 10**18 <= v.low for v in enclosed)


def test_a_row_that_would_take_too_long_is_refused(monkeypatch):
    monkeypatch.setattr(leverage, "MOST_WORK", 0)
    with pytest.raises(NotCertifiedError, match="too long"):
        forms_of(KINDS["ordinary"]).enclosed(np.arange(3), None)


def test_the_bound_in_integers_is_reached_by_one_column():
    """C = X^-2 (1 - E): y²/(1 - E) is y² (1 + alpha/(1 - alpha)) for alpha = E, here about 0.19."""
    made = forms_of(np.array([[3.0], [5.0], [7.0]]))
    factor = inverse_factor.inverse_factor(made.normal)
    planes = np.rint(factor.planes * 0.9)
    planes[1:] = 0
    error, top = inverse_factor._error(made.normal, planes, factor.places)
    alpha = float(forms.in_float64(error, top, factor.places)[0, 0])
    assert 0.15 < alpha < 0.25
    bad = replace(factor, planes=planes, error=error, top=top, alpha=alpha * (1 + 1e-15))
    vars(made)["_factor"] = bad
    exact = hat(np.array([[3.0], [5.0], [7.0]]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(leverage, "_factor_of", lambda normal, good, start: bad)
        assert outside(made.enclosed(np.arange(3), 40), exact) == 0
        bad = replace(bad, alpha=alpha * (1 - 1e-9))
        assert outside(made.enclosed(np.arange(3), 40), exact) == 3


def test_pairs_decide_nearly_all_rows_and_few_places_leave_them_to_integers(monkeypatch):
    A = RNG.standard_normal((2000, 6))
    assert np.isnan(forms_of(A).pairs.nearest).sum() <= 2
    monkeypatch.setattr(forms, "BITS", 24)
    fewer = forms_of(A[:60])
    assert np.isnan(fewer.pairs.nearest).all()
    assert fewer.nearest().tolist() == doubles(hat(A[:60]))


def worse_factor(by):
    """An inverse factor whose first column is wrong by a part of itself, with its true error."""
    honest = leverage.inverse_factor

    def factor(normal, good, start=None):
        found = honest(normal, good, start)
        planes = found.planes.copy()
        planes[by, :, 0] += 1 + np.arange(len(planes[by]))
        error, top = inverse_factor._error(normal, planes, found.places)
        alpha = float(np.linalg.norm(forms.in_float64(error, top, found.places))) * 1.000001
        return replace(found, planes=planes, error=error, top=top, alpha=alpha)

    return factor


@pytest.mark.parametrize("name", ["ordinary", "polynomial"])
def test_a_bad_inverse_widens_the_intervals_and_no_alpha_below_its_own_will_do(name, monkeypatch):
    A = KINDS[name]
    exact = hat(A)
    bad = worse_factor(0)
    monkeypatch.setattr(leverage, "inverse_factor", bad)
    leverage._factor_of.cache_clear()
    made = forms_of(A)
    assert made._factor.alpha > 2.0**-36
    assert outside(made.pairs.intervals, exact) == 0
    assert outside(made.enclosed(np.arange(len(A)), 40), exact) == 0
    assert made.nearest().tolist() == doubles(exact)
    claimed = lambda *arguments: replace(bad(*arguments), alpha=2.0**-60)  # noqa: E731
    monkeypatch.setattr(leverage, "inverse_factor", claimed)
    leverage._factor_of.cache_clear()
    made = forms_of(A)
    assert outside(made.pairs.intervals, exact) > 0
    assert outside(made.enclosed(np.arange(len(A)), 40), exact) > 0


def cut_products_forgotten(patch):
    honest = forms.products
    patch.setattr(forms, "BITS", 30)
    patch.setattr(forms, "products", lambda P, Q, count: [*honest(P, Q, count - 1), np.zeros(1, dtype=int)])


def places_of_columns_mixed_up(patch):
    honest = forms.in_float64
    patch.setattr(forms, "in_float64", lambda *arguments: -honest(*arguments))


PLANTED = {"a place of the products": cut_products_forgotten, "the sign of E": places_of_columns_mixed_up}


@pytest.mark.parametrize("name", PLANTED)
def test_a_fault_in_the_pairs_is_noticed(name, monkeypatch):
    A = KINDS["polynomial"] if name == "the sign of E" else KINDS["ordinary"]
    exact = hat(A)
    assert outside(forms_of(A).pairs.intervals, exact) == 0
    PLANTED[name](monkeypatch)
    assert outside(forms_of(A).pairs.intervals, exact) > 0


def test_a_radius_of_pairs_is_no_more_than_it_takes():
    """From below: of products cut where a row needs all of them, a hundredth of the radius is not enough."""
    A = RNG.standard_normal((300, 3))
    made = forms_of(A)
    exact = hat(A)
    patched = pytest.MonkeyPatch()
    with patched.context() as patch:
        patch.setattr(forms, "BITS", 10)
        pairs = made.pairs
    assert outside(pairs.intervals, exact) == 0
    narrow = DoubleDouble(pairs.high, pairs.low, pairs.radius * 2.0**-9)
    assert outside(narrow.intervals, exact) > 0
