"""Which library keeps the digits of the NIST regressions, called as its users call it?

Eleven data sets with certified answers, and every entry point of every library and program on the bench: the default
ones, which the first tables show, and their documented alternatives. Correct decimal digits of the worst coefficient
are counted: 15.95 is all that float64 holds, 0 is none. The decimal truth is scored, NIST's own question: the data as
published. Beside the published order stands the worst of eight copies with rows and columns permuted, and of eight with
columns scaled by powers of two; each copy has exactly the same answer, so that a difference is the call's doing.
Each library runs
in a process of its own, on one thread.
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
    finding,
    libraries,
    problems,
    remedy,
    run_file,
)

COPIES = 8
PERMUTED = tuple(Variant("permuted", k).name for k in range(1, COPIES + 1))
SCALED = tuple(Variant("scaled", k).name for k in range(1, COPIES + 1))
NIST = tuple(name for name in problems.names() if name.startswith("nist."))
PUBLISHED = {"variant": "published"}
DEFAULTS = libraries.defaults()
QR = "qr.householder"
SHOWN = (*DEFAULTS, QR, "exact.certified")
SKLEARN, SCALED_SKLEARN = "sklearn.LinearRegression", "sklearn.StandardScaler_LinearRegression"


def digits(rows: Rows, solver: str, problem: str) -> float:
    """Correct digits of the worst coefficient in the published order; no answer is no digits."""
    (row,) = rows.where(solver=solver, problem=problem, **PUBLISHED)
    return row["digits.min"] or 0.0


def defaults_on(rows: Rows, problem: str) -> dict[str, float]:
    """The digits of every library's default entry point that takes the problem."""
    here = rows.where(problem=problem, solver=DEFAULTS, **PUBLISHED)
    return {row.solver: row["digits.min"] or 0.0 for row in here}


def longley(rows: Rows) -> dict[str, float | str]:
    """The fewest and the most digits of any library's default call on Longley, and whose they are."""
    by_route = defaults_on(rows, "nist.longley")
    worst, best = min(by_route, key=by_route.__getitem__), max(by_route, key=by_route.__getitem__)
    return {"fewest": by_route[worst], "worst": worst, "most": by_route[best], "best": best, "calls": len(by_route)}


def filip(rows: Rows) -> dict[str, int]:
    """How many default entry points keep less than a digit of Filip."""
    by_route = defaults_on(rows, "nist.filip")
    return {"lost": sum(value < 1 for value in by_route.values()), "all": len(by_route)}


def scaling(rows: Rows, solver: str) -> dict[str, float | str]:
    """The most digits that scaling columns by powers of two costs a route, and the problem."""
    lost = {}
    for name in rows.where(solver=solver).distinct("problem"):
        worst = min(row["digits.min"] or 0.0 for row in rows.where(solver=solver, problem=name, variant=SCALED))
        lost[name] = digits(rows, solver, name) - worst
    most = max(lost, key=lost.__getitem__)
    return {"lost": lost[most], "problem": most}


def side_by_side(*named: tuple[str, str, str]):
    """Numbers of a finding: (name, route, problem) each, the digits of that route on that problem."""
    return lambda rows: {name: digits(rows, solver, f"nist.{problem}") for name, solver, problem in named}


DATA = """
year = np.arange(1900.0, 2021.0)
A = np.column_stack([year**0, year, year**2, year**3])
b = (year - 1960) ** 3  # integers, so that the exact coefficients are those of the expanded cube
right = np.array([-(1960.0**3), 3 * 1960.0**2, -3 * 1960.0, 1.0])


def digits(x):
    return max(0.0, -np.log10(np.max(np.abs(x / right - 1))))


"""

GELSY = """
import numpy as np
from scipy.linalg import lstsq

load = 150_000.0 * np.arange(1, 21)  # a calibration with a square, as Pontius
A = np.column_stack([load**0, load, load**2])
right = np.array([1.0, 2.0**-20, 2.0**-50])
b = A @ right  # without a rounding


def digits(x):
    return max(0.0, -np.log10(max(abs(x / right - 1).max(), 1e-16)))


print(f"{digits(lstsq(A, b)[0]):.1f} digits by scipy.linalg.lstsq as it comes")  # 7 digits
print(f"{digits(lstsq(A, b, lapack_driver='gelsy')[0]):.1f} digits with lapack_driver='gelsy'")  # 14 digits
"""

SCALER = (
    """
import numpy as np
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
"""
    + DATA
    + """X = A[:, 1:]
plain = LinearRegression().fit(X, b)
print(f"{digits(np.append(plain.intercept_, plain.coef_)):.1f} digits by LinearRegression")  # 0 digits
scaler, scaled = make_pipeline(StandardScaler(), LinearRegression()).fit(X, b).named_steps.values()
slopes = scaled.coef_ / scaler.scale_
unscaled = np.append(scaled.intercept_ - slopes @ scaler.mean_, slopes)
print(f"{digits(unscaled):.1f} digits with StandardScaler before it")  # 12 digits
"""
)

STATSMODELS = (
    """
import warnings

import numpy as np
import statsmodels.api as sm
"""
    + DATA
    + """with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    plain = sm.OLS(b, A).fit().params
print(f"{digits(plain):.1f} digits by OLS.fit()")  # 0 digits
print(f"{digits(sm.OLS(b, A).fit(method='qr').params):.1f} digits by OLS.fit(method='qr')")  # 11 digits
"""
)

