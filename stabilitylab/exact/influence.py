"""Cook's distance of each row of a fit: how far the coefficients move when the row is left out."""

from collections.abc import Callable
from fractions import Fraction
from math import nan

import numpy as np

from stabilitylab.core.arithmetic.formats import Array
from stabilitylab.exact.gram.inputs import Weights
from stabilitylab.exact.leverage import ACCURACIES, IN_PAIRS, RowForms
from stabilitylab.exact.rows import enclosed_rows
from stabilitylab.exact.solve.interval import Interval, nearest_of
from stabilitylab.exact.statistics import Accuracy, Evidence


def cooks_distances(
    evidence: Evidence, forms: RowForms, weights: Weights | None, error_variance: Callable[[Accuracy], Interval]
) -> Array:
    """w_i r_i² h_i / (p s² (1 - h_i)²) (m,), each the nearest double, p the rank; NaN where h_i = 1 exactly.

    evidence: of the fit; forms: its leverages; error_variance: s², which is not 0, to about so many decimal digits.
    Raises OutOfRangeError, and NotCertifiedError where a row would take too long to decide.
    """
    data = forms.data
    out = np.full(len(data.b), nan)
    left = np.arange(len(out))
    for accuracy in ACCURACIES:
        if not left.size:
            break
        leverages = forms.enclosed(left, accuracy)
        if accuracy is None:
            # Those of 1 are NaN, and need no residual.
            below = [h.high < h.over for h in leverages]
            left, leverages = left[below], [h for h in leverages if h.high < h.over]
            if not left.size:
                break
        x = evidence.coefficients(accuracy)
        residuals = enclosed_rows(data.rows(left), x, residual=True, in_pairs_first=accuracy == IN_PAIRS)
        variance = error_variance(accuracy) * Fraction(evidence.rank)
        share = variance.inverse() if variance.low else None
        undecided = []
        for i, r, h in zip(left.tolist(), residuals, leverages, strict=True):
            found = None
            if share is not None and h.high < h.over:
                rest = Interval(h.over - h.high, h.over - h.low, h.over)
                w = Fraction(1) if weights is None else Fraction(weights.values[i]) * weights.unit
                distance = r.squared() * h * share * rest.squared().inverse() * w
                found = nearest_of(distance, f"Cook's distance of row {data.called.start + i}")
            if found is None:
                undecided.append(i)
            else:
                out[i] = found
        left = np.array(undecided, dtype=np.int64)
    return out
