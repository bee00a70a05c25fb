"""CVXPY's way to least squares: Minimize(sum_squares(A @ x - b)), by the solver that it chooses."""

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.errors import Breakdown
from stabilitylab.core.library import python_library
from stabilitylab.core.types import Fit
from stabilitylab.libraries import route

CVXPY = python_library("cvxpy", title="CVXPY", modules=("cvxpy",), distribution="cvxpy")

STOPS = "the tolerances end it before a direction that changes little is resolved"


def _solved(A: Array, b: Array, solver: str | None) -> Fit:
    import cvxpy

    x = cvxpy.Variable(A.shape[1])
    problem = cvxpy.Problem(cvxpy.Minimize(cvxpy.sum_squares(A @ x - b)))
    problem.solve(solver=solver)
    if x.value is None:
        raise Breakdown(f"the status of the problem is {problem.status}")
    stats = problem.solver_stats
    return Fit(np.asarray(x.value), iterations=stats.num_iters, note=f"{problem.status}, solved by {stats.solver_name}")


@route(
    "cvxpy.sum_squares",
    CVXPY,
    source="CVXPY documentation, example Least-squares; Stellato et al., Math. Program. Comput. 12 (2020) 637-672",
    tags=("no-rank-test",),
    fails={"cuts_off_where_it_says": STOPS},
    default=True,
    iterative=True,
)
def cvxpy_sum_squares(A: Array, b: Array) -> Fit:
    """x (n,) of Problem(Minimize(sum_squares(A @ x - b))).solve(), A (m, n): OSQP, which CVXPY chooses for it.

    An operator-splitting method on the quadratic program, with tolerances of 1e-5, and a last step, "polish", that
    solves the optimality conditions by a sparse LDL' factorisation and refinement where it can. The note says how it
    ended. Warns where the solution may be inaccurate.
    Source: CVXPY documentation, section on solvers; Stellato et al., Math. Program. Comput. 12 (2020), section 4."""
    return _solved(A, b, None)


@route(
    "cvxpy.sum_squares_clarabel",
    CVXPY,
    source="CVXPY documentation, example Least-squares; Goulart and Chen, arXiv:2405.12762 (2024)",
    tags=("no-rank-test",),
    fails={
        "agrees_with_the_exact_solution": "the tolerance, 1e-8, can leave a digit less than round-off would",
        "cuts_off_where_it_says": STOPS,
    },
    iterative=True,
)
def cvxpy_sum_squares_clarabel(A: Array, b: Array) -> Fit:
    """x (n,) of Problem(Minimize(sum_squares(A @ x - b))).solve(solver="CLARABEL"), A (m, n): an interior-point method.

    Newton steps on a sparse LDL' factorisation, regularised and refined, until gap and residuals are below 1e-8.
    Source: CVXPY documentation, section on solvers; Goulart and Chen, arXiv:2405.12762 (2024)."""
    return _solved(A, b, "CLARABEL")
