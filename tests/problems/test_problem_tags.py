"""A tag is a claim: each has a predicate, judged exactly, and a problem carries it exactly when it is true."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from problem_judges import DEFAULTS, VARIANTS, called, full_rank, minors, rank
from stabilitylab import problems
from stabilitylab.core.types import TRUTHS
from stabilitylab.data.problem import Problem


def is_full_rank(p):
    """Rank n in each of its truths, at the format it comes in."""
    return all(full_rank(p.exact(truth).A) for truth in TRUTHS)


def is_deficient(p):
    """Rank below n in each of its truths, at the format it comes in."""
    return all(not full_rank(p.exact(truth).A) for truth in TRUTHS)


def is_square(p):
    return p.A.shape[0] == p.A.shape[1]


def is_consistent(p):
    """A x = b has a solution in the decimal truth: b adds nothing to the rank."""
    system = p.exact("decimal")
    together = np.column_stack([system.A, system.b])
    # The rank itself is slow to find, and asked for only where A is deficient.
    return not full_rank(together) if full_rank(system.A) else rank(together) == rank(system.A)


def is_integer(p):
    """Every stored entry of A and b is an integer."""
    return all((v % 1 == 0).all() for v in (p.A, p.b))


def has_intercept(p):
    """Some column of A is constant and not 0."""
    return any((p.A[:, j] == p.A[0, j]).all() and p.A[0, j] != 0 for j in range(p.A.shape[1]))


def has_large_offset(p):
    """Some regressor that varies has a mean of more than 50 standard deviations."""
    for name in p.regressors:
        values = p.data[name]
        x = [int(v) for v in values.integers] if hasattr(values, "integers") else [Fraction(float(v)) for v in values]
        mean = Fraction(sum(x)) / len(x)
        variance = sum((v - mean) ** 2 for v in x) / len(x)
        if 0 < variance * 50**2 < mean**2:
            return True
    return False


def is_badly_scaled(p):
    """The largest column norm of A is more than 10**4 times the smallest."""
    norms = np.linalg.norm(p.A, axis=0)
    return bool(norms.max() > 1e4 * norms.min())


def is_spd(p):
    """Symmetric to the last bit, and every leading minor positive, exactly."""
    integers, scales = p.exact("matrix").A, p.exact("matrix").column_scales
    smallest = min(scales)
    whole = integers * np.array([int(s / smallest) for s in scales], dtype=object)
    return is_square(p) and bool((p.A == p.A.T).all()) and len(found := minors(whole)) == len(whole) and min(found) > 0


def is_diagonally_dominant(p):
    """Each diagonal entry exceeds the sum of the magnitudes of the rest of its row, exactly."""
    rows = [[abs(Fraction(float(v))) for v in row] for row in p.A]
    return is_square(p) and all(2 * row[i] > sum(row) for i, row in enumerate(rows)) and len(rows) > 0


def is_of_difficulty(*names):
    return lambda p: p.name.removeprefix("nist.") in names


PREDICATES = {
    "full-rank": is_full_rank,
    "deficient": is_deficient,
    "square": is_square,
    "consistent": is_consistent,
    "integer": is_integer,
    "intercept": has_intercept,
    "large-offset": has_large_offset,
    "badly-scaled": is_badly_scaled,
    "spd": is_spd,
    "diagonally-dominant": is_diagonally_dominant,
    "lower": is_of_difficulty("norris", "pontius"),
    "average": is_of_difficulty("noint1", "noint2"),
    "higher": is_of_difficulty("filip", "longley", *(f"wampler{k}" for k in range(1, 6))),
}


def false_claims(problem):
    """The tags of a problem that nothing checks, or whose predicate does not hold."""
    return {tag for tag in problem.tags if tag not in PREDICATES or not PREDICATES[tag](problem)}


@pytest.mark.parametrize("recipe", DEFAULTS, ids=called)
def test_a_problem_carries_a_tag_exactly_when_it_is_true(recipe):
    problem = recipe.build()
    assert problem.tags == {tag for tag, predicate in PREDICATES.items() if predicate(problem)}


@pytest.mark.parametrize("recipe", VARIANTS, ids=called)
def test_no_parameters_make_a_tag_false(recipe):
    assert not false_claims(recipe.build())


@pytest.mark.parametrize("tag", [*PREDICATES, "a tag nobody defined"])
def test_a_false_tag_is_found(tag):
    candidates = [
        Problem.from_matrix("deficient, inconsistent", [[1.5, 3], [2, 4], [0, 0]], [1, 2, 3]),
        Problem.from_matrix("full-rank", [[1.5, 3], [2, 5], [0, 0]], [1, 2, 3]),
    ]
    pretender = next(p for p in candidates if tag not in PREDICATES or not PREDICATES[tag](p))
    assert tag in false_claims(replace(pretender, tags=frozenset({tag})))


@pytest.mark.parametrize("recipe", DEFAULTS + VARIANTS, ids=called)
def test_a_problem_is_either_of_full_rank_or_deficient(recipe):
    assert len(recipe.build().tags & {"full-rank", "deficient"}) == 1


def test_one_hot_columns_and_an_intercept_lack_exactly_one_rank():
    for groups in (2, 4, 9):
        p = problems.get("real.one_hot")(groups=groups)
        assert {rank(p.exact(truth).A) for truth in TRUTHS} == {p.shape[1] - 1} == {groups}
