"""Fuzz testing: the exact oracle, the verdicts, and the planted faults that they must find."""

import re
from dataclasses import replace
from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from honest import by_flint
from stabilitylab.core.errors import InputError, NotCertifiedError, OutOfRangeError, RankDeficientError
from stabilitylab.probes.fuzz import (
    KINDS,
    Answer,
    RoundingVerdict,
    Task,
    certified,
    count_verdicts,
    described,
    exact_regression,
    oracle,
    random_task,
    verdict_on,
)
from stabilitylab.probes.fuzz.task import FIGURES
from stabilitylab.probes.fuzz.verdicts import is_nearest, is_nearest_root
from wild import PROPERTY, double, is_root

SLOW = {"many columns": 3, "nearly dependent": 8, "changed data": 8, "processor modes": 8, "every route": 8}
FEW = {kind: SLOW.get(kind, 16) for kind in KINDS}
FIRST = 2  # seed 1 of `changed data` has 32 columns, for which a rational inverse takes seconds
EACH = pytest.mark.parametrize("kind", KINDS)
WRONG, SOLVED = RoundingVerdict.WRONG, RoundingVerdict.SOLVED


def lapack(task):
    """What is fast and not exact."""
    table = np.array([[*row, y] for row, y in zip(zip(*task.columns, strict=True), task.b, strict=True)], dtype=object)
    w = np.sqrt([float(Fraction(v)) for v in task.weights]) if task.weights else np.ones(len(table))
    values = np.vectorize(lambda v: float(Fraction(v)), otypes=[float])(table) * w[:, None]
    return Answer(np.linalg.lstsq(values[:, :-1], values[:, -1])[0], dict.fromkeys(task.figures, np.nan))


def one_ulp_off(task):
    """Right but for the last bit of one coefficient."""
    found = by_flint(task)
    found.x[-1] = np.nextafter(found.x[-1], np.inf)
    return found


def refuses(task):
    raise NotCertifiedError("as planted: to be counted")


def test_every_kind_is_described_in_a_sentence_of_its_own():
    said = [described(kind) for kind in KINDS]
    assert len(set(said)) == len(said)
    assert all(len(one) > 20 for one in said)


def counts(solve, kind, seeds=None):
    return counted(count_verdicts(solve, kind, range(FIRST, FIRST + (FEW[kind] if seeds is None else seeds))))


def counted(found):
    return {verdict: found.count(verdict) for verdict in found.seeds}


@cache
def of_an_honest_solver(kind):
    return count_verdicts(by_flint, kind, range(FIRST, FIRST + FEW[kind]))


# --- the oracle


@EACH
def test_the_oracle_leaves_no_gradient_and_an_honest_solver_is_never_wrong(kind):
    found = of_an_honest_solver(kind)
    assert found.reasons == {}
    assert sum(map(len, found.seeds.values())) == FEW[kind]
    for seed in (0, 2):
        task = random_task(kind, seed)
        exact = exact_regression(task.columns, list(task.b), task.weights, inverse=False)
        if exact is None:
            continue
        columns = [list(map(Fraction, column)) for column in task.columns]
        w = [Fraction(1 if task.weights is None else task.weights[i]) for i in range(len(task.b))]
        fitted = [sum(map(Fraction.__mul__, row, exact.x)) for row in zip(*columns, strict=True)]
        r = [v * (Fraction(y) - z) for v, y, z in zip(w, task.b, fitted, strict=True)]
        assert not any(sum(map(Fraction.__mul__, column, r)) for column in columns)


def test_the_oracle_is_made_of_the_standard_library_alone():
    text = Path(oracle.__file__).read_text("utf-8")
    imported = re.findall(r"^\s*(?:from|import) (\S+)", text, re.MULTILINE)
    assert sorted(imported) == ["collections.abc", "dataclasses", "fractions", "functools", "math", "typing"]


@PROPERTY
@given(st.integers(-(10**30), 10**30), st.integers(1, 10**30), st.integers(-1150, 1050))
def test_rounding_and_roots_are_judged_as_integers_decide(p, q, e):
    value = Fraction(p, q) * Fraction(2) ** e
    nearest = double(value)
    for x in (nearest, np.nextafter(nearest, np.inf), np.nextafter(nearest, -np.inf)):
        kept = bool(nearest) == bool(value) and np.isfinite(nearest)
        assert is_nearest(float(x), value) == (bool(kept) and x == nearest)
    root = float(np.sqrt(abs(nearest)))
    for x in (root, np.nextafter(root, np.inf), np.nextafter(root, 0.0)):
        assert is_nearest_root(float(x), abs(value)) == is_root(float(x), abs(value))


@pytest.mark.parametrize("x", [1.0, 1.5, 2.0**-1022, 5e-324, 1e308])
def test_the_root_of_a_square_halfway_between_doubles_goes_to_even(x):
    following = float(np.nextafter(x, np.inf))
    square = ((Fraction(x) + Fraction(following)) / 2) ** 2
    even = [v for v in (x, following) if int(Fraction(v) / (Fraction(following) - Fraction(x))) % 2 == 0]
    assert [v for v in (x, following) if is_nearest_root(v, square)] == even
    slightly = square / 2**200
    assert is_nearest_root(x, square - slightly)
    assert is_nearest_root(following, square + slightly)
    assert not is_nearest_root(x, square + slightly)
    assert not is_nearest_root(following, square - slightly)


# --- planted faults


@EACH
def test_the_answer_of_floating_point_is_found_wrong(kind):
    assert counts(lapack, kind)[WRONG] > FEW[kind] / 4


