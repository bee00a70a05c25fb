"""Each term of a design, rounded against NumPy as a user would write it, exact against fractions formed here."""

from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stabilitylab.conformance.rational import exact
from stabilitylab.core.arithmetic.exact_column import ExactColumn
from stabilitylab.core.arithmetic.formats import FLOAT32, FLOAT64, LONGDOUBLE, NATIVE
from stabilitylab.core.errors import InputError, OutOfRangeError
from stabilitylab.data.design import (
    Category,
    Centred,
    Column,
    Columns,
    Design,
    Elapsed,
    Exp,
    Intercept,
    Labels,
    Log,
    Power,
    Product,
    Scaled,
    Sqrt,
)
from stabilitylab.data.terms import Mapped
from stabilitylab.data.unbound import OnlyRegressor, Regressors

SETTINGS = settings(max_examples=60)
MP = mpmath.MPContext()
MP.prec = 3000
MP_256 = mpmath.MPContext()
MP_256.prec = 256
M = 4
G = Labels(("b", "a", "b", "c"))
WIDE = pytest.mark.parametrize("format", [FLOAT32, FLOAT64, LONGDOUBLE], ids=str)


def floats(format, **columns):
    """Columns of one format."""
    arrays = {name: np.array(values, dtype=format.dtype) for name, values in columns.items()}
    return Columns(len(next(iter(arrays.values()))), arrays, {"g": G})


def fractions(**columns):
    """Exact columns."""
    numbers = {name: ExactColumn.of_fractions(map(Fraction, values)) for name, values in columns.items()}
    return Columns(len(next(iter(columns.values()))), numbers, {"g": G})


def stated(features):
    """Exact features as lists of fractions."""
    return [[feature[row] for row in range(len(feature))] for feature in features]


def same_bits(found, *expected):
    """Whether the features (m, k) are these columns, bit for bit."""
    expected = np.stack(expected, axis=1)
    return found.dtype == expected.dtype and found.shape == expected.shape and found.tolist() == expected.tolist()


# --- what a user would have formed

X = [0.1, 3.7, 2.0, 1e-3, 123.456]
Z = [7.0, -0.3, 1 / 3, 5e4, 1.0]
WAYS = {
    "x": ("x", lambda x, z: x),
    "x^3": (Power("x", 3), lambda x, z: x * x * x),
    "log(x)": (Log("x"), lambda x, z: np.log(x)),
    "exp(x)": (Exp(Power("x", 1)), lambda x, z: np.exp(x)),
    "sqrt(x)": (Sqrt("x"), lambda x, z: np.sqrt(x)),
    "x:z": (Product("x", "z"), lambda x, z: x * z),
    "centred(z)": (Centred("z"), lambda x, z: z - z.mean()),
    "elapsed(z)": (Elapsed("z"), lambda x, z: z - z[0]),
    "scaled(z)": (Scaled("z"), lambda x, z: z / np.linalg.norm(z)),
    "scaled(centred(x))": (Scaled(Centred("x"), "sd"), lambda x, z: (x - x.mean()) / (x - x.mean()).std(ddof=1)),
    "scaled(log(x)^2)": (
        Scaled(Power(Log("x"), 2), "population sd"),
        lambda x, z: np.log(x) ** 2 / np.std(np.log(x) ** 2),
    ),
}


@WIDE
@pytest.mark.parametrize("name", WAYS)
def test_a_term_is_formed_as_a_user_would_in_the_format(name, format):
    term, naive = WAYS[name]
    if name == "exp(x)" and format is FLOAT32:
        return  # exp(123) overflows there; tested below
    columns = floats(format, x=X, z=Z)
    found = Design.of(term).rounded(columns, format)
    with np.errstate(over="ignore"):
        assert same_bits(found, naive(columns.numbers["x"], columns.numbers["z"]))
    assert Design.of(term).names({}) == (name,)


@WIDE
def test_powers_are_cumulative_products_as_numpy_vander_forms_them(format):
    columns = floats(format, x=X, z=Z)
    powers = Design.of(Intercept(), *(Power("x", k) for k in range(1, 12))).rounded(columns, format)
    x = columns.numbers["x"]
    assert same_bits(powers, x**0, *np.multiply.accumulate(np.stack([x] * 11), dtype=format.dtype))
    if format is not FLOAT32:  # which numpy.vander makes float64
        assert same_bits(powers, *np.vander(x, 12, increasing=True).T)
    assert powers.flags.c_contiguous
    # Another order of the multiplications gives other bits, which the test above would notice.
    assert not np.array_equal(powers[:, 6], x**2 * x**2 * x**2)


def test_each_feature_of_a_term_of_several_is_formed_by_itself():
    x, labels = np.sin(np.arange(1.0, 1002)), Labels(tuple("abc" * 333 + "ab"))
    found = Scaled(Product("x", Category("g"))).rounded(Columns(1001, {"x": x}, {"g": labels}), FLOAT64)
    groups = [np.where(np.array(labels.values) == level, x, 0.0) for level in "bc"]
    assert same_bits(found, *(group / np.linalg.norm(group) for group in groups))


