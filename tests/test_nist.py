"""The StRD data sets against NIST's certified values, by a solver of this file's own in rational arithmetic."""

import dataclasses
from decimal import Decimal, localcontext
from fractions import Fraction
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stabilitylab import problems
from stabilitylab.errors import UnknownNameError
from stabilitylab.problems.nist import Certified, certified
from stabilitylab.regression import Decimals, Problem

# Rows, parameters, level of difficulty, as NIST's index of the linear sets gives them.
SETS = {
    "nist.norris": (36, 2, "lower"),
    "nist.pontius": (40, 3, "lower"),
    "nist.noint1": (11, 1, "average"),
    "nist.noint2": (3, 1, "average"),
    "nist.filip": (82, 11, "higher"),
    "nist.longley": (16, 7, "higher"),
    **{f"nist.wampler{k}": (21, 6, "higher") for k in range(1, 6)},
}
# Printed with 17 digits, of which 16 hold: 6.755244582401224555...E-03 is printed 6.7552445824012241E-03.
KNOWN_MISPRINTS = {"nist.wampler5": {"f_statistic"}}


def inverse(A: list[list[Fraction]]) -> list[list[Fraction]]:
    """A^-1 by Gauss-Jordan elimination on [A I]."""
    n = len(A)
    T = [[*row, *(Fraction(i == j) for j in range(n))] for i, row in enumerate(A)]
    for k in range(n):
        p = next(i for i in range(k, n) if T[i][k])
        T[k], T[p] = T[p], T[k]
        T[k] = [v / T[k][k] for v in T[k]]
        for i in range(n):
            if i != k and T[i][k]:
                T[i] = [v - T[i][k] * w for v, w in zip(T[i], T[k], strict=True)]
    return [row[n:] for row in T]


def exact_statistics(problem: Problem) -> dict[str, Decimal]:
    """Everything NIST certifies, to 40 digits, from the decimals of the problem."""
    columns = {name: [n * Fraction(10) ** c.exponent for n in c.integers] for name, c in problem.data.items()}
    y = columns.pop("y")
    if problem.design.kind == "polynomial":
        A = [[x**k for k in range(problem.design.degree + 1)] for x in columns["x"]]
    else:
        A = [[Fraction(1)] * problem.design.intercept + list(row) for row in zip(*columns.values(), strict=True)]
    m, n = len(A), len(A[0])
    gram = [[sum(row[i] * row[j] for row in A) for j in range(n)] for i in range(n)]
    C = inverse(gram)
    moments = [sum(row[i] * v for row, v in zip(A, y, strict=True)) for i in range(n)]
    x = [sum(c * v for c, v in zip(row, moments, strict=True)) for row in C]
    rss = sum((v - sum(a * c for a, c in zip(row, x, strict=True))) ** 2 for row, v in zip(A, y, strict=True))
    intercept = problem.design.intercept
    centre = sum(y) / m if intercept else 0
    explained = sum((v - centre) ** 2 for v in y) - rss
    df, df_residual = n - intercept, m - n
    variance = rss / df_residual
    values = {f"estimate {i}": decimal(v) for i, v in enumerate(x)}
    values |= {f"standard deviation {i}": root(variance * C[i][i]) for i in range(n)}
    return values | {
        "residual_standard_deviation": root(variance),
        "r_squared": decimal(explained / (explained + rss)),
        "regression df": Decimal(df),
        "regression sum_of_squares": decimal(explained),
        "regression mean_square": decimal(explained / df),
        "residual df": Decimal(df_residual),
        "residual sum_of_squares": decimal(rss),
        "residual mean_square": decimal(variance),
        "f_statistic": decimal(explained / df / variance) if rss else Decimal("Infinity"),
    }


def decimal(value: Fraction) -> Decimal:
    with localcontext(prec=40):
        return Decimal(value.numerator) / Decimal(value.denominator)


def root(value: Fraction) -> Decimal:
    with localcontext(prec=40):
        return decimal(value).sqrt()


