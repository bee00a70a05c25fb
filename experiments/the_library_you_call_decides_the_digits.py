"""Which library keeps the digits of the NIST regressions, called as its users call it?

Eleven data sets with certified answers, and every entry point of every library and program on the bench: the default
ones, which the first tables show, and their documented alternatives. Correct decimal digits of the worst coefficient
are counted: 15.95 is all that float64 holds, 0 is none. The decimal truth is scored, NIST's own question: the data as
published. Beside the published order stands the worst of eight copies with rows and columns permuted, and of eight with
columns scaled by powers of two, as if measured in other units; each copy has exactly the same answer, so that a
difference is the call's doing. The tables of the permuted copies are in the appendix. Each library runs in a process of
its own, on one thread.
"""

from stabilitylab.lab import (
    Experiment,
    Finding,
    HeatMap,
    NoRowsError,
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


def worst_of_all(rows: Rows, solver: str, problem: str) -> float:
    """The fewest digits as published and on every copy; no answer is no digits."""
    own = [row["digits.min"] or 0.0 for row in rows.where(solver=solver, problem=problem)]
    if len(own) != 1 + 2 * COPIES:
        raise NoRowsError(f"copies of {problem} by {solver} were not measured here")
    return min(own)


def errors_of(rows: Rows, solver: str, problem: str) -> dict[str, float]:
    """Correct digits of the worst standard error in the published order; lower: whether a lower rank was reported."""
    (row,) = rows.where(solver=solver, problem=problem, **PUBLISHED)
    return {"errors": row["digits.standard_errors"] or 0.0, "lower": row.status == "REPORTS_LOWER_RANK"}


def warned(rows: Rows, solver: str, *problems: str) -> int:
    """How many copies of these problems a route warns of."""
    return sum(bool(row.warnings) for row in rows.where(solver=solver, problem=problems, variant=(*PERMUTED, *SCALED)))


def defaults_on(rows: Rows, problem: str) -> tuple[dict[str, float], dict[str, int]]:
    """The digits of each library's default call whose coefficients are all numbers, and how many of the others are.

    The others gave NA or a number that is not finite ("na"), or refused or failed ("refused").
    """
    here = rows.where(problem=problem, solver=DEFAULTS, **PUBLISHED)
    na = [row.solver for row in here if row.status in ("DROPPED", "NOT_FINITE")]
    kept = {row.solver: row["digits.min"] for row in here if row.answered and row.solver not in na}
    refused = [row for row in here if not row.answered and row.solver not in na and row.status != "UNUSABLE"]
    return kept, {"na": len(na), "refused": len(refused), "calls": len(kept) + len(na) + len(refused)}


def longley(rows: Rows) -> dict[str, float | int | str]:
    """The fewest and the most digits of any default call that answers Longley, whose they are, and who does not.

    Digits that are printed as the fewest are, 0.0, are the same.
    """
    by_route, others = defaults_on(rows, "nist.longley")
    fewest = min(by_route.values())
    worst = [f"`{name}`" for name, value in by_route.items() if value < fewest + 0.05]
    best = max(by_route, key=by_route.__getitem__)
    tied = worst[0] if len(worst) == 1 else f"{len(worst)} calls, {', '.join(worst)}"
    return {"fewest": fewest, "worst": tied, "most": by_route[best], "best": best, "kept": len(by_route), **others}


def filip(rows: Rows) -> dict[str, int]:
    """How many default calls keep less than a digit of Filip in numbers, and how the others end."""
    by_route, others = defaults_on(rows, "nist.filip")
    return {"lost": sum(value < 1 for value in by_route.values()), "kept": len(by_route), **others}


def scaling(rows: Rows, solver: str) -> dict[str, float | str]:
    """The most digits that scaling columns by powers of two costs a route, and the problem."""
    lost, own = {}, rows.where(solver=solver)
    for name in own.distinct("problem"):
        worst = min(row["digits.min"] or 0.0 for row in own.where(problem=name, variant=SCALED))
        lost[name] = digits(own, solver, name) - worst
    most = max(lost, key=lost.__getitem__)
    return {"lost": lost[most], "problem": most}


def on_every_copy(*named: tuple[str, str, str]):
    """The same, each with the fewest digits as published and on every copy; copies: how many there are."""
    return lambda rows: {
        **{name: worst_of_all(rows, solver, f"nist.{problem}") for name, solver, problem in named},
        "copies": 2 * COPIES,
    }


def units_of_scipy(rows: Rows) -> dict[str, float]:
    """What QR keeps at least on every copy, gelsd and gelsy as published, and the better of them at worst on copies."""
    numbers = on_every_copy(("pontius", QR, "pontius"), ("filip", QR, "filip"))(rows)
    worst = []
    for driver in ("gelsd", "gelsy"):
        own = rows.where(solver=f"scipy.lstsq_{driver}", problem=("nist.pontius", "nist.filip"))
        numbers |= {f"{driver} {row.problem[5:]}": row["digits.min"] for row in own.where(**PUBLISHED)}
        worst.append(min(row["digits.min"] or 0.0 for row in own.where(variant=SCALED)))
    numbers["worst"] = max(worst)
    return numbers


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

ORTHOGONAL = """
import numpy as np
from scipy.linalg import lstsq, qr, solve_triangular

load = 150_000.0 * np.arange(1, 21)  # a calibration with a square, as Pontius
A = np.column_stack([load**0, load, load**2])
right = np.array([1.0, 2.0**-20, 2.0**-50])
b = A @ right  # without a rounding


def digits(x):
    return max(0.0, -np.log10(max(abs(x / right - 1).max(), 1e-16)))


def by_qr(A, b):
    Q, R = qr(A, mode="economic")
    return solve_triangular(R, Q.T @ b)


print(f"{digits(lstsq(A, b)[0]):.1f} digits by scipy.linalg.lstsq as it comes")  # 7 digits
print(f"{digits(lstsq(A, b, lapack_driver='gelsy')[0]):.1f} digits with lapack_driver='gelsy'")  # 14 digits
print(f"{digits(by_qr(A, b)):.1f} digits by QR")  # 13 digits
unit = np.array([2.0**-20, 1, 2.0**10])  # the same columns in other units
x = lstsq(A * unit, b, lapack_driver="gelsy")[0] * unit
print(f"{digits(x):.1f} digits with lapack_driver='gelsy' in other units")  # 0 digits
print(f"{digits(by_qr(A * unit, b) * unit):.1f} digits by QR in other units")  # 13 digits
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


def asked_of(default: str, before: int, instead: str, kept: int) -> str:
    """A program that asks two calls of another language for Filip's regression, and the digits that it prints."""
    return f"""
import stabilitylab as sl

filip = sl.problems.get("nist.filip")()


def digits(route):
    return sl.measure(route, filip, truth="decimal")["digits.min"]


print(f"{{digits('{default}'):.1f}} digits by {default}")  # {before} digits
print(f"{{digits('{instead}'):.1f}} digits by {instead}")  # {kept} digits
"""


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
            "On Longley the default calls of {calls} libraries keep from {fewest:.1f} ({worst}) to {most:.1f} digits "
            "(`{best}`); of these calls {refused} refused or failed, and {na} gave NA or NaN.",
            longley,
            lambda n: n["most"] - n["fewest"] > 2,
            needs=(SKLEARN,),
        ),
        finding(
            "Of {calls} default calls on Filip {kept} answer with a number for each coefficient, of which {lost} keep "
            "less than one digit; {na} gave NA or NaN, {refused} refused or failed.",
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
            "R's `lm` gives NA for a coefficient of Filip.",
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
            "In SciPy factor by QR, which drops no direction: Householder QR, measured here as this package's "
            "`qr.householder`, keeps at least {pontius:.1f} digits of Pontius and {filip:.1f} of Filip on all "
            "{copies} copies in other units and orders; `scipy.linalg.qr` is the same factorisation by LAPACK. "
            "`scipy.linalg.lstsq` keeps {gelsd pontius:.1f} and {gelsd filip:.1f} in the units as published, with "
            "`lapack_driver='gelsy'` {gelsy pontius:.1f} and {gelsy filip:.1f}; in other units, which move its rank "
            "cut-off, at worst {worst:.1f} either way.",
            units_of_scipy,
            lambda n: (
                n["pontius"] > n["gelsd pontius"] + 3
                and n["filip"] > n["gelsd filip"] + 1
                and min(n["pontius"], n["filip"]) > n["worst"] + 4
            ),
            ORTHOGONAL,
            needs=("scipy.lstsq_gelsy", "scipy.lstsq_gelsd"),
        ),
        remedy(
            "Put a `StandardScaler` before scikit-learn's `LinearRegression`: at least {scaled pontius:.1f} digits of "
            "Pontius and {scaled wampler1:.1f} of Wampler1 on all {copies} copies in other units and orders, where "
            "without it there are {pontius:.1f} and {wampler1:.1f} as published. It is no help where columns nearly "
            "depend on each other: of Filip it keeps {scaled filip:.1f}.",
            lambda rows: {
                **side_by_side(
                    ("pontius", SKLEARN, "pontius"),
                    ("wampler1", SKLEARN, "wampler1"),
                    ("scaled filip", SCALED_SKLEARN, "filip"),
                )(rows),
                **on_every_copy(
                    ("scaled pontius", SCALED_SKLEARN, "pontius"), ("scaled wampler1", SCALED_SKLEARN, "wampler1")
                )(rows),
            },
            lambda n: (
                min(n["scaled pontius"], n["scaled wampler1"]) > 3 + max(n["pontius"], n["wampler1"])
                and n["scaled filip"] < 1
            ),
            SCALER,
            needs=(SKLEARN,),
        ),
        remedy(
            "For the coefficients ask statsmodels for `fit(method='qr')`: at least {qr:.1f} digits of Filip on all "
            "{copies} copies in other units and orders, where the default keeps {pinv:.1f} as published. Its standard "
            "errors keep {errors:.1f} digits of Filip, of which it reports a lower rank.",
            lambda rows: {
                **side_by_side(("pinv", "statsmodels.OLS", "filip"))(rows),
                **on_every_copy(("qr", "statsmodels.OLS_qr", "filip"))(rows),
                **errors_of(rows, "statsmodels.OLS_qr", "nist.filip"),
            },
            lambda n: n["qr"] > n["pinv"] + 3 and n["errors"] < 1 and n["lower"],
            STATSMODELS,
            needs=("statsmodels.OLS",),
        ),
        remedy(
            "In R give `lm` another tolerance, `lm(y ~ X, tol = 1e-12)`: at least {kept:.1f} digits of Filip on "
            "all {copies} copies in other units and orders, where by default a coefficient is NA.",
            lambda rows: {
                **side_by_side(("default", "r.lm", "filip"))(rows),
                **on_every_copy(("kept", "r.lm_tol", "filip"))(rows),
            },
            lambda n: n["kept"] > n["default"] + 3,
            asked_of("r.lm", 0, "r.lm_tol", 7),
            needs=("r.lm", "r.lm_tol"),
        ),
        remedy(
            "In Octave fit a polynomial by `polyfit`, which factors by QR: at least {pontius:.1f} digits of Pontius "
            "and {filip:.1f} of Filip on all {copies} copies in other units and orders of rows, with a warning "
            "on {warned} of them, where the backslash falls to {backslash:.1f} on Filip.",
            lambda rows: {
                **on_every_copy(
                    ("pontius", "octave.polyfit", "pontius"),
                    ("filip", "octave.polyfit", "filip"),
                    ("backslash", "octave.mldivide", "filip"),
                )(rows),
                "copies": 4 * COPIES,
                "warned": warned(rows, "octave.polyfit", "nist.pontius", "nist.filip"),
            },
            lambda n: min(n["pontius"], n["filip"]) > n["backslash"] + 3,
            asked_of("octave.mldivide", 5, "octave.polyfit", 8),
            needs=("octave.mldivide", "octave.polyfit"),
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
