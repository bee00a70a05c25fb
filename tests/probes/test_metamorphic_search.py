"""A planted route that breaks a law is found, with the smallest problem and exponent, and its script reproduces it."""

import contextlib
import io
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.sparse import issparse
from test_metamorphic_laws import routed, well_posed

from stabilitylab import bench
from stabilitylab.core.types import Fit, Status
from stabilitylab.probes.metamorphic import LAWS, Instance, compare, script, search, widths
from stabilitylab.probes.metamorphic.search import SMALLEST, USUAL, smallest_power, smallest_problem
from stabilitylab.probes.metamorphic.witness import written
from stabilitylab.solvers import householder_qr

ONE, TWO = SMALLEST[1], SMALLEST[2]


def doubled_where(strange):
    """A route that is right but where a condition on (A, b) is met: there every coefficient is twice as large."""

    def planted(A, b):
        x = householder_qr(A.toarray() if issparse(A) else A, b)
        return 2 * x if strange(A, b) else x

    return routed(planted, scalars=("float32", "float64"))


def reports_a_falling_fit(A, b):
    return Fit(householder_qr(A, b), r_squared=1 / A.shape[1])


def last(A):
    return np.abs(A[:, -1])


PLANTED = {
    "unit of a column": (doubled_where(lambda A, b: last(A).max() >= 2.0**20), Instance(20, ONE)),
    "unit of y": (doubled_where(lambda A, b: np.abs(b).max() <= 2.0**-7), Instance(-7, ONE)),
    "origin of a column": (doubled_where(lambda A, b: A[:, -1].min() >= 2.0**12), Instance(12, ONE)),
    "order of rows": (doubled_where(lambda A, b: A[0, -1] > A[-1, -1]), Instance(0, ONE)),
    "order of columns": (doubled_where(lambda A, b: A[-1, 1] == 0), Instance(0, TWO)),
    "every row twice": (doubled_where(lambda A, b: len(b) % 2 == 0), Instance(0, ONE)),
    "weight four": (doubled_where(lambda A, b: A[0, 0] == 2), Instance(0, ONE)),
    "weight zero": (doubled_where(lambda A, b: not np.abs(A).sum(axis=1).all()), Instance(0, ONE)),
    "sparse matrix": (doubled_where(lambda A, b: issparse(A)), Instance(0, ONE)),
    "added column": (routed(reports_a_falling_fit), Instance(0, TWO)),
    "exact fit": (doubled_where(lambda A, b: b[0] == 1 + A[0, 1:] @ np.arange(2, A.shape[1] + 1)), Instance(0, ONE)),
    "float32": (doubled_where(lambda A, b: A.dtype == np.float32), Instance(0, ONE)),
}


def test_there_is_a_planted_route_for_every_law():
    assert set(PLANTED) == set(LAWS)


@pytest.mark.parametrize("name", PLANTED)
def test_a_route_that_breaks_a_law_is_caught_by_the_smallest_problem_and_power(name):
    entry, witness = PLANTED[name]
    found = search(entry, LAWS[name])
    assert found.furthest.broken
    assert found.violation.witness == witness
    assert found.violation.apart == pytest.approx(1 / 6 if name == "added column" else 0.5)


@pytest.mark.parametrize("name", [name for name, (_, witness) in PLANTED.items() if witness.exponent])
def test_no_nearer_power_breaks_the_law_on_the_smallest_problem(name):
    entry, witness = PLANTED[name]
    law, least = LAWS[name], abs(witness.exponent)
    nearer = [k for k in range(1 - least, least) if law.exponents[0] <= k <= law.exponents[1]]
    assert not [k for k in nearer if compare(entry, law, Instance(k, witness.rows)).broken]
    assert compare(entry, law, witness).broken


def test_what_the_smallest_problem_does_not_show_is_made_small_from_the_usual_one():
    entry = doubled_where(lambda A, b: A[0, -1] > A[-1, -1] and len(b) > 3 and b.max() == 4)
    found = search(entry, LAWS["order of rows"]).violation
    assert found.witness == Instance(0, ((1, 4), (0, 0), (0, 0), (0, 1)))


