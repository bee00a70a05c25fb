"""A fit keeps what it solved: its figures come from that, and what is eliminated again is counted."""

import pickle
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from test_enclosure import spread
from test_fit import ORDINARY, assert_true

from routes import take
from stabilitylab import lstsq
from stabilitylab.core.errors import OutOfRangeError, RankDeficientError
from stabilitylab.exact import statistics
from stabilitylab.exact.solve import balls, choose, inverse_factor
from stabilitylab.exact.solve.inverse_factor import GOOD, SERIES
from wild import FEWER, matrices

RNG = np.random.default_rng(17)
ORDINARY_DATA = RNG.standard_normal((60, 8)), RNG.standard_normal(60)
GRADED = spread(20, 6, 1e9, 9), RNG.standard_normal(20)
HILBERT = 1 / (np.arange(14)[:, None] + np.arange(8) + 1), RNG.standard_normal(14)
FROM_RSS = (
    "rss",
    "residual_norm",
    "residual_standard_deviation",
    "r_squared",
    "explained_sum_of_squares",
    "f_statistic",
)
FROM_INVERSE = ("standard_errors", "covariance_diagonal", "t_statistics")


@pytest.fixture
def work(monkeypatch):
    """How often each costly step is taken: eliminations in balls, refinements, Cholesky factorisations."""
    counted = Counter()
    eliminate, refine, factorise = balls._solutions, choose.refined, inverse_factor._cholesky

    def solutions(*arguments):
        for solution in eliminate(*arguments):
            counted["eliminations"] += 1
            yield solution

    def counting(name, step):
        def taken(*arguments, **options):
            counted[name] += 1
            return step(*arguments, **options)

        return taken

    monkeypatch.setattr(balls, "_solutions", solutions)
    monkeypatch.setattr(choose, "refined", counting("refinements", refine))
    monkeypatch.setattr(inverse_factor, "_cholesky", counting("factorisations", factorise))
    return counted


def figures(fit, names=FROM_RSS + FROM_INVERSE):
    return [np.asarray(getattr(fit, name)).tobytes() for name in names]


def test_one_elimination_more_gives_every_figure_of_a_fit_in_balls(work):
    fit = lstsq(*ORDINARY_DATA)
    assert work == {"eliminations": 1}
    kept = figures(fit, FROM_RSS)
    assert work == {"eliminations": 1}
    kept += figures(fit, FROM_INVERSE)
    assert work == {"eliminations": 2}
    work.clear()
    # The same figures without what was solved: the solution again, and the diagonal of the inverse.
    assert figures(replace(fit, solution=None)) == kept
    assert work == {"eliminations": 2}


def test_coefficients_and_the_diagonal_of_the_inverse_come_from_one_elimination(work):
    A, b = RNG.standard_normal((90, 12)) * 10.0 ** -np.arange(12), RNG.standard_normal(90)
    fit = lstsq(A @ RNG.standard_normal((12, 12)), b)
    evidence = fit.evidence
    narrow = evidence._suffices(20)
    for name in ("t_statistics", "standard_errors"):
        work.clear()
        twin = replace(fit)
        getattr(twin, name)
        assert work == {"eliminations": 1}
        getattr(twin, "standard_errors" if name == "t_statistics" else "t_statistics")
        assert work == {"eliminations": 1}
    # Where the fit's own solution has not the digits, the elimination gives both.
    wider = replace(fit, solution=replace(fit.solution, radius=tuple(r << 40 for r in fit.solution.radius)))
    assert narrow
    assert not wider.evidence._suffices(20)
    work.clear()
    kept = figures(wider, FROM_INVERSE)
    assert work == {"eliminations": 1}
    assert figures(wider) == figures(fit)
    assert figures(fit, FROM_INVERSE) == kept


