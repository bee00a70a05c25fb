"""What do the normal equations cost, against orthogonal methods on the same data?

The textbook way to a regression is to solve A'A x = A'b, the normal equations. The matrices have 100 rows, 10 columns
and a prescribed condition number (explained on the first page), the factor by which errors in the data can be
magnified; three of each, and two kinds of response: one that the columns explain exactly, and one with a residual as
large as what they explain. Forming A'A squares the condition number, so that the normal equations lose two digits for
every factor 10 and orthogonal methods (QR, SVD) one. With a large residual the least-squares problem itself depends on
the square, and every method loses two.

Each table shows the relative error of the coefficients: 1e-12 is twelve correct digits, 1 is none. Thin lines in the
figure are the column-wise error laws, drawn from the data before any solver ran.
"""

import numpy as np

from stabilitylab.lab import Experiment, Lines, Pivot, Rows, cases, finding, plain, remedy, run_file

CONDS = tuple(10.0**k for k in range(17))
NORMAL = ("normal.cholesky", "normal.lu", "normal.inverse")
ORTHOGONAL = ("qr.householder", "qr.mgs", "svd.full")
CONSISTENT, LARGE = 0.0, 1.0
TELLING = 1e6  # condition number at which the normal equations still have digits, and have lost many


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


def at(rows: Rows, cond: float) -> Rows:
    """The rows of consistent data at one condition number."""
    return rows.where(problem__cond=cond, problem__residual=CONSISTENT)


def median(rows: Rows, solver: str, score: str) -> float:
    """The median of a score over the matrices that a solver was given."""
    return float(np.median(rows.where(solver=solver).values(score)))


def qr_and_cholesky(rows: Rows) -> dict[str, float]:
    """Digits of both on consistent data at TELLING."""
    here = at(rows, TELLING)
    qr, normal = (median(here, solver, "digits.normwise") for solver in ("qr.householder", "normal.cholesky"))
    return {"cond": plain(TELLING), "qr": qr, "normal": normal}


def orthogonality(rows: Rows) -> dict[str, float]:
    """|I - Q'Q| of classical and modified Gram-Schmidt at TELLING."""
    classical, modified = (median(at(rows, TELLING), solver, "orthogonality") for solver in ("qr.cgs", "qr.mgs"))
    return {"cond": plain(TELLING), "classical": classical, "modified": modified}


def inverse(rows: Rows) -> dict[str, float]:
    """What an explicit inverse costs against LU of the same matrix, where both have digits: digits, backward error."""
    pairs = [[(at(rows, cond), solver) for solver in ("normal.lu", "normal.inverse")] for cond in (1e4, TELLING)]
    digits = [[median(*one, "digits.normwise") for one in pair] for pair in pairs]
    errors = [[median(*one, "backward_error.optimal") for one in pair] for pair in pairs]
    return {
        "low": plain(1e4),
        "high": plain(TELLING),
        "digits": max(lu - inverse for lu, inverse in digits),
        "times": min(inverse / lu for lu, inverse in errors),
    }


def refusals(rows: Rows) -> dict[str, float]:
    """The smallest condition number at which Cholesky refuses, and how often it answered below it."""
    own = rows.where(solver="normal.cholesky")
    first = min(row["problem.cond"] for row in own.where(status="REFUSED"))
    return {"first": plain(first), "refused": first, "before": sum(row["problem.cond"] < first for row in own)}


CODE = """
import numpy as np

t = np.arange(1.0, 21.0)
A = np.column_stack([t**0, t, t**2, t**3, t**4, t**5])  # integers, which float64 holds
b = A @ np.ones(6)  # so that 1 is the right value of each coefficient


def digits(x):
    return -np.log10(np.max(np.abs(x - 1)))


print(f"{digits(np.linalg.solve(A.T @ A, A.T @ b)):.1f} digits by the normal equations")  # 6 digits
Q, R = np.linalg.qr(A)
print(f"{digits(np.linalg.solve(R, Q.T @ b)):.1f} digits by QR")  # 9 digits
"""

EXPERIMENT = Experiment(
    chapter=1,
    problems=cases("synthetic.randsvd", cond=CONDS, residual=(CONSISTENT, LARGE), seed=range(3)),
    quick=cases("synthetic.randsvd", cond=CONDS[::2], residual=(CONSISTENT, LARGE), seed=0),
    solvers=(*NORMAL, *ORTHOGONAL, "qr.cgs"),
    metrics=(
        "digits.min",
        "digits.supported",
        "digits.normwise",
        "error.normwise",
        "backward_error.optimal",
        "orthogonality",
    ),
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
        finding(
            "On consistent data the normal equations lose {normal:.1f} digits for every factor 10 in the condition "
            "number, Householder QR {orthogonal:.1f}; with a large residual QR loses {inconsistent:.1f} as well.",
            slopes,
            lambda n: 1.6 < n["normal"] < 2.4 and 0.6 < n["orthogonal"] < 1.4 and 1.5 < n["inconsistent"] < 2.4,
        ),
        finding(
            "At condition number {cond} and consistent data QR keeps {qr:.1f} digits, Cholesky {normal:.1f}.",
            qr_and_cholesky,
            lambda n: n["qr"] - n["normal"] > 3,
        ),
        finding(
            "Cholesky refuses at condition number {first} first; below that it answered all {before} times.",
            refusals,
            lambda n: n["refused"] >= 1e7,
        ),
        finding(
            "At condition number {cond} the columns of Q are orthogonal to {classical:.0e} by classical "
            "Gram-Schmidt and to {modified:.0e} by modified.",
            orthogonality,
            lambda n: n["classical"] > 1e3 * n["modified"],
        ),
        finding(
            "At condition numbers {low} and {high} an explicit inverse of A'A costs at most {digits:.1f} "
            "digits more than solving with A'A, but its backward error is at least {times:.0f} times larger.",
            inverse,
            lambda n: n["digits"] < 3 and n["times"] > 100,
        ),
    ),
    remedies=(
        remedy(
            "Factor A, not A'A: by QR {qr:.1f} digits are right at condition number {cond}, where the normal "
            "equations have {normal:.1f}.",
            qr_and_cholesky,
            lambda n: n["qr"] - n["normal"] > 3,
            CODE,
        ),
    ),
    symptoms=(
        "(X'X)^-1 X'y and my library give different coefficients",
        "LinAlgError: Singular matrix, or: Matrix is not positive definite",
        "a polynomial fit has half the digits I expected",
    ),
)

if __name__ == "__main__":
    run_file(__file__)
