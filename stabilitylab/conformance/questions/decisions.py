"""What a route decides: where it cuts off, and which matrix it really solves."""

import numpy as np

from stabilitylab.conformance.examinee import Examinee
from stabilitylab.conformance.questions import question
from stabilitylab.conformance.systems import hadamard, unit_roundoff, with_penalty
from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.scoring.smaller_space import is_of_smaller_space

SHIFT = 2.0**40
PENALISED = "with a penalty no direction is so small that it could be dropped"
WIDE = "it works with more digits than double, which no double tells from a centred matrix or a missing cut-off"


def _is_wider_than_double(route: Examinee) -> bool:
    """Whether a route works with more digits than double: neither a shift nor a short column of doubles moves it."""
    works_in = route.label.works_in
    return works_in != "input" and unit_roundoff(works_in) < unit_roundoff("float64")


def _keeps(route: Examinee, A: Array, b: Array) -> bool:
    """Whether the last of three coefficients is the 1 it should be; a refusal keeps nothing."""
    fit = route.answer(A, b).fit
    return fit is not None and bool(abs(fit.x[2] - 1) < 0.5)


@question(source="Golub and Van Loan (2013), section 5.5")
def cuts_off_where_it_says(route: Examinee) -> None:
    """The smallest direction is kept for s = 1.5 cutoff and dropped for s = cutoff / 1.5, s its share of the largest.

    1.5: the columns are orthogonal, so that rounding errors move the singular values by a small part of themselves.
    They are h1, h2, h3 s of a Hadamard matrix where the matrix is raw or centred. Where columns are scaled to unit
    length first that tells nothing, and the columns are h1, h2, h1 + 2 s h3, or a line over x = 1 - d, 1 + d: for
    unit columns s is then d/2 to first order. The right side, s (h1 + h2 + h3), is exact for any s and makes the last
    coefficient 1, or nearly 0 where its direction was dropped. Without a cut-off declared, a direction of 1e-17, or
    2**-20 of scaled columns, must be kept.
    """
    route.applies(not _is_wider_than_double(route), WIDE)
    route.applies(route.kind != "square", "a square system has no direction to drop")
    route.applies(not route.label.penalised, PENALISED)
    label = route.label
    scaled = bool(label.scaled)
    if label.call_form not in ("matrix", "columns"):
        only_scaled = scaled and not label.centred and not label.mapped
        route.applies(only_scaled, "it is given no matrix, and makes none whose singular values x decides")
        _cuts_off_lines(route)
        return
    h1, h2, h3 = hadamard()
    for dtype in route.formats("float32", "float64"):
        cutoff = label.cutoff(8, 3, float(np.finfo(dtype).eps)) if label.cutoff else 0.0
        for s in (cutoff * 1.5, cutoff / 1.5) if cutoff else (2.0**-20 if scaled else 1e-17,):
            t = float(np.float32(2 * s)) if scaled else s
            A = np.column_stack([h1, h2, h1 + t * h3] if scaled else [h1, h2, t * h3]).astype(dtype)
            kept = _keeps(route, A, (t * (h1 + h2 + h3)).astype(dtype))
            route.require(kept == (s > cutoff), f"{dtype}: s = {s:.1e} was {'kept' if kept else 'dropped'}")


def _cuts_off_lines(route: Examinee) -> None:
    cutoff = route.label.cutoff
    for dtype in route.formats("float32", "float64"):
        eps = float(np.finfo(dtype).eps)
        for steps in (2, 24):
            x = np.array([1 - steps * eps, 1 + steps * eps] * 2, dtype=dtype)
            slope = route.fit(np.column_stack([np.ones_like(x), x]), x, intercept=True).x[1]
            expected = steps * eps / 2 > (cutoff(4, 2, eps) if cutoff else 0.0)
            route.require(
                bool(abs(slope - 1) < 0.25) == expected, f"{dtype}: s = {steps / 2} eps gives the slope {slope}"
            )