@pytest.mark.parametrize("data", [ORDINARY_DATA, GRADED, HILBERT], ids=["ordinary", "graded", "Hilbert"])
def test_a_staged_factor_is_made_better_and_not_made_again(data, work, monkeypatch):
    take("factor", monkeypatch)
    fit = lstsq(*data)
    assert GOOD >= fit.solution.factor.alpha > 0
    work.clear()
    kept = figures(fit)
    # The coefficients may be wanted to more digits, from the better factor.
    assert work["refinements"] <= 1
    assert work["factorisations"] == 0
    assert_true(fit, *data)
    work.clear()
    assert figures(replace(fit, solution=None)) == kept
    assert work["refinements"] >= 1
    assert work["factorisations"] >= 1


def test_a_factor_that_is_gone_on_from_is_proven_as_far_as_a_new_one():
    normal = lstsq(*GRADED).system
    coarse = inverse_factor.inverse_factor(normal, GOOD)
    finer, anew = (inverse_factor.inverse_factor(normal, SERIES, start) for start in (coarse, None))
    assert finer.alpha <= SERIES
    assert coarse.alpha > SERIES >= anew.alpha
    assert inverse_factor.inverse_factor(normal, GOOD, coarse) is coarse
    poor = replace(coarse, alpha=0.2)
    assert inverse_factor.inverse_factor(normal, SERIES, poor) is poor


def test_a_fit_from_a_float64_factor_solves_the_normal_equations_once(work):
    A, b = RNG.standard_normal((400, 40)), RNG.standard_normal(400)
    fit = lstsq(A, b)
    assert fit.system is None
    assert work == {}
    figures(fit)
    assert work == {"eliminations": 2}


@FEWER
@given(matrices(rows=(3, 6), n=(1, 3), kinds=ORDINARY))
def test_what_was_solved_changes_no_figure(problem):
    try:
        fit = lstsq(*problem)
        assert figures(fit) == figures(replace(fit, solution=None))
    except (RankDeficientError, OutOfRangeError):
        assume(False)


def test_a_fit_with_its_solution_is_pickled_and_replaced():
    fit = lstsq(*ORDINARY_DATA)
    twin = pickle.loads(pickle.dumps(fit))
    assert (twin.solution.middle, twin.solution.radius) == (fit.solution.middle, fit.solution.radius)
    assert figures(twin) == figures(fit) == figures(replace(fit, names=tuple("abcdefgh")))
    assert fit != twin
    assert lstsq(*ORDINARY_DATA, policy="minimum-norm").solution is not None
    deficient = np.column_stack([ORDINARY_DATA[0], ORDINARY_DATA[0][:, 0]])
    assert lstsq(deficient, ORDINARY_DATA[1], policy="minimum-norm").solution.factor is None


# --- planted faults


@pytest.mark.parametrize("route", ["balls", "factor"])
def test_a_solution_that_is_not_the_fits_is_noticed(route, monkeypatch):
    take(route, monkeypatch)
    fit = lstsq(*ORDINARY_DATA)
    wrong = replace(fit.solution, middle=tuple(v + (v >> 20) for v in fit.solution.middle))
    with pytest.raises(AssertionError):
        assert_true(replace(fit, solution=wrong), *ORDINARY_DATA)


def test_a_sum_that_takes_a_radius_for_nothing_is_noticed(monkeypatch):
    A, b = HILBERT
    true = statistics.Evidence._rss_from
    fit = lstsq(A, b)
    coarse = replace(fit.solution, radius=tuple(abs(v) >> 6 for v in fit.solution.middle))
    coarse = replace(coarse, middle=tuple(v + (r >> 1) for v, r in zip(coarse.middle, coarse.radius, strict=True)))
    assert_true(replace(fit, solution=coarse), A, b)

    def without_radius(self, solution, accuracy):
        return true(self, replace(solution, radius=(0,) * len(solution.radius)), accuracy)

    monkeypatch.setattr(statistics.Evidence, "_rss_from", without_radius)
    with pytest.raises(AssertionError):
        assert_true(replace(fit, solution=coarse), A, b)
