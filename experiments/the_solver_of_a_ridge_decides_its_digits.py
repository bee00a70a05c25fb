"""Does a penalty make every solver of a ridge regression safe?

Ridge regression minimises |b - A x|² + lambda |x|². The penalty bounds the condition number of what is solved, by
sqrt(1 + |A|² / lambda) in place of that of A, and is often taken to mean that the solver no longer matters. Each line
of the tables is a way in which libraries or textbooks solve it, with its defaults; the columns are penalties, as shares
of |A|², the square of the largest singular value. Penalties and their square roots are powers of two, so that all ways
have the same problem to the last bit, and no intercept is fitted. What is right is the exact minimiser, by
`sl.lstsq(A, b, ridge=...)`.
"""

import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import frexp, log10
from typing import Any

import numpy as np

from stabilitylab.lab import (
    Experiment,
    HeatMap,
    Measurement,
    Pivot,
    Probe,
    Rows,
    Size,
    Status,
    bench,
    finding,
    lstsq,
    problems,
    remedy,
    run_file,
)

SHARES = (2, 10, 20, 26)  # lambda is about 4**-k of |A|²
# What a table calls a problem, its name in the catalogue, and its parameters.
DATA: Mapping[str, tuple[str, Mapping[str, float]]] = {
    "Longley": ("nist.longley", {}),
    "Wampler5": ("nist.wampler5", {}),
    "Filip": ("nist.filip", {}),
    "random, cond 1e10": ("synthetic.randsvd", {"cond": 1e10}),
}
MOST = 15.95  # digits that a double holds
LOST = 1.0

# --- the ways: x (n,) for A (m, n), b (m,) and lambda


def by_sklearn(solver: str, **options: Any) -> Callable[..., Any]:
    """Ridge(alpha=lambda, fit_intercept=False, solver=solver).fit(A, b).coef_."""

    def way(A, b, penalty):
        from sklearn.linear_model import Ridge

        model = Ridge(alpha=penalty, fit_intercept=False, solver=solver, random_state=0, **options)
        return model.fit(A, b).coef_

    return way


def by_statsmodels(A, b, penalty):
    """OLS(b, A).fit_regularized(alpha=lambda/m, L1_wt=0).params: the sum of squares is divided by m there."""
    import statsmodels.api as sm

    return sm.OLS(b, A).fit_regularized(alpha=penalty / len(b), L1_wt=0).params


def by_lsqr(A, b, penalty):
    """scipy.sparse.linalg.lsqr(A, b, damp=sqrt(lambda)), Paige and Saunders (1982), section 6."""
    from scipy.sparse.linalg import lsqr

    return lsqr(A, b, damp=penalty**0.5)[0]


def by_lsmr(A, b, penalty):
    """scipy.sparse.linalg.lsmr(A, b, damp=sqrt(lambda))."""
    from scipy.sparse.linalg import lsmr

    return lsmr(A, b, damp=penalty**0.5)[0]


def by_solve(A, b, penalty):
    """(A'A + lambda I) x = A'b by elimination, as the formula says."""
    return np.linalg.solve(A.T @ A + penalty * np.eye(A.shape[1]), A.T @ b)


def by_inverse(A, b, penalty):
    """(A'A + lambda I)^-1 A'b by an inverse, as the formula is written."""
    return np.linalg.inv(A.T @ A + penalty * np.eye(A.shape[1])) @ (A.T @ b)


def by_rows(A, b, penalty):
    """Least squares with the rows sqrt(lambda) I and b = 0 below the data."""
    n = A.shape[1]
    return np.linalg.lstsq(np.vstack([A, penalty**0.5 * np.eye(n)]), np.append(b, np.zeros(n)), rcond=0)[0]


def by_svd(A, b, penalty):
    """V s / (s² + lambda) U'b."""
    U, s, Vt = np.linalg.svd(A, full_matrices=False)
    return Vt.T @ (s / (s * s + penalty) * (U.T @ b))


