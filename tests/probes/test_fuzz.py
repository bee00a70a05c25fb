"""Fuzz testing: the exact oracle, the kinds of random problems, the verdicts, and the planted faults they must find."""

import re
from collections import Counter
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import flint
import numpy as np
import pytest

import stabilitylab as sl
from paths import EXPERIMENTS
from stabilitylab import lab
from stabilitylab.core.errors import NotCertifiedError, OutOfRangeError, RankDeficientError
from stabilitylab.lab import trial
from stabilitylab.lab.experiment import counted, load
from stabilitylab.lab.runner import run_experiment
from stabilitylab.probes.fuzz import (
    KINDS,
    RoundingVerdict,
    count_verdicts,
    exact_solution,
    oracle,
    random_problem,
    verdict_on,
)
from stabilitylab.report.writers import markdown

FEW = {kind: 4 if kind == "many columns" else 24 for kind in KINDS}
EACH = pytest.mark.parametrize("kind", KINDS)


def by_flint(A, b):
    """x by exact rational matrices: an honest solver that shares no code with the oracle."""
    p = flint.fmpq_mat(*A.shape, [fraction(v) for v in A.ravel()])
    q = flint.fmpq_mat(len(b), 1, [fraction(v) for v in b])
    try:
        x = (p.transpose() * p).solve(p.transpose() * q)
    except ZeroDivisionError:
        raise RankDeficientError("singular") from None
    exact = [Fraction(int(v.p), int(v.q)) for v in x.entries()]
    try:
        found = np.array([v.numerator / v.denominator for v in exact])
    except OverflowError:
        raise OutOfRangeError("overflow") from None
    if any(v and abs(x) < 2.0**-1022 for v, x in zip(exact, found, strict=True)):
        raise OutOfRangeError("underflow")
    return found


def fraction(value):
    return flint.fmpq(*float(value).as_integer_ratio())


def lapack(A, b):
    """What is fast and not exact."""
    return np.linalg.lstsq(A, b)[0]


def one_ulp_off(A, b):
    """Right but for the last bit of one coefficient."""
    x = by_flint(A, b)
    x[-1] = np.nextafter(x[-1], np.inf)
    return x


def refuses(A, b):
    raise NotCertifiedError("as planted")


def counts(solve, kind, seeds=None):
    found = count_verdicts(solve, kind, range(FEW[kind] if seeds is None else seeds))
    return {verdict: found.count(verdict) for verdict in found.seeds}


# --- the oracle and the kinds


@EACH
def test_the_oracle_leaves_no_gradient_and_an_honest_solver_is_never_wrong(kind):
    found = counts(by_flint, kind)
    assert sum(found.values()) == FEW[kind]
    assert not set(found) & {RoundingVerdict.WRONG, RoundingVerdict.REFUSED}
    for seed in range(2):
        A, b = random_problem(kind, seed)
        x = exact_solution(A, b)
        if x is None:
            continue
        rows = [[Fraction(float(v)) for v in row] for row in A]
        r = [Fraction(float(y)) - sum(map(Fraction.__mul__, row, x)) for row, y in zip(rows, b, strict=True)]
        assert not any(sum(map(Fraction.__mul__, column, r)) for column in zip(*rows, strict=True))


@EACH
def test_a_seed_is_one_problem_of_doubles_with_enough_rows(kind):
    shapes = set()
    for seed in range(12):
        (A, b), (again, also) = random_problem(kind, seed), random_problem(kind, seed)
        assert A.tobytes() == again.tobytes()
        assert b.tobytes() == also.tobytes()
        assert A.dtype == b.dtype == np.float64
        assert np.isfinite(A).all()
        assert np.isfinite(b).all()
        m, n = A.shape
        assert m >= n
        assert b.shape == (m,)
        shapes.add((m, n))
    assert len(shapes) > 4


def test_the_oracle_is_made_of_the_standard_library_alone():
    text = Path(oracle.__file__).read_text("utf-8")
    imported = re.findall(r"^\s*(?:from|import) (\S+)", text, re.MULTILINE)
    assert sorted(imported) == ["collections.abc", "fractions", "typing"]


def drawn(kind, count=40):
    return [random_problem(kind, seed) for seed in range(count)]


def test_ties_lie_halfway_between_doubles():
    for A, b in drawn("exact ties"):
        for x in exact_solution(A, b) or ():
            (above, below), step = (np.nextafter(float(x), (np.inf, -np.inf))), Fraction(float(np.spacing(float(x))))
            others = [abs(Fraction(float(v)) - x) for v in (above, below)]
            assert abs(Fraction(float(x)) - x) == min(others) == step / 2


def test_zeros_are_exact_and_the_residual_is_not_zero():
    solved = [(A, b, x) for A, b in drawn("exact zeros") if (x := exact_solution(A, b))]
    assert sum(0 in x for *_, x in solved) > len(solved) / 2
    assert all(any(b != A @ [float(v) for v in x]) for A, b, x in solved if any(x))


