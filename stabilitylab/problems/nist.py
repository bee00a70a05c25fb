"""The eleven linear data sets of the NIST Statistical Reference Datasets (StRD), every decimal as published.

Polynomial sets hold the columns y and x, so that the powers can be formed exactly, or in floating point. `certified`
gives the published answers, which are answers to the decimal data: 15 digits, themselves rounded.
Source: NIST/ITL, Statistical Reference Datasets, linear regression; a work of the United States government.
"""

import csv
import json
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files

from stabilitylab.core.errors import UnknownNameError
from stabilitylab.data.problem import Decimals, Design, Problem
from stabilitylab.problems import problem

_DATA = files("stabilitylab.problems") / "data"
_POWERS = "full-rank intercept badly-scaled higher"


@dataclass(frozen=True)
class _DataSet:
    """What NIST's page says besides the numbers."""

    design: Design
    says: str
    source: str
    tags: str


_SETS = {
    "norris": _DataSet(
        Design.line(),
        "calibration of ozone monitors, 36 rows",
        "J. Norris, NIST; StRD Norris",
        "full-rank intercept lower",
    ),
    "pontius": _DataSet(
        Design.polynomial(2),
        "calibration of load cells, 40 rows",
        "P. Pontius, NIST; StRD Pontius",
        "full-rank intercept badly-scaled lower",
    ),
    "noint1": _DataSet(
        Design.columns(intercept=False),
        "a line through the origin, fitted far from it, at x from 60 to 70, 11 rows",
        "K. Eberhardt, NIST; StRD NoInt1",
        "full-rank integer average",
    ),
    "noint2": _DataSet(
        Design.columns(intercept=False),
        "a line through the origin, 3 rows",
        "K. Eberhardt, NIST; StRD NoInt2",
        "full-rank integer average",
    ),
    "filip": _DataSet(
        Design.polynomial(10),
        "a polynomial whose powers cannot be stored to more than eight useful digits in float64, 82 rows",
        "A. Filippelli, NIST; StRD Filip",
        _POWERS,
    ),
    "longley": _DataSet(
        Design.columns(),
        "employment against six collinear economic series, one of them the year, 16 rows",
        "J. W. Longley, JASA 62 (1967) 819-841; StRD Longley",
        "full-rank intercept large-offset badly-scaled higher",
    ),
    "wampler1": _DataSet(
        Design.polynomial(5),
        "an exact fit, every coefficient 1, 21 rows",
        "R. H. Wampler, JASA 65 (1970) 549-565; StRD Wampler1",
        f"{_POWERS} integer consistent",
    ),
    "wampler2": _DataSet(
        Design.polynomial(5),
        "an exact fit, coefficient k 10**-k, 21 rows",
        "R. H. Wampler, JASA 65 (1970) 549-565; StRD Wampler2",
        f"{_POWERS} consistent",
    ),
    "wampler3": _DataSet(
        Design.polynomial(5),
        "Wampler1 and a residual orthogonal to the powers, 21 rows",
        "R. H. Wampler, JASA 65 (1970) 549-565; StRD Wampler3",
        f"{_POWERS} integer",
    ),
    "wampler4": _DataSet(
        Design.polynomial(5),
        "Wampler1 and 100 times the residual of Wampler3, 21 rows",
        "R. H. Wampler, JASA 65 (1970) 549-565; StRD Wampler4",
        f"{_POWERS} integer",
    ),
    "wampler5": _DataSet(
        Design.polynomial(5),
        "Wampler1 and 10000 times the residual of Wampler3: a residual far larger than the fit, 21 rows",
        "R. H. Wampler, JASA 65 (1970) 549-565; StRD Wampler5",
        f"{_POWERS} integer",
    ),
}


@dataclass(frozen=True)
class Variation:
    """One line of the analysis of variance, in the digits published."""

    df: str
    sum_of_squares: str
    mean_square: str


@dataclass(frozen=True)
class Certified:
    """NIST's certified values of one data set, in the digits published: mostly 15, correctly rounded.

    The exact fits have standard deviations and a residual of 0 and the F statistic "Infinity". R² is centred where
    the model has an intercept and about zero elsewhere. Of Wampler5's F statistic 16 of the 17 digits hold.
    """

    estimates: tuple[str, ...]
    standard_deviations: tuple[str, ...]
    residual_standard_deviation: str
    r_squared: str
    regression: Variation
    residual: Variation
    f_statistic: str


def certified(name: str) -> Certified:
    """The certified values of a problem such as "nist.longley". Raises UnknownNameError for any other."""
    published = json.loads((_DATA / "certified.json").read_text("utf-8"))
    values = published.get(name.removeprefix("nist.")) if name.startswith("nist.") else None
    if values is None:
        raise UnknownNameError(f"{name!r} has no certified values; those that have are nist.{', nist.'.join(_SETS)}")
    return Certified(
        estimates=tuple(values["estimates"]),
        standard_deviations=tuple(values["standard_deviations"]),
        residual_standard_deviation=values["residual_standard_deviation"],
        r_squared=values["r_squared"],
        regression=Variation(**values["regression"]),
        residual=Variation(**values["residual"]),
        f_statistic=values["f_statistic"],
    )


def _reader(name: str, about: _DataSet) -> Callable[[], Problem]:
    def read() -> Problem:
        header, *rows = csv.reader((_DATA / f"{name}.csv").read_text("utf-8").splitlines())
        data = {column: Decimals.parse(row[j] for row in rows) for j, column in enumerate(header)}
        return Problem(f"nist.{name}", data, about.design, about.source, frozenset(about.tags.split()))

    read.__doc__ = f"{about.source.split('; ')[-1]}: {about.says}."
    read.__name__ = read.__qualname__ = name
    return read


for _name, _about in _SETS.items():
    problem(f"nist.{_name}", source=_about.source)(_reader(_name, _about))
