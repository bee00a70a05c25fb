"""Parts of arbitrate: names as programs write them, numbers as they are printed, polynomials, agreement by chance."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planted_meanings import curve, solve, trial
from stabilitylab.diagnosis.arbitrate.agreement import agreement, evidence
from stabilitylab.diagnosis.arbitrate.answers import answers_of
from stabilitylab.diagnosis.arbitrate.features import asked_model
from stabilitylab.diagnosis.arbitrate.polynomial import Atom, affine, of_atom, plus, power, substituted, times
from stabilitylab.diagnosis.arbitrate.printed import of_floats, of_text
from stabilitylab.diagnosis.arbitrate.setting import Setting
from stabilitylab.diagnosis.arbitrate.spelling import normal, of_level


@pytest.mark.parametrize(
    ("written", "form"),
    [
        ("(Intercept)", "intercept"),
        ("const", "intercept"),
        ("_cons", "intercept"),
        ("I(x ** 2)", "x^2"),
        ("I(x^2)", "x^2"),
        ("`two words`", "twowords"),
        ('Q("x")', "x"),
        ("C(g)[T.b]", "g[b]"),
        ("C(g, Treatment(reference='c'))[T.b]", "g[b]"),
        ("g[S.b]", "g[b]"),
        ("poly(x, 3, raw = TRUE)2", "x^2"),
        ("poly(x, 3)2", "poly(x,3)[2]"),
        ("poly(x, 3)[2]", "poly(x,3)[2]"),
        ("z:x", "x:z"),
        ("C(g)[T.b]:x", "g[b]:x"),
        ("x", "x"),
    ],
)
def test_a_name_has_one_form_however_a_program_writes_it(written, form):
    assert normal(written) == form


def test_a_level_is_known_by_the_names_of_r_sas_spss_pandas_and_statsmodels():
    for name in ("groupb", "group b", "[group=b]", "group_b", "group[T.b]", "C(group)[T.b]"):
        assert normal(name) in of_level("group", "b")
    assert normal("group2") in of_level("group", "b", 2)
    assert normal("group2") not in of_level("group", "b")


@pytest.mark.parametrize(
    ("text", "half", "digits"),
    [
        ("1.50", "0.005", 3),
        ("-0.0012", "0.00005", 2),
        ("2e-3", "0.0005", 1),
        ("1200", "0.5", 4),
        ("0.00", "0.005", 0),
        ("\N{MINUS SIGN}4.25", "0.005", 3),
    ],
)
def test_a_printed_number_is_known_to_half_a_unit_of_its_last_place(text, half, digits):
    printed = of_text(text)
    assert (printed.half, printed.digits) == (Fraction(half), digits)


@pytest.mark.parametrize("text", ["", "one", "1,5", "1.5.2", "0x1p3", "nan", "inf", "1e5000", "1_000", "--1", "1e"])
def test_what_is_no_number_is_none(text):
    assert of_text(text) is None


def test_floats_are_as_exact_as_they_look():
    typed = of_floats([1.25, 2.375, 1000.5])
    assert [one.half for one in typed] == [Fraction(1, 2000)] * 2 + [Fraction(1, 20)]
    computed = of_floats([1 / 3, 2.5])
    assert computed[0].half == Fraction(float(np.spacing(1 / 3))) / 2
    single = of_floats([np.float32(1 / 3)])
    assert single[0].half == Fraction(float(np.spacing(np.float32(1 / 3)))) / 2
    assert single[0].value == Fraction(float(np.float32(1 / 3)))


X, Z = Atom("number", "x"), Atom("number", "z")
VALUES = st.fractions(-3, 3, max_denominator=9)


@st.composite
def polynomials(draw):
    """A polynomial in two atoms of degree at most 3."""
    monomials = [(), (X,), (Z,), (X, X), (X, Z), (X, X, Z)]
    return {m: c for m in monomials if (c := draw(VALUES))}


def at(p, x, z):
    """The value of a polynomial."""
    value = Fraction(0)
    for monomial, c in p.items():
        for atom in monomial:
            c *= x if atom == X else z
        value += c
    return value


@settings(max_examples=60)
@given(polynomials(), polynomials(), VALUES, VALUES, VALUES)
def test_operations_on_polynomials_are_those_on_their_values(p, q, x, z, c):
    assert at(plus(p, q, c), x, z) == at(p, x, z) + c * at(q, x, z)
    assert at(times(p, q), x, z) == at(p, x, z) * at(q, x, z)
    assert at(affine(p, c, 2), x, z) == c * at(p, x, z) + 2
    assert at(power(p, 2), x, z) == at(p, x, z) ** 2
    moved = substituted(p, {X: affine(of_atom(X), 2, c)})
    assert at(moved, x, z) == at(p, 2 * x + c, z)


@settings(max_examples=15)
@given(st.sets(st.integers(0, 24), max_size=12), st.integers(0, 10**6))
def test_rows_left_out_are_left_out_of_the_sums(dropped, seed):
    from dataclasses import replace

    data = curve(seed, m=25, degree=2)
    setting = Setting(data.question)
    keep = [row for row in range(25) if row not in dropped]
    expected = solve([[column[row] for row in keep] for column in data.features()], [data.y[row] for row in keep])
    assert setting.solved(replace(asked_model(setting), left_out=frozenset(dropped))) == tuple(expected)


def test_evidence_counts_what_tells_a_question_from_the_one_asked():
    data = trial(4)
    setting = Setting(data.question)
    model = asked_model(setting)
    x = setting.solved(model)
    spread = setting.spread(model)
    texts = [f"{float(v):.7g}" for v in x]
    [answer] = answers_of({"R": texts}, data.names)
    right = agreement(answer, model, x)
    assert evidence(right, right, spread) == 0  # what is right for the question asked is no evidence
    other = agreement(answer, model, tuple(v * Fraction(3, 2) for v in x))
    assert evidence(right, other, spread) > 25
    one = agreement(answer, model, (x[0] * 2, *x[1:]))
    assert 5 < evidence(right, one, spread) < 9


def test_nearly_dependent_columns_make_agreement_cheap():
    """Errors along one direction: that all coefficients agree is hardly more than that one does."""
    setting = Setting(trial(4).question)
    model = asked_model(setting)
    x = setting.solved(model)
    texts = [f"{float(v):.7g}" for v in x]
    [answer] = answers_of({"R": texts}, setting.question.names)
    right, other = (agreement(answer, model, tuple(v * k for v in x)) for k in (1, Fraction(3, 2)))
    n = len(x)
    scale = [float(v) for v in x]
    alike = [[scale[i] * scale[k] * (1 + 1e-15 * (i == k)) for k in range(n)] for i in range(n)]
    assert evidence(right, other, alike) < 10
    assert evidence(right, other, setting.spread(model)) > 25