@dataclass(frozen=True)
class Way:
    """A function of A, b and lambda; route: one of the catalogue whose library it needs, "" for NumPy and SciPy."""

    x: Callable[..., Any]
    route: str = ""


SKLEARN, STATSMODELS = "sklearn.Ridge0_svd", "statsmodels.OLS_qr"
DEFAULT, INVERSE = "sklearn.Ridge", "numpy: inv of A'A + lambda I"
FORMULA, AUGMENTED, BY_SVD = "numpy: solve A'A + lambda I", "numpy: lstsq of A over sqrt(lambda) I", "numpy: svd"
ITERATIVE = ("sklearn.Ridge(lsqr)", "sklearn.Ridge(sparse_cg)", "sklearn.Ridge(sag)", "sklearn.Ridge(saga)")
WAYS: Mapping[str, Way] = {
    DEFAULT: Way(by_sklearn("auto"), SKLEARN),
    "sklearn.Ridge(svd)": Way(by_sklearn("svd"), SKLEARN),
    **{name: Way(by_sklearn(name[14:-1]), SKLEARN) for name in ITERATIVE},
    "statsmodels.fit_regularized": Way(by_statsmodels, STATSMODELS),
    "scipy.lsqr(damp)": Way(by_lsqr),
    "scipy.lsmr(damp)": Way(by_lsmr),
    FORMULA: Way(by_solve),
    INVERSE: Way(by_inverse),
    AUGMENTED: Way(by_rows),
    BY_SVD: Way(by_svd),
}

# --- what is measured


def measure(probe: Probe) -> tuple[Measurement, ...]:
    """The digits of the worst coefficient of each way, against the exact minimiser."""
    name, parameters = DATA[probe.problem]
    problem = problems.get(name)(**parameters)
    A, b = np.array(problem.A), np.array(problem.b)
    penalty = 4.0 ** (frexp(np.linalg.norm(A, 2))[1] - int(probe["k"]))
    exact = lstsq(A, b, ridge=penalty).x
    return tuple(answered(probe, name, A, b, penalty, exact) for name in probe.solvers)


def answered(probe: Probe, name: str, A: Any, b: Any, penalty: float, exact: Any) -> Measurement:
    """The row of one way."""
    with warnings.catch_warnings(record=True) as caught, np.errstate(all="ignore"):
        warnings.simplefilter("always")
        try:
            x = np.asarray(WAYS[name].x(A.copy(), b.copy(), penalty))
        except Exception as error:  # whatever a library raises is its answer
            return probe.row(name, {"digits.min": None}, status=Status.RAISED, note=f"{type(error).__name__}: {error}")
    said = tuple(dict.fromkeys(f"{one.category.__name__}: {str(one.message).splitlines()[0]}" for one in caught))
    if not np.isfinite(x).all():
        return probe.row(name, {"digits.min": None}, status=Status.NOT_FINITE, note=f"x = {x}", warnings=said)
    worst = float(np.max(np.abs(x - exact) / np.abs(exact)))
    kept = min(MOST, max(0.0, -log10(worst))) if worst else MOST
    return probe.row(name, {"digits.min": kept}, status=Status.WARNED if said else Status.SOLVED, warnings=said)


def rows(size: Size) -> Iterator[Probe]:
    """A probe for each problem and penalty, with the ways whose library is here."""
    here = tuple(name for name, way in WAYS.items() if not way.route or not bench.lacks(way.route))
    for name in DATA:
        for k in SHARES if size == "full" else SHARES[1::2]:
            yield Probe(name, here, (("k", k),))


# --- what is said of it


def share(row: Measurement) -> str:
    """The penalty, as a share of |A|²."""
    return f"4^-{row['problem.k']}"


def kept(rows: Rows, solver: str) -> float:
    """The fewest digits of a way."""
    return min(row["digits.min"] or 0.0 for row in rows.where(solver=solver))


