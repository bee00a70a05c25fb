"""A copy has exactly the answer of the original, and the way back from it is exact."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stabilitylab.conformance.rational import exact_array, least_squares
from stabilitylab.core.types import Fit
from stabilitylab.data.call_form import CALL_FORMS
from stabilitylab.data.equivalents import PUBLISHED, SCALE_EXPONENTS, Variant
from stabilitylab.data.penalty import penalised
from stabilitylab.data.problem import Design, Problem

X = np.array([3.0, -2.0, 5.0, 7.0])  # integers, so that every copy's answer is a float
T = np.array([-3.0, -1.0, 0.0, 2.0, 4.0, 5.0, 7.0])
HADAMARD = np.array([[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]])
CHUNK = np.array([[1, 2, 3, 1], [4, 1, 0, -2], [2, 2, 5, 3], [7, -1, 1, 1], [0, 3, 2, -5], [1, 1, 1, 9], [5, 0, -2, 2]])


def problem_of(kind):
    if kind in ("matrix", "bare matrix"):
        return Problem.from_matrix("whole numbers", CHUNK, CHUNK @ X)
    if kind in ("columns", "intercept"):
        columns = {f"a{j}": CHUNK[:, j].astype(float) for j in range(3)}
        y = X[0] + CHUNK[:, :3] @ X[1:]
        return Problem("whole columns", {"y": y, **columns}, Design.columns(), "planted")
    if kind in ("penalty", "penalty but for the intercept"):
        # H'H = 4 I, so that the penalty 4 halves what it is on.
        spared = np.array([kind != "penalty", False, False, False])
        columns = {f"a{j}": HADAMARD[:, j].astype(float) for j in range(int(spared[0]), 4)}
        y = HADAMARD @ (np.where(spared, 1, 2) * X)
        return penalised(Problem("whole", {"y": y, **columns}, Design.columns(intercept=bool(spared[0])), "planted"), 4)
    degree = {"line": 1, "polynomial": 3}[kind]
    y = sum(X[k] * T**k for k in range(degree + 1))
    return Problem(f"whole {kind}", {"y": y, "t": T}, Design.polynomial(degree), "planted")


# The problems, each with how the route wants them: "columns" adds an intercept of its own, or none for a matrix.
KINDS = {
    "matrix": "matrix",
    "bare matrix": "columns",
    "columns": "matrix",
    "intercept": "columns",
    "line": "line",
    "polynomial": "polynomial",
    "penalty": "ridge",
    "penalty but for the intercept": "ridge",
}
COPIES = [Variant(kind, k) for kind in ("permuted", "scaled") for k in range(1, 6)]
EACH_KIND = pytest.mark.parametrize("kind", KINDS)


def called(problem, form, variant=PUBLISHED):
    """The call that asks a variant of a problem."""
    return CALL_FORMS[form].arguments(problem, variant)


def solved(arguments, design):
    """The exact least-squares solution of what a route is called with, as floats, which it is."""
    if design == "matrix":
        A, b = (exact_array(v) for v in arguments)
    elif design == "ridge":
        X, b, intercept, penalty = arguments
        rows = np.diag([0.0] * intercept + [penalty**0.5] * X.shape[1])
        A = exact_array(np.vstack([np.column_stack([np.ones((len(b), int(intercept))), X]), rows]))
        b = exact_array(np.append(b, np.zeros(len(rows))))
    elif design == "columns":
        X, b = (exact_array(v) for v in arguments[:2])
        A = np.hstack([exact_array(np.ones((len(b), 1))), X]) if arguments[2] else X
    else:
        x, b = (exact_array(v) for v in arguments[:2])
        degree = 1 if design == "line" else arguments[2]
        A = np.stack([x**k for k in range(degree + 1)], axis=1)
    found = least_squares(A, b)
    floats = np.array([float(v) for v in found])
    assert [v.as_integer_ratio() for v in floats] == [v.as_integer_ratio() for v in found]
    return Fit(floats)


@EACH_KIND
@settings(max_examples=25)
@given(index=st.integers(1, 10**6), how=st.sampled_from(["permuted", "scaled"]))
def test_the_answer_to_a_copy_carried_back_is_the_answer_to_the_original(kind, index, how):
    problem, design = problem_of(kind), KINDS[kind]
    arranged = called(problem, design, Variant(how, index))
    expected = X[: problem.shape[1]]
    assert arranged.back(solved(arranged.arguments, design)).tolist() == expected.tolist()


@EACH_KIND
def test_a_polynomial_route_may_also_be_given_the_matrix(kind):
    problem = problem_of(kind)
    for copy in COPIES:
        arranged = called(problem, "matrix", copy)
        assert arranged.back(solved(arranged.arguments, "matrix")).tolist() == X[: problem.shape[1]].tolist()


@pytest.mark.parametrize("how", ["permuted", "scaled"])
def test_without_the_way_back_the_answer_is_another(how):
    """The planted fault: the answer of the copy taken as it is."""
    problem = problem_of("matrix")
    for copy in (c for c in COPIES if c.kind == how):
        arranged = called(problem, "matrix", copy)
        lost = replace(arranged, columns=np.arange(4), exponents=np.zeros(4, dtype=int))
        if lost.back(solved(arranged.arguments, "matrix")).tolist() != X.tolist():
            return
    pytest.fail("no copy is another problem")


@EACH_KIND
def test_the_published_copy_is_the_problem_itself(kind):
    problem, design = problem_of(kind), KINDS[kind]
    arranged = called(problem, design, PUBLISHED)
    first = problem.column("t") if design in ("line", "polynomial") else problem.A
    rows = 4 if design == "ridge" else None
    assert arranged.arguments[0].tobytes() == (first[:rows, 1:] if "intercept" in kind else first[:rows]).tobytes()
    assert arranged.arguments[1].tobytes() == problem.b[:rows].tobytes()
    last = {"polynomial": (3,), "intercept": (True,), "bare matrix": (False,), "penalty": (False, 4.0)}
    last["penalty but for the intercept"] = (True, 4.0)
    assert arranged.arguments[2:] == last.get(kind, ())
    x = np.array([0.1, -0.2, 1e300, 5e-324])[: problem.shape[1]]
    assert arranged.back(Fit(x)).tobytes() == x.tobytes()


@EACH_KIND
@pytest.mark.parametrize("copy", [PUBLISHED, *COPIES], ids=lambda c: c.name)
def test_a_route_gets_arrays_of_its_own_in_the_format_of_the_problem(kind, copy):
    problem = problem_of(kind).rounded_to("float32")
    arrays = called(problem, KINDS[kind], copy).arguments[:2]
    for array in arrays:
        assert array.dtype == np.float32
        assert array.flags.writeable
        assert not any(np.shares_memory(array, own) for own in (problem.A, problem.b))


def test_equal_copies_are_equal_and_others_differ():
    problem = problem_of("matrix")

    def bits(copy, problem=problem):
        return b"".join(array.tobytes() for array in called(problem, "matrix", copy).arguments)

    assert [bits(copy) for copy in COPIES] == [bits(copy) for copy in COPIES]
    assert len({bits(copy) for copy in COPIES}) == len(COPIES)
    renamed = replace(problem, name="another name")
    assert all(bits(copy) != bits(copy, renamed) for copy in COPIES)


def test_a_permuted_copy_has_the_same_numbers_and_a_scaled_one_the_same_digits():
    problem = problem_of("matrix")
    for copy in COPIES:
        A, b = called(problem, "matrix", copy).arguments
        if copy.kind == "permuted":
            assert sorted(A.ravel()) == sorted(problem.A.ravel())
            assert sorted(b) == sorted(problem.b)
        else:
            ratio = np.divide(A, problem.A, where=problem.A != 0, out=np.ones_like(A))
            mantissas, exponents = np.frexp(ratio)
            assert (mantissas == 0.5).all()
            assert (abs(exponents - 1) <= SCALE_EXPONENTS).all()
            assert b.tolist() == problem.b.tolist()


def test_copies_do_not_depend_on_the_seed_of_the_hash():
    code = (
        "from stabilitylab import problems; from stabilitylab.data.call_form import CALL_FORMS;"
        "from stabilitylab.data.equivalents import Variant; import hashlib;"
        "A, b = CALL_FORMS['matrix'].arguments(problems.get('nist.longley')(), Variant('permuted', 3)).arguments;"
        "print(hashlib.sha256(A.tobytes() + b.tobytes()).hexdigest())"
    )
    said = {
        subprocess.run([sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True).stdout
        for seed in ("1", "2")
    }
    assert len(said) == 1
    assert len(said.pop()) == 65
