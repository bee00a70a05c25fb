"""Which solver, and which NumPy or SciPy call, keeps the digits of the NIST regressions?

NIST publishes eleven small regressions with certified answers, so that software can be tested. Here every route of the
catalogue that takes them is called as users call it, and the first table counts how many decimal digits of the worst
coefficient are right: 15.95 is all that float64 holds, 0 is none.

Three truths are scored. *Decimal* is NIST's own question: the data as published. *Data* asks for the solution of the
data rounded to float64, and *matrix* for that of the stored design matrix, all that a solver of (A, b) can see. Where
decimal and matrix differ, the digits were lost before the solver started. Beside the published order stands the worst
of eight copies with rows and columns permuted (a figure, and a table in the appendix), and of eight with columns scaled
by powers of two: each copy has exactly the same answer, so that a difference is the call's doing.
"""

from stabilitylab.lab import (
    Column,
    Experiment,
    HeatMap,
    Listing,
    NoRowsError,
    Pivot,
    Rows,
    Variant,
    case,
    finding,
    problems,
    remedy,
    run_file,
    solvers,
)

COPIES = 8
PERMUTED = tuple(Variant("permuted", k).name for k in range(1, COPIES + 1))
SCALED = tuple(Variant("scaled", k).name for k in range(1, COPIES + 1))
NIST = tuple(name for name in problems.names() if name.startswith("nist."))
PUBLISHED = {"truth": "decimal", "variant": "published"}
QR, EXACT = "qr.householder", "exact.certified"
# Our own direct solvers, and what comes with NumPy and SciPy; the other libraries have a chapter of their own.
DIRECT = tuple(entry.label.name for entry in solvers.catalog if not entry.label.iterative)
OURS = (*DIRECT, "numpy.*", "scipy.*", "statistics.*")


def digits(rows: Rows, solver: str, problem: str, truth: str = "decimal") -> float:
    """Correct digits of the worst coefficient in the published order; no answer is no digits."""
    (row,) = rows.where(solver=solver, problem=problem, truth=truth, variant="published")
    return row["digits.min"] or 0.0


def worst_of_all(rows: Rows, solver: str, problem: str) -> float:
    """The fewest digits of the decimal answer as published and on every copy; no answer is no digits."""
    own = [row["digits.min"] or 0.0 for row in rows.where(solver=solver, problem=problem, truth="decimal")]
    if len(own) != 1 + 2 * COPIES:
        raise NoRowsError(f"copies of {problem} by {solver} were not measured here")
    return min(own)


def filip(rows: Rows) -> dict[str, float]:
    """Filip in the published order."""
    routes = {
        "default": "numpy.lstsq",
        "kept": "numpy.lstsq_rcond0",
        "mapped": "numpy.Polynomial",
        "qr": QR,
        "scipy": "scipy.lstsq_gelsd",
    }
    by_route = {name: digits(rows, solver, "nist.filip") for name, solver in routes.items()}
    return by_route | {"qr_on_matrix": digits(rows, QR, "nist.filip", "matrix")}


def wampler5(rows: Rows) -> dict[str, float]:
    """Wampler5, whose residual is far larger than the fit, by both methods, and the same matrix without it by QR."""
    return {
        "normal": digits(rows, "normal.cholesky", "nist.wampler5"),
        "qr": digits(rows, QR, "nist.wampler5"),
        "without": digits(rows, QR, "nist.wampler1"),
    }


def by_default(rows: Rows) -> dict[str, float | bool]:
    """NumPy's two answers to Filip, and whether the rank cut-off is named as the cause of the first."""
    (row,) = rows.where(solver="numpy.lstsq", problem="nist.filip", **PUBLISHED)
    return {name: filip(rows)[name] for name in ("default", "kept")} | {"cut off": "rank cut-off" in row.cause}


