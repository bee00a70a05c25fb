"""Adapters of programs: the requests they send, and how they read answers, warnings and errors."""

import sys
import warnings

import numpy as np
import pytest
from test_programs import AWKWARD

from stabilitylab import libraries
from stabilitylab.libraries import (
    commons_math_routes,
    gnuplot_routes,
    gretl_routes,
    octave_routes,
    r_routes,
    scilab_routes,
)
from stabilitylab.libraries.support import programs
from stabilitylab.libraries.support.programs import (
    RejectedError,
    SingularError,
)


def needs(*names):
    """Skip where the library of a route is missing."""
    lacking = {name: libraries.entry(name).label.lacks for name in names}
    return pytest.mark.skipif(any(lacking.values()), reason="; ".join(filter(None, lacking.values())))


def echoed(module, expression):
    """What a program makes of a column of doubles that it only gives back."""
    column = AWKWARD[:, None]
    return np.asarray(module._ask(expression, column, AWKWARD[::-1].copy()).x)


@pytest.mark.parametrize(
    ("module", "first", "second"),
    [
        pytest.param(r_routes, "list(x = X[, 1])", "list(x = y)", marks=needs("r.lm"), id="R"),
        pytest.param(octave_routes, "x = A;", "x = b;", marks=needs("octave.pinv"), id="octave"),
        pytest.param(scilab_routes, "x = A;", "x = b;", marks=needs("scilab.pinv"), id="scilab"),
    ],
)
def test_numbers_come_back_as_they_went(module, first, second):
    assert echoed(module, first).tobytes() == AWKWARD.tobytes()
    assert echoed(module, second).tobytes() == AWKWARD[::-1].tobytes()


@needs("gretl.mols")
def test_numbers_come_back_from_gretl():
    for call, sent in (("A", AWKWARD), ("b", AWKWARD[::-1])):
        found = gretl_routes._function(call, AWKWARD[:, None], AWKWARD[::-1].copy())
        assert np.asarray(found.x).tobytes() == sent.tobytes()


@needs("gnuplot.stats")
def test_numbers_come_back_from_gnuplot():
    x, y = np.array([0.1, 1 / 3, np.pi]), np.array([5e-324, 2.0**-1022, 1e300])
    ends = [f"STATS_{end}_{axis}" for axis in "xy" for end in ("min", "max")]
    found = gnuplot_routes._ask(x, y, "stats {data} nooutput", gnuplot_routes._print("x", ends))
    assert np.array_equal(found.x, [x.min(), x.max(), y.min(), y.max()])


@needs("commons_math.svd")
def test_numbers_come_back_from_java():
    found = commons_math_routes._ask("echo", AWKWARD[:, None], AWKWARD[::-1].copy())
    assert np.asarray(found.x).tobytes() == AWKWARD[::-1].tobytes()
    assert np.asarray(found.standard_errors).tobytes() == AWKWARD.tobytes()


A, b = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 7.0], [1.0, 2.5]]), np.array([1.0, 2.0, 4.0, 3.0])


@pytest.mark.parametrize(
    "pair",
    [
        pytest.param(("gretl.mols", "gretl.mols_svd"), marks=needs("gretl.mols")),
        pytest.param(("gretl.ols", "gretl.ols_qr"), marks=needs("gretl.ols")),
        pytest.param(("gnuplot.fit", "gnuplot.fit_limit"), marks=needs("gnuplot.fit")),
    ],
)
def test_a_setting_of_one_route_is_not_the_next_one_s(pair):
    kinds = {"matrix": (A, b), "columns": (A, b, False), "polynomial": (A[:, 1].copy(), b, 1)}
    one, other = (libraries.entry(name) for name in pair)
    arguments = kinds[one.label.call_form]
    alone = np.asarray(one.function(*arguments))
    assert not np.array_equal(alone, np.asarray(other.function(*arguments)))
    assert np.array_equal(alone, np.asarray(one.function(*arguments)))


@needs("gnuplot.fit")
def test_a_failed_fit_does_not_give_the_last_one_s_answer():
    line = libraries.get("gnuplot.fit")
    line(np.arange(4.0), b, 1)
    with pytest.raises(RejectedError, match="smaller than number of parameters"):
        line(np.arange(2.0), b[:2], 3)


@needs("gretl.mols")
def test_a_failed_command_does_not_give_the_last_one_s_answer():
    mols = libraries.get("gretl.mols")
    mols(A, b)
    with pytest.raises(SingularError, match="collinearity"):
        mols(A[:, [0, 0]].copy(), b)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=needs(name))
        for name in ("r.lm_fit", "octave.mldivide", "scilab.mldivide", "gretl.mols", "commons_math.qr")
    ],
)
def test_a_program_that_was_killed_is_started_again(name):
    function = libraries.get(name)
    before = np.asarray(function(A, b))
    module = sys.modules[function.__module__]
    (running,) = [one for one in programs._sessions.values() if one.command == module.COMMAND and one.alive]
    running.end()
    assert np.array_equal(before, np.asarray(function(A, b)))


@needs("r.lm")
def test_r_says_na_for_a_column_that_it_dropped():
    X = np.column_stack([A, A[:, 0]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = libraries.get("r.lm")(X, b, False)
    assert (found.dropped, found.rank, found.x[2]) == ((2,), 2, 0)
    assert np.isnan(found.standard_errors[2])


@needs("octave.solve_normal")
def test_octave_s_warnings_are_heard():
    with pytest.warns(UserWarning, match=r"^matrix singular to machine precision$"):
        libraries.get("octave.solve_normal")(A[:, [0, 0]].copy(), b)


@needs("gsl.multilarge_normal")
def test_gsl_s_errors_are_exceptions_and_not_the_end():
    with pytest.raises(SingularError, match="matrix is not positive definite"):
        libraries.get("gsl.multilarge_normal")(A[:, [0, 0]].copy(), b)
