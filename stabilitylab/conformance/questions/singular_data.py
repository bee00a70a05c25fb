"""What a route does with exactly singular data."""

import numpy as np

from stabilitylab.conformance.examinee import Examinee, is_finite
from stabilitylab.conformance.questions import question
from stabilitylab.conformance.rational import exact_array, norm, null_space
from stabilitylab.conformance.systems import ExactSystem, singular, unit_roundoff
from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.core.types import Fit


@question(source="Higham (2002), section 20.1; Björck (1996), section 1.2")
def has_a_stated_answer_to_singular_data(route: Examinee) -> None:
    """A refusal; or the answer to deficient data that is declared, verified; or, without a rank test, anything finite.

    Never a quiet NaN. Optimal residual: |A'r| <= m n u |A|_F (|A|_F |x| + |b|), the rounding errors of a backward
    stable x with the constant 1. Minimum norm: the part of x in the null space is at most 30 m n u |x|, 30 for the
    condition number of the nonzero singular values, which rounding errors of size m n u are multiplied by.
    """
    route.applies(not route.label.penalised, "with a penalty no data are singular")
    for dtype in route.formats("float32", "float64"):
        for name, system in singular(route.kind).items():
            A, b = system.stored(dtype)
            answer = route.answer(A, b, intercept=system.intercept)
            x = None if answer.fit is None else np.asarray(answer.fit.x)
            route.require(x is None or is_finite(x), f"{name}: {x} without an error")
            if answer.fit is not None:
                # 0.1 in float32 is another number: what is singular is what was stored.
                _judge(route, name, ExactSystem(exact_array(A), exact_array(b)), answer.fit)


def _judge(route: Examinee, name: str, system: ExactSystem, fit: Fit) -> None:
    label, x = route.label, np.asarray(fit.x)
    route.require(label.deficient_answer != "refuses", f"{name}: {x} from a route that says it refuses")
    if label.deficient_answer in ("minimum-norm", "basic") or "residual-optimal" in label.tags:
        route.require(_residual_is_optimal(system, x), f"{name}: the residual is not the smallest")
    if label.deficient_answer == "basic":
        most = len(x) - len(null_space(system.A))
        route.require(int(np.count_nonzero(x)) <= most, f"{name}: {x} drops no column")
    if label.deficient_answer == "minimum-norm" and not _kept_by_round_off(route, fit):
        route.require(_is_in_the_row_space(system, x), f"{name}: not the shortest x")
    elif label.deficient_answer == "none":
        said = bool(label.tags & {"no-rank-test", "residual-optimal"})
        route.require(said, f"{name}: {x}, and nothing says what a route without a rank policy answers")


def _kept_by_round_off(route: Examinee, fit: Fit) -> bool:
    """The tag uncertain-rank: a cut-off no larger than eps does not tell a dependent column from round-off."""
    if "uncertain-rank" not in route.label.tags:
        return False
    cutoff = route.label.cutoff
    small = cutoff is not None and cutoff(100, 10, 1.0) <= 1
    route.require(small, "the tag uncertain-rank is for cut-offs of eps or less")
    return fit.rank in (None, len(fit.x))


def _residual_is_optimal(system: ExactSystem, x: Array) -> bool:
    m, n = system.A.shape
    values = exact_array(x)
    residual = system.b - system.A @ values
    size = norm(system.A.ravel())
    allowed = m * n * unit_roundoff(x.dtype) * size * (size * norm(values) + norm(system.b))
    return bool(norm(system.A.T @ residual) <= allowed)


def _is_in_the_row_space(system: ExactSystem, x: Array) -> bool:
    m, n = system.A.shape
    values = exact_array(x)
    allowed = m * n * unit_roundoff(x.dtype) * 30 * norm(values)
    parts = (abs(sum(p * q for p, q in zip(v, values, strict=True))) / norm(v) for v in null_space(system.A))
    return all(part <= allowed for part in parts)
