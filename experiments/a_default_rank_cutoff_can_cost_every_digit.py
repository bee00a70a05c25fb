"""Who decides that a matrix is rank deficient, and what does the decision cost?

Least-squares routines that use the SVD drop directions whose singular value is below a cut-off times the largest. The
cut-off is a default that few callers know: max(m, n) eps in NumPy, eps in SciPy, 1e-15 in some pseudo-inverses. All
matrices here but the last have exactly full rank, so that each has one right answer, and a direction dropped is digits
lost. The last, dummies beside an intercept, is exactly deficient: there a cut-off is what makes the answer right.
"""

import numpy as np

from stabilitylab.lab import Column, Experiment, Finding, Guide, Lines, Listing, Pivot, Rows, case, cases, run_file

CONDS = (*(d * 10.0**k for k in range(10, 16) for d in (1, 3)), 1e16)
SWEEP = "synthetic.randsvd"
DEFICIENT = "real.one_hot"
ROWS_OF_SWEEP = 100
EPS = float(np.finfo(float).eps)
NAMED = (
    case("nist.filip"),
    case("real.timestamps_s"),
    case("real.years", degree=3),
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
        "numpy_14": at_cond(rows, "numpy.lstsq", 1e14),
        "scipy_14": at_cond(rows, "scipy.lstsq_gelsd", 1e14),
        "numpy_13": at_cond(rows, "numpy.lstsq", 1e13),
    }


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
    metrics=("digits.min", "digits.normwise", "digits.residual_norm", "backward_error.optimal"),
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
            "The default cut-off is a cliff: past it NumPy keeps nothing, SciPy a few digits more",
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
        Finding(
            "On Filip's matrix `numpy.linalg.lstsq` keeps {numpy:.1f} digits and `scipy.linalg.lstsq` {scipy:.1f}, "
            "with the same LAPACK driver. NumPy's own call with `rcond=0` keeps {rcond0:.1f}: the cut-off "
            "is the difference. Householder QR has none, and keeps {qr:.1f}.",
            lambda rows: (
                same_matrix(rows)["scipy"] - same_matrix(rows)["numpy"] > 3
                and abs(same_matrix(rows)["scipy"] - same_matrix(rows)["rcond0"]) < 1
                and same_matrix(rows)["qr"] > same_matrix(rows)["scipy"] + 1
            ),
            same_matrix,
        ),
        Finding(
            "On random matrices NumPy's default keeps {numpy_13:.1f} digits at condition number 1e13 and "
            "{numpy_14:.1f} at 1e14, where SciPy's keeps {scipy_14:.1f}.",
            lambda rows: (
                same_matrix(rows)["numpy_13"] > 1
                and same_matrix(rows)["numpy_14"] < 0.5
                and same_matrix(rows)["scipy_14"] > same_matrix(rows)["numpy_14"] + 0.5
            ),
            same_matrix,
        ),
        Finding(
            "Each time NumPy's default lost its digits on a matrix of full rank, it reported the lower rank and "
            "gave no warning.",
            lambda rows: all(
                row.cause and not row.warnings
                for row in rows.where(solver="numpy.lstsq", status="RANK_REDUCED")
                if row.problem != DEFICIENT
            ),
        ),
        Finding(
            "Beside dummies that sum to the intercept, the cut-off is right: NumPy's default keeps {kept:.1f} digits "
            "of the minimum-norm solution, and QR without a rank test returns coefficients of size {size:.0e}.",
            lambda rows: digits(rows, "numpy.lstsq", DEFICIENT) > 12 and largest(rows) > 1e6,
            lambda rows: {"kept": digits(rows, "numpy.lstsq", DEFICIENT), "size": largest(rows)},
        ),
    ),
)


def largest(rows: Rows) -> float:
    """The largest coefficient that Householder QR returns for the deficient problem."""
    (row,) = rows.where(solver="qr.householder", problem=DEFICIENT)
    return max(map(abs, row.x or (0.0,)))


if __name__ == "__main__":
    run_file(__file__)
