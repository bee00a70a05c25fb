"""Tails of t, F and the normal distribution and the Gaussian likelihood by mpmath to 60 digits: an oracle of its own.

Student's t by the finite sums of Abramowitz and Stegun (1964), 26.7.3 and 26.7.4, F by mpmath's incomplete beta
function, the normal distribution by its erfc. No line of the package.
"""

import math
from fractions import Fraction

import mpmath

from wild import double

MP = mpmath.MPContext()
DIGITS = 60


def t_tail(square, v):
    """The two-sided p of Student's t, P(|T| > t), for t² a fraction and v degrees of freedom, None for a normal z."""
    return agreed(lambda: one_tail(number(square), v))


def one_tail(square, v):
    if v is None:
        return MP.erfc(MP.sqrt(square / 2))
    if v > 5000:
        return MP.betainc(MP.mpf(v) / 2, MP.mpf(1) / 2, 0, v / (v + square), regularized=True)
    theta = MP.atan(MP.sqrt(square / v))
    sine, cosine = MP.sin(theta), MP.cos(theta)
    term, total = (cosine, MP.mpf(0)) if v % 2 else (MP.mpf(1), MP.mpf(0))
    for k in range(1, v // 2 + 1 if v % 2 == 0 else (v - 1) // 2 + 1):
        total += term
        term *= cosine**2 * (MP.mpf(2 * k - 1) / (2 * k) if v % 2 == 0 else MP.mpf(2 * k) / (2 * k + 1))
    return 1 - (2 / MP.pi * (theta + sine * total) if v % 2 else sine * total)


def f_tail(f, d1, d2):
    """P(F > f) for a fraction f."""
    return agreed(lambda: MP.betainc(MP.mpf(d2) / 2, MP.mpf(d1) / 2, 0, d2 / (d2 + d1 * number(f)), regularized=True))


def log_likelihood(rss, m, weights=None, known=False):
    """The Gaussian log-likelihood of rss = sum w r² over m rows, as fractions; known: with sigma² = 1."""
    positive = [] if weights is None else [w for w in weights if w]
    logs = lambda: sum((MP.log(number(w)) for w in positive), MP.mpf(0))  # noqa: E731
    if known:
        return agreed(lambda: (logs() - m * MP.log(2 * MP.pi) - number(rss)) / 2)
    return agreed(lambda: (logs() - m * (MP.log(2 * MP.pi) + MP.log(number(rss) / m) + 1)) / 2)


def agreed(compute):
    """A value that two precisions give to 60 digits: what cancels is made up for. As a fraction."""
    before, digits = None, DIGITS + 20
    while digits < 20000:
        with MP.workdps(digits):
            value = compute()
            if value and before is not None and abs(value - before) <= abs(value) * MP.mpf(10) ** -DIGITS:
                return fraction(value)
        before, digits = value, 2 * digits
    raise AssertionError("no precision gives 60 digits")


def number(value):
    return MP.mpf(value.numerator) / value.denominator


def fraction(value):
    """An mpmath number as a fraction, exactly."""
    sign, mantissa, exponent, _ = value._mpf_
    return (-1) ** sign * Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


def p_value(square, v):
    """The two-sided p rounded once."""
    return 1.0 if not square else double(t_tail(square, v))


def is_end(end, x, variance, sign, v, level):
    """Whether `end` is the double nearest to x + sign q sqrt(variance), P(|T| <= q) = level.

    Decided by the tails at the midpoints of the neighbouring doubles: no quantile is computed.
    """
    if not variance:
        return end == double(x)
    outer = (Fraction(end) + Fraction(math.nextafter(end, sign * math.inf))) / 2
    inner = (Fraction(end) + Fraction(math.nextafter(end, -sign * math.inf))) / 2
    far, near = sign * (outer - x), sign * (inner - x)
    if far <= 0 or t_tail(far**2 / variance, v) >= 1 - level:
        return False
    return near <= 0 or t_tail(near**2 / variance, v) > 1 - level
