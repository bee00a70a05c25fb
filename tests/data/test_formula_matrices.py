"""Design matrices of formulas against patsy bit for bit, against formulaic, and exact features against fractions."""

from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from formula_tables import M, mixed_table
from stabilitylab.core.arithmetic.decimals import Decimals
from stabilitylab.core.arithmetic.exact_column import ExactColumn
from stabilitylab.core.arithmetic.formats import FLOAT64, NATIVE
from stabilitylab.core.errors import InputError, NotNumericError
from stabilitylab.data.arithmetic import Calculated, Constant
from stabilitylab.data.category import Category
from stabilitylab.data.design import Columns
from stabilitylab.data.formula import formula_of
from stabilitylab.data.labels import Labels
from stabilitylab.data.logarithms import Log1p, Log2, Log10
from stabilitylab.data.problem import Problem
from stabilitylab.data.terms import Crossed

TABLE = mixed_table()
MP = mpmath.MPContext()
MP.prec = 300


def matrix_of(text, rules="R"):
    formula = formula_of(text, TABLE, rules=rules)
    problem = Problem("p", TABLE.columns, formula.design, "here", response=formula.response)
    return problem.feature_names, problem.A


def frame():
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    return pandas.DataFrame({name: list(_values(column)) for name, column in TABLE.columns.items()})


def _values(column):
    return column.values if isinstance(column, Labels) else [float(column[i]) for i in range(M)]


def patsy_of(text):
    """Names, with the marks of treatment coding off, and the matrix of the right side of a formula."""
    patsy = pytest.importorskip("patsy", reason="patsy is not installed")
    matrix = patsy.dmatrix(text.partition("~")[2], frame())
    names = [name.replace("T.", "").replace("Intercept", "intercept") for name in matrix.design_info.column_names]
    return tuple(names), np.asarray(matrix)


VARIABLES = st.lists(st.sampled_from(["a", "b", "x", "z", "k"]), min_size=1, max_size=3, unique=True).map(":".join)


@settings(max_examples=40)
@given(terms=st.lists(VARIABLES, min_size=1, max_size=4, unique=True), end=st.sampled_from(["", " - 1"]))
def test_by_the_rules_of_statsmodels_it_is_the_matrix_of_patsy_in_order_and_bits(terms, end):
    text = f"y ~ {' + '.join(terms)}{end}"
    names, A = matrix_of(text, "statsmodels")
    expected_names, expected = patsy_of(text)
    assert names == expected_names
    # patsy multiplies in the order of its variables, a product of three may differ in a bit.
    assert A.shape == expected.shape
    assert np.allclose(A, expected, rtol=1e-15, atol=0)


@pytest.mark.parametrize(
    "text",
    [
        "y ~ a*b*x - 1",
        "y ~ a/x",
        "y ~ (x + z + a)**2 - x:z",
        "y ~ x + np.log(z) + center(x) + standardize(z)",
        "y ~ C(a, Sum)*x",
        "y ~ C(a, Treatment('q')) + b:C(k)",
    ],
)
def test_functions_and_codings_are_those_of_patsy(text):
    _, A = matrix_of(text, "statsmodels")
    assert np.allclose(A, patsy_of(text)[1], rtol=1e-14, atol=1e-15)


# By R 4.2.2: colnames(model.matrix(...)), for levels p, q, r of a and u, v of b.
R_NAMES = {
    "y ~ a:b": "a[p]:b[u] a[q]:b[u] a[r]:b[u] a[p]:b[v] a[q]:b[v] a[r]:b[v]",
    "y ~ a + a:b": "a[q] a[r] a[p]:b[v] a[q]:b[v] a[r]:b[v]",
    "y ~ x:a - 1": "x:a[p] x:a[q] x:a[r]",
    "y ~ a:x + b:x": "a[p]:x a[q]:x a[r]:x x:b[v]",
    "y ~ a*b - a": "b[v] a[q]:b[u] a[r]:b[u] a[q]:b[v] a[r]:b[v]",
    "y ~ z + x + a:x:z + b - 1": "z x b[u] b[v] z:x:a[p] z:x:a[q] z:x:a[r]",
    "y ~ x + a:b": "x a[p]:b[u] a[q]:b[u] a[r]:b[u] a[p]:b[v] a[q]:b[v] a[r]:b[v]",
    "y ~ poly(x, 2, raw)*b": "x x^2 b[v] x:b[v] x^2:b[v]",
}


@pytest.mark.parametrize("text", R_NAMES)
def test_by_the_rules_of_r_features_stand_as_in_model_matrix(text):
    names, A = matrix_of(text)
    assert names == ("intercept",) * ("- 1" not in text) + tuple(R_NAMES[text].split(" "))
    assert A.shape == (M, len(names))


def test_polynomials_beside_categories_run_as_in_model_matrix():
    names, _ = matrix_of("y ~ b:poly(x, 2):a - 1")
    assert names == tuple(f"b[{b}]:poly(x, 2)[{k}]:a[{a}]" for a in "pqr" for k in "12" for b in "uv")


