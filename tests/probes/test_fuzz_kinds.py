"""The kinds of random tasks: each is what its name says, and the same for the same seed."""

from decimal import Decimal
from fractions import Fraction

import flint
import numpy as np
import pytest

import stabilitylab as sl
from stabilitylab.core.arithmetic.processor import is_default_mode
from stabilitylab.probes.fuzz import CERTIFIED, KINDS, Engine, answer, exact_regression, exact_solution, random_task
from stabilitylab.probes.fuzz.modes import AVAILABLE
from stabilitylab.probes.fuzz.random_problems import FLOAT_KINDS
from stabilitylab.probes.fuzz.task import FIGURES, OF_SUMS

LEAST = Fraction(1, 2**1074)


@pytest.mark.parametrize("kind", KINDS)
def test_a_seed_is_one_problem_with_enough_rows(kind):
    shapes = set()
    for seed in range(12):
        task, again = random_task(kind, seed), random_task(kind, seed)
        assert repr(task.columns) == repr(again.columns)
        assert repr(list(task.b)) == repr(list(again.b))
        if kind in FLOAT_KINDS:
            assert task.A.dtype == task.b.dtype == np.float64
            assert np.isfinite(task.A).all()
            assert np.isfinite(task.b).all()
        m, n = len(task.b), len(task.columns)
        assert all(len(column) == m for column in task.columns)
        assert m >= n
        shapes.add((m, n))
    assert len(shapes) > 4
    asked = {random_task(kind, seed).figures for seed in range(0, 40, 4)}
    assert asked <= {FIGURES, OF_SUMS, FIGURES[:2], ()}
    assert asked != {()} or kind == "many columns"


def drawn(kind, count=40):
    return [random_task(kind, seed) for seed in range(count)]


def solutions(kind, count=40):
    return [x for task in drawn(kind, count) if (x := exact_solution(task.A, task.b))]


def test_ties_lie_halfway_between_doubles():
    for x in (v for xs in solutions("exact ties") for v in xs):
        (above, below), step = (np.nextafter(float(x), (np.inf, -np.inf))), Fraction(float(np.spacing(float(x))))
        others = [abs(Fraction(float(v)) - x) for v in (above, below)]
        assert abs(Fraction(float(x)) - x) == min(others) == step / 2


def test_zeros_are_exact_and_the_residual_is_not_zero():
    solved = [(t.A, t.b, x) for t in drawn("exact zeros") if (x := exact_solution(t.A, t.b))]
    assert sum(0 in x for *_, x in solved) > len(solved) / 2
    assert all(any(b != A @ [float(v) for v in x]) for A, b, x in solved if any(x))


def test_the_kinds_are_as_hard_as_they_say():
    def worst(kind):
        conds = []
        for task in drawn(kind):
            N = flint.fmpz_mat(*task.A.shape, [int(v) for v in task.A.ravel()])
            G = N.transpose() * N
            if G.rank() == task.A.shape[1]:
                inverse = G.inv()
                sizes = (sum(float(v * v) for v in M.entries()) ** 0.25 for M in (G, inverse))
                conds.append(float(np.prod([*sizes])))
        return max(conds)

    assert worst("unimodular") > 1e30
    assert worst("small integers") < 1e6
    for kind in ("near duplicates", "rounded sum"):
        assert np.median([np.linalg.cond(task.A) for task in drawn(kind) if task.A.shape[1] > 1]) > 1e14
    assert not solutions("singular")
    assert {task.A.shape[1] for task in drawn("many columns", 60)} == set(range(31, 41))
    assert any(len(task.A) == 60 * task.A.shape[1] for task in drawn("column scales"))
    assert all((np.abs(task.A).max(axis=0) < 2.0**-1022).any() for task in drawn("subnormal columns"))


def test_powers_of_two_reach_both_ends_of_the_range():
    sizes = [abs(v) for task in drawn("powers of two", 200) for v in (*task.A.ravel(), *task.b) if v]
    assert min(sizes) < 2.0**-1040
    assert max(sizes) > 2.0**1000
    coefficients = [v for xs in solutions("powers of two", 200) for v in xs]
    assert any(abs(v) < LEAST for v in coefficients if v)
    assert any(abs(v) > 2**1024 for v in coefficients)


