"""Whether a stored matrix of full rank owes its rank to rounding alone: then no answer is right or wrong."""

from functools import lru_cache

import numpy as np

from stabilitylab.core.types import Reference
from stabilitylab.data.problem import Problem
from stabilitylab.exact.gram.inputs import exact_input
from stabilitylab.exact.relation import relations_in_rows
from stabilitylab.exact.supported import DETERMINED, Known
from stabilitylab.scoring.metrics.data_allow import sensitivity


@lru_cache(maxsize=128)
def undetermined(problem: Problem, stored: Reference) -> str:
    """The relation that holds between columns of the stored matrix within half an ulp of every entry; "" for none.

    stored: its certified solution, at full rank. Looked for where the data support less than a digit of a coefficient;
    shown row by row, in exact arithmetic. None found proves nothing, and none is looked for in a format that NumPy
    lacks. Source: Oettli and Prager, Numer. Math. 6 (1964).
    """
    if stored.policy != "full-rank" or problem.format.precision > 53 or problem.format.carried:
        return ""
    sizes = np.array([float(abs(r)) if r else float(s) for r, s in zip(stored.x, stored.scales, strict=True)])
    with np.errstate(all="ignore"):
        moved = problem.format.unit_roundoff * sensitivity(problem, stored).worst_columnwise / sizes
    if not (np.isnan(moved) | (moved > 10.0**-DETERMINED)).any():
        return ""
    data = exact_input(problem.A, problem.b)
    found = relations_in_rows(data, Known.of(data, None), problem.feature_names)
    return "; ".join(str(one) for one in found if one.is_strict)
