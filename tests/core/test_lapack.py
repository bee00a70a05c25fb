"""SciPy is loaded when it is used, in the processor's default mode, and its BLAS is limited like any other."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
import scipy.linalg

from processor_modes import HERE, in_mode
from stabilitylab.core import lapack
from stabilitylab.core.arithmetic.processor import is_default_mode
from stabilitylab.core.environment import ONE_THREAD
from stabilitylab.core.errors import ProcessorModeError

SAYS = """
import json, os, sys
import stabilitylab, stabilitylab.cli.main
from threadpoolctl import threadpool_info
from stabilitylab.core import environment, lapack
said = [lapack.is_loaded()]
def threads():
    return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]
with environment.one_blas_thread():
    said.append(lapack.is_loaded())
    lapack.dpotrf([[4.0]])
    said.append(threads())
after = threads()
print(json.dumps([*said, after, len(environment.blas_thread_counts())]))
"""


def says(**variables):
    kept = {name: value for name, value in os.environ.items() if name not in ONE_THREAD}
    done = subprocess.run(
        [sys.executable, "-c", SAYS], env=kept | variables, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def test_scipy_is_loaded_before_its_blas_is_limited():
    at_first, in_block, limited, after, counted = says(OPENBLAS_NUM_THREADS="2")
    assert (at_first, in_block) == (False, True)
    assert set(limited) == {1}
    assert len(limited) == len(after) == counted
    assert set(after) == ({2} if (os.cpu_count() or 1) > 1 else {1})


def test_where_every_blas_starts_with_one_thread_scipy_is_loaded_when_it_is_used():
    at_first, in_block, limited, after, counted = says(**ONE_THREAD)
    assert (at_first, in_block) == (False, False)
    assert set(limited) == set(after) == {1}
    assert len(limited) == counted  # SciPy's is among those that are limited from then on


def test_a_name_is_that_of_lapack_before_that_of_scipy():
    assert lapack.dpotrf is scipy.linalg.lapack.dpotrf
    assert lapack.dsyrk is scipy.linalg.blas.dsyrk
    assert lapack.solve_triangular is scipy.linalg.solve_triangular
    with pytest.raises(AttributeError, match=r"scipy\.linalg has no function 'dpotfr'"):
        _ = lapack.dpotfr


@pytest.mark.skipif(not HERE, reason="modes are set as glibc on x86-64 keeps them")
def test_scipy_is_imported_in_the_default_mode(monkeypatch):
    seen = []
    monkeypatch.setattr(lapack, "is_loaded", lambda: False)
    monkeypatch.setattr(lapack.importlib, "import_module", lambda name: seen.append((name, is_default_mode())))
    with in_mode("upward"):
        lapack.load()
        assert not is_default_mode()
    assert seen == [("scipy.linalg", True)]


def test_a_library_that_changes_the_mode_as_it_is_loaded_ends_the_call(monkeypatch):
    monkeypatch.setattr(lapack, "is_loaded", lambda: False)
    monkeypatch.setattr(lapack, "is_default_mode", lambda: False)
    with pytest.raises(ProcessorModeError, match=r"import scipy\.linalg first"):
        lapack.load()


@pytest.mark.parametrize("n", [1, 2, 7, lapack.SMALL, lapack.SMALL + 1])
def test_numpy_and_scipy_give_the_same_triangles_for_small_and_large(n):
    rng = np.random.default_rng(n)
    A = rng.standard_normal((2 * n, n))
    below = np.tril(np.full((n, n), 7.0), -1)  # what is not to be looked at
    C = A.T @ A
    R = lapack.upper_factor(np.triu(C) + below)
    assert np.array_equal(R, np.triu(R))
    assert np.allclose(R.T @ R, C, rtol=0, atol=1e-14 * np.trace(C))
    inverse = lapack.upper_inverse(R)
    assert np.array_equal(inverse, np.triu(inverse))
    bound = 4 * n * 2.0**-53 * np.linalg.norm(R) * np.linalg.norm(inverse)
    assert np.linalg.norm(inverse @ R - np.eye(n)) < bound * n
    c = rng.standard_normal(n)
    for transposed, M in ((False, R), (True, R.T)):
        y = lapack.upper_solve(R, c, transposed=transposed)
        assert np.linalg.norm(M @ y - c) <= 4 * n * 2.0**-53 * np.linalg.norm(R) * np.linalg.norm(y)


@pytest.mark.parametrize("n", [3, lapack.SMALL + 1])
def test_what_has_no_factor_or_no_inverse_gives_none(n):
    wrong = np.eye(n)
    wrong[1, 1] = -1.0
    assert lapack.upper_factor(wrong) is None
    wrong[1, 1] = 0.0
    assert lapack.upper_inverse(wrong) is None
