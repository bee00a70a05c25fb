"""A lower rank is believed where the answer is that of a smaller space: every way of dropping, planted, and liars."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.linalg
from hypothesis import given, settings
from hypothesis import strategies as st

import stabilitylab as sl
from stabilitylab import bench, problems
from stabilitylab.core.types import Fit
from stabilitylab.scoring import smaller_space
from stabilitylab.scoring.smaller_space import is_of_smaller_space

FILIP = problems.get("nist.filip")()
LONGLEY = problems.get("nist.longley")()
HILBERT = problems.get("classic.hilbert")(n=13)
LAUCHLI = problems.get("classic.lauchli")()
DEFICIENT = problems.get("real.one_hot")()


def svd(A, b, rank):
    """Truncated SVD of A."""
    U, s, Vt = np.linalg.svd(A, full_matrices=False)
    return Vt[:rank].T @ ((U[:, :rank].T @ b) / s[:rank])


def scaled(A, b, rank):
    """Truncated SVD of A with columns of unit length."""
    norms = np.linalg.norm(A, axis=0)
    return svd(A / norms, b, rank) / norms


def centred(A, b, rank):
    """Truncated SVD of the columns beside the ones, centred; the intercept makes the residual's mean 0."""
    means = A[:, 1:].mean(axis=0)
    slopes = svd(A[:, 1:] - means, b - b.mean(), rank - 1)
    return np.concatenate([[b.mean() - means @ slopes], slopes])


def standardised(A, b, rank):
    """As centred, with columns of unit variance."""
    deviations = np.concatenate([[1.0], A[:, 1:].std(axis=0)])
    return centred(A / deviations, b, rank) / deviations


def triangle(pivoting):
    def cut(A, b, rank):
        Q, R, *order = scipy.linalg.qr(A, mode="economic", pivoting=pivoting)
        x = np.zeros(A.shape[1])
        x[order[0] if order else slice(None)] = np.linalg.lstsq(R[:rank], (Q.T @ b)[:rank], rcond=0)[0]
        return x

    return cut


def gelsy(A, b, rank):
    """LAPACK's own, at the cut-off that leaves this rank."""
    for cond in np.logspace(-17, -1, 321):
        x, _, found, _ = scipy.linalg.lstsq(A, b, cond=cond, lapack_driver="gelsy")
        if found == rank:
            return x
    raise AssertionError(f"no cut-off leaves rank {rank}")


def basic(A, b, rank):
    """0 for the columns behind the first."""
    x = np.zeros(A.shape[1])
    norms = np.linalg.norm(A[:, :rank], axis=0)
    x[:rank] = np.linalg.lstsq(A[:, :rank] / norms, b, rcond=0)[0] / norms
    return x


WAYS = {
    "the SVD": svd,
    "the SVD of unit columns": scaled,
    "the SVD of centred columns": centred,
    "the SVD of standardised columns": standardised,
    "a QR with exchanges": triangle(True),
    "a QR without exchanges": triangle(False),
    "gelsy": gelsy,
    "zeros": basic,
}


@pytest.mark.parametrize("lost", [1, 2, 3])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("problem", [FILIP, LONGLEY], ids=lambda p: p.name)
def test_every_way_of_dropping_directions_is_told_from_its_answer(problem, way, lost):
    rank = problem.shape[1] - lost
    x = WAYS[way](problem.A, problem.b, rank)
    assert is_of_smaller_space(problem.A, problem.b, x, rank)


@pytest.mark.parametrize("problem", [FILIP, LONGLEY, HILBERT, LAUCHLI], ids=lambda p: p.name)
@pytest.mark.parametrize("lost", [1, 2])
def test_a_full_answer_with_a_lower_rank_is_not_one_of_a_smaller_space(problem, lost):
    n = problem.shape[1]
    for x in (sl.reference(problem).rounded(), sl.solvers.get("qr.householder")(problem.A, problem.b)):
        assert not is_of_smaller_space(problem.A, problem.b, np.asarray(x), n - lost)
        row = sl.score(Fit(np.asarray(x), rank=n - lost), problem)
        assert (row.status, row.cause) == ("REPORTS_LOWER_RANK", "")


@settings(max_examples=30, derandomize=True)
@given(st.integers(0, 2**32 - 1), st.sampled_from([1e-3, 1.0, 1e3]), st.integers(1, 3))
def test_junk_with_a_lower_rank_is_no_answer_of_a_smaller_space(seed, size, lost):
    x = size * np.random.default_rng(seed).normal(size=11)
    assert not is_of_smaller_space(FILIP.A, FILIP.b, x, 11 - lost)


