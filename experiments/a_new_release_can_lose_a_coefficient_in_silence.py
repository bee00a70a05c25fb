"""Can an upgrade lose a coefficient without a warning?

The same call on the same data in two releases of a library. A release that is not here gets a throw-away environment
from pip, with the NumPy and SciPy that are here, so that only the library differs. scikit-learn gave the SVD under
`LinearRegression` a rank cut-off, `tol`, far above the round-off where it stood before; an income beside an interest
rate is two columns whose lengths differ by more than it allows. statsmodels changed what `OLS` says, and not what it
returns.
"""

from collections.abc import Iterator, Mapping
from math import nan

from stabilitylab.lab import (
    Column,
    Experiment,
    Finding,
    Listing,
    Measurement,
    Pivot,
    Probe,
    Requirement,
    Rows,
    Size,
    Status,
    VersionError,
    answer,
    bench,
    interpreter,
    problems,
    reference,
    run_file,
)

SKLEARN, STATSMODELS, EXACT = "sklearn.LinearRegression", "statsmodels.OLS", "exact.certified"
INCOME = "real.income_and_rate"
ASKED = {
    EXACT: (INCOME,),
    SKLEARN: (INCOME, "nist.pontius", "nist.wampler1"),
    STATSMODELS: ("nist.filip", "real.timestamps_s"),
}
HERE = "here"  # the version of what is no library from the package index
RELEASES = {EXACT: (HERE,), SKLEARN: ("1.8.0", "1.9.1"), STATSMODELS: ("0.14.6", "0.15.0")}


def here(route: str) -> str:
    """The release of a route's library that is here."""
    library = bench.route(route).label.library
    return library.version() if library is not None and not library.missing else HERE


def rows(size: Size) -> Iterator[Probe]:
    """A probe for each problem and release; the small size, which pip would make a large one, asks what is here."""
    for route, asked in ASKED.items():
        for release in RELEASES[route] if size == "full" else (here(route),):
            for problem in asked:
                yield Probe(problem, (route,), conditions=(("version", release),))


def measure(probe: Probe) -> tuple[Measurement, ...]:
    """The row of one release; where it cannot be had, what pip said."""
    (route,), version, python = probe.solvers, str(probe["version"]), None
    entry = bench.route(route)
    if version not in (HERE, here(route)):
        try:
            python = interpreter(Requirement(entry.label.library.distribution, version), lambda line: None)
        except VersionError as error:
            return (probe.row(route, {"digits.min": None}, status=Status.REFUSED, note=str(error), truth="decimal"),)
    return (answer(entry, problems.get(probe.problem)(), "decimal", dict(probe.conditions), python=python),)


# --- what is said of it


def answers(rows: Rows, route: str) -> Mapping[str, tuple[Measurement, Measurement]]:
    """The rows of the two releases of a route, for each problem that both answered."""
    of = {(row.problem, row["conditions.version"]): row for row in rows if row.solver == route and row.answered}
    pairs = {problem: tuple(of.get((problem, release)) for release in RELEASES[route]) for problem in ASKED[route]}
    return {problem: pair for problem, pair in pairs.items() if None not in pair}


def digits(rows: Rows, route: str) -> dict[str, float]:
    """Correct digits before and after, by the last word of the problem's name."""
    said = {}
    for problem in ASKED[route]:
        before, after = answers(rows, route).get(problem, (None, None))
        name = problem.rpartition(".")[2]
        said[f"{name}_before"] = before["digits.min"] if before else nan
        said[f"{name}_after"] = after["digits.min"] if after else nan
    return said


def releases(route: str) -> dict[str, str]:
    """The names of the two releases."""
    return dict(zip(("old", "new"), RELEASES[route], strict=True))


def rate(rows: Rows) -> dict[str, float | str]:
    """The coefficient of the rate in both releases, its exact value, and that in units of its standard error."""
    ref = reference(problems.get(INCOME)(), truth="decimal")
    pair = answers(rows, SKLEARN).get(INCOME)
    before, after = (row.x[2] for row in pair) if pair else (nan, nan)
    t = abs(ref.x[2] / ref.standard_errors[2])
    return {**releases(SKLEARN), "before": before, "after": after, "exact": float(ref.x[2]), "t": float(t)}


def silent(row: Measurement) -> bool:
    """Whether the route gave no warning."""
    return not row.warnings


def all_pairs(rows: Rows, route: str) -> bool:
    """Whether both releases answered every problem."""
    return len(answers(rows, route)) == len(ASKED[route])


def coefficient(j: int):
    """The j-th coefficient of a row."""
    return lambda row: row.x[j]


EXPERIMENT = Experiment(
    chapter=14,
    cost="bench",
    limit=3600,
    rows=rows,
    measure=measure,
    tables=(
        Pivot(
            "Correct digits of LinearRegression in two releases of scikit-learn",
            columns="conditions.version",
            rows="problem",
            where={"solver": SKLEARN},
        ),
        Listing(
            "What LinearRegression returns for an income and a rate",
            (
                "solver",
                "conditions.version",
                Column(coefficient(0), "intercept", "short"),
                Column(coefficient(1), "income", "short"),
                Column(coefficient(2), "rate", "short"),
                "rank",
            ),
            where={"problem": INCOME},
        ),
        Listing(
            "What the caller hears",
            ("solver", "conditions.version", "problem", "digits.min", "rank", "warnings"),
            where={"solver": (SKLEARN, STATSMODELS)},
        ),
    ),
    findings=(
        Finding(
            "scikit-learn {new} has no correct digit in some coefficient where {old} has {pontius_before:.1f} "
            "(Pontius), {wampler1_before:.1f} (Wampler1) and {income_and_rate_before:.1f} (an income and a rate).",
            lambda rows: (
                all_pairs(rows, SKLEARN)
                and all(
                    after["digits.min"] < 1 and before["digits.min"] > 7
                    for before, after in answers(rows, SKLEARN).values()
                )
            ),
            lambda rows: {**releases(SKLEARN), **digits(rows, SKLEARN)},
        ),
        Finding(
            "It does so in silence: no warning, and only `rank_` tells.",
            lambda rows: (
                all_pairs(rows, SKLEARN)
                and all(
                    silent(after) and after.status == "RANK_REDUCED" and before.status == "SOLVED"
                    for before, after in answers(rows, SKLEARN).values()
                )
            ),
        ),
        Finding(
            "What is lost is no noise: the rate has the coefficient {exact:.0f}, {t:.1f} standard errors from 0; {old} "
            "returns {before:.0f}, and {new} returns {after:.1g}.",
            lambda rows: (
                rate(rows)["t"] > 5
                and abs(rate(rows)["after"]) < 1e-3 * abs(rate(rows)["exact"])
                and abs(rate(rows)["before"] - rate(rows)["exact"]) < 1e-3 * abs(rate(rows)["exact"])
            ),
            rate,
        ),
        Finding(
            "statsmodels {new} returns no more than {old} does, {filip_after:.1f} correct digits on Filip and "
            "{timestamps_s_after:.1f} on time stamps, but it warns where {old} was silent.",
            lambda rows: (
                all_pairs(rows, STATSMODELS)
                and all(
                    silent(before) and not silent(after) and max(before["digits.min"], after["digits.min"]) < 1
                    for before, after in answers(rows, STATSMODELS).values()
                )
            ),
            lambda rows: {**releases(STATSMODELS), **digits(rows, STATSMODELS)},
        ),
    ),
)

if __name__ == "__main__":
    run_file(__file__)
