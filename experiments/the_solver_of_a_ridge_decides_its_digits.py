"""Does a penalty make every solver of a ridge regression safe?

Ridge regression minimises |b - A x|² + lambda |x|². The penalty bounds the condition number of what is solved, by
sqrt(1 + |A|² / lambda) in place of that of A, and is often taken to mean that the solver no longer matters. Each line
of the tables is a way in which libraries or textbooks solve it, with its defaults; the columns are penalties, as shares
of |A|², the square of the largest singular value. Penalties and their square roots are powers of two, so that all have
the same problem to the last bit. All columns have the penalty, but in the last table, where an intercept has none, as
in scikit-learn. What is right is the exact minimiser, which is also that of least squares with the rows sqrt(lambda) I
and b = 0 below the data.
"""

from collections.abc import Iterator, Mapping
from math import frexp

import numpy as np

from stabilitylab.lab import (
    Experiment,
    HeatMap,
    Measurement,
    Pivot,
    Probe,
    Problem,
    Rows,
    Size,
    Status,
    bench,
    finding,
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
WITH_INTERCEPT: Mapping[str, str] = {"Norris": "nist.norris", "Pontius": "nist.pontius", "Longley": "nist.longley"}
PENALISED, FREE = "penalised", "free"  # what becomes of an intercept
SCORES = ("digits.min", "digits.supported")
LOST = 1.0

DEFAULT, SKLEARN_SVD = "sklearn.Ridge", "sklearn.Ridge_svd"
ITERATIVE = ("sklearn.Ridge_lsqr", "sklearn.Ridge_sparse_cg", "sklearn.Ridge_sag", "sklearn.Ridge_saga")
FORMULA, INVERSE, AUGMENTED, BY_SVD = "numpy.ridge_solve", "numpy.ridge_inv", "numpy.ridge_rows", "numpy.ridge_svd"
TOO = "polars_ols.ridge"
OTHERS = ("statsmodels.fit_regularized", "glum.ridge", "polars_ds.ridge", TOO, "scipy.lsqr_damp", "scipy.lsmr_damp")
ROUTES = (DEFAULT, SKLEARN_SVD, *ITERATIVE, *OTHERS, FORMULA, INVERSE, AUGMENTED, BY_SVD)

# --- what is measured


def measure(probe: Probe) -> tuple[Measurement, ...]:
    """The digits of the worst coefficient of each route, against the exact minimiser."""
    name, parameters = (WITH_INTERCEPT[probe.problem], {}) if probe["intercept"] == FREE else DATA[probe.problem]
    problem = problems.get(name)(**parameters)
    penalty = 4.0 ** (frexp(np.linalg.norm(problem.A, 2))[1] - int(probe["k"]))
    penalised = problems.penalised(problem, penalty, penalize_intercept=probe["intercept"] == PENALISED)
    return tuple(measured(probe, name, penalised) for name in probe.solvers)


def measured(probe: Probe, name: str, problem: Problem) -> Measurement:
    """The row of one route."""
    row = bench.measure(name, problem, metrics=SCORES, causes=False)
    scores = {score: row[score] for score in SCORES}
    return probe.row(
        name, scores, status=Status[row.status], note=row.note, truth=row.truth, warnings=tuple(row.warnings)
    )


def rows(size: Size) -> Iterator[Probe]:
    """A probe for each problem and penalty, with the routes whose library is here."""
    here = tuple(name for name in ROUTES if not bench.lacks(name))
    for name in DATA:
        for k in SHARES if size == "full" else SHARES[1::2]:
            yield Probe(name, here, (("k", k), ("intercept", PENALISED)))
    for name in WITH_INTERCEPT:
        yield Probe(name, here, (("k", SHARES[1]), ("intercept", FREE)))


# --- what is said of it


def share(row: Measurement) -> str:
    """The penalty, as a share of |A|²."""
    return f"4^-{row['problem.k']}"


def kept(rows: Rows, solver: str) -> float:
    """The fewest digits of a way."""
    return min(row["digits.min"] or 0.0 for row in rows.where(solver=solver, problem__intercept=PENALISED))


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
    return {"default": kept(rows, DEFAULT), "svd": kept(rows, SKLEARN_SVD)}


def stopped_early(rows: Rows) -> dict[str, int]:
    """How many answers of the iterative solvers of scikit-learn keep less than a digit, and how many of these warn."""
    answers = rows.where(solver=ITERATIVE, problem__intercept=PENALISED)
    lost = [row for row in answers if (row["digits.min"] or 0.0) < LOST]
    return {"all": len(answers), "lost": len(lost), "warned": sum(bool(row.warnings) for row in lost)}


def another_regression(rows: Rows) -> dict[str, float | int]:
    """The most digits of the plug-in that penalises the intercept, and the fewest of the textbook formula."""
    with_intercept = rows.where(problem__intercept=FREE)
    of = {name: [row["digits.min"] or 0.0 for row in with_intercept.where(solver=name)] for name in (TOO, FORMULA)}
    return {"most": max(of[TOO]), "problems": len(of[TOO]), "formula": min(of[FORMULA])}


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
    solvers=ROUTES,
    rows=rows,
    measure=measure,
    tables=(
        Pivot(
            "Correct digits of the worst coefficient, the fewest over the problems",
            where={"problem.intercept": PENALISED},
            columns=share,
            reduce="min",
        ),
        Pivot("The same at the smallest penalty, on each problem", where={"problem.k": SHARES[-1]}),
        Pivot("With an intercept that has no penalty, at 4^-10 of |A|²", where={"problem.intercept": FREE}),
    ),
    figures=(
        HeatMap(
            "The smaller the penalty, a share of |A|², the more its solver decides: "
            f"the fewest digits of {len(DATA)} problems",
            where={"problem.intercept": PENALISED},
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
        finding(
            "The ridge of polars-ols penalises the intercept too: of the regression that scikit-learn fits it has at "
            "most {most:.1f} digits on {problems} problems, where the formula keeps {formula:.1f} or more.",
            another_regression,
            lambda n: n["most"] < LOST < n["formula"],
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
        "two libraries give different ridge coefficients for the same alpha",
    ),
)

if __name__ == "__main__":
    run_file(__file__)
