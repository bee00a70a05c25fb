"""Every question fails the wrong solver planted for it; what does not apply is never a pass."""

import inspect

import numpy as np
import pytest

from stabilitylab import libraries, solvers
from stabilitylab.conformance import Verdict, questions, sit
from stabilitylab.core.catalog import Entry, RouteLabel
from stabilitylab.core.errors import Breakdown
from stabilitylab.core.types import Fit


def planted(function, **claims):
    claims["tags"] = frozenset(claims.get("tags", ()))
    return Entry(label=RouteLabel(name="planted.wrong", source="written to fail", **claims), function=function)


def verdict(name, function, **claims):
    return sit(planted(function, **claims), questions.get(name)).verdict


def lstsq(A, b):
    return np.linalg.lstsq(A, b)[0]


def ridge(A, b):
    return np.linalg.solve(A.T @ A + 1e-9 * np.eye(A.shape[1]), A.T @ b)


def forgets_the_penalty(X, y, intercept, penalty):
    return ridge_of_columns(X, y, intercept, 0.0)


def penalises_the_intercept(X, y, intercept, penalty):
    return ridge_of_columns(np.column_stack([np.ones(len(y)), X]) if intercept else X, y, False, penalty)


def ridge_of_columns(X, y, intercept, penalty):
    return np.asarray(libraries.get("numpy.ridge_rows")(X, y, intercept, penalty))


def changes_its_input(A, b):
    x = lstsq(A, b)
    A[0, 0] += 1
    return x


def changes_fortran_input(A, b):
    x = lstsq(A, b)
    if A.flags.f_contiguous:
        A[0, 0] += 1
    return x


def gives_a_column(A, b):
    return lstsq(A, b)[:, None]


def gives_integers(A, b):
    return np.zeros(A.shape[1], dtype=int)


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


def counts_one_less(A, b):
    """The full answer, with a rank that is not its own."""
    return Fit(lstsq(A, b), rank=A.shape[1] - 1)


def cuts_and_lies(A, b):
    """Drops a direction where it should, and returns 1, ..., 1."""
    rank = int(np.linalg.matrix_rank(A, tol=1e-6 * np.abs(A).max()))
    return Fit(np.ones(A.shape[1], A.dtype) if rank < A.shape[1] else lstsq(A, b), rank=rank)


def raises(A, b):
    raise TypeError("not today")


def refuses(A, b):
    raise Breakdown("pivot 0 is 0")


def refuses_by_value(A, b):
    raise ValueError("not these")


BOTH = ("float32", "float64")
ACCURACY, INPUT = "agrees_with_the_exact_solution", "leaves_its_input_alone_and_repeats_its_bits"
FORMAT, POWERS = "returns_the_format_of_its_input", "commutes_with_powers_of_two"
SINGULAR, STABILITY = "has_a_stated_answer_to_singular_data", "is_as_backward_stable_as_it_says"
PRECISION, CUTOFF, MATRIX = "works_in_the_precision_it_says", "cuts_off_where_it_says", "solves_the_matrix_it_says"
RANK = "drops_directions_where_its_rank_is_lower"


def m_eps(m, n, eps):
    return m * eps


PLANTED = [
    (ACCURACY, ridge, {}),
    (ACCURACY, gives_zero, {}),
    (ACCURACY, gives_nan, {}),
    (ACCURACY, raises, {}),
    (ACCURACY, forgets_the_penalty, {"call_form": "ridge"}),
    (ACCURACY, penalises_the_intercept, {"call_form": "ridge"}),
    (INPUT, changes_its_input, {}),
    (INPUT, changes_fortran_input, {}),
    (INPUT, gives_a_column, {}),
    (INPUT, gives_integers, {}),
    (INPUT, DrawsLots(), {}),
    (FORMAT, gives_float64, {"scalars": BOTH}),
    (POWERS, ridge, {"tags": {"scale-equivariant"}}),
    (SINGULAR, gives_nan, {"tags": {"no-rank-test"}}),
    (SINGULAR, lstsq, {}),
    (SINGULAR, lstsq, {"deficient_answer": "refuses"}),
    (SINGULAR, raises, {}),
    (SINGULAR, basic, {"deficient_answer": "minimum-norm"}),
    (SINGULAR, lstsq, {"deficient_answer": "basic"}),
    (SINGULAR, gives_zero, {"deficient_answer": "minimum-norm"}),
    (SINGULAR, gives_zero, {"tags": {"residual-optimal"}}),
    (SINGULAR, basic, {"deficient_answer": "minimum-norm", "tags": {"uncertain-rank"}, "cutoff": m_eps}),
    (STABILITY, pinv, {"tags": {"normwise-backward-stable"}}),
    (STABILITY, lstsq, {"tags": {"columnwise-backward-stable"}}),
    (STABILITY, solvers.get("normal.cholesky"), {"tags": {"normwise-backward-stable"}}),
    (
        STABILITY,
        libraries.get("numpy.ridge_solve"),
        {"call_form": "ridge", "tags": {"normwise-backward-stable"}},
    ),
    (PRECISION, lstsq, {"scalars": BOTH}),
    (PRECISION, solvers.get("qr.mgs"), {"scalars": ("float16",), "works_in": "float32"}),
    (PRECISION, solvers.get("svd.full"), {"scalars": BOTH, "works_in": "float64"}),
    (CUTOFF, cuts_at_1e_10, {}),
    (
        CUTOFF,
        libraries.get("numpy.polyfit"),
        {
            "scalars": BOTH,
            "call_form": "polynomial",
            "scaled": "unit norm",
            "cutoff": lambda m, n, eps: m * 2.0**-52,
        },
    ),
    (CUTOFF, solvers.get("svd.full"), {"cutoff": lambda m, n, eps: 1e-12}),
    (RANK, counts_one_less, {"scalars": BOTH}),
    (RANK, cuts_and_lies, {}),
    (MATRIX, libraries.get("numpy.polyfit"), {"call_form": "polynomial", "centred": "means"}),
    (MATRIX, libraries.get("scipy.linregress"), {"call_form": "line"}),
    (MATRIX, ridge_of_columns, {"call_form": "ridge", "centred": "means"}),
    (MATRIX, libraries.get("numpy.ridge_svd"), {"call_form": "ridge"}),
    (MATRIX, lstsq, {"cutoff": m_eps, "scaled": "unit norm"}),
    (MATRIX, solvers.get("svd.full"), {"cutoff": m_eps}),
]