@question(source="Golub and Van Loan (2013), section 5.5")
def drops_directions_where_its_rank_is_lower(route: Examinee) -> None:
    """Where the rank that comes with x is lower than that of A, x is the solution in a smaller space.

    Of A = [p, q, p + q + s h3], s = 2**-k, k = 4, 8, ..., 60, whose full answer lies partly along
    the direction that s shrinks; and of lines over x = 1 + s r. The bounds are those of
    `scoring.smaller_space.is_of_smaller_space`.
    """
    route.applies(route.kind != "square", "a square system has no direction to drop")
    route.applies(not route.label.penalised, PENALISED)
    for dtype in route.formats("float32", "float64"):
        for k in range(4, 61, 4):
            A, b = (values.astype(dtype) for values in _nearly_dependent(2.0**-k, route.kind))
            fit = route.answer(A, b, intercept=bool((A[:, 0] == 1).all())).fit
            if fit is None or fit.rank is None or fit.rank >= A.shape[1] or fit.dropped:
                continue
            works_in = dtype if route.label.works_in == "input" else route.label.works_in
            smaller = is_of_smaller_space(A, b, np.asarray(fit.x), int(fit.rank), works_in=works_in)
            route.require(smaller, f"{dtype}, s = 2**-{k}: rank {fit.rank}, and x is no solution in a smaller space")


def _nearly_dependent(s: float, kind: str) -> tuple[Array, Array]:
    """A (8, n), with an intercept where columns come beside one, and b = A x + h1 h2, x not small along h3.

    h1 h2 is orthogonal to the columns, but for those of a line, where it only makes a larger slope.
    """
    h1, h2, h3 = hadamard()
    if kind in ("line", "polynomial"):
        x = 1 + s * (2 * np.arange(8.0) - 7)
        return np.column_stack([np.ones(8), x]), 3 - 2 * x + h1 * h2
    p, q = 4 * h1 + h2, h1 - 2 * h2
    ones = [np.ones(8)] if kind == "columns" else []
    return np.column_stack([*ones, p, q, p + q + s * h3]), h1 + 4 * h2 + 2 * s * h3 + h1 * h2


@question(source="Higham (2002), sections 1.9 and 7.3")
def solves_the_matrix_it_says(route: Examinee) -> None:
    """Centred, scaled or raw, as declared: told apart by a shift and by a column too short to be kept as it is.

    Over x = 2**40 + 0, 1, ..., 7 the means are exact: a slope with 8 digits was found from centred columns, and the
    condition 2**40 of the raw ones leaves at most 5; x mapped to [-1, 1] is off by roundings of its own and not asked.
    A ridge regression has the penalty 1 on the slope.
    A column 2**-60 times the others is kept only where columns are scaled, or where there is no cut-off, and then it
    is not asked.
    """
    label = route.label
    route.applies(route.kind != "square", "nothing is centred or scaled in a square system")
    route.applies("float64" in label.scalars, "it does not take float64")
    route.applies(not _is_wider_than_double(route), WIDE)
    if label.call_form != "matrix" and not label.mapped:
        _answers_to_a_shift(route)
    if label.call_form in ("matrix", "columns") and (label.cutoff or label.scaled):
        A = np.column_stack([*hadamard()]) * [1, 1, 2.0**-60]
        kept = _keeps(route, A, A[:, 2].copy())
        route.require(kept == bool(label.scaled), f"a column 2**-60 as long was {'kept' if kept else 'dropped'}")


def _answers_to_a_shift(route: Examinee) -> None:
    x = SHIFT + np.arange(8.0)
    y = 3 * np.arange(8.0) + np.array([0, 1, -1, 0, 0, -1, 1, 0])  # the residual has no part along 1 and x
    A, b = np.column_stack([np.ones(8), x]), y
    if route.label.penalised:
        A, b = with_penalty(A, b, 1.0, intercept=True)
    fit = route.answer(A, b, intercept=True).fit
    slope = 0.0 if fit is None else float(fit.x[1])
    truth = float(np.dot(np.arange(8.0) - 3.5, y) / (42 + route.label.penalised))
    good = abs(slope - truth) < 1e-8 * abs(truth)
    solves = route.label.solves
    route.require(
        good == bool(route.label.centred), f"slope {slope} for {truth}: {'too good for' if good else 'not'} {solves}"
    )
