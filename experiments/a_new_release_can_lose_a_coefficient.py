"""Can an upgrade lose a coefficient without a warning?

The same call on the same data in two or more releases of a library. A release that is not here gets a throw-away
environment from pip, with the NumPy and SciPy that are here, so that only the library differs. scikit-learn gave the
SVD under `LinearRegression` a rank cut-off, `tol`, far above the round-off where it stood before: columns, or
combinations of columns, that are shorter than that share of the longest count as not there. An income beside an
interest rate is two columns whose lengths differ by more than it allows. SciPy gave `least_squares(method="lm")`
another default scale of the variables, `x_scale="jac"` in place of 1. statsmodels changed what `OLS` says, and not what
it returns. What is said to help is asked to help in other units too: on copies of the data whose columns are multiplied
by powers of two, which changes no digit of the exact answer.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from math import inf

from stabilitylab.lab import (
    Column,
    Experiment,
    Finding,
    Listing,
    Measurement,
    NoRowsError,
    Pivot,
    Probe,
    Requirement,
    Rows,
    Size,
    Status,
    Variant,
    VersionError,
    answer,
    bench,
    interpreter,
    problems,
    reference,
    remedy,
    run_file,
)

SKLEARN, STATSMODELS, SCIPY, EXACT = (
    "sklearn.LinearRegression",
    "statsmodels.OLS",
    "scipy.least_squares_lm",
    "exact.certified",
)
INCOME = "real.income_and_rate"
WAMPLER = ("nist.wampler3", "nist.wampler4", "nist.wampler5")
ASKED = {
    EXACT: (INCOME,),
    SKLEARN: (INCOME, "nist.pontius", "nist.wampler1"),
    SCIPY: WAMPLER,
    STATSMODELS: ("nist.filip", "real.timestamps_s"),
}
HERE = "here"  # the version of what is no library from the package index
RELEASES = {
    EXACT: (HERE,),
    SKLEARN: ("1.8.0", "1.9.1"),
    SCIPY: ("1.13.1", "1.15.3", "1.16.0", "1.17.1"),
    STATSMODELS: ("0.14.6", "0.15.0"),
}
SCIPY_FELL = "1.16.0"  # the first of them with x_scale="jac"
INSTEAD = {
    SKLEARN: "sklearn.LinearRegression_tol0",
    SCIPY: "scipy.lstsq_gelsd",
    STATSMODELS: "statsmodels.OLS_qr",
}
AS_BEFORE = "scipy.least_squares_lm_x_scale1"  # the old default, named
TRIED = {**{INSTEAD[route]: ASKED[route] for route in INSTEAD}, AS_BEFORE: WAMPLER}
COPIES = 4  # with columns scaled by powers of two
PUBLISHED = {"variant": "published"}


def here(route: str) -> str:
    """The release of a route's library that is here."""
    library = bench.route(route).label.library
    return library.version() if library is not None and not library.missing else HERE


def rows(size: Size) -> Iterator[Probe]:
    """A probe for each problem and release, and for what is tried instead, as published and on copies, here.

    The small size asks only what is here: to install other releases would make it a large one.
    """
    for route, asked in ASKED.items():
        for release in RELEASES[route] if size == "full" else (here(route),):
            for problem in asked:
                yield Probe(problem, (route,), conditions=(("version", release),))
    for route, asked in TRIED.items():
        for problem in asked if bench.route(route).label.available else ():
            for copy in range(COPIES + 1):
                yield Probe(problem, (route,), (("copy", copy),), (("version", here(route)),))


def measure(probe: Probe) -> tuple[Measurement, ...]:
    """The row of one release; where it cannot be had, what pip said."""
    (route,), version, python = probe.solvers, str(probe["version"]), None
    entry = bench.route(route)
    if probe.parameters:
        copy = Variant("scaled", int(probe["copy"])) if probe["copy"] else Variant()
        wanted = ("digits.min", "digits.supported")
        row = bench.measure(route, problems.get(probe.problem)(), truth="decimal", variant=copy, metrics=wanted)
        return (replace(row, conditions=dict(probe.conditions)),)
    if version not in (HERE, here(route)):
        try:
            python = interpreter(Requirement(entry.label.library.distribution, version), lambda line: None)
        except VersionError as error:
            return (probe.row(route, {"digits.min": None}, status=Status.REFUSED, note=str(error), truth="decimal"),)
    return (answer(entry, problems.get(probe.problem)(), "decimal", dict(probe.conditions), python=python),)