def householder(rows: Rows) -> dict[str, float]:
    """Fewest and most digits of Householder QR, and the most by which it stays below and goes beyond its prediction."""
    own = rows.where(solver=QR, **PUBLISHED)
    kept = [row["digits.min"] or 0.0 for row in own]
    beyond = [found - row["predicted.digits"] for found, row in zip(kept, own, strict=True)]
    numbers = {"all": len(kept), "fewest": min(kept), "most": max(kept)}
    return numbers | {"below": max(0.0, -min(beyond)), "above": max(0.0, max(beyond))}


def cholesky(rows: Rows) -> dict[str, float | bool]:
    """Digits that the normal equations by Cholesky lose against QR, and whether they refuse Filip."""
    lost = {
        name: digits(rows, QR, f"nist.{name}") - digits(rows, "normal.cholesky", f"nist.{name}")
        for name in ("longley", "wampler1")
    }
    return lost | {"refuses": rows.any(solver="normal.cholesky", problem="nist.filip", status="REFUSED")}


def scaled_apart(rows: Rows) -> dict[str, float]:
    """The most that scaling columns by powers of two moves the digits of two routes on any data set."""
    moved = {}
    for name, solver in {"gelsd": "scipy.lstsq_gelsd", "qr": QR}.items():
        here = rows.where(solver=solver, truth="decimal")
        pairs = [(p, min(here.where(problem=p, variant=SCALED).values("digits.min"))) for p in here.distinct("problem")]
        moved[name] = max(abs(digits(rows, solver, problem) - worst) for problem, worst in pairs)
    return moved


CODE = """
import numpy as np
from numpy.polynomial import Polynomial

year = np.arange(1900.0, 2021.0)
b = (year - 1960) ** 3  # integers, so that the exact coefficients are those of the expanded cube
right = np.array([-(1960.0**3), 3 * 1960.0**2, -3 * 1960.0, 1.0])


def digits(x):
    return max(0.0, -np.log10(np.max(np.abs(x / right - 1))))


A = np.column_stack([year**0, year, year**2, year**3])
print(f"{digits(np.linalg.lstsq(A, b)[0]):.1f} digits by numpy.linalg.lstsq on the powers of the year")  # 0 digits
print(f"{digits(Polynomial.fit(year, b, 3).convert().coef):.1f} digits by Polynomial.fit")  # 15 digits
"""


def worst(title: str, copies: tuple[str, ...]) -> Pivot:
    """The leaderboard over copies: the fewest digits of any."""
    return Pivot(title, where={"truth": "decimal", "variant": copies}, reduce="min", sort="leaderboard")


