"""Columns that depend on each other within rounding: found, shown exactly, said with a warning before any number."""

import warnings
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import stabilitylab as sl
from stabilitylab.core.errors import UndeterminedWarning
from stabilitylab.exact import relation
from stabilitylab.exact.gram.inputs import exact_input
from stabilitylab.exact.relation import HALF, WHOLE, relations_in_rows, units_in_norm, units_in_rows
from stabilitylab.exact.supported import Known

NAMES = ["one", "u", "v", "z"]


def nearly_dependent(m=50, seed=5):
    """u and v of a dozen decimals and z = u + 0.7 v in floats, beside a column of ones."""
    rng = np.random.default_rng(seed)
    u, v = (np.round(rng.standard_normal(m), 12) for _ in range(2))
    return np.column_stack([np.ones(m), u, v, u + 0.7 * v]), rng.standard_normal(m)


def relations(A, names):
    data = exact_input(A, np.ones(len(A)))
    return relations_in_rows(data, Known.of(data, None), names)


def relations_of_sums(A):
    total = sl.GramAccumulator(A.shape[1])
    total.add(A, np.arange(float(len(A))))
    with warnings.catch_warnings(action="ignore", category=UndeterminedWarning):
        return total.solve().near_relations


def half_ulp(v):
    return 0 if v.is_integer() else Fraction(float(np.spacing(abs(v)))) / 2


def shown(A, relation, names):
    """Whether a relation holds within its units in the last place, in fractions, by an oracle of its own."""
    w = dict(relation.weights) | {relation.column: Fraction(-1)}
    for row in A.tolist():
        entries = dict(zip(names, row, strict=True))
        left = abs(sum(weight * Fraction(entries[name]) for name, weight in w.items()))
        if left > sum(abs(weight) * half_ulp(entries[name]) for name, weight in w.items()) * 2 * relation.units:
            return False
    return True


def test_noise_is_certified_with_a_warning_that_names_the_relation():
    A, b = nearly_dependent()
    with pytest.warns(UndeterminedWarning, match=r"^the data cannot tell u, v and z apart: z = u \+ 0.7 v, ") as caught:
        fit = sl.lstsq(A, b, names=NAMES)
    assert (caught[0].filename, len(caught)) == (__file__, 1)
    assert np.abs(fit.x).max() > 1e13
    assert fit.supported_digits[1:].tolist() == [0, 0, 0]
    lines = str(fit).splitlines()
    assert lines[0] == str(caught[0].message) == fit.undetermined == fit.to_dict()["undetermined"]
    assert lines[0].endswith(
        "Their coefficients are rounding noise: drop one of them, or give the numbers with more digits. The "
        "coefficient of one is noise as well."
    )
    (relation,) = fit.near_relations
    assert set(relation.names) == {"u", "v", "z"}
    assert relation.is_strict
    assert shown(A, relation, NAMES)
    assert fit.to_dict()["supported_digits"] == fit.supported_digits.tolist()
    # What was advised helps.
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert sl.lstsq(A[:, :3], b).supported_digits.min() > 13


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [3, 0, 2, 1], [2, 3, 1, 0]])
def test_the_order_of_columns_does_not_matter(order):
    A, _ = nearly_dependent()
    (relation,) = relations(A[:, order], [NAMES[j] for j in order])
    assert str(relation) in (
        "z = u + 0.7 v, to the last place of every number",
        "z = 0.7 v + u, to the last place of every number",
    )


def test_where_rows_are_not_kept_it_is_shown_in_norm(tmp_path):
    A, b = nearly_dependent()
    with pytest.warns(UndeterminedWarning, match=r"z = u \+ 0.7 v up to the rounding of the numbers") as caught:
        fit = sl.GramAccumulator(4).add(A[:20], b[:20]).add(A[20:], b[20:]).solve(names=NAMES)
    assert caught[0].filename == __file__
    (relation,) = fit.near_relations
    assert not relation.is_strict
    path = tmp_path / "data.csv"
    np.savetxt(path, np.column_stack([A[:, 1:], b]), "%.17g", ",", header="u,v,z,y", comments="")
    for truth in ("decimal", "matrix"):
        with pytest.warns(
            UndeterminedWarning, match=r"^the data cannot tell u, v and z apart: z = u \+ 0.7 v"
        ) as caught:
            sl.fit_file(path, "y", truth=truth)
        assert caught[0].filename == __file__


def test_the_side_of_norms_is_bounded_from_below():
    """Where |z - u| is 3 % more than the room that is too much, and where it is 3 % less it is not."""
    u = np.random.default_rng(2).uniform(1, 2, 64)
    rounding, w = np.full(2, 1e-8), {0: Fraction(1), 1: Fraction(-1)}
    for share, units in ((0.97, HALF), (1.03, WHOLE), (1.97, WHOLE), (2.03, None)):
        z = u * (1 + 2e-8 * share)
        normal = sl.GramAccumulator(2).add(np.column_stack([u, z]), u).normal_equations()
        assert units_in_norm(normal, rounding, w) == units


def test_the_side_of_rows_is_half_an_ulp_and_no_more():
    a, w = np.array([1.5, 1.25, 3.5, 0.75]), {0: Fraction(1), 1: Fraction(-1)}
    for ulps, units in ((0, HALF), (1, HALF), (2, WHOLE), (3, None)):
        z = a.copy()
        z[2] += ulps * np.spacing(3.5)
        data = exact_input(np.column_stack([a, z]), a)
        assert units_in_rows(data, data.resolutions, w, slice(None)) == units