@pytest.mark.parametrize(
    ("question", "wrong", "claims"), PLANTED, ids=[f"{i}-{name}" for i, (name, _, _) in enumerate(PLANTED)]
)
def test_a_question_fails_the_wrong_solver_planted_for_it(question, wrong, claims):
    assert verdict(question, wrong, **claims) is Verdict.FAIL


def test_every_question_has_a_planted_wrong_solver():
    assert {question for question, _, _ in PLANTED} == set(questions.names())


@pytest.mark.parametrize("entry", questions.catalog, ids=lambda e: e.label.name)
def test_a_question_says_what_it_asks_and_where_its_constant_comes_from(entry):
    doc = inspect.getdoc(entry.function)
    assert entry.label.source
    assert len(doc.splitlines()) >= 3 or "No constant" in doc
    assert entry.function.__name__ == entry.label.name


def test_basic_solutions_fail_only_for_their_length():
    assert verdict(SINGULAR, basic, tags={"residual-optimal"}) is Verdict.PASS


# --- refusals


@pytest.mark.parametrize("refusal", [refuses, refuses_by_value])
def test_a_refusal_is_an_answer_to_singular_data_and_to_nothing_else(refusal):
    assert verdict(SINGULAR, refusal) is Verdict.PASS
    for question in (ACCURACY, INPUT, FORMAT):
        assert verdict(question, refusal) is Verdict.REFUSED


def test_a_route_that_says_it_refuses_does_so_by_whatever_error_it_has():
    assert verdict(SINGULAR, raises, deficient_answer="refuses") is Verdict.PASS


# --- what does not apply


@pytest.mark.parametrize(
    ("question", "claims"),
    [
        (POWERS, {}),
        (POWERS, {"call_form": "line", "tags": {"scale-equivariant"}}),
        (POWERS, {"scalars": ("object",), "tags": {"scale-equivariant"}}),
        (SINGULAR, {"scalars": ("float16",)}),
        (SINGULAR, {"call_form": "ridge"}),
        (STABILITY, {}),
        (PRECISION, {"scalars": ("float64",)}),
        (CUTOFF, {"works_in": "longdouble"}),
        (CUTOFF, {"tags": {"square"}}),
        (CUTOFF, {"call_form": "line"}),
        (CUTOFF, {"call_form": "polynomial", "scaled": "unit norm", "mapped": True}),
        (CUTOFF, {"call_form": "ridge"}),
        (RANK, {"call_form": "ridge"}),
        (RANK, {"tags": {"square"}}),
        (RANK, {"scalars": ("float16",)}),
        (MATRIX, {"scalars": ("float32",)}),
        (MATRIX, {"tags": {"square"}}),
        (MATRIX, {"works_in": "longdouble", "call_form": "columns"}),
        (MATRIX, {"call_form": "polynomial", "mapped": True}),
        (MATRIX, {}),
    ],
)
def test_what_a_route_does_not_claim_or_take_is_not_asked_and_not_passed(question, claims):
    def never(*arguments):
        raise ZeroDivisionError("asked all the same")

    result = sit(planted(never, **claims), questions.get(question))
    assert result.verdict is Verdict.NOT_APPLICABLE
    assert result.reason


@pytest.mark.parametrize("answer", [lstsq, refuses, lambda A, b: Fit(lstsq(A, b), rank=A.shape[1])])
def test_who_reports_no_lower_rank_is_not_judged_for_it(answer):
    assert verdict(RANK, answer) is Verdict.NOT_APPLICABLE


@pytest.mark.parametrize("answer", [gives_zero, refuses])
def test_a_question_whose_systems_were_all_skipped_is_no_pass(answer):
    assert verdict(STABILITY, answer, tags={"normwise-backward-stable"}) is Verdict.NOT_APPLICABLE


def test_a_question_that_requires_nothing_is_no_pass():
    def asks_nothing(route):
        route.x(np.eye(2), np.ones(2))

    result = sit(planted(lstsq), asks_nothing)
    assert result.verdict is Verdict.NOT_APPLICABLE