def test_the_power_is_that_on_the_usual_problem_and_the_witness_has_its_own():
    found = search(doubled_where(lambda A, b: last(A).max() >= 2.0**20), LAWS["unit of a column"])
    assert max(abs(row[1]) for row in USUAL[2]) == 4
    assert (found.violation.power, found.violation.witness.exponent) == (18, 20)


def test_the_nearer_of_two_powers_is_found_up_or_down():
    entry = doubled_where(lambda A, b: last(A).max() >= 2.0**30 or last(A).max() <= 2.0**-9)
    found = search(entry, LAWS["unit of a column"]).violation
    assert (found.power, found.witness) == (-11, Instance(-9, ONE))


def test_a_search_that_is_not_thorough_asks_about_one_problem_and_leaves_it_as_it_is():
    entry, _ = PLANTED["unit of a column"]
    found = search(entry, LAWS["unit of a column"], thorough=False)
    assert (found.tried, found.violation.witness) == (4, Instance(18, USUAL[2]))


@given(st.integers(-60, 60))
def test_the_smallest_power_is_where_the_law_breaks_first(threshold):
    def breaks(case):
        return case.exponent >= threshold if threshold > 0 else case.exponent <= threshold

    outermost = Instance(60 if threshold > 0 else -60, ONE)
    assert smallest_power(outermost, breaks) == Instance(threshold, ONE)


@given(well_posed(2))
def test_of_the_smallest_problem_nothing_can_be_taken_away(rows):
    def breaks(case):
        return sum(row.count(4) + row.count(-3) for row in case.rows) >= wanted

    wanted = min(2, sum(row.count(4) + row.count(-3) for row in rows))
    assume(wanted)
    least = smallest_problem(Instance(0, rows), breaks).rows
    assert breaks(Instance(0, least))
    assert sorted(number for row in least for number in row if number not in (0, 4, -3)) == []
    assert len(least) <= wanted


# --- a route that says so


def test_a_refusal_is_no_violation_and_is_kept():
    def refuses(A, b):
        if last(A).max() >= 2.0**40:
            raise np.linalg.LinAlgError("too large")
        return householder_qr(A, b)

    found = search(routed(refuses), LAWS["unit of a column"])
    assert found.violation is None
    assert found.furthest.apart is None
    assert (found.furthest.solution.status, found.furthest.solution.note) == (
        Status.REFUSED,
        "LinAlgError: too large",
    )


def test_a_violation_counts_more_than_a_refusal():
    def planted(A, b):
        if last(A).max() >= 2.0**40:
            raise np.linalg.LinAlgError("too large")
        return doubled_where(lambda A, b: last(A).max() >= 2.0**20).function(A, b)

    witness = search(routed(planted), LAWS["unit of a column"]).violation.witness
    assert (abs(witness.exponent), sorted(map(sum, witness.rows))) == (20, sorted(map(sum, ONE)))


def test_an_error_about_a_sparse_matrix_refuses_it():
    found = search(bench.route("qr.householder"), LAWS["sparse matrix"])
    assert found.furthest.solution.status is Status.REFUSED


def test_what_was_said_of_either_answer_is_kept():
    def reduced(A, b):
        return Fit(householder_qr(A, b), rank=1 if last(A).max() < 2 else A.shape[1])

    both = compare(routed(reduced), LAWS["unit of a column"], Instance(2, ONE)).solution
    assert both.status is Status.REPORTS_LOWER_RANK


def test_a_law_that_cannot_be_put_to_a_route_is_an_error():
    with pytest.raises(ValueError, match="the law 'order of columns' cannot be put to planted"):
        search(routed(lambda x, y: x[:2], "line"), LAWS["order of columns"])


