"""What is proven does not depend on the processor's mode: rounding in another direction, subnormal numbers flushed."""

import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest

import stabilitylab as sl
from processor_modes import HERE, MODES, in_mode
from stabilitylab.core.arithmetic.processor import is_default_mode
from stabilitylab.exact import fit_file as file_module
from stabilitylab.exact.fit import solved as fit_module
from stabilitylab.exact.gram import blas_threads
from stabilitylab.scoring import score as score_module

pytestmark = pytest.mark.skipif(not HERE, reason="modes are set as glibc on x86-64 keeps them")

RNG = np.random.default_rng(7)
TALL = RNG.standard_normal((200, 40)), RNG.standard_normal(200)
SMALL = RNG.standard_normal((30, 4)), RNG.standard_normal(30)
SUBNORMAL = np.array([[1.0, 2.0**-1060], [1.0, 3 * 2.0**-1060], [1.0, -(2.0**-1061)]]), np.array([1.0, 2.0, 4.0])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("data", [TALL, SMALL], ids=["40 columns", "4 columns"])
def test_coefficients_and_figures_are_the_same_bits(mode, data):
    A, b = data
    expected = sl.lstsq(A, b)
    figures = [expected.rss, expected.r_squared, *expected.standard_errors, *expected.t_statistics]
    figures += [expected.r_squared_about_zero, expected.bic, *expected.p_values, *expected.conf_int().ravel()]
    fitted = expected.residuals
    with in_mode(mode):
        fit = sl.lstsq(A, b)
        seen = [fit.rss, fit.r_squared, *fit.standard_errors, *fit.t_statistics]
        seen += [fit.r_squared_about_zero, fit.bic, *fit.p_values, *fit.conf_int().ravel()]
        residuals = fit.residuals
        checked = sl.check(fit.certificate, A, b)
    assert fit.x.tolist() == expected.x.tolist()
    assert seen == figures
    assert residuals.tolist() == fitted.tolist()
    assert checked


@pytest.mark.parametrize("mode", MODES)
def test_an_enclosure_holds_the_solution(mode):
    A, b = TALL
    exact = sl.lstsq(A, b).x
    expected = sl.enclose(A, b)
    with in_mode(mode):
        found = sl.enclose(A, b)
    assert found.lower.tolist() == expected.lower.tolist()
    assert (found.lower <= exact).all()
    assert (exact <= found.upper).all()


@pytest.mark.parametrize("mode", ["upward", "both"])
def test_nothing_is_computed_in_another_mode_behind_an_entry_point(mode, monkeypatch, tmp_path):
    seen = []

    def watched(module, name):
        original = getattr(module, name)
        monkeypatch.setattr(module, name, lambda *a, **k: seen.append(is_default_mode()) or original(*a, **k))

    watched(fit_module, "summed")
    watched(file_module, "open_table")
    watched(score_module, "predict_for")
    A, b = TALL
    (tmp_path / "t.csv").write_text("x,y\n0.1,1\n0.2,3\n0.4,4\n")
    problem, lazy = sl.problems.get("nist.norris")(), sl.lstsq(A, b)
    assert lazy.system is None
    with in_mode(mode):
        _ = lazy.total_sum_of_squares
        sl.fit_file(tmp_path / "t.csv", "y", truth="matrix")
        sl.measure("qr.householder", problem, metrics=["digits.min"])
    assert len(seen) >= 3
    assert all(seen)


@pytest.mark.parametrize("mode", MODES)
def test_a_subnormal_column_is_a_column(mode):
    A, b = SUBNORMAL
    scaled = A * [1.0, 2.0**300]
    with in_mode(mode):
        assert sl.GramAccumulator(2).add(A, b).normal_equations().diagonal[1] != 0
        assert sl.lstsq(scaled, b).certificate.rank == 2
        assert sl.reference(scaled, b).rank == 2


@pytest.mark.parametrize("mode", MODES)
def test_blocks_are_summed_alike_in_every_mode(mode):
    A, b = SMALL
    expected = sl.GramAccumulator(4).add(A, b).solve().x
    with in_mode(mode):
        accumulator = sl.GramAccumulator(4).add(A[:10], b[:10]).merge(sl.GramAccumulator(4).add(A[10:], b[10:]))
        assert accumulator.remove(A[:1], b[:1]).add(A[:1], b[:1]).solve().x.tolist() == expected.tolist()


START = """
import sys
sys.path[:0] = {path!r}
from processor_modes import in_mode
with in_mode({mode!r}):
    import numpy as np
    np.ones((600, 600)) @ np.ones((600, 600))  # the threads of the pool start in this mode
    import stabilitylab as sl
    rng = np.random.default_rng(7)
    A, b = rng.integers(-(2**52), 2**52, (3000, 60)) * 2.0**-50, rng.integers(-(2**52), 2**52, 3000) * 2.0**-50
    fit, around = sl.lstsq(A, b), sl.enclose(A, b)
    print(fit.x.tobytes().hex(), bool(((around.lower <= fit.x) & (fit.x <= around.upper)).all()))
"""


@pytest.mark.parametrize("mode", ["upward", "both"])
def test_a_mode_that_was_set_before_anything_was_imported_changes_no_bit(mode):
    rng = np.random.default_rng(7)
    A, b = rng.integers(-(2**52), 2**52, (3000, 60)) * 2.0**-50, rng.integers(-(2**52), 2**52, 3000) * 2.0**-50
    expected = sl.lstsq(A, b).x
    script = START.format(path=sys.path, mode=mode)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout.split() == [expected.tobytes().hex(), "True"], done.stderr


def test_the_product_for_the_threads_sees_each_mode():
    P, Q, expected = blas_threads._operands(64)
    exact = [[sum(Fraction(p) * Fraction(q) for p, q in zip(row, Q[:, 0], strict=True) if p) for row in P]]
    assert all(abs(Fraction(e) - v) <= abs(v) / 2**53 for e, v in zip(expected[:, 0], exact[0], strict=True))
    assert blas_threads._rounds(P, Q, expected)
    for mode in MODES:
        with in_mode(mode):
            assert not blas_threads._rounds(P, Q, expected), mode


def test_threads_in_another_mode_are_not_used(monkeypatch):
    monkeypatch.setattr(blas_threads, "_rounds", lambda *_: False)
    monkeypatch.setattr(blas_threads, "blas_thread_counts", lambda: (3, 1))
    blas_threads._tested.cache_clear()
    assert not blas_threads.threads_round_to_nearest()
    entered = []

    class Recorder:
        def __enter__(self):
            entered.append("one thread")

        def __exit__(self, *_):
            pass

    monkeypatch.setattr(blas_threads, "one_blas_thread", Recorder)
    with blas_threads.blas_threads(1e9, 10**6):
        pass
    assert entered == ["one thread"]
    blas_threads._tested.cache_clear()


@pytest.mark.parametrize(("operations", "entries", "one"), [(1e6, 10**6, True), (1e9, 10**6, False), (1e6, 100, False)])
def test_small_products_of_many_rows_are_not_shared_out(monkeypatch, operations, entries, one):
    entered = []

    class Recorder:
        def __enter__(self):
            entered.append("one thread")

        def __exit__(self, *_):
            pass

    monkeypatch.setattr(blas_threads, "one_blas_thread", Recorder)
    with blas_threads.blas_threads(operations, entries):
        pass
    assert bool(entered) == one
