"""What do the normal equations cost, against orthogonal methods on the same data?

Matrices of 100 rows and 10 columns with prescribed condition number, three of each, and two kinds of response: one that
the columns explain exactly, and one with a residual as large as what they explain. Forming A'A squares the condition
number, so that the normal equations lose two digits for every factor 10 and orthogonal methods one. With a large
residual the least-squares problem itself depends on the square, and nobody escapes it.
Thin lines are the column-wise error laws, drawn from the data before any solver ran.
"""

import numpy as np

from stabilitylab.lab import Experiment, Finding, Lines, Pivot, Rows, cases, run_file

CONDS = tuple(10.0**k for k in range(17))
NORMAL = ("normal.cholesky", "normal.lu", "normal.inverse")
ORTHOGONAL = ("qr.householder", "qr.mgs", "svd.full")
CONSISTENT, LARGE = 0.0, 1.0


def residual(row):
    """The kind of response, in words."""
    return "b = A x" if row["problem.residual"] == CONSISTENT else "a residual as large as A x"


def digits_lost_per_decade(rows: Rows, solver: str, residual: float, low: float, high: float) -> float:
    """The slope of log10(error) on log10(cond), by the medians of each condition number."""
    conds = [c for c in CONDS if low <= c <= high and rows.any(problem__cond=c)]
    chosen = [rows.where(solver=solver, problem__residual=residual, problem__cond=c) for c in conds]
    errors = [np.median(group.values("error.normwise")) for group in chosen]
    x, y = np.log10(conds), np.log10(errors)
    return float((x - x.mean()) @ (y - y.mean()) / ((x - x.mean()) @ (x - x.mean())))


def slopes(rows: Rows) -> dict[str, float]:
    """Digits lost per factor 10, over the range where both methods have digits to lose."""
    return {
        "normal": digits_lost_per_decade(rows, "normal.cholesky", CONSISTENT, 1e2, 1e6),
        "orthogonal": digits_lost_per_decade(rows, "qr.householder", CONSISTENT, 1e2, 1e14),
        "inconsistent": digits_lost_per_decade(rows, "qr.householder", LARGE, 1e2, 1e8),
    }


def apart(rows: Rows) -> float:
    """How many digits Householder QR keeps above Cholesky at cond 1e6 on consistent data, in the median."""
    at = rows.where(problem__cond=1e6, problem__residual=CONSISTENT)
    digits = [np.median(at.where(solver=s).values("digits.normwise")) for s in ("qr.householder", "normal.cholesky")]
    return float(digits[0] - digits[1])


def orthogonality(rows: Rows) -> float:
    """|I - Q'Q| of classical over modified Gram-Schmidt at cond 1e6, in the median."""
    at = rows.where(problem__cond=1e6, problem__residual=CONSISTENT)
    classical, modified = (np.median(at.where(solver=s).values("orthogonality")) for s in ("qr.cgs", "qr.mgs"))
    return float(classical / modified)


def inverse(rows: Rows) -> dict[str, float]:
    """What an explicit inverse costs against LU on consistent data: digits at most, and times the backward error."""
    pairs = [
        [rows.where(solver=s, problem__residual=CONSISTENT, problem__cond=c) for s in ("normal.lu", "normal.inverse")]
        for c in (1e4, 1e6)
    ]
    digits = [[np.median(group.values("digits.normwise")) for group in pair] for pair in pairs]
    errors = [[np.median(group.values("backward_error.optimal")) for group in pair] for pair in pairs]
    return {
        "digits": float(max(lu - inverse for lu, inverse in digits)),
        "times": float(min(inverse / lu for lu, inverse in errors)),
    }


def refusals(rows: Rows) -> float:
    """The smallest condition number at which Cholesky refuses."""
    return float(min(rows.where(solver="normal.cholesky", status="REFUSED").values("problem.cond")))


EXPERIMENT = Experiment(
    chapter=1,
    problems=cases("synthetic.randsvd", cond=CONDS, residual=(CONSISTENT, LARGE), seed=range(3)),
    quick=cases("synthetic.randsvd", cond=CONDS[::2], residual=(CONSISTENT, LARGE), seed=0),
    solvers=(*NORMAL, *ORTHOGONAL, "qr.cgs"),
    metrics=("digits.min", "digits.normwise", "error.normwise", "backward_error.optimal", "orthogonality"),
    tables=(
        Pivot(
            "Relative error of the solution, consistent data",
            rows="problem.cond",
            columns="solver",
            value="error.normwise",
            where={"problem__residual": CONSISTENT},
            reduce="median",
        ),
        Pivot(
            "Relative error of the solution, large residual",
            rows="problem.cond",
            columns="solver",
            value="error.normwise",
            where={"problem__residual": LARGE},
            reduce="median",
        ),
        Pivot(
            "Backward error in units of u, consistent data",
            rows="problem.cond",
            columns="solver",
            value="backward_error.optimal",
            where={"problem__residual": CONSISTENT},
            reduce="median",
        ),
    ),
    figures=(
        Lines(
            "The normal equations lose two digits where orthogonal methods lose one",
            x="problem.cond",
            y="error.normwise",
            panels=residual,
            where={"solver": ("normal.cholesky", "normal.inverse", "qr.householder", "qr.mgs", "svd.full", "qr.cgs")},
            laws=True,
            x_label="condition number of A",
            y_label="relative error of x",
        ),
        Lines(
            "Classical Gram-Schmidt loses orthogonality faster than modified",
            x="problem.cond",
            y="orthogonality",
            where={"solver": ("qr.mgs", "qr.cgs"), "problem__residual": CONSISTENT},
            x_label="condition number of A",
            y_label="loss of orthogonality, |I - Q'Q|",
        ),
    ),
    findings=(
        Finding(
            "On consistent data the normal equations lose {normal:.1f} digits for every factor 10 in the condition "
            "number, Householder QR {orthogonal:.1f}.",
            lambda rows: 1.6 < slopes(rows)["normal"] < 2.4 and 0.6 < slopes(rows)["orthogonal"] < 1.4,
            slopes,
        ),
        Finding(
            "With a large residual QR loses {inconsistent:.1f} digits for every factor 10 as well.",
            lambda rows: 1.5 < slopes(rows)["inconsistent"] < 2.4,
            slopes,
        ),
        Finding(
            "At condition number 1e6 and consistent data, QR keeps {apart:.1f} digits more than Cholesky.",
            lambda rows: apart(rows) > 3,
            lambda rows: {"apart": apart(rows)},
        ),
        Finding(
            "Cholesky never refuses below condition number 1e7; the first refusal is at {first:.0e}.",
            lambda rows: refusals(rows) >= 1e7,
            lambda rows: {"first": refusals(rows)},
        ),
        Finding(
            "At condition number 1e6 classical Gram-Schmidt has lost {times:.0e} times more orthogonality than "
            "modified.",
            lambda rows: orthogonality(rows) > 1e3,
            lambda rows: {"times": orthogonality(rows)},
        ),
        Finding(
            "An explicit inverse of A'A costs at most {digits:.1f} digits more than solving with it, but its backward "
            "error is at least {times:.0f} times larger at condition numbers 1e4 and 1e6.",
            lambda rows: inverse(rows)["digits"] < 3 and inverse(rows)["times"] > 100,
            inverse,
        ),
    ),
)

if __name__ == "__main__":
    run_file(__file__)
