"""When does Gaussian elimination need pivoting, and when is pivoting not enough?

Elimination divides by a pivot, and *pivoting* exchanges rows so that the pivot is not small. The systems here are
square, each well conditioned or as ill conditioned as it says, so that lost digits are the fault of the elimination.
Without pivoting a small pivot makes the numbers grow, and the error grows with them: the *growth factor* is how much
larger the largest number becomes. Partial pivoting, the largest entry of the column first, keeps growth small in
practice, but Wilkinson's matrix doubles its last column in every step whatever partial pivoting does. Matrices that are
diagonally dominant or symmetric positive definite need no pivoting at all.
"""

import numpy as np

from stabilitylab.lab import Experiment, Lines, Pivot, Rows, Scatter, cases, finding, remedy, run_file

PIVOTS = tuple(10.0**-k for k in range(1, 19))
SIZES = (10, 20, 30, 40, 50, 60)
WILKINSON = tuple(recipe.build().name for recipe in cases("classic.wilkinson_growth", n=SIZES))
HARMLESS = ("classic.diagonally_dominant", "classic.spd")
NAIVE, PARTIAL, QR = "gauss.no_pivot", "gauss.partial", "qr.householder"


def family(row):
    """The family of the problem."""
    return row["problem"].partition("(")[0].removeprefix("classic.")


def of(rows: Rows, *families: str, **wanted) -> list:
    """The rows of some families."""
    return [row for row in rows.where(**wanted) if row.problem.partition("(")[0] in families]


def digits(row) -> float:
    """Normwise digits; no answer is no digits."""
    return row["digits.normwise"] or 0.0


def small_pivot(rows: Rows) -> dict[str, float]:
    """What is left at pivots of 1e-8 and 1e-16."""
    at = {eps: rows.where(problem__eps=eps) for eps in (1e-8, 1e-16)}
    return {
        "naive": digits(next(iter(at[1e-8].where(solver=NAIVE)))),
        "none": digits(next(iter(at[1e-16].where(solver=NAIVE)))),
        "partial": min(digits(next(iter(rows_at.where(solver=PARTIAL)))) for rows_at in at.values()),
    }


def wilkinson(rows: Rows) -> dict[str, float]:
    """Digits that partial pivoting and QR keep on the largest Wilkinson matrix here, and its size."""
    grown = of(rows, "classic.wilkinson_growth")
    n = max(row["problem.n"] for row in grown)
    last = {row.solver: row for row in grown if row["problem.n"] == n}
    return {"n": n, "partial": digits(last[PARTIAL]), "qr": digits(last[QR]), "growth": last[PARTIAL]["growth"]}


def follows(rows: Rows) -> dict[str, float]:
    """Spearman's rank correlation of growth factor and backward error, without pivoting."""
    from scipy.stats import spearmanr  # half a second, in whatever process looks at an experiment

    naive = [row for row in rows.where(solver=NAIVE) if row["growth"] is not None]
    pairs = [[row["growth"] for row in naive], [row["backward_error.optimal"] for row in naive]]
    return {"rank": float(spearmanr(*pairs).statistic), "problems": len(naive)}


def harmless(rows: Rows) -> dict[str, float]:
    """The largest growth without pivoting on harmless matrices, and the most digits pivoting would have added."""
    naive = {row.problem: row for row in of(rows, *HARMLESS, solver=NAIVE)}
    partial = {row.problem: row for row in of(rows, *HARMLESS, solver=PARTIAL)}
    return {
        "growth": max(row["growth"] for row in naive.values()),
        "lost": max(digits(partial[name]) - digits(naive[name]) for name in naive),
    }


def gaussian(rows: Rows) -> dict[str, float]:
    """Median digits that pivoting adds on normal random matrices."""
    naive = [digits(row) for row in of(rows, "classic.gaussian", solver=NAIVE)]
    partial = [digits(row) for row in of(rows, "classic.gaussian", solver=PARTIAL)]
    return {"median": float(np.median(np.subtract(partial, naive)))}


PIVOTING = """
import numpy as np

eps = 1e-16
A, b = np.array([[eps, 1.0], [1.0, 1.0]]), np.array([1.0, 2.0])  # x is 1 to sixteen digits


def digits(x):
    return max(0.0, min(15.95, -np.log10(max(abs(x - 1).max(), 1e-99))))


y = (b[1] - b[0] / eps) / (A[1, 1] - A[0, 1] / eps)  # elimination, rows as they come
print(f"{digits(np.array([(b[0] - A[0, 1] * y) / eps, y])):.1f} digits without pivoting")  # 0 digits
print(f"{digits(np.linalg.solve(A, b)):.1f} digits with partial pivoting, by numpy.linalg.solve")  # 16 digits
"""

