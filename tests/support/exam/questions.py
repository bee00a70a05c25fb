"""The questions: plain functions of (route's function, label) that raise AssertionError where the route fails.

A label that makes no claim in the matter passes; a format that a route does not accept is not asked about.
"""

import numpy as np

from exam import data
from exam.asking import REFUSALS, call
from exam.backward import backward_error, column_scaled, exact_backward_error
from exam.decisions import cuts_off_where_it_says, solves_the_matrix_it_says
from exam.rational import exact, exact_array, norm, null_space
from stabilitylab import problems


def relative_error(x, truth):
    return norm([exact(v) - t for v, t in zip(x, truth, strict=True)]) / norm(truth)


def agrees_with_the_exact_solution(function, label):
    """|x - x_exact| <= m n u cond |x_exact|: c = 1, and cond <= 30 leaves room for normal equations."""
    for dtype in label.scalars:
        for system in data.well_conditioned(data.kind_of(label)):
            x = np.asarray(call(function, *system.arguments(label, dtype)))
            m, n = system.A.shape
            error, bound = relative_error(x, system.x), m * n * data.unit_roundoff(dtype) * system.cond
            assert error <= bound, f"{dtype}, {m} x {n}: relative error {error:.1e}, allowed {bound:.1e}"


def leaves_its_input_alone_and_repeats_its_bits(function, label):
    """Input unchanged in C and in Fortran order, x of shape (n,), and the same bits from the same call."""
    for dtype in label.scalars:
        for order in "CF":
            system = data.well_conditioned(data.kind_of(label))[1]
            first, *rest = system.arguments(label, dtype)
            arguments = (np.array(first, order=order), *rest)
            kept = [np.array(a) for a in arguments]
            x, again = (np.asarray(call(function, *arguments)) for _ in range(2))
            assert all(np.array_equal(a, k) for a, k in zip(arguments, kept, strict=True)), "the input was changed"
            assert x.shape == (system.A.shape[1],), f"shape {x.shape} for {system.A.shape[1]} coefficients"
            assert np.array_equal(x, again), "two calls, two answers"


def returns_the_format_of_its_input(function, label):
    for dtype in label.scalars:
        x = np.asarray(call(function, *data.well_conditioned(data.kind_of(label))[0].arguments(label, dtype)))
        assert x.dtype == np.dtype(dtype), f"{x.dtype} for {dtype}"


def commutes_with_powers_of_two(function, label):
    """solve(2**k A, b) * 2**k == solve(A, b), bit for bit, k odd and even: the tag scale-equivariant."""
    if "scale-equivariant" not in label.tags:
        return
    rng = np.random.default_rng(5)
    for dtype in label.scalars:
        if dtype == "object":
            continue  # mpmath's exponent has no range; its rounding is covered by the formats
        exponents = (-2, -1, 1, 2) if dtype == "float16" else (-31, -20, 20, 31)
        for size in (3, 8, 20):
            m, n = (size, size) if "square" in label.tags else (3 * size, size)
            A = (rng.normal(size=(m, n)) + 4 * np.eye(m, n)).astype(dtype)
            b = rng.normal(size=m).astype(dtype)
            if dtype == "float16":
                A, b = A[: n if m == n else m, :3][: 3 if m == n else m], b[: 3 if m == n else m]
            bare = () if label.call_form == "matrix" else (False,)
            x = np.asarray(call(function, A.copy(), b.copy(), *bare))
            for k in exponents:
                factor = A.dtype.type(2) ** k
                scaled = np.asarray(call(function, A * factor, b.copy(), *bare)) * factor
                assert np.array_equal(scaled, x), f"{dtype}, {m} x {n}, k = {k}: other bits"


def has_a_stated_answer_to_singular_data(function, label):
    """A refusal; or the policy, verified; or, without a rank test, anything finite. Never a quiet NaN."""
    for dtype in set(label.scalars) & {"float32", "float64"}:
        for name, system in data.singular(data.kind_of(label)).items():
            arguments = system.arguments(label, dtype)
            # 0.1 in float32 is another number: what is singular is what was stored.
            stored = data.System(exact_array(data.stored(system.A, dtype)), exact_array(arguments[1]))
            try:
                answer = call(function, *arguments)
            except REFUSALS:
                continue
            x = np.asarray(answer)
            assert np.isfinite(x).all(), f"{name}: {x} without a word"
            assert label.deficient_answer != "refuses", f"{name}: {x} from a route that says it refuses"
            if label.deficient_answer in ("minimum-norm", "basic") or "residual-optimal" in label.tags:
                _residual_is_optimal(stored, x, name)
            if label.deficient_answer == "basic":
                assert np.count_nonzero(x) <= len(x) - len(null_space(stored.A)), f"{name}: {x} drops no column"
            if label.deficient_answer == "minimum-norm" and not _kept_by_round_off(answer, label):
                _is_in_the_row_space(stored, x, name)
            elif label.deficient_answer == "none":
                assert label.tags & {"no-rank-test", "residual-optimal"}, f"{name}: {x}, and no policy says so"


def _kept_by_round_off(answer, label):
    """The tag uncertain-rank: a cut-off no larger than eps does not tell a dependent column from round-off."""
    if "uncertain-rank" not in label.tags:
        return False
    assert label.cutoff(100, 10, 1.0) <= 1, "the tag uncertain-rank is for cut-offs of eps or less"
    x = np.asarray(answer)
    return getattr(answer, "rank", None) in (None, len(x))


