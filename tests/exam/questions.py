"""The questions: plain functions of (route's function, label) that raise AssertionError where the route fails.

A label that makes no claim in the matter passes; a format that a route does not accept is not asked about.
"""

import warnings

import numpy as np

from exam import data
from exam.backward import backward_error, column_scaled, exact_backward_error
from exam.rational import exact, exact_array, norm, null_space
from stabilitylab import problems
from stabilitylab.errors import Breakdown

REFUSALS = (Breakdown, np.linalg.LinAlgError, ValueError)


def call(function, *arguments):
    """The route's own answer; what it warns about is for the bench to record.

    Raises one of REFUSALS where it refuses, and AssertionError for any other error.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return function(*arguments)
        except REFUSALS:
            raise
        except Exception as error:
            if type(error).__name__.endswith("LinAlgError"):  # PyTorch has one of its own
                raise np.linalg.LinAlgError(str(error)) from error
            raise AssertionError(f"{type(error).__name__}: {error}") from error


def is_wider_than_double(label):
    """Whether a route works with more digits than double: neither a shift nor a short column of doubles moves it."""
    return label.works_in != "input" and data.unit_roundoff(label.works_in) < data.unit_roundoff("float64")


def is_kept(function, label, A, b):
    """Whether the last of three coefficients is the 1 it should be; a refusal keeps nothing."""
    try:
        x = call(function, *((A, b) if label.design == "matrix" else (A, b, False)))
    except REFUSALS:
        return False
    return abs(np.asarray(x)[2] - 1) < 0.5


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
            bare = () if label.design == "matrix" else (False,)
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
            assert label.policy != "refuses", f"{name}: {x} from a route that says it refuses"
            if label.policy in ("minimum-norm", "basic") or "residual-optimal" in label.tags:
                _residual_is_optimal(stored, x, name)
            if label.policy == "basic":
                assert np.count_nonzero(x) <= len(x) - len(null_space(stored.A)), f"{name}: {x} drops no column"
            if label.policy == "minimum-norm" and not _kept_by_round_off(answer, label):
                _is_in_the_row_space(stored, x, name)
            elif label.policy == "none":
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
        if label.design in ("matrix", "columns") and "square" not in label.tags:
            yield name, A, b, (A, b) if label.design == "matrix" else (A, b, False)
    for entry in problems.catalog:
        problem = entry.function()
        if "deficient" in problem.tags or not np.any(problem.b):
            continue
        arguments = (problem.A, problem.b)
        if label.design == "columns":
            intercept = problem.design.intercept
            arguments = (problem.A[:, int(intercept) :].copy(), problem.b, intercept)
        elif label.design != "matrix":
            if problem.design.kind != "polynomial" or (label.design == "line" and problem.design.degree != 1):
                continue
            x = problem.column(problem.regressors[0])
            arguments = (x, problem.b) if label.design == "line" else (x, problem.b, problem.design.degree)
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


def cuts_off_where_it_says(function, label):
    """The smallest direction is kept for s = 1.5 cutoff and dropped for s = cutoff / 1.5, s its share of the largest.

    Columns h1, h2, h3 s of a Hadamard matrix where the matrix is raw or centred. Where columns are scaled to unit
    length first that says nothing, and h1, h2, h1 + 2 s h3 are asked instead, or lines over x = 1 - d, 1 + d: for unit
    columns s is then d/2 to first order. The right side, s (h1 + h2 + h3), is exact for any s and makes the last
    coefficient 1, or nearly 0 where its direction was dropped.
    """
    if is_wider_than_double(label):
        return
    if label.solves == "columns scaled to unit norm" and label.design not in ("matrix", "columns"):
        _cuts_off_lines(function, label)
    if label.design not in ("matrix", "columns") or "square" in label.tags:
        return
    scaled = "scaled" in label.solves
    h1, h2, h3 = _hadamard()
    for dtype in set(label.scalars) & {"float32", "float64"}:
        cutoff = label.cutoff(8, 3, float(np.finfo(dtype).eps)) if label.cutoff else 0.0
        for s in (cutoff * 1.5, cutoff / 1.5) if cutoff else (2.0**-20 if scaled else 1e-17,):
            t = float(np.float32(2 * s)) if scaled else s
            A = np.column_stack([h1, h2, h1 + t * h3] if scaled else [h1, h2, t * h3]).astype(dtype)
            b = (t * (h1 + h2 + h3)).astype(dtype)
            kept = is_kept(function, label, A, b)
            assert kept == (s > cutoff), f"{dtype}: s = {s:.1e} was {'kept' if kept else 'dropped'}"


def _hadamard():
    """Three orthogonal columns of ones and minus ones (8,), each with mean 0."""
    i = np.arange(8)
    return tuple(np.where((i >> k) & 1, -1.0, 1.0) for k in range(3))


SHIFT = 2.0**40


def solves_the_matrix_it_says(function, label):
    """Centred, scaled or raw, as declared: told apart by a shift and by a column too short to be kept as it is.

    Over x = 2**40 + 0, 1, ..., 7 the means are exact: a slope with 8 digits was found from centred columns, and the
    condition 2**40 of the raw ones leaves at most 5; x mapped to [-1, 1] is off by roundings of its own and not asked.
    A column 2**-60 times the others is kept only where columns are
    scaled, or where there is no cut-off, which then says nothing.
    """
    if "square" in label.tags or "float64" not in label.scalars or is_wider_than_double(label):
        return
    centred = "centred" in label.solves
    x = SHIFT + np.arange(8.0)
    y = 3 * np.arange(8.0) + np.array([0, 1, -1, 0, 0, -1, 1, 0])  # the residual has no part along 1 and x
    if label.design != "matrix" and "mapped" not in label.solves:
        arguments = {"columns": (x[:, None], y, True), "line": (x, y), "polynomial": (x, y, 1)}[label.design]
        try:
            slope = float(np.asarray(call(function, *arguments))[1])
        except REFUSALS:
            slope = 0.0
        truth = float(np.dot(np.arange(8.0) - 3.5, y) / 42)
        found = abs(slope - truth) < 1e-8 * abs(truth)
        assert found == centred, f"slope {slope} for {truth}: {'too good for' if found else 'not'} {label.solves}"
    if label.design in ("matrix", "columns") and (label.cutoff or "scaled" in label.solves):
        A = np.column_stack([*_hadamard()]) * [1, 1, 2.0**-60]
        b = A[:, 2].copy()
        kept = is_kept(function, label, A, b)
        assert kept == ("scaled" in label.solves), f"a column 2**-60 as long was {'kept' if kept else 'dropped'}"


def _cuts_off_lines(function, label):
    for dtype in set(label.scalars) & {"float32", "float64"}:
        eps = np.finfo(dtype).eps
        for steps in (2, 24):
            x = np.array([1 - steps * eps, 1 + steps * eps] * 2, dtype=dtype)
            slope = np.asarray(call(function, x, x.copy(), 1))[1]
            expected = steps * float(eps) / 2 > label.cutoff(4, 2, float(eps))
            assert (abs(slope - 1) < 0.25) == expected, f"{dtype}: s = {steps / 2} eps gives the slope {slope}"


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