# --- what is said of it


def answers(rows: Rows, route: str) -> Mapping[str, tuple[Measurement, ...]]:
    """The rows of the releases of a route, oldest first, for each problem that all of them answered."""
    of = {(row.problem, row["conditions.version"]): row for row in rows if row.solver == route and row.answered}
    series = {problem: tuple(of.get((problem, release)) for release in RELEASES[route]) for problem in ASKED[route]}
    return {problem: series for problem, series in series.items() if None not in series}


def in_all_releases(rows: Rows, route: str, holds: Callable[[tuple[Measurement, ...]], bool]) -> bool | None:
    """Whether that holds for every problem of a route; None where a release has no answer, as at the small size."""
    found = answers(rows, route)
    return all(map(holds, found.values())) if len(found) == len(ASKED[route]) else None


def digits(rows: Rows, route: str) -> dict[str, float]:
    """Correct digits in the oldest release and in the newest, by the last word of the problem's name."""
    found = {}
    for problem, (before, *_, after) in answers(rows, route).items():
        name = problem.rpartition(".")[2]
        found |= {f"{name}_before": before["digits.min"], f"{name}_after": after["digits.min"]}
    return found


def releases(route: str) -> dict[str, str]:
    """The names of the oldest release and of the newest."""
    return {"old": RELEASES[route][0], "new": RELEASES[route][-1]}


def in_standard_errors(row: Measurement) -> float:
    """The coefficient of the rate in units of its exact standard error."""
    return float(row.x[2] / reference(problems.get(INCOME)(), truth="decimal").standard_errors[2])


def rate(rows: Rows) -> dict[str, float | str]:
    """The coefficient of the rate in both releases, its exact value, and that in units of its standard error."""
    ref = reference(problems.get(INCOME)(), truth="decimal")
    before, after = (row.x[2] for row in answers(rows, SKLEARN)[INCOME])
    t = abs(ref.x[2] / ref.standard_errors[2])
    return {**releases(SKLEARN), "before": before, "after": after, "exact": float(ref.x[2]), "t": float(t)}


def rate_is_lost(rows: Rows) -> bool | None:
    """Whether a coefficient of more than 5 standard errors becomes a thousandth of itself, or less."""
    if INCOME not in answers(rows, SKLEARN):
        return None
    of = rate(rows)
    return (
        of["t"] > 5
        and abs(of["after"]) < 1e-3 * abs(of["exact"])
        and abs(of["before"] - of["exact"]) < 1e-3 * abs(of["exact"])
    )


def silent(row: Measurement) -> bool:
    """Whether the route gave no warning."""
    return not row.warnings


def falls_in_scipy(series: tuple[Measurement, ...]) -> bool:
    """Whether the releases before SCIPY_FELL have five digits or more, and it and those after it less than one."""
    fell = RELEASES[SCIPY].index(SCIPY_FELL)
    return all(row["digits.min"] > 5 for row in series[:fell]) and all(row["digits.min"] < 1 for row in series[fell:])


def warns_in_statsmodels(pair: tuple[Measurement, ...]) -> bool:
    """Whether both releases have lost an answer, of which the first tells by its rank alone, and the last warns."""
    before, after = pair[0], pair[-1]
    by_rank = silent(before) and before.status in ("RANK_REDUCED", "REPORTS_LOWER_RANK")
    return by_rank and not silent(after) and max(row["digits.min"] for row in pair) < 1


def route_and_problem(row: Measurement) -> str:
    """A line of the table of what is tried instead."""
    return f"{row.solver}: {row.problem}"


def copied(row: Measurement) -> str:
    """Which copy of the data a row is of, in the words of a heading."""
    return "as published" if row.variant == "published" else f"the worst of {COPIES} copies in other units"


def instead_of(route: str) -> Callable[[Rows], dict[str, float | str]]:
    """The fewest digits, over all copies, of what is called instead of a route, by problem; and the release."""

    def numbers(rows: Rows) -> dict[str, float | str]:
        found = [row for row in rows if row.solver == INSTEAD[route] and row.problem.partition("(")[0] in ASKED[route]]
        if len(found) != (COPIES + 1) * len(ASKED[route]):
            raise NoRowsError(f"copies by {INSTEAD[route]} were not measured here")
        kept: dict[str, float | str] = {"version": found[0]["conditions.version"]}
        for row in found:
            name = row.problem.partition("(")[0].rpartition(".")[2]
            kept[name] = min(row["digits.min"] or 0.0, kept.get(name, inf))
        return kept

    return numbers


