"""What a route shows of its inside: its orthonormal factor, its growth, what its reader of decimals read."""

import numpy as np

from stabilitylab.core.types import Reference, Solution
from stabilitylab.data.problem import Problem
from stabilitylab.scoring.metrics import NoScore, Score, metric


@metric("orthogonality", says="loss of orthogonality", unit="", better="lower", source="Higham (2002), section 19.8")
def orthogonality(problem: Problem, solution: Solution, ref: Reference) -> Score:
    """|I - Q'Q|_2 of the orthonormal factor, where the route gives one."""
    if solution.fit is None or solution.fit.Q is None:
        return NoScore("the route gives no Q")
    Q = np.asarray(solution.fit.Q, dtype=np.float64)
    return float(np.linalg.norm(np.eye(Q.shape[1]) - Q.T @ Q, 2))


@metric("growth", says="growth factor", unit="", better="lower", source="Higham (2002), section 9.4")
def growth(problem: Problem, solution: Solution, ref: Reference) -> Score:
    """max |u_ij| / max |a_ij| of an elimination, where the route gives it."""
    if solution.fit is None or solution.fit.growth is None:
        return NoScore("the route is no elimination")
    return float(solution.fit.growth)


@metric("reader.ulps", says="error of the program's own reader of decimals", unit="ulp", better="lower")
def reader_ulps(problem: Problem, solution: Solution, ref: Reference) -> Score:
    """How far what a program read of 17 digits is from the double that was sent, at most; 0 for a correct reader."""
    if solution.fit is None or solution.fit.reader_ulps is None:
        return NoScore("the data went without being printed")
    return solution.fit.reader_ulps