def test_a_format_that_numpy_lacks_is_rounded_to_after_every_operation():
    class Tenths:
        """Numbers of one decimal, carried in float64."""

        dtype = np.dtype(np.float64)

        @staticmethod
        def rounded(values):
            return np.round(values, 1)

    columns = floats(FLOAT64, x=[0.7, 1.3, 2.2], z=[0.3, 0.3, 0.3])
    design = Design.of(Power("x", 3), Product("x", "z"), Log("x"), Centred("x"), Scaled("x"))
    x = np.array([0.7, 1.3, 2.2])
    cube = np.round(np.round(x * x, 1) * x, 1)
    others = [np.round(v, 1) for v in (0.3 * x, np.log(x), x - 1.4, x / 2.7)]
    assert np.allclose(design.rounded(columns, Tenths), np.stack([cube, *others], axis=1), rtol=0, atol=1e-12)


# --- exact values, composed at will

DECIMALS = st.decimals(-3, 3, places=2, allow_nan=False).map(Fraction)
FUNCTIONS = (Log, Exp, Sqrt, Centred, Elapsed, Scaled, lambda t: Scaled(t, "sd"), lambda t: Scaled(t, "population sd"))


def built(inner):
    return st.one_of(
        st.builds(lambda f, t: f(t), st.sampled_from(FUNCTIONS), inner),
        st.builds(Power, inner, st.integers(1, 3)),
        st.builds(Product, inner, inner),
    )


RATIONAL = (Centred, Elapsed)
LEAVES = st.sampled_from([Column("x"), Column("z"), Intercept(), Category("g"), Category("g", coding="sum")])
TERMS = st.recursive(LEAVES, built, max_leaves=4)


class Refused(Exception):  # noqa: N818 - not an error of the oracle, but its answer
    """The oracle's word for a feature that does not exist."""


def to_256(number):
    """An mpmath number to 256 bits, by mpmath's own rounding."""
    return exact(+MP_256.make_mpf(number._mpf_))


def irrational(function, value):
    return to_256(function(MP.mpf(value.numerator) / value.denominator))


def oracle(term, x, z):
    """The features of a term as lists of fractions, written anew from its definition."""
    if isinstance(term, Intercept):
        return [[Fraction(1)] * M]
    if isinstance(term, Column):
        return [{"x": x, "z": z}[term.name]]
    if isinstance(term, Category):
        minus = -1 if term.coding == "sum" else 0
        return [[Fraction({level: 1, "a": minus}.get(v, 0)) for v in G.values] for level in ("b", "c")]
    if isinstance(term, Product):
        first, second = oracle(term.first, x, z), oracle(term.second, x, z)
        return [[a * b for a, b in zip(f, s, strict=True)] for f in first for s in second]
    return [mapped(term, v) for v in oracle(term.of, x, z)]


def mapped(term, values):
    mean = sum(values) / M
    if isinstance(term, Power):
        return [v**term.degree for v in values]
    if isinstance(term, Centred):
        return [v - mean for v in values]
    if isinstance(term, Elapsed):
        return [v - values[0] for v in values]
    if isinstance(term, Scaled):
        about, over = {"norm": (0, 1), "sd": (mean, M - 1), "population sd": (mean, M)}[term.by]
        square = sum((v - about) ** 2 for v in values) / over
        if not square:
            raise Refused
        return [v / irrational(MP.sqrt, square) for v in values]
    lowest = {Log: lambda v: v > 0, Sqrt: lambda v: v >= 0, Exp: lambda v: abs(v) <= 46_000}[type(term)]
    if not all(map(lowest, values)):
        raise Refused
    return [irrational({Log: MP.log, Sqrt: MP.sqrt, Exp: MP.exp}[type(term)], v) for v in values]


@settings(max_examples=250)
@given(TERMS, st.lists(DECIMALS, min_size=M, max_size=M), st.lists(DECIMALS, min_size=M, max_size=M))
def test_terms_compose_without_rounding_but_for_the_256_bits(term, x, z):
    columns = fractions(x=x, z=z)
    try:
        expected = oracle(term, x, z)
    except Refused:
        with pytest.raises(InputError):
            term.exact(columns)
        return
    assert stated(term.exact(columns)) == expected
    assert len(term.names({"g": G})) == len(expected)
    assert set(term.numbers) <= {"x", "z"}
    assert set(term.labels) <= {"g"}


@settings(max_examples=100)
@given(TERMS, st.lists(DECIMALS, min_size=M, max_size=M), st.lists(DECIMALS, min_size=M, max_size=M))
def test_what_is_formed_in_floats_is_near_what_is_formed_exactly_and_as_wide(term, x, z):
    columns = floats(LONGDOUBLE, x=list(map(float, x)), z=list(map(float, z)))
    as_stored = Columns(M, {k: ExactColumn.of_floats(v) for k, v in columns.numbers.items()}, columns.labels)
    try:
        exactly = stated(term.exact(as_stored))
        rounded = Design.of(term).rounded(columns, LONGDOUBLE)
    except InputError:
        return
    assert rounded.shape == (M, len(exactly))
    if not np.isfinite(rounded).all() or not isinstance(term, Mapped | Product) or depth(term) > 1:
        return
    for feature, column in zip(exactly, rounded.T, strict=True):
        size = max(map(abs, feature), default=Fraction(0)) + 3
        assert all(abs(exact(a) - e) <= Fraction(1, 10**12) * size for a, e in zip(column, feature, strict=True))


