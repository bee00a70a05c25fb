"""Ridge regressions: least squares with a penalty, which bounds the condition number of what is solved."""

import math

from stabilitylab.core.errors import InputError
from stabilitylab.data.penalty import penalised
from stabilitylab.data.problem import Problem
from stabilitylab.problems import problem
from stabilitylab.problems.labelling import labelled
from stabilitylab.problems.synthetic import randsvd


@problem("synthetic.ridge", source="Hoerl and Kennard, Technometrics 12 (1970) 55-67; Higham (2002), section 28.3")
def ridge(m: int = 100, n: int = 10, cond: float = 1e10, k: int = 20, seed: int = 0) -> Problem:
    """min |b - A x|² + 4**-k |x|² for A (m, n) and b of `synthetic.randsvd` with a residual as long as A x, |A| = 1.

    What is solved has the condition number sqrt((1 + 4**-k) / (cond**-2 + 4**-k)), about the smaller of cond and 2**k,
    and that of its normal equations is the square. No intercept. Raises InputError as `synthetic.randsvd` does, and
    for a k that is not between 0 and 500.
    """
    if not 0 <= k <= 500:
        raise InputError(f"expected 0 <= k <= 500, by which the penalty is 4**-k; got k = {k}")
    made = penalised(randsvd(m, n, cond, residual=1.0, seed=seed), 4.0**-k)
    label = labelled("synthetic.ridge", m=m, n=n, cond=cond, k=k, seed=seed)
    total = math.sqrt((1 + 4.0**-k) / (cond**-2 + 4.0**-k))
    return Problem(label.name, made.data, made.design, label.source, made.tags, made.response, cond=total)
