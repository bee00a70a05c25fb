"""Questions about what a route decides: where it cuts off, and which matrix it really solves."""

import numpy as np

from exam import data
from exam.asking import REFUSALS, call


def is_wider_than_double(label):
    """Whether a route works with more digits than double: neither a shift nor a short column of doubles moves it."""
    return label.works_in != "input" and data.unit_roundoff(label.works_in) < data.unit_roundoff("float64")


def is_kept(function, label, A, b):
    """Whether the last of three coefficients is the 1 it should be; a refusal keeps nothing."""
    try:
        x = call(function, *((A, b) if label.call_form == "matrix" else (A, b, False)))
    except REFUSALS:
        return False
    return abs(np.asarray(x)[2] - 1) < 0.5


def cuts_off_where_it_says(function, label):
    """The smallest direction is kept for s = 1.5 cutoff and dropped for s = cutoff / 1.5, s its share of the largest.

    Columns h1, h2, h3 s of a Hadamard matrix where the matrix is raw or centred. Where columns are scaled to unit
    length first that says nothing, and h1, h2, h1 + 2 s h3 are asked instead, or lines over x = 1 - d, 1 + d: for unit
    columns s is then d/2 to first order. The right side, s (h1 + h2 + h3), is exact for any s and makes the last
    coefficient 1, or nearly 0 where its direction was dropped.
    """
    if is_wider_than_double(label):
        return
    if label.scaled and not label.centred and not label.mapped and label.call_form not in ("matrix", "columns"):
        _cuts_off_lines(function, label)
    if label.call_form not in ("matrix", "columns") or "square" in label.tags:
        return
    scaled = bool(label.scaled)
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
    centred = bool(label.centred)
    x = SHIFT + np.arange(8.0)
    y = 3 * np.arange(8.0) + np.array([0, 1, -1, 0, 0, -1, 1, 0])  # the residual has no part along 1 and x
    if label.call_form != "matrix" and not label.mapped:
        arguments = {"columns": (x[:, None], y, True), "line": (x, y), "polynomial": (x, y, 1)}[label.call_form]
        try:
            slope = float(np.asarray(call(function, *arguments))[1])
        except REFUSALS:
            slope = 0.0
        truth = float(np.dot(np.arange(8.0) - 3.5, y) / 42)
        found = abs(slope - truth) < 1e-8 * abs(truth)
        assert found == centred, f"slope {slope} for {truth}: {'too good for' if found else 'not'} {label.solves}"
    if label.call_form in ("matrix", "columns") and (label.cutoff or bool(label.scaled)):
        A = np.column_stack([*_hadamard()]) * [1, 1, 2.0**-60]
        b = A[:, 2].copy()
        kept = is_kept(function, label, A, b)
        assert kept == bool(label.scaled), f"a column 2**-60 as long was {'kept' if kept else 'dropped'}"


def _cuts_off_lines(function, label):
    for dtype in set(label.scalars) & {"float32", "float64"}:
        eps = np.finfo(dtype).eps
        for steps in (2, 24):
            x = np.array([1 - steps * eps, 1 + steps * eps] * 2, dtype=dtype)
            slope = np.asarray(call(function, x, x.copy(), 1))[1]
            expected = steps * float(eps) / 2 > label.cutoff(4, 2, float(eps))
            assert (abs(slope - 1) < 0.25) == expected, f"{dtype}: s = {steps / 2} eps gives the slope {slope}"