def depth(term):
    inner = [term.of] if isinstance(term, Mapped) else [term.first, term.second] if isinstance(term, Product) else []
    return 1 + max(map(depth, inner)) if inner else 0


@SETTINGS
@given(st.lists(DECIMALS.map(lambda v: abs(v) + Fraction(1, 100)), min_size=M, max_size=M), st.sampled_from(NATIVE))
def test_terms_that_are_stored_are_the_same_rounded_and_exact_and_only_they(x, format):
    columns = floats(format, x=list(map(float, x)))
    as_stored = Columns(M, {"x": ExactColumn.of_floats(columns.numbers["x"])}, columns.labels)
    for term in (Intercept(), Column("x"), Category("g"), Category("g", coding="sum", reference="c")):
        assert Design.of(term).stored
        features = Design.of(term).rounded(columns, format).T
        assert [[exact(v) for v in feature] for feature in features] == stated(term.exact(as_stored))
    for term in (
        Power("x", 2),
        Log("x"),
        Product("x", "x"),
        Centred("x"),
        Scaled("x"),
        Elapsed("x"),
        Exp("x"),
        Sqrt("x"),
    ):
        assert not Design.of(Intercept(), term).stored


# --- what cannot be formed


@pytest.mark.parametrize(
    ("term", "x", "says"),
    [
        (Log("x"), [1, 2, 0, 4], "log needs positive numbers; x is 0 in row 2"),
        (Log("x"), [1, -2, 0, 4], "log needs positive numbers; x is negative in row 1"),
        (Log(Centred("x")), [1, 1, 1, 1], r"log needs positive numbers; centred\(x\) is 0 in row 0"),
        (Sqrt("x"), [1, 2, 3, -4], "sqrt needs numbers of 0 or more; x is negative in row 3"),
        (Scaled("x"), [0, 0, 0, 0], "the norm of x is 0"),
        (Scaled("x", "sd"), [2, 2, 2, 2], "the sd of x is 0"),
        (Scaled("x", "sd"), [2], "one row of x has no standard deviation"),
    ],
)
def test_what_has_no_value_is_refused_with_column_and_row_rounded_and_exact(term, x, says):
    with pytest.raises(InputError, match=says):
        term.exact(fractions(x=x))
    with pytest.raises(InputError, match=says):
        term.rounded(floats(FLOAT64, x=x), FLOAT64)


def test_what_overflows_is_refused_or_infinite_never_quietly_wrong():
    with pytest.raises(OutOfRangeError, match=r"exp of x, row 1, is outside every format"):
        Exp("x").exact(fractions(x=[1, 10**6]))
    with pytest.raises(OutOfRangeError, match="the norm of x overflows float64"):
        Design.of(Scaled("x")).rounded(floats(FLOAT64, x=[1e200, 1e200]), FLOAT64)
    # Of such a column the norm is a number all the same.
    assert stated(Scaled("x").exact(fractions(x=[3 * 2**700, 4 * 2**700]))) == [[Fraction(3, 5), Fraction(4, 5)]]
    assert np.isinf(Design.of(Exp("x")).rounded(floats(FLOAT32, x=[1.0, 123.0]), FLOAT32)).any()


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Power("x", 0), "a power must be a whole number of at least 1; got 0"),
        (lambda: Power("x", 1.5), "a power must be a whole number"),
        (lambda: Scaled("x", "size"), "by must be one of norm, sd, population sd; got 'size'"),
        (lambda: Log(3), "a term must be a Term, or the name of a column; got 3"),
        (lambda: Regressors().names({}), "every regressor stands for columns that are not known yet"),
        (lambda: Log(OnlyRegressor()).rounded(floats(FLOAT64, x=[1.0]), FLOAT64), "the only regressor stands for"),
        (lambda: Regressors().exact(fractions(x=[1])), "give the design to a Problem"),
    ],
)
def test_what_is_no_term_is_refused(make, says):
    with pytest.raises(InputError, match=says):
        make()


def test_a_name_stands_for_its_column_wherever_a_term_can_stand():
    assert Log("x") == Log(Column("x"))
    assert Product("a", Category("g")) == Product(Column("a"), Category("g"))
    assert len({Power("x", 2), Power(Column("x"), 2), Power("x", 3)}) == 2


def test_terms_that_stand_for_columns_unknown_yet_are_bound_inside_others():
    assert Scaled(Centred(Regressors()), "sd").bound(("a", "b")) == (
        Scaled(Centred("a"), "sd"),
        Scaled(Centred("b"), "sd"),
    )
    assert Product(Regressors(), Category("g")).bound(("a", "b")) == (
        Product("a", Category("g")),
        Product("b", Category("g")),
    )
    assert Power(OnlyRegressor(), 3).bound(("a",)) == (Power("a", 3),)
    assert Log("x").bound(("a", "b")) == (Log("x"),)