EXPERIMENT = Experiment(
    chapter=2,
    problems=tuple(case(name) for name in NIST),
    quick=tuple(case(f"nist.{name}") for name in ("filip", "longley", "pontius", "wampler1", "wampler5")),
    solvers=OURS,
    truths=("decimal", "data", "matrix"),
    permuted=COPIES,
    scaled=COPIES,
    metrics=(
        "digits.min",
        "digits.median",
        "digits.normwise",
        "digits.standard_errors",
        "digits.r_squared",
        "digits.supported",
        "digits.statistical",
        "error.scaled",
        "ulps.max",
        "backward_error.optimal",
        "backward_error.columnwise",
    ),
    tables=(
        Pivot(
            "Correct digits against the decimal truth, published order",
            where=PUBLISHED,
            sort="leaderboard",
        ),
        Pivot(
            "The solver of the references: correct digits against three truths",
            rows="truth",
            where={"solver": EXACT, "variant": "published"},
            note="It solves what is stored exactly, and rounds each coefficient once. What it lacks against the "
            "decimals was lost before it began, when the data, and the powers of x, were rounded to float64.",
        ),
        worst("The worst of the copies with columns scaled by powers of two", SCALED),
        Listing(
            "What Householder QR keeps, what its law predicts, and what the data and their noise allow",
            columns=(
                "problem",
                "truth",
                "digits.min",
                Column("predicted.digits", "predicted"),
                "digits.supported",
                "digits.statistical",
                "backward_error.columnwise",
            ),
            where={"solver": QR, "variant": "published"},
            flag="verdict",
        ),
    ),
    appendix=(
        worst("The worst of the permuted copies", PERMUTED),
        Pivot(
            "Against the data truth: digits lost by rounding the data are not counted",
            where={"truth": "data", "variant": "published"},
            sort="leaderboard",
        ),
        Pivot(
            "Against the matrix truth: the solver alone, with verdicts of its error law",
            where={"truth": "matrix", "variant": "published"},
            sort="leaderboard",
            flag="verdict",
        ),
        Pivot(
            "What the error laws predict for the table above, before any solver has run",
            value="predicted.digits",
            where={"truth": "matrix", "variant": "published"},
        ),
    ),
    figures=(
        HeatMap(
            "The same data, the same computer: from no correct digit to nearly all of them",
            where=PUBLISHED,
            sort="leaderboard",
        ),
        HeatMap(
            "The worst of the permuted copies: what is left when luck is removed",
            where={"truth": "decimal", "variant": PERMUTED},
            reduce="min",
            sort="leaderboard",
        ),
    ),
    findings=(
        finding(
            "On Filip `numpy.linalg.lstsq` keeps {default:.1f} digits by default, because its rank cut-off drops a "
            "direction; with `rcond=0` the same call keeps {kept:.1f}.",
            by_default,
            lambda n: n["default"] < 0.5 and n["kept"] > 4 and n["cut off"],
        ),
        finding(
            "Householder QR keeps {qr:.1f} digits of Filip's decimal answer and {qr_on_matrix:.1f} of the stored "
            "matrix's; `Polynomial.fit`, which never forms that matrix, keeps {mapped:.1f}.",
            filip,
            lambda n: n["mapped"] > n["qr"] + 1 and n["qr_on_matrix"] > 6,
        ),
        finding(
            "On {all} data sets Householder QR keeps from {fewest:.1f} to {most:.1f} digits: at most {below:.1f} fewer "
            "and {above:.1f} more than the error law of column-wise backward stable methods predicts.",
            householder,
            lambda n: n["below"] < 1.5 and n["above"] < 2,
        ),
        finding(
            "The normal equations by Cholesky lose {longley:.1f} digits against QR on Longley and {wampler1:.1f} on "
            "Wampler1, and refuse Filip.",
            cholesky,
            lambda n: n["longley"] > 2 and n["wampler1"] > 2 and n["refuses"],
        ),
        finding(
            "On Wampler5 the normal equations keep {normal:.1f} digits and QR {qr:.1f}; on the same matrix without a "
            "residual, Wampler1, QR keeps {without:.1f}.",
            wampler5,
            lambda n: n["normal"] > n["qr"] - 1 and n["without"] > n["qr"] + 2,
        ),
        finding(
            "Scaling columns by powers of two moves the digits of `scipy.linalg.lstsq` (gelsd) by up to {gelsd:.1f}, "
            "those of Householder QR by {qr:.1f}.",
            scaled_apart,
            lambda n: n["gelsd"] > 2 and n["qr"] < 0.5,
        ),
    ),
    remedies=(
        remedy(
            "Fit a polynomial by `Polynomial.fit`, which maps x to [-1, 1] first: at least {mapped:.1f} digits of "
            "Filip on all {copies} copies in other units and orders of rows, where `numpy.linalg.lstsq` on the powers "
            "of x keeps {default:.1f} as published.",
            lambda rows: {
                **filip(rows),
                "mapped": worst_of_all(rows, "numpy.Polynomial", "nist.filip"),
                "copies": 2 * COPIES,
            },
            lambda n: n["mapped"] > n["default"] + 3,
            CODE,
        ),
    ),
    symptoms=(
        "R and Python differ",
        "a polynomial of high degree has strange coefficients",
        "my software fails the NIST tests",
    ),
)

if __name__ == "__main__":
    run_file(__file__)
