"""Predictions for other rows: values in fractions, intervals against mpmath at 60 digits, tables by their names."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import mpmath
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t as student

from exact_fit import exact_fit, fractions, minimum_norm_solution
from stabilitylab import GramAccumulator, lstsq
from stabilitylab.core.errors import (
    EmptyError,
    InputError,
    NotCertifiedError,
    NotFiniteError,
    NotNumericError,
    OutOfRangeError,
    RankDeficientError,
    ShapeError,
)
from stabilitylab.exact.distributions import squared_quantile
from stabilitylab.exact.fit import prediction
from stabilitylab.exact.fit.prediction import Prediction
from stabilitylab.exact.fit_file import fit_file
from stabilitylab.exact.predict_file import predict_file
from stabilitylab.exact.solve.interval import Interval, exactly
from wild import FEWER, double, doubles, matrices

RNG = np.random.default_rng(53)
A, B = RNG.standard_normal((12, 3)), RNG.standard_normal(12)
NEW = RNG.standard_normal((5, 3))
MP = mpmath.MPContext()
MP.dps = 60


def values(x, rows):
    return doubles(fractions(rows) @ np.array(x, dtype=object))


# --- values


@FEWER
@given(matrices(rows=(3, 8)), st.randoms(use_true_random=False))
def test_values_are_the_nearest_doubles_for_floats_of_every_kind(data, random):
    left, right = data
    new = left[[random.randrange(len(left)) for _ in range(4)]] * [[1.0], [0.5], [0.0], [1 - 2.0**-53]]
    try:
        fit = lstsq(left, right)
        expected = values(exact_fit(left, right).x, new)
        found = fit.predict(new)
    except OutOfRangeError:
        return
    except (RankDeficientError, InputError):
        return
    assert found.tolist() == expected


def test_the_coefficients_are_not_rounded_first():
    fit = lstsq(A, B)
    new = RNG.standard_normal((200, 3)) * 1e3
    exact = values(exact_fit(A, B).x, new)
    assert fit.predict(new).tolist() == exact
    assert values([Fraction(v) for v in fit.x.tolist()], new) != exact
    assert fit.predict(A).tolist() == fit.fitted_values.tolist()


def test_every_kind_of_number():
    fit = lstsq(A, B)
    x = exact_fit(A, B).x
    texts = [["0.1", "-2", "3e-3"], ["7", "0.25", "1"]]
    exact = values(x, [[Fraction(v) for v in row] for row in texts])
    for new in (texts, [[Decimal(v) for v in row] for row in texts], [[Fraction(v) for v in row] for row in texts]):
        assert fit.predict(new).tolist() == exact
    whole = np.array([[2**60 + 1, -3, 5], [1, 2, 3]])
    assert fit.predict(whole).tolist() == values(x, whole.astype(object))
    long = np.array([[np.longdouble(1) / 3, 1, 2]])
    assert fit.predict(long).tolist() == values(x, [[Fraction(*v.as_integer_ratio()) for v in long[0]]])


def test_an_intercept_and_decimals_of_other_places():
    left = [[f"{v:.2f}"] for v in RNG.standard_normal(9).tolist()]
    right = [f"{v:.1f}" for v in RNG.standard_normal(9).tolist()]
    fit = lstsq(left, right, intercept=True)
    x = exact_fit([[Fraction(1), Fraction(v)] for (v,) in left], [Fraction(v) for v in right]).x
    new = [["0.12345"], ["7"]]
    assert fit.intercept
    assert fit.predict(new).tolist() == values(x, [[Fraction(1), Fraction(v)] for (v,) in new])
    checked = fit.predict(new, interval="confidence")
    assert (
        checked.lower.tolist()
        == lstsq([[1, Fraction(v)] for (v,) in left], list(map(Fraction, right)))
        .predict([[1, Fraction(v)] for (v,) in new], interval="confidence")
        .lower.tolist()
    )


def test_a_fit_without_normal_equations_and_fits_without_rows(tmp_path):
    left, right = RNG.standard_normal((90, 33)), RNG.standard_normal(90)
    fit = lstsq(left, right)
    assert fit.system is None
    new = RNG.standard_normal((7, 33))
    found = fit.predict(new)
    again = GramAccumulator(33).add(left, right).solve()
    assert found.tolist() == again.predict(new).tolist()
    assert (
        fit.predict(new, interval="prediction").upper.tolist()
        == again.predict(new, interval="prediction").upper.tolist()
    )
    path = tmp_path / "table.csv"
    rows = "\n".join(",".join(map(repr, [*row, v])) for row, v in zip(A.tolist(), B.tolist(), strict=True))
    path.write_text(f"u,v,w,y\n{rows}\n")
    of_file = fit_file(path, "y", truth="matrix")
    assert of_file.intercept
    assert of_file.predict(NEW).tolist() == lstsq(A, B, intercept=True).predict(NEW).tolist()


def test_the_solution_of_least_norm():
    left = np.column_stack([A, A[:, 0]])
    fit = lstsq(left, B, policy="minimum-norm")
    new = RNG.standard_normal((4, 4))
    assert fit.predict(new).tolist() == values(minimum_norm_solution(left, B), new)
    with pytest.raises(InputError, match=r"rank 3 of 4.*predict without an interval"):
        fit.predict(new, interval="confidence")


# --- intervals


def oracle(left, right, new, kind, level, weights=None):
    """Value, lower and upper in mpmath at 60 digits, from exact fractions."""
    w = [Fraction(1)] * len(right) if weights is None else [Fraction(v) for v in weights]
    E, f, rows = fractions(left), fractions(right), fractions(new)
    C = E.T @ (np.array(w, dtype=object)[:, None] * E)
    n = len(C)
    inverse = mpmath.MPContext()
    inverse.dps = 200
    G = inverse.matrix([[inverse.mpf(v.numerator) / v.denominator for v in row] for row in C.tolist()])
    number = lambda v: inverse.mpf(v.numerator) / v.denominator  # noqa: E731
    H = G**-1
    x = H * inverse.matrix([number(v) for v in E.T @ (np.array(w, dtype=object) * f)])
    r = inverse.matrix([number(v) for v in f]) - inverse.matrix([[number(v) for v in row] for row in E.tolist()]) * x
    counted = [i for i in range(len(w)) if w[i]]
    df = len(counted) - n
    s2 = sum(number(w[i]) * r[i] ** 2 for i in counted) / df
    share = inverse.mpf(level.numerator) / level.denominator
    q = inverse.findroot(
        lambda t: inverse.betainc(df / inverse.mpf(2), 0.5, 0, df / (df + t * t), regularized=True) - (1 - share),
        student.ppf((1 + float(level)) / 2, df),
    )
    out = []
    for row in rows.tolist():
        a = inverse.matrix([[number(v) for v in row]])
        h = (a * H * a.T)[0]
        half = q * inverse.sqrt(s2 * (h + (kind == "prediction")))
        out.append([(a * x)[0] - half, (a * x)[0] + half])
    return out


@pytest.mark.parametrize("kind", ["confidence", "prediction"])
@pytest.mark.parametrize("level", [0.95, "0.5", Fraction(999, 1000)])
@pytest.mark.parametrize("weights", [None, [0, 0.1, *["1/3"] * 10]], ids=["", "weighted"])
def test_bounds_are_the_nearest_doubles(kind, level, weights):
    weights = None if weights is None else [Fraction(v) for v in weights]
    fit = lstsq(A, B, weights=weights)
    found = fit.predict(NEW, interval=kind, level=level)
    exact = Fraction(str(level))
    assert found.level == exact
    expected = oracle(A, B, NEW, kind, exact, weights)
    assert [[float(v) for v in pair] for pair in expected] == np.column_stack([found.lower, found.upper]).tolist()
    assert found.values.tolist() == fit.predict(NEW).tolist()


def test_absolute_weights_have_normal_intervals():
    """By the standard deviations that are known, 1/sqrt(w): 1.96 of them at 0.95, for one coefficient."""
    q = MP.sqrt(2) * MP.erfinv(MP.mpf(19) / 20)
    fit = replace(lstsq(np.ones((4, 1)), [1.0, 2.0, 4.0, 5.0], weights=[0.25] * 4), weighting="absolute")
    found = fit.predict([[1]], interval="confidence")  # h = 1 / sum of the weights
    assert [found.lower[0], found.upper[0]] == [float(3 - q), float(3 + q)]
    one = replace(lstsq([[1.0]], [3.0], weights=[1.0]), weighting="absolute").predict([[1]], interval="prediction")
    assert one.upper[0] == float(3 + q * MP.sqrt(2))


def test_a_row_of_zeros_an_exact_fit_and_no_degree_of_freedom():
    fit = lstsq(A, B)
    nothing = fit.predict(np.zeros((1, 3)), interval="confidence")
    assert (nothing.values[0], nothing.lower[0], nothing.upper[0]) == (0.0, 0.0, 0.0)
    wide = fit.predict(np.zeros((1, 3)), interval="prediction")
    assert wide.upper[0] == -wide.lower[0] > 0
    line = np.column_stack([np.ones(5), np.arange(5.0)])
    exact = lstsq(line, line @ [1.0, 2.0]).predict([[1, Fraction(1, 3)]], interval="prediction")
    assert exact.lower.tolist() == exact.upper.tolist() == exact.values.tolist() == [5 / 3]
    with pytest.raises(InputError, match="3 rows leave no degree of freedom"):
        lstsq(A[:3], B[:3]).predict(NEW, interval="confidence")


def test_what_no_bits_decide_is_refused(monkeypatch):
    """Half of all t with one degree of freedom are within 1: an end is exactly 0 where the value is s sqrt(h).

    That is known of t, and of no normal quantile: whatever is not told from 0 then is refused.
    """
    fit = lstsq([[1], [1]], [0, 2])  # x = 1, s² = 2, h = 1/2
    exact = fit.predict([[1]], interval="confidence", level=0.5)
    assert (exact.lower.tolist(), exact.upper.tolist()) == ([0.0], [2.0])
    monkeypatch.setattr(prediction, "exact_squared_quantile", lambda level, df: None)
    with pytest.raises(NotCertifiedError, match=r"a bound of row 0 of A_new is not told from 0.*take another level"):
        fit.predict([[1]], interval="confidence", level=0.5)
    found = fit.predict([[1]], interval="confidence", level=0.51)
    assert found.lower[0] < 0 < found.upper[0]


def test_unknown_intervals_and_levels_are_refused():
    fit = lstsq(A, B)
    with pytest.raises(InputError, match="interval must be one of confidence, prediction; got 'mean'"):
        fit.predict(NEW, interval="mean")
    for level in (0, 1, 95, "x"):
        with pytest.raises(InputError, match="level"):
            fit.predict(NEW, interval="confidence", level=level)


def narrow_quantile(patch):
    """An end of q² that is not enclosed."""

    def shifted(level, df, bits):
        one = squared_quantile(level, df, bits)
        return Interval(one.low * (2**48 + 1), one.high * (2**48 + 1), one.over << 48)

    patch.setattr("stabilitylab.exact.fit.prediction.squared_quantile", shifted)


def root_of_the_middle(patch):
    """A root of 50 bits that passes for exact."""
    patch.setattr(
        prediction,
        "offset_by_root",
        lambda x, square, sign, bits: x + exactly(sign * square.root(50).middle),
    )


@pytest.mark.parametrize("fault", [narrow_quantile, root_of_the_middle])
def test_a_fault_in_the_bounds_is_noticed(fault, monkeypatch):
    new = np.tile(NEW, (40, 1)) + np.arange(200)[:, None] / 64
    fit = lstsq(A, B)
    honest = fit.predict(new, interval="prediction")
    fault(monkeypatch)
    assert fit.predict(new, interval="prediction").upper.tolist() != honest.upper.tolist()


# --- tables


def table(kind, columns):
    frame = {name: list(map(float, values)) for name, values in columns.items()}
    makers = {"pandas": "DataFrame", "polars": "DataFrame", "pyarrow": "table"}
    if kind == "structured":
        records = np.zeros(len(next(iter(frame.values()))), dtype=[(name, float) for name in frame])
        for name, entries in frame.items():
            records[name] = entries
        return records
    return getattr(pytest.importorskip(kind), makers[kind])(frame)


@pytest.mark.parametrize("kind", ["pandas", "polars", "pyarrow", "structured"])
def test_a_table_is_taken_by_its_names(kind):
    fit = lstsq(A, B, names=["u", "v", "w"], intercept=True)
    expected = fit.predict(NEW).tolist()
    assert fit.predict(table(kind, {"w": NEW[:, 2], "u": NEW[:, 0], "v": NEW[:, 1]})).tolist() == expected
    u, v = NEW[:, 0], NEW[:, 1]
    with pytest.raises(InputError, match=r"has no column 'w'; give the columns 'u', 'v', 'w', in any order"):
        fit.predict(table(kind, {"v": v, "u": u}))
    with pytest.raises(InputError, match="'price' is not in the fit"):
        fit.predict(table(kind, {"v": v, "u": u, "w": u, "price": u}))
    with pytest.raises(InputError, match="'intercept' is not in the fit; leave the intercept out"):
        fit.predict(table(kind, {"intercept": u, "v": v, "u": u, "w": u}))


@pytest.mark.parametrize("kind", ["pandas", "polars", "structured"])
def test_a_column_named_intercept_is_predicted_from_by_that_name(kind):
    columns = {"intercept": A[:, 0], "v": A[:, 1]}
    fit = lstsq(table(kind, columns), B, intercept=True)
    assert fit.names == ("intercept", "intercept (2)", "v")
    expected = lstsq(A[:, :2], B, intercept=True).predict(NEW[:, :2]).tolist()
    new = {"v": NEW[:, 1], "intercept": NEW[:, 0]}
    assert fit.predict(table(kind, new)).tolist() == expected
    assert fit.predict(table(kind, {"v": NEW[:, 1], "intercept (2)": NEW[:, 0]})).tolist() == expected
    with pytest.raises(InputError, match=r"it has no column 'intercept \(2\)'"):
        fit.predict(table(kind, {"v": NEW[:, 1], "u": NEW[:, 0]}))
    without = lstsq(table(kind, columns), B)
    assert without.predict(table(kind, new)).tolist() == lstsq(A[:, :2], B).predict(NEW[:, :2]).tolist()


def test_a_column_named_intercept_is_found_in_a_file_and_not_taken_for_another(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("intercept,y\n1,2\n2,3\n4,8\n")
    fit = fit_file(path, "y")
    assert (
        predict_file(fit, path).values.tolist()
        == lstsq([[1], [2], [4]], [2, 3, 8], intercept=True).predict([[1], [2], [4]]).tolist()
    )
    path.write_text("intercept (2),intercept\n1,2\n2,3\n4,8\n")
    with pytest.raises(InputError, match=r"a column 'intercept \(2\)' and a column 'intercept', and either may be"):
        predict_file(fit, path)
    path.write_text("intercept (2),y,intercept\n1,2,5\n2,3,7\n4,8,1\n9,1,1\n")
    both = fit_file(path, "y")
    assert both.names == ("intercept", "intercept (2)", "intercept (3)")
    table = [[1, 5], [2, 7], [4, 1], [9, 1]]
    assert (
        predict_file(both, path).values.tolist() == lstsq(table, [2, 3, 8, 1], intercept=True).predict(table).tolist()
    )


def test_tables_whose_columns_are_numbered_or_named_twice():
    fit = lstsq(A, B, names=["u", "v", "w"])
    assert fit.predict(pd.DataFrame(NEW)).tolist() == fit.predict(NEW).tolist()
    with pytest.raises(
        InputError, match=r"'x', 'y', 'z' are not in the fit; .*, or A_new without names for columns in"
    ):
        fit.predict(pd.DataFrame(NEW, columns=["x", "y", "z"]))
    with pytest.raises(InputError, match=r"no column 'w' and 'u \(2\)' is not in the fit"):
        fit.predict(pd.DataFrame(NEW, columns=["u", "v", "u"]))
    mixed = pd.DataFrame({"w": [1.5], "v": [2**60 + 1], "u": [3]})
    assert fit.predict(mixed).tolist() == values(exact_fit(A, B).x, [[3, 2**60 + 1, Fraction(3, 2)]])


@pytest.mark.parametrize(
    ("new", "error", "message"),
    [
        (NEW[0], ShapeError, r"pass A_new.reshape\(1, -1\) for one row"),
        (NEW[None], ShapeError, "got shape \\(1, 5, 3\\): pass a table"),
        (NEW[:, :2], ShapeError, "A_new must have 3 columns \\('a0', 'a1', 'a2'\\); got 2"),
        (np.ones((2, 4)), ShapeError, "got 4: give the columns that were fitted"),
        (NEW[:0], EmptyError, "A_new has no rows"),
        ([[1, 2, np.nan]], NotFiniteError, r"in A_new, .* is nan"),
        ([["1", "2", "x"]], NotNumericError, "in A_new, "),
    ],
)
def test_what_is_no_row_of_the_fit_is_refused(new, error, message):
    with pytest.raises(error, match=message):
        lstsq(A, B).predict(new)


def test_a_column_of_ones_too_many_is_named():
    with pytest.raises(ShapeError, match="without the column of ones, which the fit puts in front"):
        lstsq(A, B, intercept=True).predict(np.ones((1, 4)))
    with pytest.raises(ShapeError, match=r"A_new.reshape\(-1, 1\) for one column"):
        lstsq(A[:, :1], B).predict([1.0, 2.0])


def test_a_fit_of_the_intercept_alone(tmp_path):
    path = tmp_path / "y.csv"
    path.write_text("y\n1\n2\n4\n")
    assert fit_file(path, "y").predict(np.empty((2, 0))).tolist() == [7 / 3] * 2


def test_a_prediction_prints_in_a_few_lines_and_converts():
    fit = lstsq(A, B)
    found = fit.predict(np.tile(NEW, (4, 1)), interval="prediction")
    assert isinstance(found, Prediction)
    text = repr(found).splitlines()
    assert text[0] == "Prediction: 20 rows, prediction intervals at level 0.95"
    assert len(text) == 13
    assert text[-1] == "  ... 10 more"
    assert repr(float(found.lower[3])) in text[5]
    assert np.asarray(found).tolist() == found.values.tolist()
    assert double(Fraction(1, 3)) == 1 / 3


def test_a_column_of_moments_is_taken_by_its_name():
    X = pd.DataFrame({"u": A[:, 0], "when": pd.date_range("2020-01-01", periods=len(A), tz="Europe/Paris")})
    fit = lstsq(X, B, intercept=True)
    assert fit.names == ("intercept", "u", "when [s since 1970]")
    assert fit.predict(X[["when", "u"]].head(3)).tolist() == fit.fitted_values[:3].tolist()
