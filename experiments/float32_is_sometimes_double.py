"""Which "float32" is float32, and which float64 is not?

float32 holds seven decimal digits, float64 (double) sixteen. The same random problems, stored in float32, go to every
entry point that takes the format, and so do the same problems in float64. Counted are the correct digits of the vector
of coefficients as a whole (normwise). They tell in which precision the work was done: in float32 the error grows from
6e-8 on with the condition number (explained on the first page), or with its square where the normal equations are
solved; work in double leaves no error but the rounding of the answer until the condition number passes 1e8, or 1e4
where the normal equations are solved. So a row of the first table that stays near seven digits up to 1e4 belongs to a
route that works in double, and one that falls from the first column on to one that works in float32. A route that is
given float64 and has seven digits already at condition number 10 works in float32 without being told to; the second
table shows it.
"""

import numpy as np

from stabilitylab.lab import Experiment, Lines, Pivot, Rows, cases, finding, libraries, plain, remedy, run_file

CONDS = (1e1, 1e2, 1e3, 1e4, 1e5, 1e6)
TELLING = 1e4  # condition number at which work in float32 leaves three digits, and work in double all seven
DRAWN = (
    "numpy.lstsq",
    "numpy.solve_normal",
    "scipy.lstsq_gelsd",
    "sklearn.LinearRegression",
    "torch.lstsq_gelsy",
    "jax.lstsq",
)
NUMPY, SCIPY, JAX, JAX_X64 = "numpy.lstsq", "scipy.lstsq_gelsd", "jax.lstsq", "jax.lstsq_x64"
DEFAULTS = libraries.defaults()
BOTH = tuple(e.label.name for e in libraries.catalog if {"float32", "float64"} & set(e.label.scalars))
HALFWAY = 6.0  # digits between what the two precisions leave at the telling condition number


def kept(rows: Rows, solver: str, format: str) -> float | None:
    """Median digits at the telling condition number; None where the route does not take the format."""
    if not rows.any(solver=solver, format=format, problem__cond=TELLING):
        return None
    here = rows.where(solver=solver, format=format, problem__cond=TELLING)
    return float(np.median([row["digits.normwise"] or 0.0 for row in here]))


def wider(rows: Rows) -> list[str]:
    """Routes that answer float32 data as if they had worked in double."""
    telling = rows.where(format="float32", problem__cond=TELLING)
    return [solver for solver in telling.distinct("solver") if kept(telling, solver, "float32") > HALFWAY]


def in_double(rows: Rows) -> dict[str, float | int]:
    """How many routes work in double on float32 data, and what NumPy and SciPy keep of them."""
    wide = wider(rows)
    return {
        "wide": len(wide),
        "all": len({row.solver for row in rows.where(format="float32", problem__cond=TELLING) if row.answered}),
        "drawn": sum(solver in DRAWN for solver in wide),
        "numpy": kept(rows, NUMPY, "float32"),
        "scipy": kept(rows, SCIPY, "float32"),
        "cond": plain(TELLING),
    }


def given_float64(rows: Rows) -> dict[str, float | str]:
    """What three routes keep of float64 data at the telling condition number."""
    routes = {"jax": JAX, "x64": JAX_X64, "numpy": NUMPY}
    return {name: kept(rows, solver, "float64") for name, solver in routes.items()} | {"cond": plain(TELLING)}


def table(title: str, format: str, **where) -> Pivot:
    """Digits of the routes chosen on data of one format."""
    return Pivot(
        title,
        columns="problem.cond",
        value="digits.normwise",
        where={"format": format, **where},
        reduce="median",
    )


DOUBLE = """
import numpy as np
from scipy.linalg import lstsq

t = np.arange(1.0, 11.0)
A = np.column_stack([t**0, t, t**2, t**3, t**4]).astype(np.float32)  # integers, which float32 holds
b = A.astype(float).sum(axis=1).astype(np.float32)  # so that 1 is the right value of each coefficient


def digits(x):
    return max(0.0, min(15.95, -np.log10(max(abs(x.astype(float) - 1).max(), 1e-99))))


print(f"{digits(lstsq(A, b)[0]):.1f} digits in float32")  # 2 digits
print(f"{digits(lstsq(A.astype(np.float64), b.astype(np.float64))[0]):.1f} digits of the same data in float64")  # 12
"""

