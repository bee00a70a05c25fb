"""No product of few operations is shared between threads of BLAS, wherever the engine multiplies."""

import numpy as np
import pytest

from stabilitylab import enclose, lstsq
from stabilitylab.exact.gram import blas_threads
from stabilitylab.exact.gram.sums import GramSums

RNG = np.random.default_rng(37)


@pytest.fixture
def limits(monkeypatch):
    """Whether each block of BLAS calls was limited to one thread."""
    seen = []

    class Recorder:
        def __enter__(self):
            seen.append("one")

        def __exit__(self, *_):
            pass

    def may_share():
        seen.append("many")
        return True

    monkeypatch.setattr(blas_threads, "one_blas_thread", Recorder)
    monkeypatch.setattr(blas_threads, "threads_round_to_nearest", may_share)
    return seen


def data(m, n):
    return RNG.standard_normal((m, n)), RNG.standard_normal(m)


@pytest.mark.parametrize(("m", "n"), [(30_000, 5), (2000, 40), (400, 70), (300, 100)])
def test_the_products_of_tall_and_small_problems_take_one_thread(m, n, limits):
    A, b = data(m, n)
    fit = lstsq(A, b)
    _ = fit.residuals
    _ = fit.standard_errors, fit.rss, fit.t_statistics
    enclose(A, b)
    if n < 40:
        lstsq(A, b, weights=RNG.uniform(0.5, 2, m))
    assert limits
    assert set(limits) == {"one"}


def test_large_products_may_share(limits):
    A, b = data(600, 500)
    GramSums(501).feed(A, b)
    assert limits == ["many"]


def test_a_condition_number_is_estimated_on_one_thread(limits):
    A, b = data(300, 100)
    sums = GramSums(101)
    sums.feed(A, b)
    limits.clear()
    assert sums.normal_equations().condition is not None
    assert limits == ["one"]