def keeps_digits(n: Mapping[str, float | str]) -> bool:
    """Whether what is called instead keeps more than four digits of every problem on every copy."""
    return all(value > 4 for value in n.values() if isinstance(value, float))


def of_scipy(rows: Rows) -> dict[str, float | str]:
    """What lstsq keeps on every copy, and least_squares with the old scale as published and at worst."""
    old = rows.where(solver=AS_BEFORE)
    published = {f"old {row.problem.rpartition('.')[2]}": row["digits.min"] for row in old.where(**PUBLISHED)}
    return {**instead_of(SCIPY)(rows), **published, "old worst": min(old.values("digits.min"))}


def coefficient(j: int):
    """The j-th coefficient of a row."""
    return lambda row: row.x[j]


EXPERIMENT = Experiment(
    chapter=14,
    cost="bench",
    limit=3600,
    rows=rows,
    measure=measure,
    symptoms=(
        "the same script gives other coefficients after an upgrade",
        "a coefficient is 8e-10 where it was -42718",
        "least_squares reports success far from the solution",
    ),
    tables=(
        Pivot(
            "Correct digits of LinearRegression in two releases of scikit-learn",
            columns="conditions.version",
            rows="problem",
            where={"solver": SKLEARN},
        ),
        Pivot(
            'Correct digits of least_squares(method="lm") in four releases of SciPy',
            columns="conditions.version",
            rows="problem",
            where={"solver": SCIPY},
        ),
        Listing(
            "What LinearRegression returns for an income and a rate",
            (
                "solver",
                "conditions.version",
                Column(coefficient(0), "intercept", "short"),
                Column(coefficient(1), "income", "short"),
                Column(coefficient(2), "rate", "short"),
                Column(in_standard_errors, "rate, in its standard errors", "short"),
                "rank",
            ),
            where={"problem": INCOME, **PUBLISHED},
        ),
        Listing(
            "Which warnings come with the coefficients",
            ("solver", "conditions.version", "problem", "digits.min", "rank", "warnings", "note"),
            where={"solver": (SKLEARN, SCIPY, STATSMODELS)},
        ),
        Pivot(
            "What is tried instead, in the release here: correct digits as published and in other units",
            rows=route_and_problem,
            columns=copied,
            where={"solver": tuple(TRIED)},
            reduce="min",
        ),
    ),
    findings=(
        Finding(
            "scikit-learn {new} has no correct digit in some coefficient where {old} has {pontius_before:.1f} "
            "(Pontius), {wampler1_before:.1f} (Wampler1) and {income_and_rate_before:.1f} (an income and a rate).",
            lambda rows: in_all_releases(
                rows, SKLEARN, lambda pair: pair[1]["digits.min"] < 1 and pair[0]["digits.min"] > 7
            ),
            lambda rows: {**releases(SKLEARN), **digits(rows, SKLEARN)},
        ),
        Finding(
            "scikit-learn {new} gives no warning with them: only `rank_` tells.",
            lambda rows: in_all_releases(
                rows,
                SKLEARN,
                lambda pair: silent(pair[1]) and (pair[0].status, pair[1].status) == ("SOLVED", "RANK_REDUCED"),
            ),
            lambda rows: releases(SKLEARN),
        ),
        Finding(
            "What is lost is no noise: the rate has the coefficient {exact:.0f}, {t:.1f} standard errors from 0; {old} "
            "returns {before:.0f}, and {new} returns {after:.1g}.",
            rate_is_lost,
            rate,
        ),
        Finding(
            'SciPy\'s `least_squares(method="lm")` has {wampler3_before:.1f}, {wampler4_before:.1f} and '
            "{wampler5_before:.1f} correct digits on Wampler3, 4 and 5 in {old}, and {wampler3_after:.1f}, "
            "{wampler4_after:.1f} and {wampler5_after:.1f} in {new}: since {fell}, where the default of `x_scale` went "
            'from 1 to "jac".',
            lambda rows: in_all_releases(rows, SCIPY, falls_in_scipy),
            lambda rows: {**releases(SCIPY), "fell": SCIPY_FELL, **digits(rows, SCIPY)},
        ),
        Finding(
            "SciPy {new} gives no warning with them, and `success` is true: a change of the residual, or of x, below "
            "1e-8 ended it.",
            lambda rows: in_all_releases(
                rows,
                SCIPY,
                lambda series: silent(series[-1]) and "termination condition is satisfied" in series[-1].note,
            ),
            lambda rows: releases(SCIPY),
        ),
        Finding(
            "statsmodels {new} returns no more than {old} does, {filip_after:.1f} correct digits on Filip and "
            "{timestamps_s_after:.1f} on time stamps, but it warns where of {old} only `model.rank` tells.",
            lambda rows: in_all_releases(rows, STATSMODELS, warns_in_statsmodels),
            lambda rows: {**releases(STATSMODELS), **digits(rows, STATSMODELS)},
        ),
    ),
    remedies=(
        remedy(
            "Ask for `LinearRegression(tol=0)`: scikit-learn {version} then has at least {pontius:.1f} correct digits "
            "on Pontius, {wampler1:.1f} on Wampler1 and {income_and_rate:.1f} on an income and a rate, on "
            "every copy in other units.",
            instead_of(SKLEARN),
            keeps_digits,
            needs=(INSTEAD[SKLEARN],),
            code="""\
import numpy as np
from sklearn.linear_model import LinearRegression

income = np.linspace(2e9, 3e9, 20)
rate = np.linspace(0.01, 0.05, 20) ** 2
model = LinearRegression(tol=0).fit(np.column_stack([income, rate]), 3 * income - 4e4 * rate)
print(model.rank_, model.coef_)
""",
        ),
        remedy(
            "A linear model needs no iteration: `scipy.linalg.lstsq` in SciPy {version} has at least {wampler3:.1f}, "
            "{wampler4:.1f} and {wampler5:.1f} correct digits on Wampler3, 4 and 5 on every copy in other units. "
            "`least_squares` with the old `x_scale=1.0` has {old wampler3:.1f}, {old wampler4:.1f} and "
            "{old wampler5:.1f} in the units as published, and {old worst:.1f} at worst in others.",
            of_scipy,
            lambda n: (
                keeps_digits({name: n[name] for name in ("wampler3", "wampler4", "wampler5")})
                and min(n["old wampler3"], n["old wampler4"], n["old wampler5"]) > 4 > n["old worst"] + 3
            ),
            needs=(INSTEAD[SCIPY], AS_BEFORE),
            code="""\
import numpy as np
from scipy.linalg import lstsq
from scipy.optimize import least_squares

A = np.vander(np.arange(21.0), 6, increasing=True)  # 1, t, ..., t**5
r = np.zeros(21)
r[::3] = [1, -6, 15, -20, 15, -6, 1]  # orthogonal to every column
b = A.sum(axis=1) + 1000 * r  # integers, so that 1 is the exact value of each coefficient
unit = 2.0 ** np.array([7, 3, 0, -4, -4, -9])  # each column in another unit


def digits(x):
    return max(0.0, min(15.95, -np.log10(max(abs(x - 1).max(), 1e-99))))


def iterated(A, **scale):
    return least_squares(lambda x: A @ x - b, np.zeros(6), method="lm", **scale).x


print(f"{digits(iterated(A * unit, x_scale=1.0) * unit):.1f} digits by least_squares with x_scale=1.0")  # 0 digits
print(f"{digits(lstsq(A * unit, b)[0] * unit):.1f} digits by scipy.linalg.lstsq in the same units")  # 10 digits
""",
        ),
        remedy(
            'Ask for `OLS(y, X).fit(method="qr")`: statsmodels {version} then has at least {filip:.1f} correct digits '
            "on Filip and {timestamps_s:.1f} on time stamps, on every copy in other units.",
            instead_of(STATSMODELS),
            keeps_digits,
            needs=(INSTEAD[STATSMODELS],),
            code="""\
import numpy as np
import statsmodels.api as sm

seconds = 1.7e9 + np.arange(1000.0)
# Where R'R is singular once rounded this raises LinAlgError, for the standard errors: count from the first stamp then.
print(sm.OLS(3 + 2 * seconds, sm.add_constant(seconds)).fit(method="qr").params)
""",
        ),
    ),
)

if __name__ == "__main__":
    run_file(__file__)
