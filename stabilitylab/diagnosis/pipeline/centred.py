"""A model of libraries that centre the columns first: the exact solution of what they have then, and their own."""

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.environment import one_blas_thread
from stabilitylab.core.errors import RankDeficientError
from stabilitylab.diagnosis.pipeline.smaller import DROPPED
from stabilitylab.diagnosis.pipeline.stages import SOLVER
from stabilitylab.diagnosis.pipeline.system import System, solution_of
from stabilitylab.diagnosis.question import Call, Question
from stabilitylab.replay import Enclosed, Stage, Vector

CENTRING = "centring by the library"


@dataclass(frozen=True, eq=False)
class CentredSystem:
    """min |y - X b| for columns X (m, p) and y (m,) less their means, all rounded; the intercept is y_mean - means' b.

    Columns and means are floats, and what is exact starts from them as they are.
    """

    X: Array
    y: Array
    means: Array
    y_mean: float

    @classmethod
    def of(cls, A: Array, b: Array) -> "CentredSystem":
        """That of A (m, n), whose first column is the ones of the intercept, and b (m,), as scikit-learn makes it."""
        X, y = np.array(A[:, 1:], order="F"), np.array(b)
        means, y_mean = np.average(X, axis=0), np.average(y)
        return cls(X - means, y - y_mean, means, y_mean)

    @cached_property
    def solution(self) -> Vector:
        """The intercept and b exactly (n,). Raises RankDeficientError where columns less their means depend."""
        slopes = solution_of(list(self.X.T), self.y)
        means = [Fraction(float(v)) for v in self.means]
        middle = Fraction(float(self.y_mean)) - sum(v * one.middle for v, one in zip(means, slopes, strict=True))
        radius = sum((abs(v) * one.radius for v, one in zip(means, slopes, strict=True)), Fraction(0))
        return (Enclosed(middle, radius), *slopes)

    def solved(self) -> Array:
        """The same in floats (n,), by the least-squares solution of least norm of LAPACK's gelsd."""
        from scipy import linalg  # it takes a while to import

        with one_blas_thread(), np.errstate(all="ignore"):
            slopes = linalg.lstsq(self.X, self.y, cond=0.0)[0]
            return np.append(self.y_mean - self.means @ slopes, slopes)


def centring(question: Question, call: Call, x: Array) -> list[Stage]:
    """Centring and solving as two stages, where the model of both gives x (n,) bit for bit; none otherwise.

    Source: scikit-learn, sklearn/linear_model/_base.py, LinearRegression.fit: X and y less their means, then gelsd.
    """
    problem, entry = question.problem, call.entry
    fits = problem.design.intercept and problem.shape[1] > 1 and question.weights is None
    if not fits or call.solution.status in DROPPED or (entry is not None and entry.label.centred != "means"):
        return []
    system = CentredSystem.of(problem.A, problem.b)
    try:
        if not np.isfinite(system.X).all() or not np.array_equal(system.solved(), x):
            return []
        system.solution  # noqa: B018 - refused here, where it is no fault of the other stages
    except (RankDeficientError, np.linalg.LinAlgError, ValueError):
        return []

    def users(state: System) -> CentredSystem:
        return CentredSystem.of(*state.stored)

    says = f"columns and response less their means, in {problem.dtype}"
    return [
        Stage(CENTRING, says, users, lambda state: state, is_model=True),
        Stage(SOLVER, "gelsd on the centred columns", lambda s: s.solved(), lambda s: s.solution, is_model=True),
    ]