@EACH
def test_one_ulp_in_one_coefficient_is_found_wrong(kind):
    honest, off = counted(of_an_honest_solver(kind)), counts(one_ulp_off, kind)
    assert SOLVED not in off
    assert off.get(WRONG, 0) == honest.get(SOLVED, 0)


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("to", [np.inf, -np.inf])
def test_one_ulp_in_one_figure_is_found_wrong(name, to):
    def off(task):
        found = by_flint(task)
        value = np.atleast_1d(found.figures[name]).copy()
        value[-1] = np.nextafter(value[-1], to)
        return replace(found, figures={**found.figures, name: value})

    for kind, seed in (("column scales", 4), ("weights", 16), ("decimals", 4)):
        task = random_task(kind, seed)
        assert verdict_on(by_flint, task).kind is SOLVED
        assert verdict_on(by_flint, task).figures > 6
        assert verdict_on(off, task).reason == f"a number of {name}"


@pytest.mark.parametrize("value", [None, np.float32(1), [1.0], OutOfRangeError("planted"), InputError("planted")])
def test_what_is_no_figure_is_wrong(value):
    task = replace(random_task("column scales", 4), figures=("standard_errors",))
    assert verdict_on(lambda task: replace(by_flint(task), figures={"standard_errors": value}), task).kind is WRONG
    refused = NotCertifiedError("planted")
    found = verdict_on(lambda task: replace(by_flint(task), figures={"standard_errors": refused}), task)
    assert found.kind is RoundingVerdict.REFUSED
    assert found.reason == "standard_errors: planted"


def test_a_figure_beyond_the_range_is_to_be_refused():
    task = Task(np.array([[1.0], [1.0]]), np.array([2.0**600, 2.0**500]), figures=("rss", "residual_norm"))
    assert isinstance(by_flint(task).figures["rss"], OutOfRangeError)
    assert verdict_on(by_flint, task).kind is verdict_on(certified, task).kind is SOLVED
    infinite = Answer(by_flint(task).x, {"rss": np.inf, "residual_norm": by_flint(task).figures["residual_norm"]})
    assert verdict_on(lambda _: infinite, task).reason == "a number of rss"


@pytest.mark.parametrize("error", [None, InputError("changed"), OutOfRangeError("planted"), 7.0])
def test_after_a_change_a_figure_is_of_the_old_data_or_an_input_error(error):
    task = replace(random_task("changed data", 0), figures=("rss",))
    assert task.changed is not None

    def solve(task):
        return replace(by_flint(task), figures={"rss": by_flint(task).figures["rss"] if error is None else error})

    assert (verdict_on(solve, task).kind is SOLVED) == (error is None or type(error) is InputError)
    as_it_is_now = np.array(task.b)
    as_it_is_now[task.changed] += 1.0
    other = by_flint(replace(task, b=as_it_is_now)).figures
    assert verdict_on(lambda task: replace(by_flint(task), figures=other), task).kind is WRONG


def test_every_route_that_was_taken_must_be_right():
    task = random_task("every route", 1)
    right = by_flint(task)
    off = right.x.copy()
    off[0] = np.nextafter(off[0], np.inf)
    assert verdict_on(lambda _: replace(right, by_route={"a": right.x}), task).kind is SOLVED
    found = verdict_on(lambda _: replace(right, by_route={"a": right.x, "b": off}), task)
    assert found.reason == "a coefficient by b"


@EACH
def test_refusing_everything_is_tallied_as_refused(kind):
    found = count_verdicts(refuses, kind, range(2))
    assert set(found.seeds) == {RoundingVerdict.REFUSED}
    assert found.reasons == {0: "as planted", 1: "as planted"}


def says(error):
    def solve(task):
        raise error("as planted")

    return solve


@pytest.mark.parametrize("error", [RankDeficientError, OutOfRangeError, ZeroDivisionError])
def test_an_error_that_the_problem_does_not_have_is_wrong(error):
    assert counts(says(error), "near duplicates", 8)[WRONG] >= 6


def test_a_singular_problem_may_not_be_answered():
    task = random_task("singular", 3)
    assert verdict_on(lapack, task).kind is WRONG
    assert verdict_on(says(OutOfRangeError), task).kind is WRONG
    assert verdict_on(says(RankDeficientError), task).kind is RoundingVerdict.SINGULAR


@pytest.mark.parametrize(
    "x", [[0.5, 1.0], [0.5, float("nan")], [0.5], np.float32([0.5, 3.0]), [0.5, np.inf], [[0.5], [3.0]], None]
)
def test_what_is_not_the_nearest_doubles_is_wrong(x):
    task = Task(np.array([[2.0, 0.0], [0.0, 1.0]]), np.array([1.0, 3.0]))
    assert verdict_on(lambda _: Answer(np.array([0.5, 3.0])), task).kind is SOLVED
    assert verdict_on(lambda _: Answer(x), task).kind is WRONG


def test_ties_go_to_even_and_what_underflows_to_zero_is_no_solution():
    task = Task(np.array([[1.0], [1.0]]), np.array([1.0, 1.0 + 2.0**-52]))
    assert verdict_on(lambda _: Answer(np.array([1.0])), task).kind is SOLVED
    assert verdict_on(lambda task: Answer(task.b[1:]), task).kind is WRONG
    for exponent, kept in ((-475, False), (-474, True)):  # 2**-1075 and 2**-1074
        task = Task(np.array([[2.0**600]]), np.array([2.0**exponent]))
        assert verdict_on(lambda _: Answer(np.array([0.0])), task).kind is WRONG
        expected = WRONG if kept else RoundingVerdict.OUT_OF_RANGE
        assert verdict_on(says(OutOfRangeError), task).kind is expected
        assert (verdict_on(lambda _: Answer(np.array([5e-324])), task).kind is SOLVED) == kept


# --- the engine


@EACH
def test_the_engine_is_not_wrong(kind):
    assert count_verdicts(certified, kind, range(FEW[kind])).reasons == {}