EXPERIMENT = Experiment(
    chapter=10,
    problems=tuple(case(name) for name in NIST),
    quick=tuple(case(f"nist.{name}") for name in ("filip", "longley", "pontius", "wampler1")),
    solvers=(*libraries.names(), QR, "exact.certified"),
    truths=("decimal",),
    permuted=COPIES,
    scaled=COPIES,
    metrics=("digits.min", "digits.supported", "digits.standard_errors", "digits.r_squared", "reader.ulps"),
    tables=(
        Pivot(
            "The default call of each library: correct digits against the decimal truth",
            where={"solver": SHOWN, **PUBLISHED},
            sort="leaderboard",
        ),
        Pivot(
            "The default call of each library: the worst of the copies with columns scaled by powers of two",
            where={"solver": SHOWN, "variant": SCALED},
            reduce="min",
            sort="leaderboard",
        ),
    ),
    appendix=(
        Pivot(
            "Every entry point: correct digits against the decimal truth, published order",
            where=PUBLISHED,
            sort="leaderboard",
        ),
        Pivot(
            "Every entry point: the worst of the permuted copies",
            where={"variant": PERMUTED},
            reduce="min",
            sort="leaderboard",
        ),
        Pivot(
            "Every entry point: the worst of the copies with columns scaled by powers of two",
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
        ),
        HeatMap(
            "The same calls when columns are measured in other units: the worst of the exactly equivalent copies",
            where={"solver": (*DEFAULTS, "exact.certified"), "variant": SCALED},
            reduce="min",
            sort="leaderboard",
        ),
    ),
    sections=(WorstAnswers(where=PUBLISHED),),
    findings=(
        finding(
            "On Longley the default calls of {calls} libraries keep from {fewest:.1f} (`{worst}`) to {most:.1f} digits "
            "(`{best}`).",
            longley,
            lambda n: n["most"] - n["fewest"] > 2,
            needs=(SKLEARN,),
        ),
        finding(
            "{lost} of {all} default calls keep less than one digit of Filip.",
            filip,
            lambda n: n["lost"] >= 2,
            needs=(SKLEARN,),
        ),
        finding(
            "scikit-learn's `LinearRegression` keeps {pontius:.1f} digits of Pontius and {wampler1:.1f} of Wampler1; "
            "Householder QR {qr pontius:.1f} and {qr wampler1:.1f}.",
            side_by_side(
                ("pontius", SKLEARN, "pontius"),
                ("wampler1", SKLEARN, "wampler1"),
                ("qr pontius", QR, "pontius"),
                ("qr wampler1", QR, "wampler1"),
            ),
            lambda n: max(n["pontius"], n["wampler1"]) < 1 and min(n["qr pontius"], n["qr wampler1"]) > 8,
            needs=(SKLEARN,),
        ),
        Finding(
            "R's `lm` gives NA for coefficients of Filip.",
            lambda rows: rows.any(solver="r.lm", problem="nist.filip", status="DROPPED", **PUBLISHED),
            needs=("r.lm",),
        ),
        finding(
            "Measuring columns in other units, exactly, costs `numpy.linalg.lstsq` up to {lost:.1f} digits "
            "({problem}).",
            lambda rows: scaling(rows, "numpy.lstsq"),
            lambda n: n["lost"] > 3,
        ),
    ),
    remedies=(
        remedy(
            "In SciPy choose `lapack_driver='gelsy'`, QR with column pivoting: {qr pontius:.1f} digits of Pontius "
            "and {qr filip:.1f} of Filip, where the default, gelsd, keeps {pontius:.1f} and {filip:.1f}.",
            side_by_side(
                ("pontius", "scipy.lstsq_gelsd", "pontius"),
                ("filip", "scipy.lstsq_gelsd", "filip"),
                ("qr pontius", "scipy.lstsq_gelsy", "pontius"),
                ("qr filip", "scipy.lstsq_gelsy", "filip"),
            ),
            lambda n: n["qr pontius"] > n["pontius"] + 3 and n["qr filip"] > n["filip"] + 1,
            GELSY,
            needs=("scipy.lstsq_gelsy",),
        ),
        remedy(
            "Put a `StandardScaler` before scikit-learn's `LinearRegression`: {scaled pontius:.1f} digits of Pontius "
            "and {scaled wampler1:.1f} of Wampler1, where without it there are {pontius:.1f} and {wampler1:.1f}.",
            side_by_side(
                ("pontius", SKLEARN, "pontius"),
                ("wampler1", SKLEARN, "wampler1"),
                ("scaled pontius", SCALED_SKLEARN, "pontius"),
                ("scaled wampler1", SCALED_SKLEARN, "wampler1"),
            ),
            lambda n: min(n["scaled pontius"], n["scaled wampler1"]) > 3 + max(n["pontius"], n["wampler1"]),
            SCALER,
            needs=(SKLEARN,),
        ),
        remedy(
            "In statsmodels ask for `fit(method='qr')`: {qr:.1f} digits of Filip, where the default keeps {pinv:.1f}.",
            side_by_side(("pinv", "statsmodels.OLS", "filip"), ("qr", "statsmodels.OLS_qr", "filip")),
            lambda n: n["qr"] > n["pinv"] + 3,
            STATSMODELS,
            needs=("statsmodels.OLS",),
        ),
    ),
    symptoms=(
        "R and Python differ",
        "two Python libraries give different coefficients",
        "NA in place of a coefficient",
        "coefficients change when a column is measured in another unit",
        "statsmodels warns of a small eigenvalue or a singular matrix",
    ),
)

if __name__ == "__main__":
    run_file(__file__)
