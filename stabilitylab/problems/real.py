"""Everyday data that are numerically difficult: time stamps, calendar years, unlike units, dummy variables."""

import math

import numpy as np
import numpy.typing as npt

from stabilitylab.core.errors import InputError
from stabilitylab.data.problem import Decimals, Design, Problem
from stabilitylab.problems import problem
from stabilitylab.problems.labelling import labelled

_ERRORS = (1, -1, -1, 1)


@problem("real.timestamps_s", source="numpy issue 5702; vega issue 3881; R-help, April 2012")
def timestamps_s(m: int = 1000, elapsed: bool = False) -> Problem:
    """A line of slope exactly 3 over Unix seconds 1.7e9, ..., 1.7e9 + m - 1.

    The mean is millions of standard deviations from 0: cond is about 1e16, for a slope as well determined as over 0,
    ..., m - 1. elapsed: count from the first stamp instead, which avoids the loss. Raises InputError unless m is a
    multiple of 4.
    """
    return _timestamps("real.timestamps_s", 17 * 10**8, m, elapsed)


@problem("real.timestamps_ms", source="numpy issue 5702; vega issue 3881; R-help, April 2012")
def timestamps_ms(m: int = 1000, elapsed: bool = False) -> Problem:
    """A line of slope exactly 3 over Unix milliseconds 1.7e12, ..., 1.7e12 + m - 1, all exact in float64.

    elapsed: count from the first stamp instead. Raises InputError unless m is a multiple of 4.
    """
    return _timestamps("real.timestamps_ms", 17 * 10**11, m, elapsed)


@problem("real.timestamps_ns", source="ClickHouse pull request 119347; numpy issue 5702")
def timestamps_ns(m: int = 1000, elapsed: bool = False) -> Problem:
    """A line of slope exactly 3 over Unix nanoseconds 1.7e18, ..., 1.7e18 + m - 1, of which float64 keeps every 256th.

    The stored data have another slope: the digits are lost before any algorithm starts. elapsed: count from the first
    stamp, in integers, before anything is rounded. Raises InputError unless m is a multiple of 4 and large enough for
    two stored stamps to differ.
    """
    return _timestamps("real.timestamps_ns", 17 * 10**17, m, elapsed)


def _timestamps(family: str, epoch: int, m: int, elapsed: bool) -> Problem:
    """x = base + i and y = 5 + 3 i + e_i, where e repeats 1, -1, -1, 1.

    Each four of e sum to 0, and so do their products with i: e is orthogonal to the line, and the exact decimal fit
    is 5 - 3 base and 3. With t = 1 + mean**2 + variance of x, the condition number k solves k + 1/k = t / sd.
    """
    if m < 4 or m % 4:
        raise InputError(f"m must be a multiple of 4, so that the errors are orthogonal to the line; got m = {m}")
    base = 0 if elapsed else epoch
    if float(base) == float(base + m - 1):
        raise InputError(f"{m} stamps from {base} are one number in float64: ask for more")
    x = tuple(range(base, base + m))
    y = tuple(5 + 3 * i + _ERRORS[i % 4] for i in range(m))
    label = labelled(family, m=m, elapsed=elapsed)
    tags = {"full-rank", "intercept", "integer"} | (set() if elapsed else {"large-offset", "badly-scaled"})
    data = {"y": Decimals(y), "x": Decimals(x)}
    mean, variance = base + (m - 1) / 2, (m**2 - 1) / 12
    half = (1 + mean**2 + variance) / math.sqrt(variance) / 2
    cond = half + math.sqrt(half**2 - 1)
    return Problem(
        label.name, data, Design.line(), label.source, frozenset(tags), cond=cond, planted=(5.0 - 3.0 * base, 3.0)
    )


@problem("real.years", source="GLM.jl issue 426")
def years(degree: int = 2, seed: int = 0) -> Problem:
    """A yearly figure of one decimal place on the powers of the year, 1900 to 2020, as a trend is often fitted.

    The square of the year is a line within 1 part in 1000: cond is 1e5 for a line, 1e10 for the default parabola and
    1e15 for a cubic. Raises InputError for degree < 1.
    """
    if degree < 1:
        raise InputError(f"degree must be at least 1; got {degree}")
    year = np.arange(1900, 2021)
    t = (year - 1900) / 10
    figure = 20 + 3 * t + 0.4 * t**2 + np.random.default_rng(seed).normal(0, 2, len(t))
    data = {"y": _decimals(figure, 1), "year": _decimals(year, 0)}
    tags = {"full-rank", "intercept", "large-offset"} | ({"badly-scaled"} if degree >= 2 else set())
    label = labelled("real.years", degree=degree, seed=seed)
    return Problem(label.name, data, Design.polynomial(degree), label.source, frozenset(tags))


@problem("real.income_and_rate", source="the units of any survey; van der Sluis, Numer. Math. 14 (1969) 14-23")
def income_and_rate(m: int = 500, seed: int = 0) -> Problem:
    """Spending in cents on an income (mean 50000, sd 15000) and an interest rate (mean 0.05, sd 0.005).

    The columns differ by a factor of 1e6 in size and are well conditioned once scaled: only the units cost digits.
    Raises InputError for m < 4.
    """
    if m < 4:
        raise InputError(f"expected m >= 4; got m = {m}")
    rng = np.random.default_rng(seed)
    income = np.maximum(rng.normal(50000, 15000, m), 5000)
    rate = np.maximum(rng.normal(0.05, 0.005, m), 0.001)
    spending = 1000 + 0.3 * income - 40000 * rate + rng.normal(0, 500, m)
    data = {"y": _decimals(spending, 2), "income": _decimals(income, 0), "rate": _decimals(rate, 4)}
    tags = frozenset({"full-rank", "intercept", "badly-scaled"})
    label = labelled("real.income_and_rate", m=m, seed=seed)
    return Problem(label.name, data, Design.columns(intercept=True), label.source, tags)


@problem("real.one_hot", source="Suits, JASA 52 (1957) 548-551: the dummy variable trap")
def one_hot(groups: int = 4, m: int = 120, seed: int = 0) -> Problem:
    """A 0/1 column per group beside an intercept: they sum to 1, so that A (m, groups + 1) has rank groups exactly.

    Only the group means are determined: a constant may move between the intercept and the dummies.
    Raises InputError unless groups >= 2 and m > groups.
    """
    if groups < 2 or m <= groups:
        raise InputError(f"expected groups >= 2 and m > groups; got groups = {groups}, m = {m}")
    rng = np.random.default_rng(seed)
    group = rng.permutation(np.arange(m) % groups)
    figure = 10 + 3 * group + rng.normal(0, 1, m)
    data = {"y": _decimals(figure, 1)}
    data |= {f"group_{g}": _decimals(group == g, 0) for g in range(groups)}
    label = labelled("real.one_hot", groups=groups, m=m, seed=seed)
    tags = frozenset({"deficient", "intercept"})
    return Problem(label.name, data, Design.columns(intercept=True), label.source, tags)


def _decimals(values: npt.ArrayLike, places: int) -> Decimals:
    """Values rounded to decimals of so many places, which they then are exactly."""
    return Decimals(tuple(round(float(v) * 10**places) for v in np.asarray(values).ravel()), -places)