def printed(values: Certified) -> dict[str, str]:
    """The certified values under the keys of exact_statistics."""
    flat = {f"estimate {i}": v for i, v in enumerate(values.estimates)}
    flat |= {f"standard deviation {i}": v for i, v in enumerate(values.standard_deviations)}
    for part in ("regression", "residual"):
        flat |= {f"{part} {key}": v for key, v in dataclasses.asdict(getattr(values, part)).items()}
    return flat | {key: getattr(values, key) for key in ("residual_standard_deviation", "r_squared", "f_statistic")}


def mismatches(exact: dict[str, Decimal], published: dict[str, str]) -> set[str]:
    """The keys whose exact value, rounded to the digits printed, is not what is printed."""
    assert exact.keys() == published.keys()
    wrong = set()
    for key, text in published.items():
        value = Decimal(text)
        with localcontext(prec=len(value.as_tuple().digits) or 1):
            if +exact[key] != value:
                wrong.add(key)
    return wrong


@cache
def exact(name: str) -> dict[str, Decimal]:
    return exact_statistics(problems.get(name)())


@pytest.mark.parametrize("name", SETS)
def test_the_exact_solution_of_the_decimals_is_every_certified_digit(name):
    assert mismatches(exact(name), printed(certified(name))) == KNOWN_MISPRINTS.get(name, set())


def another_digit(text: str, place: int) -> str:
    """text with one digit of its mantissa replaced by the next."""
    mantissa, mark, exponent = text.partition("E")
    places = [i for i, c in enumerate(mantissa) if c.isdigit()]
    i = places[place % len(places)]
    return f"{mantissa[:i]}{(int(mantissa[i]) + 1) % 10}{mantissa[i + 1 :]}{mark}{exponent}"


@settings(deadline=None, derandomize=True, max_examples=200)
@given(st.sampled_from(sorted(SETS)), st.integers(0, 30), st.integers(0, 30))
def test_one_wrong_digit_of_a_certified_value_is_found(name, which, place):
    published = printed(certified(name))
    keys = sorted(
        key for key, text in published.items() if text != "Infinity" and key not in KNOWN_MISPRINTS.get(name, ())
    )
    key = keys[which % len(keys)]
    wrong = published | {key: another_digit(published[key], place)}
    assert key in mismatches(exact(name), wrong)


@settings(deadline=None, derandomize=True, max_examples=40)
@given(st.sampled_from(sorted(SETS)), st.integers(0, 100), st.integers(0, 6))
def test_one_wrong_last_digit_of_the_data_is_found(name, row, column):
    problem = problems.get(name)()
    key = list(problem.data)[column % len(problem.data)]
    values = problem.data[key]
    assert isinstance(values, Decimals)
    integers = list(values.integers)
    integers[row % len(integers)] += 1
    corrupted = dataclasses.replace(problem, data={**problem.data, key: Decimals(tuple(integers), values.exponent)})
    wrong = mismatches(exact_statistics(corrupted), printed(certified(name)))
    assert any(key.startswith("estimate") for key in wrong)


@pytest.mark.parametrize(("name", "expected"), SETS.items())
def test_each_set_has_the_size_and_the_difficulty_of_nists_index(name, expected):
    problem, (m, n, difficulty) = problems.get(name)(), expected
    assert problem.shape == problem.A.shape == (m, n)
    assert problem.tags & {"lower", "average", "higher"} == {difficulty}
    assert problem.name == name
    assert problem.source == problems.entry(name).label.source
    assert len(certified(name).estimates) == len(certified(name).standard_deviations) == n


def test_an_exact_fit_is_certified_with_standard_deviations_of_zero_and_an_infinite_f():
    for name in ("nist.wampler1", "nist.wampler2"):
        values = certified(name)
        assert {Decimal(v) for v in values.standard_deviations} == {0}
        assert Decimal(values.residual_standard_deviation) == 0
        assert values.f_statistic == "Infinity"


def test_every_nist_problem_is_in_the_table_of_this_test():
    assert {name for name in problems.names() if name.startswith("nist.")} == set(SETS)


@pytest.mark.parametrize("name", ["nist.unknown", "longley", "synthetic.randsvd"])
def test_a_problem_without_certified_values_is_refused_by_name(name):
    with pytest.raises(UnknownNameError, match=r"nist\.longley"):
        certified(name)
