"""Everything NIST certifies, computed in rational arithmetic from the decimals, and held against what is printed."""

import dataclasses
from decimal import Decimal, localcontext
from fractions import Fraction
from functools import cache

from stabilitylab import problems
from stabilitylab.data.problem import Problem
from stabilitylab.problems.nist import Certified

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


def rows_of(problem: Problem) -> tuple[list[list[Fraction]], list[Fraction]]:
    """A and y from the decimals of the problem."""
    columns = {name: [n * Fraction(10) ** c.exponent for n in c.integers] for name, c in problem.data.items()}
    y = columns.pop("y")
    if problem.design.degree is not None:
        A = [[x**k for k in range(problem.design.degree + 1)] for x in columns["x"]]
    else:
        A = [[Fraction(1)] * problem.design.intercept + list(row) for row in zip(*columns.values(), strict=True)]
    return A, y


def exact_statistics(problem: Problem) -> dict[str, Decimal]:
    """Everything NIST certifies, to 40 digits, from the decimals of the problem."""
    A, y = rows_of(problem)
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


def another_digit(text: str, place: int) -> str:
    """text with one digit of its mantissa replaced by the next."""
    mantissa, mark, exponent = text.partition("E")
    places = [i for i, c in enumerate(mantissa) if c.isdigit()]
    i = places[place % len(places)]
    return f"{mantissa[:i]}{(int(mantissa[i]) + 1) % 10}{mantissa[i + 1 :]}{mark}{exponent}"
