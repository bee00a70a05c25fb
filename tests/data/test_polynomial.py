"""Orthogonal polynomials against exact orthogonality, formulaic, and polynomials of small whole numbers by hand."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stabilitylab.core.arithmetic.decimals import Decimals
from stabilitylab.core.arithmetic.exact_column import ExactColumn
from stabilitylab.core.arithmetic.formats import FLOAT32, FLOAT64, NATIVE
from stabilitylab.core.errors import InputError, OutOfRangeError
from stabilitylab.data.design import Category, Columns, Labels, Log, Power
from stabilitylab.data.polynomial import OrthogonalPolynomial
from stabilitylab.data.together import Together

SETTINGS = settings(max_examples=40)
TINY = Fraction(1, 2**240)


def exact_of(texts):
    return Columns(len(texts), {"x": Decimals.parse(texts)}, {})


def floats_of(texts, format=FLOAT64):
    return Columns(len(texts), {"x": np.array(texts, dtype=format.dtype)}, {})


def stated(features):
    return [[feature[i] for i in range(len(feature))] for feature in features]


@SETTINGS
@given(
    numbers=st.lists(st.decimals(-1000, 1000, places=3).map(str), min_size=7, max_size=12).filter(
        lambda v: len(set(map(float, v))) > 4
    ),
    degree=st.integers(1, 4),
)
def test_features_are_orthogonal_of_norm_1_with_positive_leading_coefficients(numbers, degree):
    columns, term = exact_of(numbers), OrthogonalPolynomial("x", degree)
    features = [[Fraction(1)] * len(numbers), *stated(term.exact(columns))]
    for k, p in enumerate(features):
        for q in features[:k]:
            assert sum(a * b for a, b in zip(p, q, strict=True)) == 0
        assert k == 0 or abs(sum(a * a for a in p) - 1) < TINY
    # Polynomials of x, exactly, of degree k and no more.
    x = [columns.numbers["x"][i] for i in range(len(numbers))]
    for k, (powers, p) in enumerate(zip(term.in_powers(columns), features[1:], strict=True), 1):
        assert [sum(c * v**j for j, c in enumerate(powers)) for v in x] == p
        assert powers[k] > 0
        assert not any(powers[k + 1 :])


def test_five_equal_steps_give_the_tabulated_polynomials():
    # Fisher and Yates, Statistical Tables, table XXIII: n' = 5.
    tabulated = [[-2, -1, 0, 1, 2], [2, -1, -2, -1, 2], [-1, 2, 0, -2, 1], [1, -4, 6, -4, 1]]
    features = OrthogonalPolynomial("x", 4).exact(exact_of(["7", "9", "11", "13", "15"]))
    assert [list(feature.coprime().integers) for feature in features] == tabulated
    assert [abs(f.coprime().scale ** 2 * s - 1) < TINY for f, s in zip(features, (10, 14, 10, 70), strict=True)] == [
        True
    ] * 4


def test_coefficients_of_the_polynomials_map_back_to_those_of_powers():
    columns, term = exact_of(["1.5", "2", "4", "4.25"]), OrthogonalPolynomial("x", 2)
    c = [Fraction(3), Fraction(-2, 7)]
    p = stated(term.exact(columns))
    powers = [sum(a * row[j] for a, row in zip(c, term.in_powers(columns), strict=True)) for j in range(3)]
    for i, x in enumerate(map(Fraction, ["1.5", "2", "4", "4.25"])):
        assert sum(a * f[i] for a, f in zip(c, p, strict=True)) == sum(b * x**j for j, b in enumerate(powers))


@pytest.mark.parametrize("format", NATIVE, ids=str)
def test_the_recurrence_in_a_format_comes_near_the_exact_polynomials(format):
    texts = ["0.5", "1.25", "2", "3.5", "4", "7.75", "8", "9.5"]
    term = OrthogonalPolynomial("x", 3)
    found = term.rounded(floats_of(texts, format), format)
    expected = np.array(stated(term.exact(exact_of(texts))), dtype=float).T
    assert found.dtype == format.dtype
    assert np.abs(found.astype(float) - expected).max() < 64 * float(np.finfo(format.dtype).eps) + 1e-15
    assert term.names({}) == ("poly(x, 3)[1]", "poly(x, 3)[2]", "poly(x, 3)[3]")


def test_formulaic_forms_the_same_polynomials():
    transforms = pytest.importorskip("formulaic.transforms", reason="formulaic is not installed")
    x = np.random.default_rng(3).normal(size=40)
    found = OrthogonalPolynomial("x", 4).rounded(Columns(40, {"x": x}, {}), FLOAT64)
    assert np.abs(np.asarray(transforms.poly(x, degree=4)) - found).max() < 1e-13


def test_polynomials_of_a_logarithm_are_polynomials_of_its_256_bits():
    term = OrthogonalPolynomial(Log("x"), 1)
    (p,) = stated(term.exact(exact_of(["1", "2", "4"])))
    assert p[0] == -p[2]
    assert abs(p[1]) < TINY
    assert term.numbers == ("x",)


@pytest.mark.parametrize(
    ("term", "kind", "says"),
    [
        (lambda: OrthogonalPolynomial("x", 0), InputError, "a degree of at least 1; got 0"),
        (lambda: OrthogonalPolynomial("x", 3), InputError, "more than 3 different numbers; x has 3: lower the degree"),
        (lambda: OrthogonalPolynomial(Category("g", "full"), 1), InputError, "needs one column of numbers; got 2"),
    ],
)
def test_what_has_no_polynomials_is_refused(term, kind, says):
    numbers, labels = ["1", "2", "2", "5"], {"g": Labels(tuple("abab"))}
    with pytest.raises(kind, match=says):
        term().exact(Columns(4, {"x": Decimals.parse(numbers)}, labels))
    with pytest.raises(kind, match=says):
        term().rounded(Columns(4, {"x": np.array(numbers, dtype=float)}, labels), FLOAT64)


def test_polynomials_that_a_format_cannot_tell_apart_are_refused():
    x = np.array([1, 2, 3, 4], dtype=np.float32) * np.float32(1e30)
    with pytest.raises(OutOfRangeError, match="leaves the range of float32"):
        OrthogonalPolynomial("x", 2).rounded(Columns(4, {"x": x}, {}), FLOAT32)


def test_terms_together_are_one_term():
    columns = exact_of(["1", "3"])
    term = Together(("x", Power("x", 2)))
    assert stated(term.exact(columns)) == [[1, 3], [1, 9]]
    assert term.rounded(floats_of(["1", "3"]), FLOAT64).tolist() == [[1, 1], [3, 9]]
    assert (term.names({}), term.numbers, str(term)) == (("x", "x^2"), ("x", "x"), "(x + x^2)")
    assert not term.stored
    assert Together(("x",)).stored
    assert isinstance(term.exact(columns)[0], ExactColumn)