def test_decimals_depend_within_their_last_place():
    rng = np.random.default_rng(3)
    u, v = (np.round(rng.standard_normal(60), 2) for _ in range(2))
    text = [[f"{p:.2f}", f"{q:.2f}", f"{p + 0.5 * q:.2f}", "1"] for p, q in zip(u, v, strict=True)]
    with pytest.warns(UndeterminedWarning, match=r"z = u \+ 0.5 v, to the last place of every number"):
        fit = sl.lstsq(text, [f"{y:.2f}" for y in rng.standard_normal(60)], names=["u", "v", "z", "one"])
    assert fit.supported_digits[:3].tolist() == [0, 0, 0]


def test_integers_are_no_relation_within_rounding():
    """z = u + v but for one row, in whole numbers: that row is a fact, and decides."""
    rng = np.random.default_rng(4)
    u, v = rng.integers(0, 10**6, (2, 40)).astype(float)
    z = u + v
    z[7] += 1
    A = np.column_stack([u, v, z])
    assert relations(A, "uvz") == ()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert sl.lstsq(A, rng.integers(0, 100, 40)).supported_digits.min() > 15.9


def test_two_relations_at_once():
    rng = np.random.default_rng(6)
    u, v, w = (np.round(rng.standard_normal(30), 10) for _ in range(3))
    A = np.column_stack([u, v, w, u - 2.5 * w, v + 0.1 * u])
    found = relations(A, "uvwpq")
    assert {str(one).partition(",")[0] for one in found} == {"u = 2.5 w + p", "q = 0.1 u + v"}
    with pytest.warns(UndeterminedWarning, match=r"tell u, v, w, p and q apart: .*; .*drop as many of them"):
        sl.lstsq(A, u, names=[*"uvwpq"])


def test_a_relation_that_fails_in_one_row_is_not_said():
    A, _ = nearly_dependent(5000)
    assert len(relations(A, NAMES)) == 1
    A[4321, 3] += 64 * np.spacing(np.abs(A[4321]).max())
    assert relations(A, NAMES) == ()


@settings(max_examples=25)
@given(st.lists(st.sampled_from([-2.5, -1.0, 0.7, 1 / 3, 3.0, 0.123]), min_size=1, max_size=3), st.integers(0, 5))
def test_what_is_said_holds_in_every_row(weights, seed):
    rng = np.random.default_rng(seed)
    columns = np.round(rng.standard_normal((40, len(weights))), 12)
    names = [f"c{j}" for j in range(len(weights))] + ["sum"]
    A = np.column_stack([columns, sum(w * columns[:, j] for j, w in enumerate(weights))])
    found = relations(A, names)
    assert all(shown(A, one, names) for one in found)
    if len(weights) == 1:  # sums of several rounded products may be further off than a unit
        assert found


def test_ordinary_data_give_no_warning():
    rng = np.random.default_rng(7)
    t = np.linspace(0, 1, 30)
    centred = rng.standard_normal((50, 3))
    centred -= centred.mean(axis=0)
    y = centred @ [1.0, 2.0, 3.0]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for A, b in (
            (np.vander(t, 5), np.cos(t)),
            (rng.standard_normal((300, 40)), rng.standard_normal(300)),
            (np.column_stack([np.ones(50), centred]), y - y.mean()),  # an intercept of 1e-17
            (np.column_stack([np.ones(30), t, t * t]), 1 + 2 * t),
        ):
            fit = sl.lstsq(A, b)
            assert (fit.undetermined, fit.near_relations) == ("", ())
    assert fit.supported_digits[2] < 1  # the figure says so all the same
    assert str(fit).splitlines()[3].endswith("less than 1 digit supported")


def test_what_may_as_well_be_0_is_said_and_what_has_no_relation():
    with pytest.warns(UndeterminedWarning, match=r"^the coefficient of x may as well be 0: it is smaller than"):
        sl.lstsq([[1, "0.5"], [1, "0.25"], [1, "0.75"], [1, "0.5"]], ["9.2", "9.3", "9.2", "9.3"], names=["one", "x"])
    # The deflator x1 is printed to tenths, which leaves no digit of three coefficients (Beaton, Rubin, Barone 1976).
    with pytest.warns(UndeterminedWarning, match="^the data do not determine the coefficients of x1, x2 and x5: "):
        sl.lstsq(sl.problems.get("nist.longley")(), truth="decimal")
    t = np.linspace(1, 1.5, 40)
    with pytest.warns(UndeterminedWarning, match="^the data do not determine the coefficients of .*another origin"):
        sl.lstsq(t[:, None] ** np.arange(14), np.cos(9 * t))


def test_the_digits_are_of_the_numbers_that_were_fitted():
    A, b = nearly_dependent()
    with pytest.warns(UndeterminedWarning):
        fit = sl.lstsq(A, b)
    A, b = np.random.default_rng(0).standard_normal((2, 60, 1))
    fit = sl.lstsq(np.hstack([A, A**2]), b[:, 0])
    digits = fit.supported_digits.copy()
    b[5] = 1e6
    assert fit.supported_digits.tolist() == digits.tolist()
    assert "supported" in str(fit)


def test_weights_are_tried_only_where_some_combination_comes_near_enough(monkeypatch):
    tried = []
    shortened = relation._shortened
    monkeypatch.setattr(relation, "_shortened", lambda w, norms: tried.append(w) or shortened(w, norms))
    A, _ = nearly_dependent()
    assert [one.column for one in relations(A, NAMES)] == ["z"]
    assert len(tried) == 1
    assert [one.column for one in relations_of_sums(A)] == ["a3"]
    assert len(tried) == 2
    # Further apart than rounding, and yet so near that float64 finds no digit of the coefficients.
    A[:, 3] *= 1 + 1e-14 * np.arange(len(A))
    assert relations(A, NAMES) == relations_of_sums(A) == ()
    assert len(tried) == 2
