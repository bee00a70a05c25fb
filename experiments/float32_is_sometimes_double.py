"""Which "float32" is float32, and which float64 is not?

The same random problems, stored in float32, go to every entry point that takes the format, and so do the same problems
in float64. The answer tells in which precision the work was done: in float32 its error grows with the condition number
from 6e-8 on, while work in double leaves no error but the rounding of the answer until the condition number passes 1e8.
A route that is given float64 and loses eight digits more than its neighbours works in float32 without being asked.
"""

import numpy as np

from stabilitylab.lab import Experiment, Finding, Lines, Pivot, Rows, cases, libraries, run_file

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
BOTH = tuple(e.label.name for e in libraries.catalog if {"float32", "float64"} & set(e.label.scalars))
HALFWAY = 5.0  # digits between what the two precisions leave at the telling condition number


def kept(rows: Rows, solver: str, format: str) -> float | None:
    """Median digits at the telling condition number; None where the route does not take the format."""
    if not rows.any(solver=solver, format=format, problem__cond=TELLING):
        return None
    here = rows.where(solver=solver, format=format, problem__cond=TELLING)
    return float(np.median([row["digits.normwise"] or 0.0 for row in here]))


def wider(rows: Rows) -> list[str]:
    """Routes that answer float32 data as if they had worked in double."""
    return [s for s in rows.distinct("solver") if (median := kept(rows, s, "float32")) is not None and median > HALFWAY]


def narrower(rows: Rows) -> list[str]:
    """Routes that answer float64 data as if they had worked in float32, direct methods all."""
    declared = {row.solver for row in rows.where(format="float64") if row.works_in == "float32"}
    return [s for s in sorted(declared) if (median := kept(rows, s, "float64")) is not None and median < HALFWAY]


EXPERIMENT = Experiment(
    chapter=15,
    problems=cases("synthetic.randsvd", cond=CONDS, seed=range(3)),
    quick=cases("synthetic.randsvd", cond=(1e2, 1e4), seed=range(3)),
    solvers=BOTH,
    formats=("float32", "float64"),
    metrics=("digits.normwise", "digits.min"),
    tables=(
        Pivot(
            "float32 data: digits as the condition number grows",
            columns="problem.cond",
            value="digits.normwise",
            where={"format": "float32"},
            reduce="median",
        ),
        Pivot(
            "float64 data: digits as the condition number grows",
            columns="problem.cond",
            value="digits.normwise",
            where={"format": "float64"},
            reduce="median",
        ),
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
        Finding(
            "{wide} of {all} entry points that take float32 work in double: among them `numpy.linalg.lstsq`, not "
            "`scipy.linalg.lstsq`.",
            lambda rows: "numpy.lstsq" in wider(rows) and "scipy.lstsq_gelsd" not in wider(rows),
            lambda rows: {"wide": len(wider(rows)), "all": len(rows.where(format="float32").distinct("solver"))},
        ),
        Finding(
            "Given float64, JAX as it comes works in float32: {jax:.1f} digits at condition number {cond:g}, where "
            "`numpy.linalg.lstsq` keeps {numpy:.1f}.",
            lambda rows: "jax.lstsq" in narrower(rows) and kept(rows, "numpy.lstsq", "float64") > 10,
            lambda rows: {
                "jax": kept(rows, "jax.lstsq", "float64"),
                "numpy": kept(rows, "numpy.lstsq", "float64"),
                "cond": TELLING,
            },
            needs=("jax.lstsq",),
        ),
    ),
)

if __name__ == "__main__":
    run_file(__file__)