ORTHOGONAL = """
import numpy as np

n = 60
A = np.eye(n) - np.tril(np.ones((n, n)), -1)  # Wilkinson's matrix
A[:, -1] = 1
right = np.cos(np.arange(n))
b = A @ right  # rounded, which moves x in its last digits only: cond(A) is 0.45 n


def digits(x):
    return max(0.0, -np.log10(np.linalg.norm(x - right) / np.linalg.norm(right)))


print(f"{digits(np.linalg.solve(A, b)):.1f} digits by elimination with partial pivoting")  # 0 digits
Q, R = np.linalg.qr(A)
print(f"{digits(np.linalg.solve(R, Q.T @ b)):.1f} digits by QR")  # 15 digits
"""


EXPERIMENT = Experiment(
    chapter=5,
    problems=(
        *cases("classic.small_pivot", eps=PIVOTS),
        *cases("classic.wilkinson_growth", n=SIZES),
        *cases("classic.gaussian", n=(10, 30, 60), seed=range(5)),
        *cases("classic.diagonally_dominant", n=(10, 30, 60)),
        *cases("classic.spd", cond=(1e2, 1e6, 1e10)),
    ),
    quick=(
        *cases("classic.small_pivot", eps=PIVOTS[1::2]),
        *cases("classic.wilkinson_growth", n=(10, 40)),
        *cases("classic.gaussian", n=(10, 30), seed=range(3)),
        *cases("classic.diagonally_dominant", n=30),
        *cases("classic.spd", cond=(1e2, 1e6)),
    ),
    solvers=(NAIVE, PARTIAL, QR),
    metrics=("digits.min", "digits.supported", "digits.normwise", "error.normwise", "growth", "backward_error.optimal"),
    tables=(
        Pivot(
            "Relative error on [[eps, 1], [1, 1]], whose condition number is 2.6",
            rows="problem.eps",
            columns="solver",
            value="error.normwise",
            where={"problem__eps": PIVOTS},
        ),
        Pivot(
            "Relative error on Wilkinson's matrix of order n, whose condition number is 0.45 n",
            rows="problem.n",
            columns="solver",
            value="error.normwise",
            where={"problem": WILKINSON},
        ),
        Pivot("Growth factor, largest of each family", rows=family, columns="solver", value="growth", reduce="max"),
        Pivot(
            "Correct digits, normwise, fewest of each family",
            rows=family,
            columns="solver",
            value="digits.normwise",
            reduce="min",
        ),
    ),
    figures=(
        Lines(
            "Without pivoting a small pivot costs its own digits",
            x="problem.eps",
            y="error.normwise",
            where={"problem__eps": PIVOTS},
            laws=True,
            x_label="first pivot, relative to the other entries",
            y_label="relative error of x",
        ),
        Scatter(
            "The backward error of elimination follows the growth factor",
            x="growth",
            y="backward_error.optimal",
            series=family,
            where={"solver": NAIVE},
            x_label="growth factor without pivoting",
            y_label="backward error, in units of u",
        ),
    ),
    findings=(
        finding(
            "A pivot of 1e-8 leaves {naive:.1f} digits without pivoting and one of 1e-16 {none:.1f}; with partial "
            "pivoting there are at least {partial:.1f}.",
            small_pivot,
            lambda n: n["naive"] < 10 and n["none"] < 1 and n["partial"] > 14,
        ),
        finding(
            "Without pivoting the backward error follows the growth factor: their rank correlation over {problems} "
            "problems is {rank:.2f}.",
            follows,
            lambda n: n["rank"] > 0.8,
        ),
        finding(
            "On Wilkinson's matrix of order {n} partial pivoting lets the numbers grow by {growth:.0e} and keeps "
            "{partial:.1f} digits; Householder QR keeps {qr:.1f}.",
            wilkinson,
            lambda n: n["qr"] - n["partial"] > 2,
        ),
        finding(
            "On diagonally dominant and symmetric positive definite matrices growth without pivoting stays at or below "
            "{growth:.1f}, and pivoting would have added at most {lost:.1f} digits.",
            harmless,
            lambda n: n["growth"] <= 2 and n["lost"] < 1,
        ),
        finding(
            "On normal random matrices pivoting adds {median:.1f} digits in the median.",
            gaussian,
            lambda n: 0.3 < n["median"] < 4,
        ),
    ),
    remedies=(
        remedy(
            "Exchange rows, as `numpy.linalg.solve` does: at a pivot of 1e-16 partial pivoting keeps {partial:.1f} "
            "digits, elimination in the order given {none:.1f}.",
            small_pivot,
            lambda n: n["partial"] > n["none"] + 3,
            PIVOTING,
        ),
        remedy(
            "Where numbers grow although rows are exchanged, factor by QR: on Wilkinson's matrix of order {n} it "
            "keeps {qr:.1f} digits, partial pivoting {partial:.1f}.",
            wilkinson,
            lambda n: n["qr"] - n["partial"] > 2,
            ORTHOGONAL,
        ),
    ),
    symptoms=(
        "my own elimination gives another answer than numpy.linalg.solve",
        "the residual is large although the matrix is well conditioned",
        "a zero or tiny number on the diagonal",
    ),
)

if __name__ == "__main__":
    run_file(__file__)
