"""The law of refinement in three formats: by how much a step shrinks the error."""

from itertools import islice

import numpy as np
import pytest

from stabilitylab import problems
from stabilitylab.core.arithmetic.formats import format_named
from stabilitylab.scoring.theory.condition import conditioning
from stabilitylab.scoring.theory.refinement import refinement_factor
from stabilitylab.solvers.refinement import refinements

RANDSVD = problems.get("synthetic.randsvd")


def test_each_step_shrinks_the_error_by_what_the_law_says():
    shares = []
    for factor in ("float32", "float16", "bfloat16"):
        for seed, u_cond in enumerate((0.02, 0.05, 0.1, 0.2)):
            cond = u_cond / format_named(factor).unit_roundoff
            problem = RANDSVD(m=24, n=4, cond=cond, residual=1.0, seed=seed)
            moved = np.array([step.moved for step in islice(refinements(problem.A, problem.b, factor), 6)])
            factors = (moved[3:] / moved[2:-1])[moved[3:] > 1e-14 * moved[0]]  # below it is the rounding of x
            measured = np.exp(np.log(factors).mean())
            shares.append(measured / refinement_factor(conditioning(problem.A, problem.b), factor))
    assert 0.5 < np.median(shares) < 2
    assert np.mean([1 / 3 < share < 3 for share in shares]) > 0.8


@pytest.mark.parametrize("factor", ["float8_e4m3", "float32"])
def test_it_counts_the_condition_of_columns_of_norm_1_and_u_of_the_factors(factor):
    A, b = np.array([[1.0, 1], [1, 1.5], [1, -1]]), np.array([1.0, 2, 3])
    u, cond = format_named(factor).unit_roundoff, np.linalg.cond(A / np.linalg.norm(A, axis=0))
    for units in ([1, 1], [1, 1e6]):
        c = conditioning(A * units, b)
        assert refinement_factor(c, factor) == pytest.approx(u * cond / 2)
