"""Who decides that a matrix is rank deficient, and what does the decision cost?

Least-squares routines that use the SVD drop directions whose singular value is below a cut-off times the largest. The
cut-off is a default that few callers know: max(m, n) eps in NumPy, eps in SciPy, 1e-15 in some pseudo-inverses; eps is
2.2e-16, the spacing of float64 numbers at 1. A column of small numbers, or columns that nearly repeat each other, fall
below it.

All matrices here but the last have exactly full rank, so that each has one right answer, and a direction dropped is
digits lost; the first table shows how many. The last, dummies (0/1 columns) beside an intercept, is exactly deficient:
there a cut-off is what makes the answer right.
"""

import numpy as np

from stabilitylab.lab import (
    Column,
    Experiment,
    Guide,
    Lines,
    Listing,
    Pivot,
    Reporting,
    Rows,
    case,
    cases,
    finding,
    remedy,
    run_file,
)

FILIP, YEARS = case("nist.filip"), case("real.years", degree=3)
CONDS = (*(d * 10.0**k for k in range(10, 16) for d in (1, 3)), 1e16)
SWEEP = "synthetic.randsvd"
DEFICIENT = "real.one_hot"
ROWS_OF_SWEEP = 100
EPS = float(np.finfo(float).eps)
NAMED = (
    FILIP,
    case("real.timestamps_s"),
    YEARS,
    case("real.income_and_rate"),
    case("classic.lauchli", eps=1e-15),
    case(DEFICIENT),
)
NAMES = tuple(recipe.build().name for recipe in NAMED)


def digits(rows: Rows, solver: str, problem: str) -> float:
    """Correct digits of the worst coefficient; no answer is no digits."""
    (row,) = rows.where(solver=solver, problem=problem)
    return row["digits.min"] or 0.0


def at_cond(rows: Rows, solver: str, cond: float) -> float:
    """Median digits on the sweep at one condition number."""
    return float(np.median(rows.where(solver=solver, problem__cond=cond).values("digits.min")))


def same_matrix(rows: Rows) -> dict[str, float]:
    """One matrix, one LAPACK driver, two defaults."""
    return {
        "numpy": digits(rows, "numpy.lstsq", "nist.filip"),
        "rcond0": digits(rows, "numpy.lstsq_rcond0", "nist.filip"),
        "scipy": digits(rows, "scipy.lstsq_gelsd", "nist.filip"),
        "qr": digits(rows, "qr.householder", "nist.filip"),
    }


def on_random(rows: Rows) -> dict[str, float]:
    """Median digits on random matrices on either side of NumPy's cut-off."""
    return {
        "numpy_13": at_cond(rows, "numpy.lstsq", 1e13),
        "numpy_14": at_cond(rows, "numpy.lstsq", 1e14),
        "scipy_14": at_cond(rows, "scipy.lstsq_gelsd", 1e14),
    }


def lost_by_numpy(rows: Rows) -> dict[str, int | str]:
    """On how many matrices of full rank NumPy's default keeps no digit, and how often only the rank tells."""
    wrong = [r for r in rows.where(solver="numpy.lstsq") if r.problem != DEFICIENT and (r["digits.min"] or 0.0) < 1]
    told = [row.rank < len(row.x) and not row.warnings for row in wrong]
    return {"wrong": len(wrong), "told": sum(told), "reporting": Reporting.RANK_ONLY.value}


def beside_an_intercept(rows: Rows) -> dict[str, float]:
    """NumPy's digits on the deficient problem, and the largest coefficient that Householder QR returns for it."""
    (row,) = rows.where(solver="qr.householder", problem=DEFICIENT)
    return {"kept": digits(rows, "numpy.lstsq", DEFICIENT), "size": max(map(abs, row.x))}


def scaled(rows: Rows) -> dict[str, float]:
    """One LAPACK driver on columns as they are and on columns of norm 1, as numpy.polyfit makes them."""
    return {
        f"{name} {how}": digits(rows, solver, recipe.build().name)
        for how, solver in {"raw": "numpy.lstsq", "scaled": "numpy.polyfit"}.items()
        for name, recipe in {"filip": FILIP, "years": YEARS}.items()
    }


CODE = """
import numpy as np

year = np.arange(1900.0, 2021.0)
A = np.column_stack([year**0, year, year**2, year**3])
b = (year - 1960) ** 3  # integers, so that the exact coefficients are those of the expanded cube
right = np.array([-(1960.0**3), 3 * 1960.0**2, -3 * 1960.0, 1.0])


def digits(x):
    return max(0.0, -np.log10(np.max(np.abs(x / right - 1))))


x, _, rank, _ = np.linalg.lstsq(A, b)
print(f"{digits(x):.1f} digits, rank {rank} of 4")  # 0 digits
norms = np.linalg.norm(A, axis=0)
x, _, rank, _ = np.linalg.lstsq(A / norms, b)
print(f"{digits(x / norms):.1f} digits with columns of norm 1, rank {rank} of 4")  # 11 digits
"""