X64 = """
import jax
import numpy as np

t = np.arange(1.0, 11.0)
A = np.column_stack([t**0, t, t**2, t**3, t**4])  # float64
b = A.sum(axis=1)  # so that 1 is the right value of each coefficient


def digits(x):
    return max(0.0, min(15.95, -np.log10(max(abs(np.asarray(x, float) - 1).max(), 1e-99))))


print(f"{digits(jax.numpy.linalg.lstsq(A, b)[0]):.1f} digits as JAX comes")  # 2 digits
jax.config.update("jax_enable_x64", True)  # before the first array, in a program of your own
print(f"{digits(jax.numpy.linalg.lstsq(A, b)[0]):.1f} digits with jax_enable_x64")  # 12 digits
"""

EXPERIMENT = Experiment(
    chapter=15,
    problems=cases("synthetic.randsvd", cond=CONDS, seed=range(3)),
    quick=cases("synthetic.randsvd", cond=(1e2, 1e4), seed=0),
    solvers=BOTH,
    formats=("float32", "float64"),
    metrics=("digits.normwise", "digits.min", "digits.supported"),
    tables=(
        table(
            "float32 data, the default call of each library: digits of x as a whole, by condition number",
            "float32",
            solver=DEFAULTS,
        ),
        table(
            "float64 data, the default call of each library: digits of x as a whole, by condition number",
            "float64",
            solver=DEFAULTS,
        ),
    ),
    appendix=(
        table("float32 data, every entry point: digits of x as a whole as the condition number grows", "float32"),
        table("float64 data, every entry point: digits of x as a whole as the condition number grows", "float64"),
    ),
    figures=(
        Lines(
            "float32 data: one of these works in double, the others lose digits as the condition number grows",
            y="digits.normwise",
            where={"format": "float32", "solver": DRAWN},
            y_label="correct digits, normwise",
        ),
    ),
    findings=(
        finding(
            "Of {all} entry points that answer float32 data of condition number {cond} {wide} work in double: "
            "`numpy.linalg.lstsq` keeps {numpy:.1f} digits, all that float32 holds, and `scipy.linalg.lstsq` "
            "{scipy:.1f}.",
            in_double,
            lambda n: n["wide"] > 0 and n["drawn"] == 1 and n["numpy"] > HALFWAY and n["scipy"] < HALFWAY,
        ),
        finding(
            "Given float64, JAX as it comes works in float32: {jax:.1f} digits at condition number {cond}, where "
            "`numpy.linalg.lstsq` keeps {numpy:.1f}.",
            given_float64,
            lambda n: n["jax"] < 7 and n["numpy"] > 10,
            needs=(JAX,),
        ),
    ),
    remedies=(
        remedy(
            "Convert data that are stored in float32 to float64 before the call: `numpy.linalg.lstsq`, which does so "
            "itself, keeps {numpy:.1f} digits at condition number {cond}, where `scipy.linalg.lstsq` on the data as "
            "they are keeps {scipy:.1f}.",
            in_double,
            lambda n: n["numpy"] > n["scipy"] + 1,
            DOUBLE,
        ),
        remedy(
            "Enable 64-bit types in JAX, by `jax.config.update('jax_enable_x64', True)`: {x64:.1f} digits at condition "
            "number {cond}, where without it there are {jax:.1f}.",
            given_float64,
            lambda n: n["x64"] > n["jax"] + 3,
            X64,
            needs=(JAX,),
        ),
    ),
    symptoms=(
        "float32 and float64 give different answers",
        "only three or four digits of my fit are right",
        "JAX and NumPy differ",
    ),
)

if __name__ == "__main__":
    run_file(__file__)