@pytest.mark.parametrize("x", [np.zeros(11), np.ones(11), np.r_[FILIP.b.mean(), np.zeros(10)] / 2])
def test_plausible_constants_are_no_answer_of_a_smaller_space(x):
    assert not is_of_smaller_space(FILIP.A, FILIP.b, x, 10)


def test_a_coefficient_that_is_0_may_be_one_that_was_kept():
    """b has nothing along the first column, orthogonal to the others, of which the last is dropped."""
    h1, h2, h3 = (np.where((np.arange(8) >> k) & 1, -1.0, 1.0) for k in range(3))
    A, b = np.column_stack([h1, h2, h2 + 2.0**-30 * h3]), h2 + h3
    x = np.array([0.0, 1.0, 0.0])
    assert is_of_smaller_space(A, b, x, 2)
    assert is_of_smaller_space(A, b, x, 1)
    assert not is_of_smaller_space(A, b, 2 * x, 2)


def test_ridge_shrinks_and_drops_nothing():
    A, b = LONGLEY.A, LONGLEY.b
    norms = np.linalg.norm(A, axis=0)
    M = A / norms
    x = np.linalg.solve(M.T @ M + 1e-3 * np.eye(7), M.T @ b) / norms
    assert not is_of_smaller_space(A, b, x, 6)


def test_an_answer_of_another_rank_than_the_one_reported_is_not_believed():
    assert not is_of_smaller_space(FILIP.A, FILIP.b, svd(FILIP.A, FILIP.b, 10), 8)


def test_where_both_answers_are_one_nothing_is_claimed():
    """x = (1, 1, 1, 1) has nothing along the directions that a rank of 1 would drop."""
    x = svd(LAUCHLI.A, LAUCHLI.b, 1)
    assert sl.lre(x, sl.reference(LAUCHLI)) > 14
    assert not is_of_smaller_space(LAUCHLI.A, LAUCHLI.b, x, 1)


@pytest.mark.parametrize("way", ["the SVD", "the SVD of unit columns", "zeros"])
def test_of_deficient_data_the_answer_of_the_space_that_is_there_is_one(way):
    A, b = DEFICIENT.A, DEFICIENT.b
    x = WAYS[way](A, b, 4)
    assert is_of_smaller_space(A, b, x, 4)
    null = np.linalg.svd(A)[2][-1]
    assert not is_of_smaller_space(A, b, x + null, 4)


def test_float32_is_judged_by_its_own_rounding_errors():
    problem = LONGLEY.rounded_to("float32")
    exactly = svd(problem.A.astype(float), problem.b.astype(float), 6)
    for x in (exactly, svd(problem.A, problem.b, 6)):
        assert is_of_smaller_space(problem.A, problem.b, x.astype(np.float32), 6)
    full = sl.reference(problem).rounded("float32")
    assert not is_of_smaller_space(problem.A, problem.b, full, 6)


def test_work_in_float32_on_other_data_is_judged_by_its_own_rounding_errors_too():
    x = svd(FILIP.A, FILIP.b, 10).astype(np.float32)
    assert not is_of_smaller_space(FILIP.A, FILIP.b, x, 10)
    assert is_of_smaller_space(FILIP.A, FILIP.b, x, 10, works_in="float32")


def test_what_is_too_large_or_too_wide_a_format_is_not_decided(monkeypatch):
    x = svd(FILIP.A, FILIP.b, 10)
    assert not is_of_smaller_space(FILIP.A.astype(np.longdouble), FILIP.b.astype(np.longdouble), x, 10)
    monkeypatch.setattr(smaller_space, "LARGEST", FILIP.A.size - 1)
    assert not is_of_smaller_space(FILIP.A, FILIP.b, x, 10)


def test_a_full_or_impossible_rank_is_no_smaller_space():
    x = sl.reference(FILIP).rounded()
    assert not any(is_of_smaller_space(FILIP.A, FILIP.b, x, rank) for rank in (-1, 11, 12))


def test_a_cause_is_not_read_off_a_declared_cut_off_that_the_answer_contradicts():
    """numpy.pinv drops a direction of Filip, and its label says so; a route with that label that drops none."""
    pinv = bench.route("numpy.pinv")
    assert sl.measure("numpy.pinv", FILIP).cause.startswith("rank cut-off")
    honest = replace(pinv, function=bench.route("qr.householder").function)
    with sl.libraries.catalog.temporarily(honest):
        row = sl.measure("numpy.pinv", FILIP)
    assert row["digits.min"] > 7
    assert row.cause == ""