def test_weights_that_are_ignored_are_seen():
    def ignores(X, y, intercept, weights=None):
        return householder_qr(np.column_stack([np.ones(len(y)), X]) if intercept else X, y)

    def heeds(X, y, intercept, weights=None):
        roots = np.sqrt(weights if weights is not None else np.ones(len(y)))
        A = np.column_stack([np.ones(len(y)), X]) if intercept else X
        return householder_qr(A * roots[:, None], y * roots)

    for name in ("weight four", "weight zero"):
        assert search(routed(ignores, "columns"), LAWS[name]).violation.witness.rows == ONE
        assert search(routed(heeds, "columns"), LAWS[name]).violation is None


# --- the script


def answers(text):
    """What a script prints, as arrays."""
    return [np.array([float(v) for v in line.strip("[]").replace(",", " ").split()]) for line in text.splitlines()]


def ran(text):
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(text, "witness", "exec"), {})
    return answers(printed.getvalue())


@pytest.mark.parametrize("name", LAWS)
@pytest.mark.parametrize(
    "route", ["qr.householder", "scipy.lsqr", "numpy.polyfit", "statistics.linear_regression", "scipy.least_squares_lm"]
)
def test_the_script_prints_what_the_law_compares(route, name):
    """The difference it shows is the one that was measured, for a route of every design and with every law."""
    entry, law = bench.route(route), LAWS[name]
    for width in widths(entry, law):
        case = Instance(0 if law.exponents == (0, 0) else 9, USUAL[width])
        comparison = compare(entry, law, case)
        if comparison.apart is None:
            continue
        one, other = ran(script(route, law, case))
        apart = one - other if name == "added column" else np.abs(one - other) / np.maximum(np.abs(one), np.abs(other))
        assert max(0, apart.max()) == pytest.approx(comparison.apart, rel=1e-3, abs=1e-7)


def test_a_script_runs_as_it_stands_and_shows_the_violation():
    law = LAWS["unit of a column"]
    found = search(bench.route("numpy.lstsq"), law).violation
    text = script("numpy.lstsq", law, found.witness)
    done = subprocess.run([sys.executable, "-"], input=text, capture_output=True, text=True, check=True)
    one, other = answers(done.stdout)
    assert np.max(np.abs(one - other) / np.maximum(np.abs(one), np.abs(other))) == pytest.approx(found.apart, rel=1e-3)


def test_a_script_prints_na_where_the_route_says_it(capsys):
    text = script("numpy.lstsq", LAWS["unit of a column"], Instance(-9, ONE))
    line = 'fit = sl.libraries.get("numpy.lstsq")'
    assert line in text
    planted = "from stabilitylab.core.types import Fit\nfit = lambda A, b: Fit(np.zeros(2), dropped=(1,))"
    exec(compile(text.replace(line, planted), "witness", "exec"), {})
    assert capsys.readouterr().out.splitlines() == ["[0.0 NA]", "[0.0 NA]"]


def test_a_script_says_the_law_and_the_power():
    text = script("numpy.lstsq", LAWS["unit of a column"], Instance(-49, ONE))
    assert text.splitlines() == [
        "# A column times 2**k: its coefficient times 2**-k, the others as they were. k = -49.",
        "import numpy as np",
        "import stabilitylab as sl",
        "from stabilitylab.core.types import reported",
        'fit = sl.libraries.get("numpy.lstsq")',
        "one = fit(np.array([[1, 0], [1, 0], [1, 1]], 'float64'), np.array([0, 1, 0], 'float64'))",
        "other = fit(np.array([[1, 0], [1, 0], [1, 2.0**-49]], 'float64'), np.array([0, 1, 0], 'float64'))",
        "print(reported(one))",
        "print(reported(other) * [1, 2.0**-49])",
    ]


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_numbers_are_written_so_that_they_read_back(values):
    assert eval(written(np.array(values))) == values


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (-3.0, "-3"), (2.0**60, "2.0**60"), (-(2.0**-20), "-(2.0**-20)"), (3 * 2.0**-9, "3 * 2.0**-9")],
)
def test_numbers_that_are_short_in_binary_are_written_short(value, text):
    assert written(np.array(value)) == text