def test_least_doubles_are_multiples_of_half_the_least_one():
    found = {v / LEAST for xs in solutions("least doubles") for v in xs}
    assert {Fraction(1, 2), Fraction(-1, 2), Fraction(3, 2), Fraction(0), Fraction(1), Fraction(-3)} <= found
    assert max(map(abs, found)) <= 3
    assert all((2 * v).denominator == 1 for v in found)


def test_some_of_the_nearly_dependent_depend():
    tasks = drawn("nearly dependent", 80)
    kinds = [exact_solution(task.A, task.b) is None for task in tasks]
    assert 8 < sum(kinds) < 60
    least = [min(abs(v) for v in task.A.ravel() if v) for task in tasks]
    assert min(least) < 2.0**-900
    full = [task.A for task, deficient in zip(tasks, kinds, strict=True) if not deficient]
    assert sum(np.linalg.matrix_rank(A) < A.shape[1] for A in full) > len(full) / 2


def test_dummies_are_zeros_and_ones_and_one_in_five_has_all_levels():
    tasks = drawn("dummies")
    assert all(set(task.A[:, :-1].ravel()) == {0.0, 1.0} for task in tasks)
    assert 1 < sum(exact_solution(task.A, task.b) is None for task in tasks) < 20


def test_other_data_are_what_float64_does_not_hold():
    types = {type(v) for task in drawn("mixed columns") for column in task.columns for v in column}
    assert types == {int, float}
    assert {np.asarray(t.A).dtype for t in drawn("mixed columns") if isinstance(t.A, np.ndarray)} == {
        np.dtype(kind) for kind in (object, np.int64, np.uint64)
    }
    beyond = [v for task in drawn("mixed columns") for c in task.columns for v in c if isinstance(v, int)]
    assert sum(int(float(v)) != v for v in beyond) > 100
    assert {type(v) for task in drawn("decimals") for column in task.columns for v in column} == {str, Decimal}
    assert {type(v) for task in drawn("fractions") for column in task.columns for v in column} == {Fraction}
    weights = [w for task in drawn("weights") for w in task.weights]
    assert {type(w) for w in weights} == {int, float, str, Fraction}
    assert any(Fraction(w) == 0 for w in weights)


def test_histories_sum_to_their_rows():
    tasks = drawn("histories", 60)
    for task in tasks:
        rows = sorted(task.A.tolist())
        kept = [row for block in task.blocks if block.sign > 0 for row in block.A.tolist()]
        gone = [row for block in task.blocks if block.sign < 0 for row in block.A.tolist()]
        for row in gone:
            kept.remove(row)
        assert sorted(kept) == rows
        assert gone
    assert any(block.apart for task in tasks for block in task.blocks)


@pytest.mark.skipif(not AVAILABLE, reason="modes are set as glibc on x86-64 keeps them")
def test_a_task_with_a_mode_is_solved_in_that_mode_and_the_mode_is_left():
    seen = []

    def lstsq(A, b, weights=None):
        seen.append(is_default_mode())
        return sl.lstsq(A, b)

    for task in drawn("processor modes", 12):
        assert task.mode
        if exact_regression(task.columns, task.b, inverse=False):
            answer(task, Engine(lstsq, sl.GramAccumulator, CERTIFIED.by_every_route))
    assert seen
    assert not any(seen)
    assert is_default_mode()


def test_data_are_changed_after_the_fit_and_the_task_is_not():
    task = random_task("changed data", 0)
    before, given = task.b.tolist(), []

    def lstsq(A, b, weights=None):
        given.append(b)
        return sl.lstsq(A, b)

    found = answer(task, Engine(lstsq, sl.GramAccumulator, CERTIFIED.by_every_route))
    assert np.flatnonzero(given[0] != task.b).tolist() == [task.changed]
    assert task.b.tolist() == before
    assert set(found.figures) == set(FIGURES)


def test_every_route_has_several_and_the_engine_names_its_own():
    found = answer(random_task("every route", 0), CERTIFIED)
    assert len(found.by_route) > 2
    assert found.route in found.by_route
