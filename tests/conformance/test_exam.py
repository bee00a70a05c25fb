"""Every solver and every library route sits every question; every question fails the wrong solver planted for it."""

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from exam import questions as q
from exam.backward import backward_error, exact_backward_error
from stabilitylab import libraries, solvers
from stabilitylab.core.catalog import RouteLabel
from stabilitylab.core.types import Fit

ROUTES = [*solvers.catalog, *libraries.catalog]
TAGS = {
    "scale-equivariant",
    "columnwise-backward-stable",
    "normwise-backward-stable",
    "no-rank-test",
    "residual-optimal",
    "uncertain-rank",
    "square",
}


@pytest.fixture(autouse=True)
def one_thread():
    with threadpool_limits(1):
        yield


@pytest.mark.parametrize("question", q.QUESTIONS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("entry", ROUTES, ids=lambda e: e.label.name)
def test_a_route_passes_the_exam_but_for_the_failures_it_declares(entry, question):
    if not entry.label.available:
        pytest.skip(entry.label.lacks)
    if question.__name__ in entry.label.fails:
        with pytest.raises(AssertionError):
            question(entry.function, entry.label)
    else:
        question(entry.function, entry.label)


@pytest.mark.parametrize("entry", ROUTES, ids=lambda e: e.label.name)
def test_a_label_says_what_the_route_is_and_where_it_comes_from(entry):
    label, doc = entry.label, entry.function.__doc__ or ""
    assert entry.summary
    assert "Source:" in doc
    assert label.source
    assert label.tags <= TAGS, f"no question checks {label.tags - TAGS}"
    assert label.fails.keys() <= {f.__name__ for f in q.QUESTIONS}
    assert all(label.fails.values())
    assert label.deficient_answer in ("none", "minimum-norm", "basic", "refuses")
    assert label.call_form in ("matrix", "columns", "line", "polynomial")
    assert bool(label.cutoff) == bool(label.cutoff_says)
    assert label.constant > 0
    for scalar in label.scalars:
        np.dtype(scalar)


def planted(**claims):
    return RouteLabel(name="planted.wrong", source="written to fail", **claims)


def lstsq(A, b):
    return np.linalg.lstsq(A, b)[0]


def ridge(A, b):
    return np.linalg.solve(A.T @ A + 1e-9 * np.eye(A.shape[1]), A.T @ b)


def changes_its_input(A, b):
    x = lstsq(A, b)
    A[0, 0] += 1
    return x


def gives_a_column(A, b):
    return lstsq(A, b)[:, None]


class DrawsLots:
    def __init__(self):
        self.calls = 0

    def __call__(self, A, b):
        self.calls += 1
        return lstsq(A, b) * (1 + (self.calls % 2) * 2.0**-52)


def gives_float64(A, b):
    return lstsq(A, b).astype(np.float64)


def basic(A, b):
    """Least squares over the leftmost independent columns: a right answer, but not the shortest."""
    kept = []
    for j in range(A.shape[1]):
        if np.linalg.matrix_rank(A[:, [*kept, j]]) > len(kept):
            kept.append(j)
    x = np.zeros(A.shape[1], dtype=A.dtype)
    x[kept] = lstsq(A[:, kept], b)
    return x


def gives_nan(A, b):
    return np.full(A.shape[1], np.nan)


def gives_zero(A, b):
    return Fit(np.zeros(A.shape[1], dtype=A.dtype), rank=0)


def pinv(A, b):
    return np.linalg.pinv(A, rcond=1e-17) @ b


def cuts_at_1e_10(A, b):
    return np.linalg.lstsq(A, b, rcond=1e-10)[0]


BOTH = ("float32", "float64")
PLANTED = [
    (q.agrees_with_the_exact_solution, ridge, planted()),
    (q.agrees_with_the_exact_solution, gives_zero, planted()),
    (q.leaves_its_input_alone_and_repeats_its_bits, changes_its_input, planted()),
    (q.leaves_its_input_alone_and_repeats_its_bits, gives_a_column, planted()),
    (q.leaves_its_input_alone_and_repeats_its_bits, DrawsLots(), planted()),
    (q.returns_the_format_of_its_input, gives_float64, planted(scalars=BOTH)),
    (q.commutes_with_powers_of_two, ridge, planted(tags=frozenset({"scale-equivariant"}))),
    (q.has_a_stated_answer_to_singular_data, gives_nan, planted(tags=frozenset({"no-rank-test"}))),
    (q.has_a_stated_answer_to_singular_data, lstsq, planted()),
    (q.has_a_stated_answer_to_singular_data, lstsq, planted(deficient_answer="refuses")),
    (q.has_a_stated_answer_to_singular_data, basic, planted(deficient_answer="minimum-norm")),
    (q.has_a_stated_answer_to_singular_data, gives_zero, planted(deficient_answer="minimum-norm")),
    (q.has_a_stated_answer_to_singular_data, gives_zero, planted(tags=frozenset({"residual-optimal"}))),
    (
        q.has_a_stated_answer_to_singular_data,
        basic,
        planted(deficient_answer="minimum-norm", tags=frozenset({"uncertain-rank"}), cutoff=lambda m, n, eps: m * eps),
    ),
    (q.is_as_backward_stable_as_it_says, pinv, planted(tags=frozenset({"normwise-backward-stable"}))),
    (q.is_as_backward_stable_as_it_says, lstsq, planted(tags=frozenset({"columnwise-backward-stable"}))),
    (
        q.is_as_backward_stable_as_it_says,
        solvers.get("normal.cholesky"),
        planted(tags=frozenset({"normwise-backward-stable"})),
    ),
    (q.works_in_the_precision_it_says, lstsq, planted(scalars=BOTH)),
    (q.works_in_the_precision_it_says, solvers.get("qr.mgs"), planted(scalars=("float16",), works_in="float32")),
    (q.works_in_the_precision_it_says, solvers.get("svd.full"), planted(scalars=BOTH, works_in="float64")),
    (q.cuts_off_where_it_says, cuts_at_1e_10, planted()),
    (
        q.cuts_off_where_it_says,
        libraries.get("numpy.polyfit"),
        planted(
            scalars=BOTH,
            call_form="polynomial",
            scaled="unit norm",
            cutoff=lambda m, n, eps: m * 2.0**-52,
        ),
    ),
    (q.cuts_off_where_it_says, solvers.get("svd.full"), planted(cutoff=lambda m, n, eps: 1e-12)),
    (q.solves_the_matrix_it_says, libraries.get("numpy.polyfit"), planted(call_form="polynomial", centred="means")),
    (q.solves_the_matrix_it_says, libraries.get("scipy.linregress"), planted(call_form="line")),
    (
        q.solves_the_matrix_it_says,
        lstsq,
        planted(cutoff=lambda m, n, eps: m * eps, scaled="unit norm"),
    ),
    (q.solves_the_matrix_it_says, solvers.get("svd.full"), planted(cutoff=lambda m, n, eps: m * eps)),
]


@pytest.mark.parametrize(
    ("question", "wrong", "label"), PLANTED, ids=[f"{i}-{f.__name__}" for i, (f, _, _) in enumerate(PLANTED)]
)
def test_a_question_fails_the_wrong_solver_planted_for_it(question, wrong, label):
    with pytest.raises(AssertionError):
        question(wrong, label)


def test_every_question_has_a_planted_wrong_solver():
    assert {question for question, _, _ in PLANTED} == set(q.QUESTIONS)


def test_basic_solutions_fail_only_for_their_length():
    label = planted(tags=frozenset({"residual-optimal"}))
    q.has_a_stated_answer_to_singular_data(basic, label)


@pytest.mark.parametrize("size", [1e-16, 1e-12, 1e-8, 1e-3])
def test_the_backward_error_is_that_of_the_perturbation_planted(size):
    """x solves A + dA exactly, so the optimum is at most |dA|_F; a random dA is not far above it."""
    rng = np.random.default_rng(8)
    A, b = rng.normal(size=(12, 3)), rng.normal(size=12)
    dA = rng.normal(size=A.shape)
    dA *= size * np.linalg.norm(A) / np.linalg.norm(dA)
    exact_x = q.exact_array(A) + q.exact_array(dA)
    x = np.array([float(v) for v in q.data.least_squares(exact_x, q.exact_array(b))])
    found = exact_backward_error(A, b, x)
    assert size / 30 < found < size + 3e-16
    assert backward_error(A, b, x) == pytest.approx(found, rel=1e-3, abs=2e-16)