def _residual_is_optimal(system, x, name):
    m, n = system.A.shape
    values = exact_array(x)
    residual = system.b - system.A @ values
    size = norm(system.A.ravel())
    allowed = m * n * data.unit_roundoff(x.dtype) * size * (size * norm(values) + norm(system.b))
    assert norm(system.A.T @ residual) <= allowed, f"{name}: the residual is not the smallest"


def _is_in_the_row_space(system, x, name):
    m, n = system.A.shape
    values = exact_array(x)
    for v in null_space(system.A):
        part = abs(sum(p * q for p, q in zip(v, values, strict=True))) / norm(v)
        assert part <= m * n * data.unit_roundoff(x.dtype) * 30 * norm(values), f"{name}: not the shortest x"


def is_as_backward_stable_as_it_says(function, label):
    """Optimal backward error at most 4 sqrt(m n) u on every full-rank problem, columns scaled for the columnwise claim.

    c = 4 because an SVD of a 2 by 2 matrix needs 3 u. Answers of reduced rank are answers to
    another problem and not judged; nor are refusals.
    """
    claims = label.tags & {"normwise-backward-stable", "columnwise-backward-stable"}
    if not claims:
        return
    for name, A, b, arguments in full_rank_problems(label):
        answer = attempt(function, arguments)
        if answer is None:
            continue
        bound = 4 * np.sqrt(A.size) * data.unit_roundoff("float64")
        for claim in claims:
            error = smallest_backward_error(A, b, answer, columnwise=claim.startswith("column"), enough=bound / 4)
            assert error <= bound, f"{name}: {claim} is false, {error:.1e} against {bound:.1e}"


def attempt(function, arguments):
    """x, or None where the route refused or reduced the rank."""
    try:
        answer = call(function, *(np.array(a) if isinstance(a, np.ndarray) else a for a in arguments))
    except REFUSALS:
        return None
    x = np.asarray(answer)
    rank = getattr(answer, "rank", None)
    return None if rank is not None and rank < len(x) else x


def smallest_backward_error(A, b, x, *, columnwise, enough):
    """The estimate in float64 where it is at most `enough`, else the exact one."""
    unit = 2.0 ** -np.floor(np.log2(np.max(np.abs(A))))
    A, x = A * unit, x / unit
    if columnwise:
        A, x = column_scaled(A, x)
    estimate = backward_error(A, b, x)
    return estimate if estimate <= enough else exact_backward_error(A, b, x)


def full_rank_problems(label):
    """(name, A, b, arguments) of every catalogued full-rank problem that the route can be given, and of our own."""
    for name, A, b in _own_problems():
        if label.call_form in ("matrix", "columns") and "square" not in label.tags:
            yield name, A, b, (A, b) if label.call_form == "matrix" else (A, b, False)
    for entry in problems.catalog:
        problem = entry.function()
        if "deficient" in problem.tags or not np.any(problem.b):
            continue
        arguments = (problem.A, problem.b)
        if label.call_form == "columns":
            intercept = problem.design.intercept
            arguments = (problem.A[:, int(intercept) :].copy(), problem.b, intercept)
        elif label.call_form != "matrix":
            if problem.design.degree is None or (label.call_form == "line" and problem.design.degree != 1):
                continue
            x = problem.column(problem.regressors[0])
            arguments = (x, problem.b) if label.call_form == "line" else (x, problem.b, problem.design.degree)
        elif "square" in label.tags and problem.shape[0] != problem.shape[1]:
            continue
        yield entry.label.name, problem.A, problem.b, arguments


def _own_problems():
    rng = np.random.default_rng(31)
    for cond in (1e1, 1e5, 1e10, 1e14):
        for noise in (0.0, 1e-6, 1.0):
            m, n = 40, 6
            U, V = (np.linalg.qr(rng.normal(size=(k, n)))[0] for k in (m, n))
            A = (U * np.logspace(0, -np.log10(cond), n)) @ V.T
            b = A @ rng.normal(size=n) + noise * rng.normal(size=m)
            yield f"random, cond {cond:.0e}, noise {noise:.0e}", A, b
            yield f"scaled columns, cond {cond:.0e}, noise {noise:.0e}", A * 10.0 ** rng.integers(-8, 9, n), b
    t = np.linspace(1, 2, 30)
    yield "powers of [1, 2]", np.vander(t, 9, increasing=True), np.cos(t)


def works_in_the_precision_it_says(function, label):
    """In float32 and float16 the error of the stored answer tells work in that format from work in a wider one.

    Wider work leaves only the rounding of x, at most u normwise; work in the format costs u cond, here more than 2 u in
    the worst of eight problems. Between the two nothing is proven, and the route fails.
    """
    for dtype in set(label.scalars) & {"float16", "float32"}:
        u = data.unit_roundoff(dtype)
        errors = []
        for system in data.revealing(data.kind_of(label), dtype):
            x = np.asarray(call(function, *system.arguments(label, dtype)))
            errors.append(relative_error(x.astype(dtype), system.x) / u)
        worst = max(errors)
        if label.works_in in ("input", dtype):
            assert worst > 2, f"{dtype}: an error of {worst:.2g} u is too good for work in {dtype}"
        else:
            assert worst <= 1.1, f"{dtype}: an error of {worst:.2g} u is too large for work in {label.works_in}"


QUESTIONS = (
    agrees_with_the_exact_solution,
    leaves_its_input_alone_and_repeats_its_bits,
    returns_the_format_of_its_input,
    commutes_with_powers_of_two,
    has_a_stated_answer_to_singular_data,
    is_as_backward_stable_as_it_says,
    works_in_the_precision_it_says,
    cuts_off_where_it_says,
    solves_the_matrix_it_says,
)
