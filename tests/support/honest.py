"""An honest solver of fuzz tasks by FLINT's rational matrices: it shares no code with the oracle or the verdicts."""

import math
from fractions import Fraction

import flint
import numpy as np

from exact_fit import MP
from stabilitylab.conformance.rational import exact
from stabilitylab.core.errors import OutOfRangeError, RankDeficientError
from stabilitylab.probes.fuzz import Answer
from wild import double


def by_flint(task):
    """x and the figures asked for, each rounded once; the errors of a certified solver."""
    m, n = len(task.b), len(task.columns)
    weights = [rational(v) for v in ([1] * m if task.weights is None else task.weights)]
    A = [[rational(v) for v in column] for column in task.columns]
    b = [rational(v) for v in task.b]
    P, q = flint.fmpq_mat(n, m, [v for column in A for v in column]), flint.fmpq_mat(m, 1, b)
    PW = flint.fmpq_mat(n, m, [v * w for column in A for v, w in zip(column, weights, strict=True)])
    C = PW * P.transpose()
    try:
        x = C.solve(PW * q)
    except ZeroDivisionError:
        raise RankDeficientError("singular") from None
    found = [rounded(v) for v in x.entries()]
    for value in found:
        if isinstance(value, OutOfRangeError):
            raise value
    if not task.figures:
        return Answer(np.array(found))

    def mean_square(about):
        return sum((w * (v - about) ** 2 for v, w in zip(b, weights, strict=True)), flint.fmpq(0))

    r = (q - P.transpose() * x).entries()
    rss = sum((w * v * v for v, w in zip(r, weights, strict=True)), flint.fmpq(0))
    rows = [i for i, w in enumerate(weights) if w]
    constant = any(column[rows[0]] != 0 and len({str(column[i]) for i in rows}) == 1 for column in A)
    weighted_sum = sum((w * v for v, w in zip(b, weights, strict=True)), flint.fmpq(0))
    total = mean_square(weighted_sum / sum(weights, flint.fmpq(0)) if constant else 0)
    df, p = len(rows) - n, n - constant
    figures = {"rss": rounded(rss), "residual_norm": rounded_root(rss)}
    figures["r_squared"] = rounded(1 - rss / total) if total != 0 else None
    figures["f_statistic"] = rounded((total - rss) * df / (p * rss)) if df and p and rss != 0 else None
    if df:
        inverse = C.inv()
        variances = [rss * inverse[j, j] / df for j in range(n)]
        figures["standard_errors"] = together(map(rounded_root, variances))
        figures["covariance_diagonal"] = together(map(rounded, variances))
        if rss != 0:
            t = [rounded_root(v * v / s) for v, s in zip(x.entries(), variances, strict=True)]
            figures["t_statistics"] = together(t, [-1.0 if v < 0 else 1.0 for v in x.entries()])
    return Answer(np.array(found), {name: figures.get(name) for name in task.figures})


def rational(value):
    """A number or decimal text as a fraction of FLINT."""
    return flint.fmpq(*(Fraction(value) if isinstance(value, str) else value).as_integer_ratio())


def rounded(value):
    """The double nearest to a fraction of FLINT, or the error that says that there is none."""
    return _checked(double(Fraction(int(value.p), int(value.q))), value)


def rounded_root(value):
    """The double nearest to the root of a fraction of FLINT, from 130 digits of it."""
    return _checked(double(exact(MP.sqrt(MP.mpf(int(value.p)) / int(value.q)))), value)


def _checked(found, value):
    return OutOfRangeError("beyond") if math.isinf(found) or (found == 0 and value != 0) else found


def together(values, signs=None):
    """An array of the values, or the first error among them."""
    values = list(values)
    error = next((v for v in values if isinstance(v, OutOfRangeError)), None)
    return error or np.array(values) * (1.0 if signs is None else signs)