def test_the_kinds_are_as_hard_as_they_say():
    def worst(kind):
        conds = []
        for A, _ in drawn(kind):
            N = flint.fmpz_mat(*A.shape, [int(v) for v in A.ravel()])
            G = N.transpose() * N
            if G.rank() == A.shape[1]:
                inverse = G.inv()
                sizes = (sum(float(v * v) for v in M.entries()) ** 0.25 for M in (G, inverse))
                conds.append(float(np.prod([*sizes])))
        return max(conds)

    assert worst("unimodular") > 1e30
    assert worst("small integers") < 1e6
    for kind in ("near duplicates", "rounded sum"):
        assert np.median([np.linalg.cond(A) for A, _ in drawn(kind) if A.shape[1] > 1]) > 1e14
    assert all(exact_solution(A, b) is None for A, b in drawn("singular"))
    assert {A.shape[1] for A, _ in drawn("many columns", 60)} == set(range(31, 41))
    assert any(len(A) == 200 * A.shape[1] for A, _ in drawn("column scales"))
    assert all((np.abs(A).max(axis=0) < 2.0**-1022).any() for A, _ in drawn("subnormal columns"))
    assert {RoundingVerdict.SOLVED, RoundingVerdict.OUT_OF_RANGE} <= set(counts(by_flint, "subnormal columns"))


# --- planted faults


@EACH
def test_the_answer_of_floating_point_is_found_wrong(kind):
    assert counts(lapack, kind)[RoundingVerdict.WRONG] > FEW[kind] / 3


@EACH
def test_one_ulp_in_one_coefficient_is_found_wrong(kind):
    honest, off = counts(by_flint, kind), counts(one_ulp_off, kind)
    assert RoundingVerdict.SOLVED not in off
    assert off.get(RoundingVerdict.WRONG, 0) == honest.get(RoundingVerdict.SOLVED, 0)


@EACH
def test_refusing_everything_is_tallied_as_refused(kind):
    assert counts(refuses, kind) == {RoundingVerdict.REFUSED: FEW[kind]}


def says(error):
    def solve(A, b):
        raise error("as planted")

    return solve


@pytest.mark.parametrize("error", [RankDeficientError, OutOfRangeError, ZeroDivisionError])
def test_an_error_that_the_problem_does_not_have_is_wrong(error):
    assert counts(says(error), "near duplicates", 8)[RoundingVerdict.WRONG] >= 6


def test_a_singular_problem_may_not_be_answered():
    A, b = random_problem("singular", 3)
    assert verdict_on(lapack, A, b) is RoundingVerdict.WRONG
    assert verdict_on(says(OutOfRangeError), A, b) is RoundingVerdict.WRONG
    assert verdict_on(says(RankDeficientError), A, b) is RoundingVerdict.SINGULAR


@pytest.mark.parametrize(
    "x", [[0.5, 1.0], [0.5, float("nan")], [0.5], np.float32([0.5, 3.0]), [0.5, np.inf], [[0.5], [3.0]], None]
)
def test_what_is_not_the_nearest_doubles_is_wrong(x):
    A, b = np.array([[2.0, 0.0], [0.0, 1.0]]), np.array([1.0, 3.0])
    assert verdict_on(lambda A, b: np.array([0.5, 3.0]), A, b) is RoundingVerdict.SOLVED
    assert verdict_on(lambda A, b: None if x is None else np.asarray(x), A, b) is RoundingVerdict.WRONG


def test_ties_go_to_even_and_what_underflows_to_zero_is_no_solution():
    A, b = np.array([[1.0], [1.0]]), np.array([1.0, 1.0 + 2.0**-52])
    assert verdict_on(lambda A, b: np.array([1.0]), A, b) is RoundingVerdict.SOLVED
    assert verdict_on(lambda A, b: b[1:], A, b) is RoundingVerdict.WRONG
    A, b = np.array([[2.0**600]]), np.array([2.0**-600])
    assert verdict_on(lambda A, b: np.array([0.0]), A, b) is RoundingVerdict.WRONG
    assert verdict_on(says(OutOfRangeError), A, b) is RoundingVerdict.OUT_OF_RANGE


# --- the experiment

FILE = EXPERIMENTS / "a_fuzz_campaign_finds_no_wrong_digit.py"


@pytest.mark.parametrize(
    ("solve", "verdicts"),
    [
        (by_flint, ["holds", "holds", "holds"]),
        (lapack, ["REFUTED", "REFUTED", "holds"]),
        (one_ulp_off, ["REFUTED", "REFUTED", "holds"]),
        (refuses, ["REFUTED", "REFUTED", "REFUTED"]),
    ],
)
def test_the_committed_campaign_refutes_a_planted_solver_and_names_its_seeds(tmp_path, monkeypatch, solve, verdicts):
    def planted(A, b):
        return SimpleNamespace(x=solve(A, b), certificate=SimpleNamespace(route="planted route"))

    monkeypatch.setattr(lab, "lstsq", planted)  # which the file imports when it is loaded
    trial._loaded.cache_clear()
    found = run_experiment(counted(load(FILE), 26), size="quick", jobs=1, out=tmp_path).chapter
    trial._loaded.cache_clear()
    assert [finding.verdict for finding in found.findings] == verdicts
    assert found.findings[0].says.startswith("Of 26 problems ")
    assert ("near duplicates: seed 0, 1" in markdown.table(found.tables[0].table)) == ("REFUTED" in verdicts)
    assert ("planted route" in markdown.table(found.tables[1].table)) == (solve is not refuses)


# --- the engine


@EACH
def test_the_engine_is_not_wrong(kind):
    found = counts(lambda A, b: sl.lstsq(A, b).x, kind)
    assert RoundingVerdict.WRONG not in found
    assert found.get(RoundingVerdict.REFUSED, 0) == 0


def test_the_engine_takes_more_routes_than_one():
    routes = Counter(sl.lstsq(*random_problem(kind, 0)).certificate.route for kind in ("column scales", "many columns"))
    assert len(routes) == 2