EXPERIMENT = Experiment(
    chapter=4,
    problems=(*NAMED, *cases(SWEEP, cond=CONDS, seed=range(3))),
    quick=(*NAMED, *cases(SWEEP, cond=(1e12, 1e13, 1e14, 1e15), seed=0)),
    solvers=(
        "numpy.lstsq",
        "numpy.lstsq_rcond0",
        "numpy.pinv",
        "numpy.polyfit",
        "scipy.lstsq_gelsd",
        "scipy.lstsq_gelss",
        "scipy.lstsq_gelsy",
        "scipy.lsq_linear",
        "svd.full",
        "svd.truncated",
        "qr.householder",
        "normal.cholesky",
    ),
    metrics=("digits.min", "digits.supported", "digits.normwise", "digits.residual_norm", "backward_error.optimal"),
    tables=(
        Pivot(
            "Correct digits of the worst coefficient on six matrices",
            where={"problem": NAMES},
        ),
        Listing(
            "What each route reports on Filip",
            columns=(
                "solver",
                "rank",
                "digits.min",
                Column("predicted.digits", "predicted"),
                "digits.residual_norm",
                "warnings",
            ),
            where={"problem": "nist.filip"},
        ),
        Pivot(
            "Correct digits on random matrices as the condition number grows",
            rows="problem.cond",
            columns="solver",
            where={"problem__cond": CONDS},
            reduce="median",
        ),
    ),
    figures=(
        Lines(
            "Past its default cut-off NumPy keeps no digit, where SciPy keeps a few",
            x="problem.cond",
            y="digits.min",
            where={
                "problem__cond": CONDS,
                "solver": ("numpy.lstsq", "numpy.pinv", "scipy.lstsq_gelsd", "qr.householder", "numpy.lstsq_rcond0"),
            },
            guides=(
                Guide("x", 1 / (ROWS_OF_SWEEP * EPS), "numpy.lstsq cuts: 1 / (max(m, n) eps)"),
                Guide("x", 1e15, "numpy.pinv cuts: 1e15"),
                Guide("x", 1 / EPS, "scipy.lstsq_gelsd cuts: 1 / eps"),
            ),
            x_label="condition number of A",
            y_label="correct digits, worst coefficient",
        ),
    ),
    findings=(
        finding(
            "On Filip's matrix `numpy.linalg.lstsq` keeps {numpy:.1f} digits and `scipy.linalg.lstsq` {scipy:.1f}, "
            "with the same LAPACK driver. NumPy's own call with `rcond=0` keeps {rcond0:.1f}: the cut-off "
            "is the difference. Householder QR has none, and keeps {qr:.1f}.",
            same_matrix,
            lambda n: n["scipy"] - n["numpy"] > 3 and abs(n["scipy"] - n["rcond0"]) < 1 and n["qr"] > n["scipy"] + 1,
        ),
        finding(
            "On random matrices NumPy's default keeps {numpy_13:.1f} digits at condition number 1e13 and "
            "{numpy_14:.1f} at 1e14, where SciPy's keeps {scipy_14:.1f}.",
            on_random,
            lambda n: n["numpy_13"] > 1 and n["numpy_14"] < 0.5 and n["scipy_14"] > n["numpy_14"] + 0.5,
        ),
        finding(
            "On {wrong} matrices of full rank NumPy's default has no correct digit in some coefficient. On {told} of "
            "them {reporting}: a lower one is returned, without a warning.",
            lost_by_numpy,
            lambda n: n["wrong"] == n["told"] > 0,
        ),
        finding(
            "Beside dummies that sum to the intercept, the cut-off is right: NumPy's default keeps {kept:.1f} digits "
            "of the minimum-norm solution, and QR without a rank test returns coefficients of size {size:.0e}.",
            beside_an_intercept,
            lambda n: n["kept"] > 12 and n["size"] > 1e6,
        ),
    ),
    remedies=(
        remedy(
            "Divide each column by its norm before the call, and each coefficient after it, as `numpy.polyfit` does: "
            "the same LAPACK driver then keeps {filip scaled:.1f} digits of Filip and {years scaled:.1f} of a cubic "
            "trend in years, where `numpy.linalg.lstsq` keeps {filip raw:.1f} and {years raw:.1f}.",
            scaled,
            lambda n: n["filip scaled"] > n["filip raw"] + 3 and n["years scaled"] > n["years raw"] + 3,
            CODE,
        ),
    ),
    symptoms=(
        "lstsq returns a rank below the number of columns",
        "my slope is 1e-6",
        "coefficients of 1e15",
        "NumPy and SciPy give different coefficients",
        "a polynomial fit is far from the points",
    ),
)

if __name__ == "__main__":
    run_file(__file__)