def of_numpy(rows: Rows) -> dict[str, float]:
    """The fewest digits of the formula in two ways, and of the two ways by orthogonal factors."""
    return {
        "formula": kept(rows, FORMULA),
        "inverse": kept(rows, INVERSE),
        "svd": kept(rows, BY_SVD),
        "rows": kept(rows, AUGMENTED),
    }


def of_sklearn(rows: Rows) -> dict[str, float]:
    """The fewest digits of Ridge with its default solver, and by an SVD."""
    return {"default": kept(rows, DEFAULT), "svd": kept(rows, "sklearn.Ridge(svd)")}


def stopped_early(rows: Rows) -> dict[str, int]:
    """How many answers of the iterative solvers of scikit-learn keep less than a digit, and how many of these warn."""
    answers = rows.where(solver=ITERATIVE)
    lost = [row for row in answers if (row["digits.min"] or 0.0) < LOST]
    return {"all": len(answers), "lost": len(lost), "warned": sum(bool(row.warnings) for row in lost)}


CODE = """
import numpy as np
import stabilitylab as sl

t = np.linspace(0, 1, 40)
A = np.column_stack([t**k for k in range(9)])
b = np.exp(t)
penalty = 2.0**-40
exact = sl.lstsq(A, b, ridge=penalty).x


def digits(x):
    return min(15.95, -np.log10(np.max(np.abs(x - exact) / np.abs(exact))))


formula = np.linalg.solve(A.T @ A + penalty * np.eye(9), A.T @ b)
below = np.vstack([A, penalty**0.5 * np.eye(9)]), np.append(b, np.zeros(9))
print(f"{digits(formula):.1f} digits by A'A + lambda I")  # 2 digits
print(f"{digits(np.linalg.lstsq(*below, rcond=None)[0]):.1f} digits with the rows sqrt(lambda) I below A")  # 7 digits
"""

EXPERIMENT = Experiment(
    chapter=20,
    solvers=(SKLEARN, STATSMODELS),
    rows=rows,
    measure=measure,
    tables=(
        Pivot("Correct digits of the worst coefficient, the fewest over the problems", columns=share, reduce="min"),
        Pivot("The same at the smallest penalty, on each problem", where={"problem.k": SHARES[-1]}),
    ),
    figures=(
        HeatMap(
            "The smaller the penalty, a share of |A|², the more its solver decides: "
            f"the fewest digits of {len(DATA)} problems",
            columns=share,
            reduce="min",
        ),
    ),
    findings=(
        finding(
            "A penalty does not make the formula safe: A'A + lambda I keeps {formula:.1f} digits by elimination and "
            "{inverse:.1f} by an inverse where it keeps fewest, the rows sqrt(lambda) I below A {rows:.1f}, and an SVD "
            "{svd:.1f}.",
            of_numpy,
            lambda n: n["formula"] + 1 < min(n["rows"], n["svd"]),
        ),
        finding(
            "`sklearn.linear_model.Ridge` as it comes keeps {default:.1f} digits where it keeps fewest, and with "
            "solver='svd' {svd:.1f}.",
            of_sklearn,
            lambda n: n["default"] + 2 < n["svd"],
        ),
        finding(
            "Of {all} answers of the iterative solvers of `sklearn.linear_model.Ridge` {lost} keep less than a digit; "
            "{warned} of these come with a warning.",
            stopped_early,
            lambda n: n["lost"] > n["all"] / 2 and n["warned"] < n["lost"],
        ),
    ),
    remedies=(
        remedy(
            "Solve a ridge as least squares with the rows sqrt(lambda) I below A, or ask for the SVD. Where they keep "
            "fewest on these problems, that is {rows:.1f} and {svd:.1f} digits, and {formula:.1f} by elimination.",
            of_numpy,
            lambda n: min(n["rows"], n["svd"]) > n["formula"],
            CODE,
        ),
    ),
    symptoms=(
        "my ridge coefficients differ between solvers",
        "Ridge(solver='sag') returns other coefficients than Ridge(solver='svd')",
    ),
)

if __name__ == "__main__":
    run_file(__file__)