def test_products_run_over_the_first_term_fastest():
    columns = Columns(2, {}, {"g": Labels(("a", "b")), "h": Labels(("c", "d"))})
    term = Crossed(Category("g", "full"), Category("h", "full"))
    names = ("g[a]:h[c]", "g[b]:h[c]", "g[a]:h[d]", "g[b]:h[d]")
    assert term.names(columns.labels) == names
    expected = [[1, 0, 0, 0], [0, 0, 0, 1]]
    assert term.rounded(columns, FLOAT64).tolist() == expected
    assert [[feature[i] for feature in term.exact(columns)] for i in range(2)] == expected


# --- new terms, exactly

DECIMALS = st.lists(st.decimals(-50, 50, places=2).map(str), min_size=2, max_size=5)


@pytest.mark.parametrize("format", NATIVE, ids=str)
@settings(max_examples=30)
@given(numbers=DECIMALS, constant=st.decimals(-9, 9, places=1).filter(bool).map(str))
def test_arithmetic_is_exact_and_rounded_once_for_each_operation(format, numbers, constant):
    x = Decimals.parse(numbers)
    exact = Columns(len(numbers), {"x": x}, {})
    floats = Columns(len(numbers), {"x": x.rounded(format)}, {})
    c, u = format.nearest(Fraction(constant)), floats.numbers["x"]
    for operator, formed, value in (
        ("+", u + c, lambda v: v + Fraction(constant)),
        ("-", u - c, lambda v: v - Fraction(constant)),
        ("*", u * c, lambda v: v * Fraction(constant)),
        ("/", u / c, lambda v: v / Fraction(constant)),
    ):
        term = Calculated("x", operator, Constant(constant))
        (feature,) = term.exact(exact)
        assert [feature[i] for i in range(len(numbers))] == [value(Fraction(v)) for v in numbers]
        assert term.rounded(floats, format)[:, 0].tolist() == formed.tolist()
    assert str(Calculated("x", "-", Constant("3"))) == "(x - 3)"


def test_arithmetic_that_cannot_be_done_is_refused():
    columns = {"x": Decimals.parse(["1", "0"])}
    with pytest.raises(InputError, match=r"\(1 / x\) divides by 0 in row 1: drop that row"):
        Calculated(Constant("1"), "/", "x").exact(Columns(2, columns, {}))
    with pytest.raises(InputError, match="divides by 0 in row 1"):
        Calculated(Constant("1"), "/", "x").rounded(Columns(2, {"x": np.array([1.0, 0])}, {}), FLOAT64)
    with pytest.raises(InputError, match="operator must be one of"):
        Calculated("x", "%", "x")
    with pytest.raises(InputError, match="which is 2 features: take one column"):
        Calculated(Category("g", "full"), "+", "x").names({"g": Labels(("a", "b"))})
    with pytest.raises(NotNumericError):
        Constant("two")


@settings(max_examples=30)
@given(numbers=st.lists(st.decimals("0.01", 1000, places=2).map(str), min_size=1, max_size=4))
def test_logarithms_are_nearest_of_256_bits(numbers):
    columns = Columns(len(numbers), {"x": Decimals.parse(numbers)}, {})
    for term, value in ((Log2("x"), lambda v: MP.log(v, 2)), (Log10("x"), MP.log10), (Log1p("x"), MP.log1p)):
        (feature,) = term.exact(columns)
        for i, number in enumerate(numbers):
            exact = value(MP.mpf(number))
            found = MP.mpf(feature[i].numerator) / feature[i].denominator
            assert abs(found - exact) <= abs(exact) * MP.mpf(2) ** -256 * (1 + MP.mpf(2) ** -30)


def test_logarithms_of_powers_of_the_base_are_whole_numbers():
    powers = ExactColumn.of_fractions([Fraction(10) ** k for k in (-300, -1, 0, 1, 2, 22, 308)])
    columns = Columns(7, {"x": powers}, {})
    (feature,) = Log10("x").exact(columns)
    assert [feature[i] for i in range(7)] == [-300, -1, 0, 1, 2, 22, 308]
    (feature,) = Log2("x").exact(Columns(3, {"x": ExactColumn((1, 8, 2**70), Fraction(1, 4))}, {}))
    assert [feature[i] for i in range(3)] == [-2, 1, 68]


@pytest.mark.parametrize(("term", "numpy", "wrong"), [(Log2, np.log2, 0), (Log10, np.log10, -1), (Log1p, np.log1p, -1)])
def test_logarithms_are_rounded_by_numpy_and_refuse_what_has_none(term, numpy, wrong):
    x = np.array([0.5, 3.0, 100.0])
    assert term("x").rounded(Columns(3, {"x": x}, {}), FLOAT64)[:, 0].tolist() == numpy(x).tolist()
    bad = [1, wrong]
    for columns, form in (
        (Columns(2, {"x": np.array(bad, dtype=float)}, {}), lambda t, c: t.rounded(c, FLOAT64)),
        (Columns(2, {"x": ExactColumn(tuple(bad))}, {}), lambda t, c: t.exact(c)),
    ):
        with pytest.raises(InputError, match=r"x is (0|negative) in row 1"):
            form(term("x"), columns)
