"""Which library keeps the digits of the NIST regressions, called as its users call it?

Eleven data sets with certified answers, and every entry point of every library and program on the bench: the default
ones and their documented alternatives. The decimal truth is scored, NIST's own question. Beside the published order
stands the worst of eight copies with rows and columns permuted, and of eight with columns scaled by powers of two; each
copy has exactly the same answer, so that a difference is luck. Each library runs in a process of its own, on one
thread.
"""

from stabilitylab.lab import (
    Experiment,
    Finding,
    HeatMap,
    Pivot,
    Rows,
    Variant,
    WorstAnswers,
    case,
    libraries,
    problems,
    run_file,
)

COPIES = 8
PERMUTED = tuple(Variant("permuted", k).name for k in range(1, COPIES + 1))
SCALED = tuple(Variant("scaled", k).name for k in range(1, COPIES + 1))
NIST = tuple(name for name in problems.names() if name.startswith("nist."))
PUBLISHED = {"variant": "published"}
DEFAULTS = libraries.defaults()


def digits(rows: Rows, solver: str, problem: str) -> float:
    """Correct digits of the worst coefficient in the published order; no answer is no digits."""
    (row,) = rows.where(solver=solver, problem=problem, **PUBLISHED)
    return row["digits.min"] or 0.0


def defaults_on(rows: Rows, problem: str) -> dict[str, float]:
    """The digits of every library's default entry point that takes the problem."""
    here = rows.where(problem=problem, solver=DEFAULTS, **PUBLISHED)
    return {row.solver: row["digits.min"] or 0.0 for row in here}


def longley(rows: Rows) -> dict[str, float]:
    """The fewest and the most digits of any library's default on Longley."""
    by_route = defaults_on(rows, "nist.longley")
    return {"fewest": min(by_route.values()), "most": max(by_route.values()), "libraries": len(by_route)}


def filip(rows: Rows) -> dict[str, int]:
    """How many default entry points keep less than a digit of Filip."""
    by_route = defaults_on(rows, "nist.filip")
    return {"lost": sum(value < 1 for value in by_route.values()), "all": len(by_route)}


def scaling(rows: Rows, solver: str) -> float:
    """The most digits that scaling columns by powers of two costs a route."""
    lost = []
    for name in rows.where(solver=solver).distinct("problem"):
        worst = min(row["digits.min"] or 0.0 for row in rows.where(solver=solver, problem=name, variant=SCALED))
        lost.append(digits(rows, solver, name) - worst)
    return max(lost)


EXPERIMENT = Experiment(
    chapter=10,
    problems=tuple(case(name) for name in NIST),
    quick=tuple(case(f"nist.{name}") for name in ("filip", "longley", "pontius", "wampler1")),
    solvers=(*libraries.names(), "qr.householder", "exact.certified"),
    truths=("decimal",),
    permuted=COPIES,
    scaled=COPIES,
    metrics=("digits.min", "digits.supported", "digits.standard_errors", "digits.r_squared", "reader.ulps"),
    tables=(
        Pivot(
            "Correct digits against the decimal truth, published order",
            where=PUBLISHED,
            sort="leaderboard",
            flag="silence",
        ),
        Pivot("The worst of eight permuted copies", where={"variant": PERMUTED}, reduce="min", sort="leaderboard"),
        Pivot(
            "The worst of eight copies with columns scaled by powers of two",
            where={"variant": SCALED},
            reduce="min",
            sort="leaderboard",
        ),
        Pivot(
            "Correct digits of the standard errors, from the routes that report them",
            value="digits.standard_errors",
            where=PUBLISHED,
        ),
        Pivot("Correct digits of R², from the routes that report it", value="digits.r_squared", where=PUBLISHED),
    ),
    figures=(
        HeatMap(
            "The same regressions, the same computer: the default call decides how many digits are left",
            where={"solver": (*DEFAULTS, "exact.certified"), **PUBLISHED},
            sort="leaderboard",
            flag="silence",
        ),
        HeatMap(
            "The same calls when columns are measured in other units: the worst of eight exactly equivalent copies",
            where={"solver": (*DEFAULTS, "exact.certified"), "variant": SCALED},
            reduce="min",
            sort="leaderboard",
        ),
    ),
    sections=(WorstAnswers(where=PUBLISHED),),
    findings=(
        Finding(
            "On Longley the default calls of {libraries} libraries keep from {fewest:.1f} to {most:.1f} digits.",
            lambda rows: longley(rows)["most"] - longley(rows)["fewest"] > 2,
            longley,
            needs=("sklearn.LinearRegression",),
        ),
        Finding(
            "{lost} of {all} default calls keep less than one digit of Filip.",
            lambda rows: filip(rows)["lost"] >= 2,
            filip,
            needs=("sklearn.LinearRegression",),
        ),
        Finding(
            "scikit-learn's `LinearRegression` keeps {pontius:.1f} digits of Pontius and {wampler1:.1f} of Wampler1; "
            "Householder QR {qr_pontius:.1f} and {qr_wampler1:.1f}.",
            lambda rows: (
                digits(rows, "sklearn.LinearRegression", "nist.pontius") < 1
                and digits(rows, "qr.householder", "nist.pontius") > 10
            ),
            lambda rows: {
                "pontius": digits(rows, "sklearn.LinearRegression", "nist.pontius"),
                "wampler1": digits(rows, "sklearn.LinearRegression", "nist.wampler1"),
                "qr_pontius": digits(rows, "qr.householder", "nist.pontius"),
                "qr_wampler1": digits(rows, "qr.householder", "nist.wampler1"),
            },
            needs=("sklearn.LinearRegression",),
        ),
        Finding(
            "R's `lm` gives NA for coefficients of Filip.",
            lambda rows: rows.any(solver="r.lm", problem="nist.filip", status="DROPPED", **PUBLISHED),
            needs=("r.lm",),
        ),
        Finding(
            "Measuring columns in other units, exactly, costs `numpy.linalg.lstsq` up to {numpy:.1f} digits.",
            lambda rows: scaling(rows, "numpy.lstsq") > 3,
            lambda rows: {"numpy": scaling(rows, "numpy.lstsq")},
        ),
    ),
)

if __name__ == "__main__":
    run_file(__file__)
