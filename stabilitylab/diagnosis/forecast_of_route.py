"""The usual error of a route on a stored matrix, from what its label says about it.

By its error law (`scoring.theory.laws`); where no condition number tells the error, followed through the steps of the
method: classical Gram-Schmidt, A'A that is inverted or solved by elimination with pivoting (`followed_errors`), and
singular value decompositions (`followed_svd`).
"""

from dataclasses import replace

import numpy as np

from stabilitylab.core import lapack
from stabilitylab.core.arithmetic.formats import Array, unit_roundoff
from stabilitylab.core.arithmetic.norms import column_norms, unit_exponent
from stabilitylab.core.catalog import RouteLabel
from stabilitylab.diagnosis.followed_errors import by_classical_gram_schmidt, by_elimination, by_inverse
from stabilitylab.diagnosis.followed_svd import by_singular_values
from stabilitylab.scoring.theory.condition import Conditioning
from stabilitylab.scoring.theory.laws import predict

USUAL = {"normal": 0.4, "normwise": 1.5, "elimination": 0.03, "partial-pivoting": 0.05}
"""The median of the error over the estimate of a law, where that is not near 1, over the problems of the catalogue."""
MIXED = 0.2  # the same for `_mixed`
MANY = 8  # columns from which errors of singular value decompositions grow with their number
FOLLOWED = {"pivoting": by_elimination, "inverse": by_inverse, "gram-schmidt": by_classical_gram_schmidt}
"""What follows the errors of a method through its steps, by how its label says that A'A is solved, or by its law."""
HALF_NORMAL = 0.6745  # median of the size of a normally distributed error, over its root mean square


def of_route(label: RouteLabel, A: Array, b: Array, known: Conditioning, u: float, rows: int) -> Array:
    """The median size of the error of each coefficient (n,) by a route with a law; A (m, n), u of its format.

    rows: of the data; m, or more where A has fewer with the same products of columns.
    """
    m, n = A.shape
    if m == n and label.square is not None:
        law, constant = label.square
        label = replace(label, law=law, constant=constant, gram="", cutoff=None)
    dropped = _dropped(label, A, b, known, u, rows)
    label = replace(label, cutoff=None)
    working = u if label.works_in == "input" else unit_roundoff(label.works_in)
    errors = _followed(label, A, b, known, working, rows)
    if errors is None:
        return _by_law(label, A, known, u) + dropped
    return HALF_NORMAL * errors + (u * np.abs(known.x) if working < u else 0.0) + dropped


def _followed(label: RouteLabel, A: Array, b: Array, known: Conditioning, u: float, rows: int) -> Array | None:
    """The root mean square of the error (n,), followed through the steps of the method; None where it is not."""
    # In units that bring A and b near 1 no square over- or underflows; the error has the unit of x.
    unit_A, unit_b = unit_exponent(A), unit_exponent(b)
    unit, A, b = unit_b - unit_A, np.ldexp(A, -unit_A), np.ldexp(b, -unit_b)
    errors = None
    if not A.any(axis=0).all():  # columns of such different sizes that one vanishes
        return None
    if label.gram or label.law == "gram-schmidt":
        errors = FOLLOWED[label.gram or "gram-schmidt"](A, b, u, rows)
    elif label.law == "normwise" and label.scaled in ("", "only for the cut-off"):
        errors = by_singular_values(A, b, u, np.ldexp(known.columnwise, -unit), label.untriangled, rows)
    return None if errors is None else np.asarray(np.ldexp(errors, unit))


def _dropped(label: RouteLabel, A: Array, b: Array, known: Conditioning, u: float, rows: int) -> Array:
    """The error (n,) of directions that a rank cut-off drops."""
    if label.cutoff is None:
        return np.zeros(A.shape[1])
    if label.scaled != "only for the cut-off":
        with_cutoff, without = (predict(one, A, known, u, rows) for one in (label, replace(label, cutoff=None)))
        if with_cutoff is None or without is None:
            return np.zeros(A.shape[1])
        return with_cutoff.errors - without.errors
    # LINPACK's rule: a column goes of whose norm too little is left once it is orthogonal to those before it; of two
    # columns that leaves the angle, of which the smallest singular value is half relative to the largest.
    norms, n = column_norms(A), A.shape[1]
    left = np.abs(np.diag(np.linalg.qr(A / norms)[1]))
    kept = left > 2 * label.cutoff(rows, n, 2 * u)
    x = np.zeros(A.shape[1])
    x[kept] = np.linalg.lstsq(A[:, kept] / norms[kept], b, rcond=0)[0] / norms[kept]
    return np.asarray(np.where(kept.all(), 0.0, np.abs(x - known.x)))


def _by_law(label: RouteLabel, A: Array, known: Conditioning, u: float) -> Array:
    predicted = predict(label, A, known, u)
    if predicted is None:
        return np.full(A.shape[1], np.inf)
    usual = USUAL.get(label.law or "", 1.0) * predicted.errors
    if label.law != "normwise":
        return usual
    own = u if label.works_in == "input" else min(u, unit_roundoff(label.works_in))
    scaled = label.scaled not in ("", "only for the cut-off")
    mixed = MIXED * own * _mixed(A, known.x, column_norms(A) if scaled else np.ones(len(known.x)))
    return np.asarray(max(1.0, len(known.x) / MANY) * np.hypot(usual, mixed))


def _mixed(A: Array, x: Array, norms: Array) -> Array:
    """What the rotations from the right of a singular value decomposition add to the error of x (n,), over u.

    With A = Q R in the order of the columns they mix all but the first of them: row l of R is off by about u times its
    norm there, in each of its entries, small columns beside large ones too. That moves x by R^-1 dR x, in which
    sqrt(sum_l (R^-1)_il² |R_l,2:|²) |x_2:| is the root of the sum of squares. Columns are divided by norms before.
    """
    R, z = np.linalg.qr(A / norms)[1], x * norms
    if len(x) < 2 or np.abs(np.diag(R)).min() == 0:
        return np.zeros(len(x))
    inverse = lapack.solve_triangular(R, np.eye(len(x)))
    rows = np.linalg.norm(R[:, 1:], axis=1)
    return np.asarray(np.linalg.norm(inverse * rows, axis=1) * np.linalg.norm(z[1:]) / norms)
