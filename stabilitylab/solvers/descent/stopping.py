"""When a run ends: the one place in which iterates are judged, for every iterative method."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from stabilitylab.core.arguments import require_whole
from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.solvers.descent import Iterate
from stabilitylab.solvers.descent.hyperparameters import size

Reason: TypeAlias = Literal["gradient", "residual", "still", "no step", "budget", "not finite"]
SAYS: dict[Reason, str] = {
    "gradient": "|A'r| <= tolerance |A| |r|",
    "residual": "|r| <= tolerance |b|",
    "still": "no coefficient changed in three judgements in a row",
    "no step": "the next step is exactly 0",
    "budget": "its budget was spent",
    "not finite": "a coefficient is not finite",
}
STILL = 3  # judgements in a row that find the same x


@dataclass(frozen=True, eq=False)
class Ended:
    """x (n,) at the end of a run, after how many steps, why it ended, and |A'r| / (|A| |r|), 0 where r is."""

    x: Array
    steps: int
    reason: Reason
    gradient: float

    @property
    def early(self) -> bool:
        """Whether a budget ended it, and not a tolerance."""
        return self.reason == "budget"

    def __str__(self) -> str:
        return f"after {self.steps} step{'s' * (self.steps != 1)}: {SAYS[self.reason]}"


@np.errstate(all="ignore")
def ended(
    iterates: Iterator[Iterate], A: Array, b: Array, start: Array, *, tolerance: float, budget: int, every: int = 1
) -> Ended:
    """Take steps until |A'r| <= tolerance |A|_F |r| or |r| <= tolerance |b|, r = b - A x, or no step is left.

    The first says that x solves a problem within tolerance |A| of A, the second one within tolerance |b| of b. (A bound
    that grows with |x| as well would be met by any x that is large enough.) Both are judged every `every` steps, in
    float64 of the data as stored, or in their own format where that is wider, whatever the method computes itself. Also
    ended by an x of the same bits in STILL judgements in a row, by a budget, and by a number that is not finite.
    Raises InputError for a negative tolerance and a budget below 1.
    Source: Paige and Saunders, ACM TOMS 8 (1982) 43-71, section 6, rules 1 and 2; Stewart, Research, Development and
    LINPACK (1977), in Mathematical Software III, for the first."""
    tolerance = size("tolerance", tolerance)
    require_whole("budget", budget, at_least=1)
    require_whole("every", every, at_least=1)
    A, b = _of_unit_size(_judged(A), _judged(b))
    A_size, b_size = _norm(A.ravel()), _norm(b)
    x, k, same, gradient = start, 0, 0, 1.0
    judged = start
    for k, (x, _) in enumerate(iterates, 1):
        if k % every and k < budget:
            continue
        y = _judged(x)
        if not _is_finite(y):
            return Ended(x, k, "not finite", float("nan"))
        r = b - A @ y
        r_size, g_size = _norm(r), _norm(A.T @ r)
        gradient = float(g_size / (A_size * r_size)) if A_size * r_size > 0 else 0.0
        if g_size <= tolerance * A_size * r_size:
            return Ended(x, k, "gradient", gradient)
        if r_size <= tolerance * b_size:
            return Ended(x, k, "residual", gradient)
        same = same + 1 if np.array_equal(judged, x) else 0
        judged = x
        if same >= STILL:
            return Ended(x, k, "still", gradient)
        if k >= budget:
            return Ended(x, k, "budget", gradient)
    return Ended(x, k, "no step", gradient)


def _judged(values: Array) -> Array:
    """An array in float64 where its format is shorter, otherwise as it is."""
    plain = np.asarray(values)
    return plain.astype(np.float64) if plain.dtype.kind == "f" and plain.dtype.itemsize < 8 else plain


def _of_unit_size(A: Array, b: Array) -> tuple[Array, Array]:
    """Both times one power of two, with max |A| in [1/2, 1): x stays what it is, and A'r in range. Not of mpmath's."""
    if A.dtype == object:
        return A, b
    exponent = np.frexp(np.max(np.abs(A), initial=0))[1]
    return np.ldexp(A, -exponent), np.ldexp(b, -exponent)


def _norm(v: Array) -> Any:
    """|v|, squares scaled so that none leaves the range."""
    largest = np.max(np.abs(v), initial=0)
    if not largest > 0:
        return largest
    y = v / largest
    return largest * np.sqrt(y @ y)


def _is_finite(x: Array) -> bool:
    return bool((np.asarray(x - x) == 0).all())
